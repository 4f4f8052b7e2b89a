"""Every module that declares background work: the worker knows a task only once it is imported."""

from importlib import import_module

MODULES: tuple[str, ...] = ("nxloy_web.mail.delivery",)


def load() -> None:
    for module in MODULES:
        import_module(module)
