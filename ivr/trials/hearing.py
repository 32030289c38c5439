"""Who hears the microphone of a trial's page: the service itself where it listens, else a recogniser in the carrier's place."""

import threading
from collections.abc import Callable, Mapping
from typing import Final

from ivr.audio import RATE_HZ, ulaw_to_pcm
from ivr.calls.company import STREAM
from ivr.line.browser import Ears
from ivr.settings import Settings
from ivr.speech.recognizer import Busy, Heard, NoModel, Recognition
from ivr.synthesis import base_language

# How a page's speech is heard: by the service, as in a call; by this machine's recogniser, as a carrier would; not at all.
BY_SERVICE: Final = "service"
IN_THE_CARRIERS_PLACE: Final = "here"
NOT_AT_ALL: Final = ""


class TrialHearing:
    """The recogniser that stands in for the carrier's, made when somebody first needs it."""

    def __init__(self, settings: Settings, make: Callable[[tuple[str, ...]], Recognition]) -> None:
        self._settings = settings
        self._make = make
        self._lock = threading.Lock()
        self._made: dict[str, Recognition] = {}

    def ways(self) -> Mapping[str, str]:
        """By language, how a microphone is heard."""
        return {str(language): self._way(str(language), str(by)) for language, by in self._settings.listening.items()}

    def ears(self, language: str) -> Ears | None:
        """What hears a language in the carrier's place; None where the service does, or nobody."""
        if self.ways().get(language) != IN_THE_CARRIERS_PLACE:
            return None
        with self._lock:
            if language not in self._made:
                self._made[language] = self._make((language,))
            recognition = self._made[language]
        # Its first words must not wait for the model longer than they have to.
        threading.Thread(
            target=recognition.load, args=(language, lambda _what: None), name="trial-ears", daemon=True
        ).start()
        return Ears(
            recognise=lambda sound, locale: _recognised(recognition, sound, locale), languages=frozenset({language})
        )

    def _way(self, language: str, by: str) -> str:
        if by == STREAM:
            return BY_SERVICE
        has_model = language in self._settings.vosk_models or bool(self._settings.whisper_model)
        return IN_THE_CARRIERS_PLACE if has_model else NOT_AT_ALL


def _recognised(recognition: Recognition, ulaw: bytes, locale: str) -> tuple[str, float] | None:
    session = recognition.open(base_language(locale), rate_hz=RATE_HZ)
    if isinstance(session, NoModel | Busy):
        return None
    session.accept(ulaw_to_pcm(ulaw))
    heard = session.finish()
    if not isinstance(heard, Heard) or not heard.text:
        return None
    return heard.text, heard.confidence or 0.0
