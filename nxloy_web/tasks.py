"""The worker knows a task only once its module is imported; some are imported by no page."""

import pkgutil
from importlib import import_module

import nxloy_web


def load() -> None:
    """Import every module, so that a new task cannot be forgotten in a list."""
    for module in pkgutil.walk_packages(nxloy_web.__path__, f"{nxloy_web.__name__}."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
