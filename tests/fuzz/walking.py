"""Who can send what: every route and method, each argument that it reads, each form it shows."""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from nxloy_web.web.arguments import Arguments
from tests.factories import Shop
from tests.fuzz.forms import Form, forms_in
from tests.fuzz.judging import COUNTED, Admin, Watch, faults_of
from tests.fuzz.people import TABLES, Seat
from tests.fuzz.sending import body_of, query_of, quoted

_LATE = ("delet", "remov", "sign_out", "archive", "void", "undo", "discard", "withdraw", "currency")


class Remembering(Arguments):
    """Remembers what is asked of it: so a walk knows which arguments a route reads."""

    asked: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.asked.add(key)
        return super().__getitem__(key)

    def get(self, key: str, *arguments: Any, **more: Any) -> Any:
        self.asked.add(key)
        return super().get(key, *arguments, **more)

    def getlist(self, key: str, *arguments: Any, **more: Any) -> Any:
        self.asked.add(key)
        return super().getlist(key, *arguments, **more)


@dataclass
class Walk:
    """One shop, the people in it, and what was found wrong."""

    app: Flask
    shop: Shop
    admin: Admin
    seed: int
    wrong: list[str] = field(default_factory=list)
    sent: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.watch = Watch(self.admin)
        self.urls = self.app.url_map.bind("localhost")
        self.reads: dict[str, set[str]] = defaultdict(set)
        """The arguments that a rule has read so far."""

    def says_nothing_wrong(self) -> None:
        lines = "\n".join(self.wrong)
        assert not self.wrong, f"seed {self.seed}, {self.sent} requests:\n{lines}"

    def rules(self, method: str) -> list[Rule]:
        found = [
            rule
            for rule in self.app.url_map.iter_rules()
            if method in (rule.methods or ()) and not rule.endpoint.startswith("assets")
        ]
        return sorted(found, key=lambda rule: any(word in rule.endpoint for word in _LATE))

    def address(self, rule: Rule, **hostile: str) -> str:
        """An address of the rule, of rows that there are; a hostile part stands as it is."""
        parts = {name: hostile.get(name) or self._known(name) for name in rule.arguments}
        held = {name: f"fuzz-part-{name}" for name in rule.arguments}
        path = rule.rule
        for name in rule.arguments:
            for converter in ("", "id:", "int:"):
                path = path.replace(f"<{converter}{name}>", held[name])
        for name, value in parts.items():
            path = path.replace(held[name], quoted(value))
        assert "<" not in path, path
        return path

    def _known(self, name: str) -> str:
        if name == "slug":
            return self.shop.slug
        if name in TABLES:
            rows = self.admin.execute(
                f"SELECT id FROM nx.{TABLES[name]} WHERE business_id = %s ORDER BY id",
                [self.shop.business_id],
            ).fetchall()
            return str(self.chance.choice(rows)[0]) if rows else "c" + "0" * 24
        return {"hue": "7", "name": "one_at_work", "sha256": "0" * 64}.get(name, "x")

    def forms(self, seat: Seat) -> list[Form]:
        """Each form of each page once, as the page shows it to this person."""
        found: dict[tuple[Any, ...], Form] = {}
        for rule in self.rules("GET"):
            if rule.rule.startswith("/gallery"):
                continue
            answer = self.send(seat, "GET", self.address(rule), rule=rule)
            if answer is None or answer.status_code != 200 or answer.mimetype != "text/html":
                continue
            for form in forms_in(answer.text, answer.request.path):
                found.setdefault((self.endpoint(form), form.names), form)
        late = [key for key in found if any(word in str(key[0]) for word in _LATE)]
        return [found[key] for key in [*(key for key in found if key not in late), *late]]

    def endpoint(self, form: Form) -> str:
        try:
            return str(self.urls.match(form.action, method=form.method)[0])
        except HTTPException:
            self.wrong.append(f"{form.page} has a form for {form.action}, which there is not")
            return form.action

    def again(self, seat: Seat, form: Form) -> Form:
        """The same form as its page shows it now; the old one when it is there no more."""
        answer = self.send(seat, "GET", form.page)
        if answer is None or answer.mimetype != "text/html":
            return form
        same = [
            each
            for each in forms_in(answer.text, form.page)
            if each.action == form.action and each.names == form.names
        ]
        return same[0] if same else form

    def submit(self, seat: Seat, form: Form, what: str, headers: dict[str, str]) -> bool:
        """Send a form; whether something was changed by it."""
        if form.method == "GET":
            path = f"{form.action}?{query_of(form.fields)}"
            self.send(seat, "GET", path, what=what, headers=headers)
            return False
        content_type, body = body_of(form.fields)
        answer = self.send(
            seat, form.method, form.action, what=what, headers=headers,
            content_type=content_type, body=body,
        )  # fmt: skip
        return answer is not None and answer.status_code < 400

    def send(
        self,
        seat: Seat,
        method: str,
        path: str,
        *,
        what: str = "nothing hostile",
        rule: Rule | None = None,
        **request: Any,
    ) -> TestResponse | None:
        """One request, judged. None when the application raised something."""
        self.sent += 1
        Remembering.asked = set()
        try:
            answer = self._open(seat, method, path, **request)
        except Exception as error:
            self._say(seat, method, path, what, f"raised {error!r}")
            self.watch.changed()
            return None
        if rule is not None:
            self.reads[rule.rule] |= Remembering.asked
        is_htmx = "HX-Request" in (request.get("headers") or {})
        for fault in faults_of(answer, is_htmx):
            self._say(seat, method, path, what, fault)
        self._look_for_halves(seat, method, path, what, answer.status_code)
        if "sign-in" in (answer.location or "") and seat.user_id is not None:
            seat.sits_down(self.admin)
        return answer

    def _look_for_halves(self, seat: Seat, method: str, path: str, what: str, status: int) -> None:
        changed = self.watch.changed()
        if method in ("GET", "HEAD", "OPTIONS") and changed:
            self._say(seat, method, path, what, f"a page that changes {sorted(changed)}")
        elif status >= 400 and changed - COUNTED:
            self._say(seat, method, path, what, f"{status}, yet {sorted(changed)} changed")

    def _open(
        self,
        seat: Seat,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        content_type: str | None = None,
        body: bytes = b"",
    ) -> TestResponse:
        path, _, query = path.partition("?")
        # As a server hands it on: header values are Latin-1, and nobody has looked at them.
        named = {f"HTTP_{name.upper().replace('-', '_')}": v for name, v in (headers or {}).items()}
        if content_type is not None:
            named["CONTENT_TYPE"] = content_type
        cookies = named.pop("HTTP_COOKIE", None)
        client = self.app.test_client(use_cookies=False) if cookies is not None else seat.client
        if cookies is not None:
            named["HTTP_COOKIE"] = cookies
        return client.open(
            path, method=method, query_string=query, data=body or None, environ_overrides=named,
            buffered=True,
        )  # fmt: skip

    def _say(self, seat: Seat, method: str, path: str, what: str, fault: str) -> None:
        self.wrong.append(f"{seat.name} {method} {path[:150]} ({what}): {fault}")


def suited(rule: Rule, seat: Seat) -> bool:
    """Whether the rule belongs to this person's side; a stranger tries every one."""
    side = rule.rule.split("/")[1]
    return side not in ("b", "p", "operator") or seat.side in ("", side)


def arguments_of(walk: Walk, seat: Seat) -> Iterator[tuple[Rule, str]]:
    """Every argument of an address that a page of this person reads."""
    for rule in walk.rules("GET"):
        if suited(rule, seat):
            for name in sorted(walk.reads[rule.rule]):
                yield rule, name
