"""What a production server loads."""

import runpy
from pathlib import Path

import pytest
from flask import Flask, jsonify, request

ROOT = Path(__file__).parents[2]
HEADERS = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}


def seen_through(app: Flask) -> tuple[str, str]:
    app.add_url_rule("/seen", view_func=lambda: jsonify([request.remote_addr, request.scheme]))
    address, scheme = app.test_client().get("/seen", headers=HEADERS).get_json()
    return address, scheme


@pytest.mark.parametrize(
    ("behind", "seen"), [("1", ("203.0.113.9", "https")), ("", ("127.0.0.1", "http"))]
)
def test_a_proxy_is_believed_only_when_there_is_one(
    behind: str, seen: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEHIND_PROXY", behind)
    monkeypatch.setenv("SECRET_KEY", "only-for-tests")
    app = runpy.run_path(str(ROOT / "wsgi.py"))["app"]
    assert seen_through(app) == seen
