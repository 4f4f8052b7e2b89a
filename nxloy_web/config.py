"""Settings, read from the environment once."""

import os
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from nxloy_web.version import VERSION

WORKER = "worker"


PORTAL_COOKIE = "PORTAL_COOKIE_NAME"


def from_environment() -> dict[str, Any]:
    return {
        "SECRET_KEY": os.environ.get("SECRET_KEY"),
        "DATABASE_URL": os.environ.get("DATABASE_URL"),
        "MIGRATIONS_DATABASE_URL": os.environ.get("MIGRATIONS_DATABASE_URL"),
        "WORKER_DATABASE_URL": os.environ.get("WORKER_DATABASE_URL"),
        "INSTANCE": os.environ.get("INSTANCE", "instance"),
        "BASE_URL": os.environ.get("BASE_URL", "http://localhost:8000"),
        "SMTP_URL": os.environ.get("SMTP_URL"),
        "MAIL_FROM": os.environ.get("MAIL_FROM", "NxLoy <no-reply@localhost>"),
        "RATELIMIT_STORAGE_URI": os.environ.get("RATELIMIT_STORAGE_URI", "memory://"),
        # A Redis that is away costs the sharing, not the page.
        "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,
        "PROCESS_KIND": os.environ.get("PROCESS_KIND", "web"),
        "GALLERY": os.environ.get("GALLERY", "") == "1",
        "BEHIND_PROXY": os.environ.get("BEHIND_PROXY", "") == "1",
        "MAX_CONTENT_LENGTH": 32 * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 1024 * 1024,
    }


def complete(config: dict[str, Any]) -> dict[str, Any]:
    """What follows from the settings: the database engine, cookies, the instance folder."""
    secure = str(config["BASE_URL"]).startswith("https://")
    is_worker = config["PROCESS_KIND"] == WORKER
    setting = worker_setting(config) if is_worker else "DATABASE_URL"
    try:
        url = with_driver(config.get(setting) or "postgresql:///nowhere")
    except NotAnAddress as error:
        raise SystemExit(f"Correct {setting}, or unset it: {error}.") from None
    return {
        "INSTANCE": str(Path(config["INSTANCE"]).absolute()),
        "SQLALCHEMY_DATABASE_URI": url,
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "pool_size": 10,
            "max_overflow": 10,
            "pool_pre_ping": False,
            "hide_parameters": True,  # an error is logged, and people are no part of a log
            "connect_args": {
                "application_name": f"nxloy/{VERSION}/{config['PROCESS_KIND']}",
                "connect_timeout": 5,
            },
        },
        # A browser takes a __Host- cookie only from this very host, over HTTPS, for all paths.
        "SESSION_COOKIE_NAME": "__Host-nxloy" if secure else "nxloy",
        PORTAL_COOKIE: "__Host-nxloy-portal" if secure else "nxloy-portal",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": secure,
        "REMEMBER_COOKIE_SECURE": secure,
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": secure,
    }


def worker_setting(config: dict[str, Any]) -> str:
    """The setting that says where the worker signs in: its own, or else the application's."""
    return "WORKER_DATABASE_URL" if config["WORKER_DATABASE_URL"] else "DATABASE_URL"


class NotAnAddress(ValueError):
    """Not like postgresql://user:password@host/database."""


def with_driver(url: str) -> str:
    """The same address, naming the driver for SQLAlchemy."""
    scheme, separator, rest = url.partition("://")
    address = f"postgresql+psycopg://{rest}"
    try:
        make_url(address)
    except (ArgumentError, ValueError):  # the port, say
        separator = ""
    if not separator or scheme not in ("postgresql", "postgres", "postgresql+psycopg"):
        # Not repeated: there may be a password in it.
        raise NotAnAddress("it is not like postgresql://user:password@host:5432/database")
    return address


def without_driver(url: str) -> str:
    """The same address for psycopg itself, which knows no drivers."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)
