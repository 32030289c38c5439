"""What `ivr.app` gave to the voice webhooks and the media socket of one application object."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import cast

from flask import current_app

from ivr.calls.company import Company
from ivr.calls.conductor import Conductor
from ivr.calls.meeting import Meeting
from ivr.calls.outgoing import Outgoing
from ivr.speech.recognizer import Recognition
from ivr.web.jotting import Jotting
from ivr.web.voice_work import VoiceWork
from ivr.web.voicing import Voicing

EXTENSION = "centralino.voice"


class Count:
    """A number that several threads add to."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._value = 0

    def add(self, more: int = 1) -> None:
        """Add to it."""
        with self._lock:
            self._value += more

    @property
    def value(self) -> int:
        """The number so far."""
        return self._value


@dataclass(frozen=True, kw_only=True)
class VoiceWiring:
    """Everything that the carrier's routes use besides the request."""

    public_url: str
    auth_token: str
    company: Company
    conductor: Conductor
    meeting: Meeting
    outgoing: Outgoing
    recognition: Recognition
    voicing: Voicing
    jotting: Jotting
    voice_work: VoiceWork
    sockets: Count  # media sockets that are open
    forks: Count = field(default_factory=Count)  # sockets that bring a call's sound for the voice alone
    seconds: Callable[[], float] = monotonic  # the sockets' clock
    forged: Count = field(default_factory=Count)  # requests with a signature that is not the carrier's


def voice_wiring() -> VoiceWiring:
    """The wiring of the application that answers this request."""
    return cast("VoiceWiring", current_app.extensions[EXTENSION])
