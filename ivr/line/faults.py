"""Faults on demand: what a test or a person asks the line to do wrong, and where.

A webhook's fault is chosen by its purpose and a part of its URL and is used up after `times` uses; a hang-up is asked for at
a leg's state or after so many verbs. The wire, the callbacks and the interpreter ask here; nothing else happens here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class WebhookFault:
    """What goes wrong with a webhook."""

    purpose: str = ""
    # document, action, fallback, wait, whisper, callback, conference, partial, message, ...; "" is every one
    url_part: str = ""
    # a part of the URL; "" is every one
    times: int = 1
    # how many webhooks (or, for what happens to one attempt, attempts) it meets
    skip: int = 0
    # how many matching ones pass untouched before
    duplicate: bool = False
    # the same request arrives twice, with the same idempotency token
    lost: bool = False
    # it never arrives, and the line never gets an answer
    late_seconds: float = 0.0
    # it is sent so much later; others overtake it
    slow_seconds: float = 0.0
    # the answer takes so much longer, on the line's clock
    status: int = 0
    # the answer's status instead of the real one; 0 leaves it
    body: bytes | None = None
    # the answer's body instead of the real one
    connection_refused: bool = False
    forged_signature: bool = False

    @property
    def of_attempt(self) -> bool:
        """Whether it meets single attempts, so that a retry may escape it."""
        return bool(self.slow_seconds or self.status or self.body is not None or self.connection_refused)


@dataclass(frozen=True, kw_only=True)
class HangUpAt:
    """The party on a leg hangs up by itself at a point of the call."""

    status: str = ""
    # the call status that the leg reaches: ringing, in-progress
    verb: str = ""
    # the name of the verb that begins
    count: int = 1
    # how many verbs (of that name, or of any if no name is given) have begun
    after_seconds: float = 0.0
    # so long after that point


@dataclass(kw_only=True)
class Faults:
    """The faults that are still due."""

    webhooks: list[WebhookFault] = field(default_factory=list)
    hang_ups: list[HangUpAt] = field(default_factory=list)
    _met: dict[int, int] = field(default_factory=dict)

    def add(self, *faults: WebhookFault | HangUpAt) -> None:
        """Ask for faults."""
        for fault in faults:
            if isinstance(fault, WebhookFault):
                self.webhooks.append(fault)
            else:
                self.hang_ups.append(fault)

    def of_webhook(self, purpose: str, url: str) -> WebhookFault | None:
        """Give the fault that a whole webhook meets now, counting it."""
        whole = (fault for fault in self.webhooks if fault.duplicate or fault.lost or fault.late_seconds)
        return self._take(whole, purpose, url)

    def of_attempt(self, purpose: str, url: str) -> WebhookFault | None:
        """Give the fault that one attempt meets now, counting it."""
        return self._take((fault for fault in self.webhooks if fault.of_attempt), purpose, url)

    def forge(self, purpose: str, url: str, signature: str) -> str:
        """Give the signature, or a forged one."""
        fault = self._take((fault for fault in self.webhooks if fault.forged_signature), purpose, url)
        return signature if fault is None else signature[::-1]

    def hang_up_at_status(self, status: str) -> HangUpAt | None:
        """Give the hang-up that is due at this state of a leg."""
        return next((fault for fault in self.hang_ups if fault.status == status), None)

    def hang_up_at_verb(self, begun: list[str]) -> HangUpAt | None:
        """Give the hang-up that is due when the last of these verbs has begun."""
        for fault in self.hang_ups:
            if fault.status or (fault.verb and fault.verb != begun[-1]):
                continue
            if sum(1 for name in begun if not fault.verb or name == fault.verb) == fault.count:
                return fault
        return None

    def _take(self, faults: Iterable[WebhookFault], purpose: str, url: str) -> WebhookFault | None:
        for fault in faults:
            if (fault.purpose and fault.purpose != purpose) or fault.url_part not in url:
                continue
            met = self._met.get(id(fault), 0)
            self._met[id(fault)] = met + 1
            if fault.skip <= met < fault.skip + fault.times:
                return fault
        return None
