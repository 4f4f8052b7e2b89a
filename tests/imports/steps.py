"""The walk of an import through the web pages, as a person takes it."""

import io
import re
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from nxloy_web import worker
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.tables.imports import ImportLine, ImportRun
from tests.factories import Shop, inside
from tests.pressing import browser_as, press

CDNOW = Path(__file__).parent / "cdnow"


def send_file(
    client: FlaskClient, shop: Shop, content: bytes, kind: str = "CUSTOMERS", name: str = "file.csv"
) -> Any:
    """Upload a file; the answer leads to its columns, or says why not."""
    file = FileStorage(io.BytesIO(content), filename=name)
    # By hand: the test client would leave a large body in a temporary file it does not close.
    boundary, body = encode_multipart({"new_id": new_id(), "kind": kind, "file": file})
    content_type = f"multipart/form-data; boundary={boundary}"
    return client.post(shop.url("/imports/"), data=body, content_type=content_type)


def upload(client: FlaskClient, shop: Shop, content: bytes, kind: str = "CUSTOMERS") -> str:
    answer = send_file(client, shop, content, kind)
    assert answer.status_code == 303, re.findall(r"field-error.*?</p>", answer.text, re.DOTALL)
    return str(answer.location.rsplit("/", 2)[1])


def chosen(page: str) -> dict[str, str]:
    """What the form on the page of the columns would send as it stands."""
    found = {}
    for name, body in re.findall(
        r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL
    ):
        picked = re.search(r'<option selected value="([^"]*)"', body)
        first = re.search(r'<option value="([^"]*)"', body)
        found[name] = picked[1] if picked else first[1] if first else ""
    return found


def match(client: FlaskClient, shop: Shop, import_id: str, **changes: str) -> Any:
    """Send the form of the columns with what it proposes, and with changes."""
    url = shop.url(f"/imports/{import_id}/columns")
    return client.post(url, data=chosen(client.get(url).text) | changes)


def check(app: Flask, client: FlaskClient, shop: Shop, import_id: str, **changes: str) -> ImportRun:
    answer = match(client, shop, import_id, **changes)
    assert answer.status_code == 303, re.findall(r"field-error.*?</p>", answer.text, re.DOTALL)
    worker.run_until_idle(app)
    return run_of(app, shop, import_id)


def begin(client: FlaskClient, shop: Shop, import_id: str, step: str = "run") -> None:
    """Set a job going, and leave it to whoever works."""
    assert client.post(shop.url(f"/imports/{import_id}/{step}")).status_code == 303


def press_button(app: Flask, shop: Shop, import_id: str, button: str) -> None:
    """Press a button of the import's page."""
    press(browser_as(app, shop).get(shop.url(f"/imports/{import_id}")), button)


def start(app: Flask, client: FlaskClient, shop: Shop, import_id: str) -> ImportRun:
    begin(client, shop, import_id)
    worker.run_until_idle(app)
    return run_of(app, shop, import_id)


def undo(app: Flask, client: FlaskClient, shop: Shop, import_id: str) -> ImportRun:
    begin(client, shop, import_id, "undo")
    worker.run_until_idle(app)
    return run_of(app, shop, import_id)


def bring_in(
    app: Flask,
    client: FlaskClient,
    shop: Shop,
    content: bytes,
    kind: str = "CUSTOMERS",
    **changes: str,
) -> ImportRun:
    """The whole walk."""
    import_id = upload(client, shop, content, kind)
    check(app, client, shop, import_id, **changes)
    return start(app, client, shop, import_id)


def run_of(app: Flask, shop: Shop, import_id: str) -> ImportRun:
    with inside(app, shop):
        run = db.session.get_one(ImportRun, (shop.business_id, import_id))
        db.session.expunge(run)
        return run


def counts(run: ImportRun) -> tuple[int, int, int]:
    return run.created_rows, run.known_rows, run.failed_rows


def reasons(app: Flask, shop: Shop, import_id: str) -> dict[int, tuple[str, str | None]]:
    with inside(app, shop):
        lines = db.session.scalars(
            select(ImportLine).where(ImportLine.run_id == import_id).order_by(ImportLine.line)
        )
        return {line.line: (line.verdict.value, line.reason) for line in lines}
