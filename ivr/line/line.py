"""The local line itself: one account of a small carrier, with its numbers, the people it reaches and everything it did.

This is the door for tests, the demo and the pages; the REST API stands in `ivr.line.server`. Every method that touches
calls may be called from any thread.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from ivr.line import control
from ivr.line.channel import GOOD, LineQuality
from ivr.line.clock import Action, Clock
from ivr.line.dial import normalised
from ivr.line.ears import listen
from ivr.line.exchange import Exchange, Habits, LogEntry, NumberConfig, PartyFactory, Recognise, Sids, Voice
from ivr.line.faults import Faults
from ivr.line.legs import Fallback, Leg, Progress
from ivr.line.party import Party
from ivr.line.sockets import SocketOpener
from ivr.line.wire import Transport, Wire

T = TypeVar("T")

DEFAULT_API_BASE_URL = "http://127.0.0.1:5050"


class Line:
    """A carrier with one account."""

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        clock: Clock,
        transport: Transport,
        sockets: SocketOpener | None = None,
        numbers: Mapping[str, NumberConfig] | None = None,
        voice: Voice | None = None,
        recognise: Recognise | None = None,
        habits: Habits | None = None,
        faults: Faults | None = None,
        quality: LineQuality = GOOD,
        seed: int | None = None,
        api_base_url: str = DEFAULT_API_BASE_URL,
    ) -> None:
        sids, faults = Sids(seed), faults or Faults()
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.clock = clock
        self.faults = faults
        wire = Wire(
            transport=transport, clock=clock, auth_token=auth_token, new_token=lambda: sids.new("IT"), faults=faults
        )
        self.exchange = Exchange(
            account_sid=account_sid,
            auth_token=auth_token,
            clock=clock,
            wire=wire,
            sids=sids,
            sockets=sockets,
            voice=voice,
            recognise=recognise,
            habits=habits or Habits(),
            faults=faults,
            api_base_url=api_base_url,
            quality=quality,
            numbers=dict(numbers or {}),
        )

    @property
    def log(self) -> list[LogEntry]:
        """Everything that happened, oldest first."""
        return self.exchange.log

    @property
    def legs(self) -> dict[str, Leg]:
        """All legs by CallSid, in the order in which they were made."""
        return self.exchange.legs

    def call(
        self, from_: str, to: str, party: Party, *, quality: LineQuality | None = None, **extra_parameters: str
    ) -> Leg:
        """Let a party call a number of the account, over the line's quality or its own.

        Extra parameters go with every webhook (`StirVerstat=...`).
        """
        return self.clock.call(lambda: self._call(from_, to, party, quality or self.exchange.quality, extra_parameters))

    def register(self, address: str, factory: PartyFactory) -> None:
        """Say who answers at a number, `client:name` or `sip:...`: one new party for every leg that rings there."""
        self.exchange.addresses[normalised(address)] = factory

    def unregister(self, address: str) -> None:
        """Let nobody answer there any more."""
        self.exchange.addresses.pop(normalised(address), None)

    def watch(self, watcher: Callable[[LogEntry], None]) -> None:
        """Call the watcher, on the loop, with everything that happens from now on."""
        self.exchange.watchers.append(watcher)

    def post(self, action: Action) -> None:
        """Run an action on the loop; from any thread."""
        self.clock.post(action)

    def run(self, function: Callable[[], T]) -> T:
        """Run a function on the loop and give what it gives; from any thread."""
        return self.clock.call(function)

    def close(self) -> None:
        """Hang up everything that is still up."""
        self.clock.call(self._end_all)

    def _end_all(self) -> None:
        for leg in list(self.legs.values()):
            leg.end("completed")

    def _call(
        self, from_: str, to: str, party: Party, quality: LineQuality, extra_parameters: Mapping[str, str]
    ) -> Leg:
        config = self.exchange.numbers.get(to)
        leg = Leg(
            exchange=self.exchange,
            sid=self.exchange.sids.new("CA"),
            from_=from_,
            to=to,
            direction="inbound",
            party=party,
            progress=Progress(url=config.status_callback) if config and config.status_callback else None,
            fallback=Fallback(url=config.fallback_url, method=config.fallback_method)
            if config and config.fallback_url
            else None,
            extra_parameters=extra_parameters,
            quality=quality,
        )
        listen(leg)
        self.clock.post(lambda: control.receive_call(self.exchange, leg, to))
        return leg
