"""What code below the screens needs of the application that hosts it, without knowing Flask."""

from typing import Any, Protocol

from alembic.config import Config


class Host(Protocol):
    """The application, as verbs, mail and jobs see it."""

    def setting(self, name: str) -> Any:
        """A value of the application's configuration, None when it is not set."""

    def draw(self, template: str, context: dict[str, Any]) -> str:
        """A template without anything of a request in it."""

    def address(self, endpoint: str, **values: str) -> str:
        """A page's address from BASE_URL on: a job has no request to build it from."""

    def migrations(self) -> Config:
        """Where the revisions of the schema are."""


_hosts: list[Host] = []


def provide(host: Host) -> None:
    """Say who hosts this process, once, when it starts."""
    _hosts[:] = [host]


def setting(name: str) -> Any:
    return _hosts[0].setting(name)


def draw(template: str, context: dict[str, Any]) -> str:
    return _hosts[0].draw(template, context)


def address(endpoint: str, **values: str) -> str:
    return _hosts[0].address(endpoint, **values)


def migrations() -> Config:
    return _hosts[0].migrations()
