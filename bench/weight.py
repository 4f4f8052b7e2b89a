"""What the first load of the dashboard weighs, as it comes over the line."""

import re

import brotli

from bench import people
from bench.clients import Client
from bench.place import Place, serving
from bench.table import show

_LINKS = re.compile(rb'(?:href|src)="(/[^"#]+\.(?:css|js|svg|woff2)[^"#]*)')
_URLS = re.compile(rb"url\([\"']?([^)\"'#]+)")


def measure(place: Place) -> None:
    shop = people.a_shop(place, 200)
    cookie = people.session_cookie(people.signed_in(place, shop.owner_id))
    path = f"/b/{shop.slug}/"
    with serving(place, "wsgi:app") as address:
        client = Client(address, cookie)
        _, html = client.send("GET", path)
        parts = {"page, compressed as the proxy sends it": len(brotli.compress(html, quality=5))}
        for link in dict.fromkeys(found.decode() for found in _LINKS.findall(html)):
            parts[link.rsplit("/", 1)[-1]] = len(client.send("GET", link)[1])
        plain = Client(address, cookie)
        for sheet in [link for link in _LINKS.findall(html) if b".css" in link]:
            for link in _fonts(plain, sheet.decode()):
                parts[link.rsplit("/", 1)[-1]] = len(client.send("GET", link)[1])
    rows: list[list[object]] = [[name, size] for name, size in parts.items()]
    show("First load of the dashboard", ["part", "bytes"], [*rows, ["all", sum(parts.values())]])


def _fonts(client: Client, sheet: str) -> list[str]:
    text = client.plain(sheet)
    folder = sheet.rsplit("/", 1)[0]
    links = dict.fromkeys(found.decode() for found in _URLS.findall(text))
    return [link if link.startswith("/") else f"{folder}/{link}" for link in links]
