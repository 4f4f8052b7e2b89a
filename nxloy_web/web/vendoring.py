"""Copies pinned browser files out of npm packages: `python -m nxloy_web.web.vendoring`.

The result is committed with a lock of hashes, so running and deploying need neither Node nor a
network. `--check` compares the files with the lock and touches nothing. To add an icon, write its
lucide name into `static/vendor/icons.txt` and run the command again.
"""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
VENDOR = ROOT / "static" / "vendor"
LOCK = VENDOR / "vendor.lock.json"
ICON_NAMES = VENDOR / "icons.txt"
SPRITE = VENDOR / "icons.svg"


@dataclass(frozen=True)
class Package:
    """One npm package at one version, and the files taken out of it (member -> place)."""

    name: str
    version: str
    licence: str
    files: dict[str, str]


HTMX = Package(
    "htmx.org",
    "4.0.1",
    "0BSD",
    {
        "dist/htmx.min.js": "static/vendor/htmx.min.js",
        "dist/ext/hx-ptag.min.js": "static/vendor/hx-ptag.min.js",
        "LICENSE": "static/vendor/LICENSE.htmx.txt",
    },
)
GEIST = Package(
    "@fontsource-variable/geist",
    "5.3.0",
    "OFL-1.1",
    {
        "files/geist-latin-wght-normal.woff2": "static/vendor/geist.woff2",
        "LICENSE": "static/vendor/LICENSE.geist.txt",
    },
)
LUCIDE = Package("lucide-static", "1.62.0", "ISC", {"LICENSE": "static/vendor/LICENSE.lucide.txt"})
BARCODE = Package(
    "barcode-detector",
    "3.2.2",
    "MIT",
    {
        "dist/iife/ponyfill.js": "static/vendor/barcode.js",
        "LICENSE": "static/vendor/LICENSE.barcode-detector.txt",
    },
)
# The version barcode-detector depends on exactly: the wasm of a later one fails with
# "memory access out of bounds" under this ponyfill.
ZXING = Package(
    "zxing-wasm",
    "3.1.3",
    "MIT",
    {
        "dist/reader/zxing_reader.wasm": "static/vendor/zxing_reader.wasm",
        "LICENSE": "static/vendor/LICENSE.zxing-wasm.txt",
    },
)
AXE = Package(
    "axe-core",
    "4.14.1",
    "MPL-2.0",
    {
        "axe.min.js": "tests/vendor/axe.min.js",
        "LICENSE": "tests/vendor/LICENSE.axe-core.txt",
    },
)
PACKAGES = (HTMX, GEIST, LUCIDE, BARCODE, ZXING, AXE)


def vendor() -> None:
    """Fetch every package, copy its files, cut the sprite, write the lock."""
    locked: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for package in PACKAGES:
            unpacked = fetch(package, Path(scratch))
            for member, place in package.files.items():
                target = ROOT / place
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(unpacked / member, target)
                locked[place] = entry(package, member, target)
            if package is LUCIDE:
                SPRITE.write_text(cut_sprite(unpacked / "icons"), encoding="utf-8")
                locked[relative(SPRITE)] = entry(package, "icons/*.svg", SPRITE)
    LOCK.write_text(json.dumps(locked, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def fetch(package: Package, scratch: Path) -> Path:
    """`npm pack` checks the registry's own integrity hash while it downloads."""
    made = subprocess.run(  # noqa: S603 - the names above, no input
        ["npm", "pack", "--silent", f"{package.name}@{package.version}"],  # noqa: S607
        cwd=scratch,
        check=True,
        capture_output=True,
        text=True,
    )
    unpacked = scratch / package.name.replace("/", "-")
    with tarfile.open(scratch / made.stdout.strip().splitlines()[-1]) as archive:
        archive.extractall(unpacked, filter="data")
    return unpacked / "package"


def cut_sprite(icons: Path) -> str:
    """One `<symbol>` per name of `icons.txt`, a few kilobytes instead of lucide's whole sheet."""
    symbols = "".join(symbol(name, icons / f"{name}.svg") for name in icon_names())
    return f'<svg xmlns="http://www.w3.org/2000/svg">{symbols}</svg>\n'


def symbol(name: str, source: Path) -> str:
    drawing = re.search(r"<svg[^>]*>(.*)</svg>", source.read_text(encoding="utf-8"), re.DOTALL)
    if drawing is None:
        raise ValueError(f"{source} holds no drawing")
    shapes = re.sub(r">\s+<", "><", drawing[1].strip()).replace(" />", "/>")
    return (
        f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
        f'stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">{shapes}</symbol>'
    )


def icon_names() -> list[str]:
    return sorted(set(ICON_NAMES.read_text(encoding="utf-8").split()))


def entry(package: Package, member: str, target: Path) -> dict[str, str]:
    return {
        "package": package.name,
        "version": package.version,
        "licence": package.licence,
        "source": member,
        "sha256": digest(target),
    }


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def differences() -> list[str]:
    """Files that are missing or are not what the lock says."""
    locked = json.loads(LOCK.read_text(encoding="utf-8"))
    return [
        place
        for place, facts in locked.items()
        if not (ROOT / place).is_file() or digest(ROOT / place) != facts["sha256"]
    ]


def main() -> int:
    if "--check" not in sys.argv[1:]:
        vendor()
    wrong = differences()
    for place in wrong:
        sys.stderr.write(f"{place} differs from {relative(LOCK)}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
