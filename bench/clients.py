"""People at their browsers: requests over connections that stay open."""

import http.client
import re
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

Request = tuple[str, str, dict[str, str] | None]
"""Method, path, and what a form would send."""


@dataclass(frozen=True)
class Result:
    """How long answers took, and how many came in a second."""

    seconds: list[float]
    lasted: float

    @property
    def rate(self) -> float:
        return len(self.seconds) / self.lasted

    @property
    def p50(self) -> float:
        return statistics.median(self.seconds) * 1000

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.seconds, n=20)[-1] * 1000


class Client:
    """One browser, signed in by its cookie."""

    def __init__(self, address: str, cookie: str = "") -> None:
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
        self.cookie = cookie
        self.token = ""

    def send(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, bytes]:
        headers = {"Accept-Encoding": "br"}
        if self.cookie:
            headers["Cookie"] = self.cookie
        body = None
        if form is not None:
            body = urlencode(form | {"csrf_token": self.token})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        self._keep_cookie(answer)
        return answer.status, answer.read()

    def plain(self, path: str) -> bytes:
        """A page that is not compressed, to look into."""
        self._connection.request("GET", path, headers={"Cookie": self.cookie})
        answer = self._connection.getresponse()
        self._keep_cookie(answer)
        return answer.read()

    def take_token(self, path: str) -> None:
        """Open a page with a form, as a person does before sending one."""
        page = self.plain(path)
        found = re.search(rb'name="csrf[-_]token"[^>]*(?:value|content)="([^"]+)"', page)
        if found is None:
            raise RuntimeError(f"no token at {path}")
        self.token = found[1].decode()

    def _keep_cookie(self, answer: http.client.HTTPResponse) -> None:
        for header in answer.headers.get_all("Set-Cookie") or []:
            if header.startswith("nxloy"):
                self.cookie = header.split(";")[0]


def in_turn(client: Client, next_request: Callable[[], Request], times: int) -> Result:
    """One person after the other."""
    for _ in range(10):
        _checked(client, next_request())
    seconds = []
    started = time.perf_counter()
    for _ in range(times):
        begun = time.perf_counter()
        _checked(client, next_request())
        seconds.append(time.perf_counter() - begun)
    return Result(seconds, time.perf_counter() - started)


def at_once(clients: list[Client], next_request: Callable[[], Request], lasting: float) -> Result:
    """All of them, each sending the next request as soon as it has its answer."""
    seconds: list[float] = []
    problems: list[BaseException] = []
    until = time.perf_counter() + lasting

    def work(client: Client) -> None:
        try:
            while time.perf_counter() < until:
                begun = time.perf_counter()
                _checked(client, next_request())
                seconds.append(time.perf_counter() - begun)
        except BaseException as problem:
            problems.append(problem)

    for client in clients:
        _checked(client, next_request())
    started = time.perf_counter()
    until = started + lasting
    threads = [threading.Thread(target=work, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]
    return Result(seconds, time.perf_counter() - started)


def _checked(client: Client, request: Request) -> Any:
    status, body = client.send(*request)
    if status not in (200, 303):
        raise RuntimeError(f"{request[0]} {request[1]} answered {status}: {body[:300]!r}")
    return body
