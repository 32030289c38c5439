"""Looking up an order or a customer where the company keeps them, in the middle of a call, without holding the database.

A webhook's work runs in one transaction. Where it needs an answer of another system, that transaction is rolled back, the other
system is asked, and the work is done again with the answer: no lock is held while somebody else thinks.
"""

import threading
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final, TypeAlias, TypeVar

from ivr.connectors import http, reading
from ivr.connectors.http import Failed, Network, Response
from ivr.connectors.reading import CUSTOMERS, ORDERS
from ivr.connectors.store import Kept
from ivr.customers.records import CustomerRecord, OrderRecord

T = TypeVar("T")

# A system that has failed so often in a row is left alone for a while: its callers go to a person at once.
FAILURES_IN_A_ROW: Final = 3
REST_SECONDS: Final = 20.0
# A webhook asks for one customer and one order; whatever asks for more than a few is going round.
MOST_ASKED: Final = 4


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One question to another system."""

    kind: str
    by: str  # the order's number, or the telephone number


@dataclass(frozen=True, kw_only=True)
class NotConfigured:
    """This kind is kept in our own tables."""


@dataclass(frozen=True, kw_only=True)
class NotFound:
    """The other system knows no such record."""


@dataclass(frozen=True, kw_only=True)
class OrderFound:
    """The order, as the other system tells it."""

    record: OrderRecord


@dataclass(frozen=True, kw_only=True)
class CustomerFound:
    """The customer, as the other system tells it."""

    record: CustomerRecord


OrderAnswer: TypeAlias = NotConfigured | NotFound | OrderFound | Failed
CustomerAnswer: TypeAlias = NotConfigured | NotFound | CustomerFound | Failed


class LookupWantedError(Exception):
    """This transaction cannot go on without an answer of another system."""

    def __init__(self, asked: Asked) -> None:
        super().__init__(f"an answer on {asked.kind} is wanted")
        self.asked = asked


_given: ContextVar[dict[Asked, Response] | None] = ContextVar("lookups that were given", default=None)


class _Breaker:
    """Counts failures in a row of one connector."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._lock = threading.Lock()
        self._seconds = seconds
        self._failures = 0
        self._until = 0.0

    @property
    def rests(self) -> bool:
        with self._lock:
            return self._seconds() < self._until

    def told(self, *, failed: bool) -> None:
        with self._lock:
            self._failures = self._failures + 1 if failed else 0
            if self._failures >= FAILURES_IN_A_ROW:
                # One that still fails after its rest is left alone again at once.
                self._failures, self._until = FAILURES_IN_A_ROW - 1, self._seconds() + REST_SECONDS


class Lookups:
    """The connectors of one process."""

    def __init__(
        self,
        kept: Callable[[], Mapping[str, Kept]] = dict,
        *,
        networks: tuple[Network, ...] = (),
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        """Take how the connectors are found that count at this moment; without it, our own tables have everything."""
        self._kept = kept
        self.networks = networks
        self._breakers = {kind: _Breaker(seconds) for kind in reading.KINDS}
        self.is_down = False  # for trials: every other system fails

    def order(self, number: str, *, country: str) -> OrderAnswer:
        """An order by its number."""
        told = self._told(ORDERS, number, country)
        if isinstance(told, OrderRecord):
            # Another order than the one that was asked for is nobody's business.
            return OrderFound(record=told) if told.order_number == number.upper() else NotFound()
        return _not_a_record(told)

    def customer(self, number: str, *, country: str) -> CustomerAnswer:
        """The customer of a telephone number, E.164."""
        told = self._told(CUSTOMERS, number, country)
        if isinstance(told, CustomerRecord):
            is_theirs = told.numbers is None or number in told.numbers
            return CustomerFound(record=told) if is_theirs else NotFound()
        return _not_a_record(told)

    def answering(self, work: Callable[[], T]) -> T:
        """Do a transaction's work, and again with each answer that it wants; `work` opens and ends its transaction itself."""
        given: dict[Asked, Response] = {}
        token = _given.set(given)
        try:
            for _ in range(MOST_ASKED):
                try:
                    return work()
                except LookupWantedError as wanted:
                    given[wanted.asked] = self.fetch(wanted.asked)
            return work()
        finally:
            _given.reset(token)

    def fetch(self, asked: Asked) -> Response:
        """Ask the other system now."""
        kept = self._kept().get(asked.kind)
        if kept is None or not kept.is_on or self.is_down:
            return Failed(reason="unreachable")
        breaker = self._breakers[asked.kind]
        if breaker.rests:
            return Failed(reason="resting")
        found = http.ask(kept.definition, kept.secret, asked.by, self.networks)
        breaker.told(failed=isinstance(found, Failed))
        return found

    def _told(self, kind: str, by: str, country: str) -> Any:
        kept = self._kept().get(kind)
        is_on = kept is not None and kept.is_on
        if not is_on and not self.is_down:
            return NotConfigured()
        if kept is None or self.is_down:
            return Failed(reason="unreachable")
        if not by:
            return NotFound()
        asked = Asked(kind=kind, by=by)
        given = _given.get()
        if given is None:
            found: Response = self.fetch(asked)
        elif asked in given:
            found = given[asked]
        elif len(given) >= MOST_ASKED:
            return Failed(reason="too_many")
        else:
            raise LookupWantedError(asked)
        return understood(kept, found, country=country)


def understood(kept: Kept, found: Response, *, country: str) -> Any:
    """The record that an answer tells of, `NotFound`, or `Failed` where it cannot be understood."""
    if isinstance(found, Failed):
        return found
    if found.content is None:
        return NotFound()
    fields = kept.definition.mapped(found.content)
    if reading.key_of(kept.definition.kind) not in fields:
        return NotFound()
    record = reading.read(kept.definition.kind, fields, country=country)
    if isinstance(record, tuple):
        return Failed(reason="bad_answer", status=found.status, seconds=found.seconds)
    return record


def _not_a_record(told: Any) -> NotConfigured | NotFound | Failed:
    return told if isinstance(told, NotConfigured | NotFound | Failed) else Failed(reason="bad_answer")
