"""Builds, fingerprints and serves what the browser loads; `asset("nx.css")` gives its address.

Sources are plain files under `static/`; the built copies go to `static/dist/`, named after their
content, with gzip and brotli beside them. Several workers may start at once: each file is written
under a temporary name and moved into place, and the manifest goes last, so nobody ever reads half
a file.
"""

import gzip
import hashlib
import json
import mimetypes
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import brotli
from flask import Flask, Response, abort
from flask.typing import ResponseReturnValue
from whitenoise import WhiteNoise

from nxloy_web.web import components

STATIC = Path(__file__).resolve().parents[2] / "static"
URL_PREFIX = "/static/"
MANIFEST = "manifest.json"
KEEP_OLD_SECONDS = 7 * 24 * 3600

CSS_BEFORE = ("tokens.css", "base.css", "layout.css")
CSS_AFTER = ("utilities.css", "forced.css", "print.css")
# htmx starts in a timeout of its own, so an extension in a later file would come too late:
# everything that talks to it ships in one file, htmx first.
JS_VENDOR = ("htmx.min.js", "hx-ptag.min.js")
JS_FIRST = "core.js"
VERBATIM = ("icons.svg", "geist.woff2", "barcode.js", "zxing_reader.wasm")
COMPRESSED = {".css", ".js", ".svg", ".wasm", ".webmanifest"}
HASHED_NAME = re.compile(r"^(.+)\.[0-9a-f]{12}(\.\w+)$")


@dataclass
class Assets:
    """The built files of one `static/` folder."""

    static: Path
    watch: bool
    urls: dict[str, str]
    stamp: float

    def url(self, name: str) -> str:
        """Address of a built file, for ever cacheable because the name changes with the content."""
        if self.watch and (stamp := newest_change(self.static)) > self.stamp:
            self.urls, self.stamp = build(self.static), stamp
        return URL_PREFIX + self.urls[name]

    def stand_in(self, name: str) -> ResponseReturnValue:
        """While two releases serve, a page of the one asks the other for a file that only its own
        has: a style of the other is better than none, and is not to be kept."""
        found = HASHED_NAME.match(name)
        ours = self.urls.get(found[1] + found[2]) if found else None
        if ours is None:
            abort(404)
        content = (self.static / "dist" / ours).read_bytes()
        kind = mimetypes.guess_type(ours)[0]
        return Response(content, mimetype=kind, headers={"Cache-Control": "no-store"})


def init_app(app: Flask, static: Path = STATIC) -> None:
    """Build when sources changed, serve through WhiteNoise, give templates `asset()`."""
    assets = Assets(static, app.debug, build(static), newest_change(static))
    app.extensions["assets"] = assets
    app.jinja_env.globals["asset"] = assets.url
    app.add_url_rule(f"{URL_PREFIX}<name>", "static_of_another_release", assets.stand_in)
    components.init_app(app)
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=static / "dist",
        prefix=URL_PREFIX,
        autorefresh=app.debug,
        allow_all_origins=False,
        immutable_file_test=lambda path, url: bool(HASHED_NAME.match(Path(path).name)),
        mimetypes={".wasm": "application/wasm", ".woff2": "font/woff2"},
    )


def build(static: Path) -> dict[str, str]:
    """Name -> fingerprinted name. Does nothing when `dist/` already holds these sources."""
    dist = static / "dist"
    dist.mkdir(parents=True, exist_ok=True)
    source_hash = fingerprint(b"".join(p.name.encode() + p.read_bytes() for p in sources(static)))
    known = read_manifest(dist)
    if known.get("sources") == source_hash and all(
        (dist / name).is_file() for name in known["files"].values()
    ):
        return dict(known["files"])

    files: dict[str, str] = {}
    for name, content in verbatim(static):
        files[name] = publish(dist, name, content)
    files["nx.js"] = publish(dist, "nx.js", bundle_js(static))
    files["nx.css"] = publish(dist, "nx.css", bundle_css(static, files))
    manifest = json.dumps({"sources": source_hash, "files": files}, indent=1, sort_keys=True)
    write(dist / MANIFEST, manifest.encode())
    forget_old(dist, set(files.values()))
    return files


def bundle_css(static: Path, files: dict[str, str]) -> bytes:
    css = static / "css"
    parts = [css / name for name in CSS_BEFORE]
    parts += sorted((css / "components").glob("*.css"))
    parts += [css / name for name in CSS_AFTER]
    text = "\n".join(part.read_text(encoding="utf-8") for part in parts)
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = "\n".join(line.strip() for line in text.splitlines() if line.strip())
    return re.sub(r'url\("([^"#]+)"\)', lambda m: f'url("{files[m[1]]}")', text).encode()


def bundle_js(static: Path) -> bytes:
    """htmx and its extensions, then our modules in one shared scope that leaks no globals."""
    vendor = [(static / "vendor" / name).read_text(encoding="utf-8") for name in JS_VENDOR]
    js = static / "js"
    own = [js / JS_FIRST, *(p for p in sorted(js.glob("*.js")) if p.name != JS_FIRST)]
    body = "\n".join(path.read_text(encoding="utf-8") for path in own)
    return "\n;".join([*vendor, f"(() => {{\n'use strict';\n{body}\n}})();\n"]).encode()


def verbatim(static: Path) -> Iterator[tuple[str, bytes]]:
    """Files published as they are: some vendored ones, pictures, and scripts of single pages."""
    paths = [static / "vendor" / name for name in VERBATIM]
    paths += sorted((static / "img").glob("*.*")) + sorted((static / "js" / "pages").glob("*.js"))
    for path in paths:
        yield path.name, path.read_bytes()


def publish(dist: Path, name: str, content: bytes) -> str:
    stem, suffix = name.rsplit(".", 1)
    hashed = f"{stem}.{fingerprint(content)}.{suffix}"
    if (dist / hashed).is_file():
        return hashed
    if f".{suffix}" in COMPRESSED:
        # Best compression of a megabyte of wasm would hold up the start for seconds.
        quality = 11 if len(content) < 300_000 else 6
        write(dist / f"{hashed}.br", brotli.compress(content, quality=quality))
        write(dist / f"{hashed}.gz", gzip.compress(content, 9, mtime=0))
    write(dist / hashed, content)
    return hashed


def write(target: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".new-")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(temporary).chmod(0o644)
    Path(temporary).replace(target)


def forget_old(dist: Path, current: set[str]) -> None:
    """Old names stay a week: a worker of the release before may still be pointing at them."""
    horizon = time.time() - KEEP_OLD_SECONDS
    for path in dist.iterdir():
        base = path.name.removesuffix(".br").removesuffix(".gz")
        if base == MANIFEST or base in current:
            continue
        # Another worker's temporary file may be gone by the time it is looked at.
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < horizon:
                path.unlink()


def read_manifest(dist: Path) -> dict:
    try:
        return json.loads((dist / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}


def sources(static: Path) -> list[Path]:
    found = [static / "vendor" / name for name in (*VERBATIM, *JS_VENDOR)]
    for folder in ("css", "js", "img"):
        found += sorted(p for p in (static / folder).rglob("*.*") if p.is_file())
    # A change of how files are built counts as a change of the files.
    return [*found, Path(__file__)]


def newest_change(static: Path) -> float:
    return max(path.stat().st_mtime for path in sources(static))


def fingerprint(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
