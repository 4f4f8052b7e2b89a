"""Lighthouse's marks for accessibility and best practices on the main pages of the demo business.

Only when asked for by name: it takes ten minutes and needs the `lighthouse` command
(`npm install --global lighthouse`) and a Chromium.
"""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg

from bench import people
from bench.place import Place, serving
from bench.table import show

CATEGORIES = ("accessibility", "best-practices")
LOOKS = [(theme, form) for theme in ("light", "dark") for form in ("phone", "desk")]
SLUG = "harbour-coffee"
DESK, PORTAL = f"/b/{SLUG}", f"/p/{SLUG}"
OF_THE_TEAM = (
    "", "customers/", "customers/{customer}", "programs/", "rewards/", "redemptions/",
    "redemptions/{redemption}", "counter/", "segments/", "imports/", "team/", "settings/", "audit/",
)  # fmt: skip
OF_THE_CUSTOMER = ("card", "rewards")
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def measure(place: Place) -> None:
    command = shutil.which(os.environ.get("LIGHTHOUSE", "lighthouse"))
    if command is None:
        print("There is no `lighthouse` command here: `npm install --global lighthouse` gives one.")
        return
    place.app.test_cli_runner().invoke(args=["demo"], catch_exceptions=False)
    owner, guest, known = _people(place)
    pages = [("/sign-in", None)]
    pages += [(f"{DESK}/{path}".format(**known), owner) for path in OF_THE_TEAM]
    pages += [(f"{PORTAL}/{path}", guest) for path in OF_THE_CUSTOMER]
    rows: list[list[object]] = []
    with serving(place, "wsgi:app") as address:
        for path, cookie in pages:
            marks = [_marks(command, address + path, cookie, *look) for look in LOOKS]
            shown = path.replace(known["customer"], "…").replace(known["redemption"], "…")
            rows.append([shown, *(" / ".join(map(str, mark)) for mark in marks)])
            print(f"  {shown}", flush=True)
    head = ["accessibility / best practices", *(f"{form}, {theme}" for theme, form in LOOKS)]
    show("Lighthouse", head, rows)


def _people(place: Place) -> tuple[str, str, dict[str, str]]:
    """Cookies of the demo's owner and customer, and rows whose pages are opened."""
    with psycopg.connect(place.server.admin_url) as connection:
        connection.execute("SET search_path = nx")

        def one(query: str) -> str:
            row = connection.execute(query.encode()).fetchone()
            assert row is not None
            return str(row[0])

        owner = one("SELECT id FROM users WHERE email_norm = 'jo@harbour.example'")
        guest = one("SELECT id FROM users WHERE email_norm = 'amara@harbour.example'")
        known = {
            "customer": one(
                "SELECT c.id FROM customers c JOIN businesses b ON b.id = c.business_id"
                f" WHERE b.slug = '{SLUG}' AND c.user_id = '{guest}'"
            ),
            "redemption": one(
                "SELECT r.id FROM reward_redemptions r JOIN businesses b ON b.id = r.business_id"
                f" WHERE b.slug = '{SLUG}' AND r.status = 'APPROVED'"
            ),
        }
    return _cookie(place, owner, "staff"), _cookie(place, guest, "portal"), known


def _cookie(place: Place, user_id: str, audience: str) -> str:
    return people.session_cookie(people.signed_in(place, user_id, audience))


def _marks(command: str, url: str, cookie: str | None, theme: str, form: str) -> list[int]:
    with tempfile.TemporaryDirectory() as folder:
        headers = Path(folder) / "headers.json"
        signed_in = f"; {cookie}" if cookie else ""
        headers.write_text(json.dumps({"Cookie": f"theme={theme}{signed_in}"}))
        done = subprocess.run(
            [
                command, url, "--quiet", "--output=json", "--output-path=stdout",
                f"--only-categories={','.join(CATEGORIES)}", f"--extra-headers={headers}",
                "--throttling-method=provided", *(["--preset=desktop"] if form == "desk" else []),
                "--chrome-flags=--headless=new --no-sandbox --no-proxy-server",
            ],
            env=os.environ | {"CHROME_PATH": os.environ.get("CHROMIUM") or _chromium()},
            capture_output=True,
        )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"Lighthouse failed on {url}: {done.stderr.decode()[-600:]}")
    found = json.loads(done.stdout)
    if found["finalDisplayedUrl"].rstrip("/") != url.rstrip("/"):
        raise RuntimeError(f"{url} led to {found['finalDisplayedUrl']}")
    return [round((found["categories"][name]["score"] or 0) * 100) for name in CATEGORIES]


def _chromium() -> str:
    return next((path for name in CHROMIUM if (path := shutil.which(name))), "")
