"""People at work while the schema changes: processes that write customers' points, as nx_app."""

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe
from multiprocessing.synchronize import Event
from types import ModuleType
from typing import Self

import psycopg

from tests.schema import new_writer, old_writer

BUSINESSES = 8
PACE = 0.004
"""A writer begins something new so many seconds after the last, unless that took longer."""
CODES: dict[str, ModuleType] = {"old": old_writer, "new": new_writer}
_spawning = multiprocessing.get_context("spawn")


def business(number: int) -> str:
    return f"b{number % BUSINESSES:024}"


def customer(number: int) -> str:
    """Ids grow with time, as those of new_id() do."""
    return f"c{number:024}"


@dataclass
class Work:
    """What a writer did."""

    moments: list[tuple[float, float]] = field(default_factory=list)
    """When each transaction began (the clock is the machine's) and its milliseconds; one that
    failed goes on with the next, since what counts is when something was written."""
    added: Counter[int] = field(default_factory=Counter)
    """Points that were acknowledged, by the customer's number."""
    joined: dict[int, int] = field(default_factory=dict)
    """New customers, and the points they began with."""
    errors: Counter[str] = field(default_factory=Counter)


class Writer:
    """One process: connected, then at work when it is told to begin, until it is told to stop."""

    def __init__(self, code: str, url: str, customers: int, number: int) -> None:
        self.code, self.begin, self.stop = code, _spawning.Event(), _spawning.Event()
        self.answer, pipe = _spawning.Pipe(duplex=False)
        arguments = (code, url, customers, number, self.begin, self.stop, pipe)
        self.process = _spawning.Process(target=_work, args=arguments, daemon=True)
        self.process.start()
        pipe.close()

    def finish(self) -> Work:
        self.stop.set()
        self.begin.set()
        work: Work = self.answer.recv()
        self.process.join()
        return work


class Crew:
    """Writers for one table, four of each code, all of them ready before anything is measured."""

    def __init__(self, url: str, customers: int) -> None:
        self.customers = customers
        self.done: list[Work] = []
        codes = [code for code in CODES for _ in range(4)]
        self.waiting = [Writer(code, url, customers, n) for n, code in enumerate(codes, 1)]
        self.at_work: list[Writer] = []
        for writer in self.waiting:
            assert writer.answer.recv() == "ready"

    def begin(self, code: str, count: int) -> None:
        for writer in [w for w in self.waiting if w.code == code][:count]:
            self.waiting.remove(writer)
            self.at_work.append(writer)
            writer.begin.set()

    def end(self, code: str, count: int = 4) -> None:
        """So many stop, and hand in what they did."""
        for writer in [w for w in self.at_work if w.code == code][:count]:
            self.at_work.remove(writer)
            self.done.append(writer.finish())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.done += [writer.finish() for writer in [*self.at_work, *self.waiting]]

    def errors(self) -> Counter[str]:
        return sum((work.errors for work in self.done), Counter[str]())

    def milliseconds(self, since: float, until: float) -> list[float]:
        """Of the transactions that were under way between two moments, the shortest first."""
        return sorted(
            ms
            for work in self.done
            for began, ms in work.moments
            if began <= until and began + ms / 1000 >= since
        )

    def lost(self, connection: psycopg.Connection[tuple[int, int]], column: str) -> int:
        """Customers whose points are not what was acknowledged, and points nobody can place."""
        expected = Counter[int]()
        for work in self.done:
            expected.update(work.joined)
            expected.update(work.added)
        numbers = [n for n in expected if n <= self.customers]
        for number in numbers:
            expected[number] += points_of(number)
        rows = connection.execute(
            f"SELECT substr(id, 2)::bigint, {column} FROM customers WHERE id = ANY(%s)",
            [[customer(n) for n in expected]],
        ).fetchall()
        wrong = len(expected) - len(rows) + sum(found != expected[n] for n, found in rows)
        total = connection.execute(f"SELECT sum({column}), 0 FROM customers").fetchone()
        known = sum(map(points_of, range(1, self.customers + 1)))
        known += sum(work.added.total() + sum(work.joined.values()) for work in self.done)
        return max(wrong, int(total is None or total[0] != known))


def points_of(number: int) -> int:
    """What a customer had before anybody came to work."""
    return number % 1000


def share(ordered: Sequence[float], part: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0


def _work(
    code: str, url: str, customers: int, number: int, begin: Event, stop: Event, pipe: Pipe
) -> None:
    writer, chance, work = CODES[code], random.Random(number), Work()
    fresh = iter(range(customers + number * 1_000_000, customers + (number + 1) * 1_000_000))
    with psycopg.connect(url, autocommit=True, application_name=writer.APPLICATION) as connection:
        pipe.send("ready")
        begin.wait()
        began = time.monotonic()
        while not stop.is_set():
            try:
                _write_once(writer, connection, chance, customers, fresh, work)
            except psycopg.Error as error:
                work.errors[str(error).splitlines()[0]] += 1
                with suppress(psycopg.Error):
                    connection.rollback()
                continue
            took = time.monotonic() - began
            work.moments.append((began, took * 1000))
            time.sleep(max(0.0, PACE - took))
            began = time.monotonic()
    pipe.send(work)


def _write_once(
    writer: ModuleType,
    connection: old_writer.Connection,
    chance: random.Random,
    customers: int,
    fresh: Iterator[int],
    work: Work,
) -> None:
    """Nine times of ten points for a customer, else a new customer."""
    if chance.random() < 0.1:
        number, points = next(fresh), chance.randrange(100)
        with connection.transaction():
            writer.enter(connection, business(number))
            writer.join(connection, business(number), customer(number), points)
        work.joined[number] = points
    else:
        number, points = chance.randint(1, customers), chance.randint(1, 50)
        with connection.transaction():
            writer.enter(connection, business(number))
            writer.add(connection, business(number), customer(number), points)
        work.added[number] += points
