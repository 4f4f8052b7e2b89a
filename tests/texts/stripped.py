"""What the product says, as JSON: run in a process of its own, where docstrings are dropped."""

import json
import sys
from typing import Any

from nxloy_web import create_app
from nxloy_web.schema import history
from tests.factories import sign_in
from tests.texts import every


def said(config: dict[str, Any], operator: str, staff: str, desk: str) -> dict[str, Any]:
    app = create_app(config)
    with app.app_context():
        known = history.revisions()
    by_operator, by_staff = app.test_client(), app.test_client()
    sign_in(by_operator, operator)
    sign_in(by_staff, staff)
    return {
        "docstring": said.__doc__ or every.refusals.__doc__,
        "sentences": {kind.__qualname__: str(kind()) for kind in PLAIN},
        "titles": [revision.title for revision in known],
        "of data": [revision.title for revision in known if revision.migration],
        "schema page": by_operator.get("/operator/schema").text,
        "refused": by_operator.post("/operator/schema/copy_points_to_balance/pause").text,
        "not allowed": by_staff.get(f"{desk}/team/invitations/new").text,
        "help": {command.name: command.help for command in every.commands(app.cli)},
    }


PLAIN = [kind for kind in every.refusals() if "__init__" not in vars(kind)]


if __name__ == "__main__":
    json.dump(said(*json.load(sys.stdin)), sys.stdout)
