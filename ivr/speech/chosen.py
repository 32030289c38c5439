"""Recognition by language: each language is heard by the recogniser that was chosen for it, behind the one port."""

from collections.abc import Mapping

from ivr.speech.recognizer import Busy, Loaded, NoModel, Progress, Recognition, Recognizer


class ChosenRecognition:
    """Passes each language on to its own source of sessions."""

    def __init__(self, by_language: Mapping[str, Recognition]) -> None:
        self._by_language = dict(by_language)

    def open(
        self, language: str, *, rate_hz: int, phrases: tuple[str, ...] = (), only_phrases: bool = False
    ) -> Recognizer | NoModel | Busy:
        """Open a session with the language's recogniser."""
        chosen = self._by_language.get(language)
        if chosen is None:
            return _nobody_for(language)
        return chosen.open(language, rate_hz=rate_hz, phrases=phrases, only_phrases=only_phrases)

    def load(self, language: str, progress: Progress) -> Loaded | NoModel:
        """Wait until the language's model is in memory."""
        chosen = self._by_language.get(language)
        return _nobody_for(language) if chosen is None else chosen.load(language, progress)


def _nobody_for(language: str) -> NoModel:
    return NoModel(reason=f"no recogniser is chosen for {language!r}")
