"""`make bench`: figures with ratios. `python -m bench --quick` takes two minutes: few customers
and short runs, to see that everything still works; its figures are not to be quoted."""

import argparse
import platform
import sys
import time

from bench import importing, lighthouse, pages, weight, writes
from bench.place import a_place


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small and short")
    parser.add_argument(
        "--only",
        choices=("pages", "writes", "imports", "weight", "lighthouse"),
        help="one part alone",
    )
    chosen = parser.parse_args(arguments)
    sizes, seconds = ((1_000, 10_000), 1.0) if chosen.quick else ((10_000, 1_000_000), 5.0)
    parts = {
        "weight": weight.measure,
        "imports": importing.measure,
        "writes": lambda place: writes.measure(place, sizes[0], seconds * 2),
        "pages": lambda place: pages.measure(place, sizes, seconds),
    }
    if chosen.only == "lighthouse":
        parts["lighthouse"] = lighthouse.measure
    started = time.monotonic()
    print(f"Python {platform.python_version()}, {platform.machine()}, {platform.system()}")
    for name, measure in parts.items():
        if chosen.only in (None, name):
            print(f"\n{name.capitalize()} ...", flush=True)
            # Each in a database of its own: who lists a whole table must not find rows of others.
            with a_place() as place:
                measure(place)
    print(f"{time.monotonic() - started:.0f} seconds in all.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
