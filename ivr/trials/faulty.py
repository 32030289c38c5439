"""What goes wrong in a trial, made to go wrong at the seams of the production code: its carrier, its recogniser, its database."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import requests

from ivr.line.channel import BAD_MOBILE, GOOD, NOISY, LineQuality
from ivr.line.faults import WebhookFault
from ivr.line.inprocess import InProcessHttpClient, InProcessResponse
from ivr.speech.recognizer import NoModel, Progress
from ivr.trials.situations import Fault, Setting, Trouble

# Where the caller's answers are delivered.
_ANSWERS: Final = "/voice/turn"
# Longer than people stay patient, shorter than the carrier does (Twilio, error 11205: 15 s).
LATE_SECONDS: Final = 6.0
# The carrier tries an unreachable address twice.
_TRIES: Final = 2
# twilio.com/docs/api/errors/21610: the recipient has unsubscribed; any refusal would do.
_REFUSAL: Final = {"code": 21610, "message": "Attempt to send to unsubscribed recipient", "status": 400}


def webhook_faults(faults: Iterable[Fault]) -> tuple[WebhookFault, ...]:
    """What happens to the carrier's requests."""
    made = []
    for fault in faults:
        which: dict[str, Any] = {"url_part": _ANSWERS, "skip": fault.skip, "times": fault.times}
        if fault.trouble is Trouble.WEBHOOK_LOST:
            made.append(WebhookFault(connection_refused=True, **{**which, "times": _TRIES * fault.times}))
        elif fault.trouble is Trouble.WEBHOOK_LATE:
            made.append(WebhookFault(late_seconds=LATE_SECONDS, **which))
        elif fault.trouble is Trouble.WEBHOOK_TWICE:
            made.append(WebhookFault(duplicate=True, **which))
    return tuple(made)


def quality_of(setting: Setting) -> LineQuality:
    """What becomes of the caller's sound."""
    if setting.has(Trouble.BAD_LINE):
        return BAD_MOBILE
    return NOISY if setting.has(Trouble.NOISY_LINE) else GOOD


class FaultyCarrier(InProcessHttpClient):
    """The way to the line's REST API, which refuses messages or everything."""

    def __init__(self, application: Any, setting: Setting) -> None:
        super().__init__(application)
        self._is_down = setting.has(Trouble.CARRIER_DOWN)
        self._refuses_messages = setting.has(Trouble.MESSAGE_REFUSED)

    def request(self, method: str, url: str, *given: Any, **named: Any) -> InProcessResponse:
        """Call the application, unless the setting has it otherwise. Raises what a silent carrier raises."""
        if self._is_down:
            raise requests.ReadTimeout("the carrier does not answer (a fault on demand)")
        if self._refuses_messages and url.endswith("/Messages.json") and method.upper() == "POST":
            return InProcessResponse(
                status_code=400, text=json.dumps(_REFUSAL), headers={"Content-Type": "application/json"}
            )
        return super().request(method, url, *given, **named)


@dataclass(frozen=True, kw_only=True)
class NoRecognition:
    """A recogniser that is down."""

    reason: str = "the recogniser is down (a fault on demand)"

    def open(
        self,
        language: str,  # noqa: ARG002 - the port's form
        *,
        rate_hz: int,  # noqa: ARG002 - the port's form
        phrases: tuple[str, ...] = (),  # noqa: ARG002 - the port's form
        only_phrases: bool = False,  # noqa: ARG002 - the port's form
    ) -> NoModel:
        """Open nothing."""
        return NoModel(reason=self.reason)

    def load(self, language: str, progress: Progress) -> NoModel:  # noqa: ARG002 - the port's form
        """Load nothing."""
        return NoModel(reason=self.reason)
