"""People at work behind the proxy, who remember what they were answered."""

import re
import threading
from dataclasses import dataclass, field
from urllib.parse import urlencode

from bs4 import BeautifulSoup

from tests.run.proxy import Person


@dataclass
class Told:
    """What a person was answered."""

    asked: int = 0
    given: int = 0
    """Purchases that were acknowledged."""
    failed: list[str] = field(default_factory=list)


class Seller(threading.Thread):
    """Opens the card of a customer, gives points, looks at the list, and again."""

    def __init__(self, address: str, slug: str, customer_id: str) -> None:
        super().__init__(daemon=True)
        self.person = Person(address)
        self.told = Told()
        self._slug, self._customer_id = slug, customer_id
        self._ended = threading.Event()

    def sign_in(self, email: str, password: str) -> None:
        status, page = self.person.send("/sign-in", email=email, password=password)
        assert status == 200, page

    def run(self) -> None:
        card = f"/b/{self._slug}/counter/{self._customer_id}"
        while not self._ended.is_set():
            if self._give(card):
                self.told.given += 1
            self._look_styled(f"/b/{self._slug}/customers/")

    def stop(self) -> Told:
        self._ended.set()
        self.join(60)
        assert not self.is_alive()
        return self.told

    def _look_styled(self, path: str) -> None:
        """A page with its style, which the other release may have to give."""
        page = self._look(path)
        style = re.search(r'href="(/static/nx\.[^"]+\.css)"', page or "")
        if style is not None:
            self._look(style[1])

    def _look(self, path: str) -> str | None:
        self.told.asked += 1
        status, page = self.person.get(path)
        if status == 200:
            return page
        self.told.failed.append(f"GET {path}: {status} {page[:200]}")
        return None

    def _give(self, card: str) -> bool:
        page = self._look(card)
        if page is None:
            return False
        form = BeautifulSoup(page, "html.parser").select_one('form[action$="/purchases"]')
        assert form is not None, page
        fields = {
            str(one["name"]): str(one.get("value", ""))
            for one in form.select("input[name]")
            if one.get("type") != "submit"
        }
        self.told.asked += 1
        status, answer = self.person.post(str(form["action"]), urlencode(fields | {"amount": "1"}))
        if status == 200:
            return True
        self.told.failed.append(f"POST {form['action']}: {status} {answer[:200]}")
        return False
