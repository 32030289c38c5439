"""Executes documents on a leg: fetches them, goes through their verbs, and turns to the fallback URL when one is refused.

What each verb does stands in a module of its own; here are the order, the jumps and the refusals. A failure without a
fallback ends the call with the carrier's apology, as Twilio's page on availability says.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import assert_never

from ivr.line.exchange import Exchange
from ivr.line.legs import Fallback, Leg
from ivr.line.party import HeardFrom
from ivr.line.playing import speak
from ivr.line.twiml import INVALID_URL, SCHEMA_VIOLATION, Document, Refused, Verb, parse
from ivr.line.wire import Reply

APOLOGY = "An application error has occurred. Goodbye."
INVALID_CONTENT_TYPE = 12300
# Twilio's error catalogue
XML_TYPES = frozenset({"text/xml", "application/xml"})
UNANSWERED_VERBS = frozenset({"Reject", "Pause"})
# Twilio's <Reject> and <Pause> pages: at the head of a document these do not pick up


class RunEnd(Enum):
    """Why an execution is over."""

    FINISHED = "out of verbs"
    HANGUP = "hang-up verb"
    LEAVE = "leave verb"
    FAILED = "application error"
    BUSY = "rejected as busy"
    REJECTED = "rejected"


@dataclass(frozen=True, kw_only=True)
class Jump:
    """Go on with the document at a URL."""

    url: str
    method: str = "POST"
    parameters: Mapping[str, str] = field(default_factory=dict)
    purpose: str = "document"


Outcome = Jump | RunEnd | Refused | None
# None: go on with the next verb
VerbFunction = Callable[["Run", Verb], Awaitable[Outcome]]


@dataclass(kw_only=True)
class Run:
    """One execution on a leg: the call itself, or a whisper, wait or hold document inside it."""

    exchange: Exchange
    leg: Leg
    verbs: Mapping[str, VerbFunction]
    extra: Callable[[], Mapping[str, str]] = dict
    # further parameters of every request of this execution
    purpose: str = "document"
    apologises: bool = True
    _recovering: bool = False

    def nested(
        self, *, allowed: frozenset[str], purpose: str, extra: Callable[[], Mapping[str, str]], leg: Leg
    ) -> "Run":
        """Give an execution that knows only some verbs and whose failure ends only itself."""
        verbs = {name: function for name, function in self.verbs.items() if name in allowed}
        return Run(exchange=self.exchange, leg=leg, verbs=verbs, extra=extra, purpose=purpose, apologises=False)

    async def run(self, start: Jump | Document) -> RunEnd:
        """Execute until there are no more verbs or one ends it."""
        step: Outcome | Document = start
        url = start.url or ""
        while True:
            match step:
                case Document():
                    self._recovering = False
                    step = await self._execute(step)
                case Jump():
                    url = step.url
                    step = await self._fetch(step)
                case Refused():
                    step = await self._recover(step, url)
                case RunEnd():
                    return step
                case None:
                    return RunEnd.FINISHED
                case _:
                    assert_never(step)

    def action(self, verb: Verb, parameters: Mapping[str, str], *, default_here: bool = False) -> Jump | Refused | None:
        """Give the jump to a verb's action URL; None if it has none (or, `default_here`, to the document itself)."""
        url = verb.url("action")
        if not url and default_here:
            if verb.base_url is None:
                return Refused(code=INVALID_URL, reason=f"<{verb.name}> in inline TwiML needs an absolute action")
            url = verb.base_url
        if not url:
            return None
        return Jump(url=url, method=verb.get("method", "POST"), parameters=parameters, purpose="action")

    def tell_action(self, verb: Verb, parameters: Mapping[str, str]) -> None:
        """Request a verb's action although its answer changes nothing any more: the call is over or elsewhere."""
        url = verb.url("action")
        if url:
            webhook = self.leg.webhook(url, verb.get("method", "POST"), "action", {**self.extra(), **parameters})
            self.exchange.wire.request(webhook)

    async def _execute(self, document: Document) -> Outcome:
        for verb in document.verbs:
            function = self.verbs.get(verb.name)
            if function is None:
                return Refused(
                    code=SCHEMA_VIOLATION, reason=f"<{verb.name}> is not allowed in a {self.purpose} document"
                )
            self._begin(verb)
            outcome = await function(self, verb)
            if outcome is not None:
                return outcome
        return None

    def _begin(self, verb: Verb) -> None:
        leg = self.leg
        waits = verb.name in UNANSWERED_VERBS or (verb.name == "Dial" and verb.flag("answerOnBridge", default=False))
        if leg.status == "ringing" and leg.direction == "inbound" and not waits:
            leg.move("in-progress")
        self.exchange.note(leg.sid, "verb", verb.name)
        leg.verbs_begun.append(verb.name)
        fault = self.exchange.faults.hang_up_at_verb(leg.verbs_begun)
        if fault is not None:
            self.exchange.clock.call_later(fault.after_seconds, leg.hang_up)

    async def _fetch(self, jump: Jump) -> Document | Refused:
        purpose = jump.purpose if self.purpose == "document" else self.purpose
        webhook = self.leg.webhook(jump.url, jump.method, purpose, {**self.extra(), **jump.parameters})
        reply = await self.exchange.wire.request(webhook)
        if isinstance(reply, Refused):
            return reply
        return document_of(reply, jump.method)

    async def _recover(self, refused: Refused, url: str) -> Outcome | Document:
        self.exchange.note(self.leg.sid, "refused", f"{refused.code} {refused.reason} ({url or 'inline TwiML'})")
        fallback = self.leg.fallback
        if fallback is not None and not self._recovering and self.apologises:
            self._recovering = True
            return self._to_fallback(fallback, refused, url)
        if self.apologises and self.leg.is_live:
            if self.leg.status == "ringing" and self.leg.direction == "inbound":
                self.leg.move("in-progress")
            await speak(self.leg, APOLOGY, "en-US", HeardFrom.SAY)
        return RunEnd.FAILED

    def _to_fallback(self, fallback: Fallback, refused: Refused, url: str) -> Jump:
        parameters = {"ErrorCode": str(refused.code), "ErrorUrl": url}
        return Jump(url=fallback.url, method=fallback.method, parameters=parameters, purpose="fallback")


def document_of(reply: Reply, method: str) -> Document | Refused:
    """Read an answer as a document; an empty answer is a document without verbs."""
    if not reply.body.strip():
        return Document(verbs=(), url=reply.url, method=method)
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in XML_TYPES:
        return Refused(code=INVALID_CONTENT_TYPE, reason=f"content type {kind!r} is not TwiML on the local line")
    return parse(reply.body, url=reply.url, method=method)
