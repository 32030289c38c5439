"""A recogniser that hears what a script says: for tests, trials and demonstrations, with failures among its lines.

It holds one line for each turn, in order, and `assert_all_used` says which were never heard.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias, assert_never

from ivr.speech.recognizer import Busy, Heard, Hearsay, Loaded, NoModel, NotHeard, Progress, Reading, Recognizer, Word

# A stand-in has no acoustics: its words are laid out evenly, at the pace of calm speech (150 words a minute).
_WORD_SECONDS = 0.4
_PCM_BYTES = 2
_BY = "script"


@dataclass(frozen=True, kw_only=True)
class Hears:
    """The turn is recognised as this text, if any sound at all came in."""

    text: str = field(repr=False)
    confidence: float = 1.0
    alternatives: tuple[Reading, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Fails:
    """The recogniser breaks down during the turn."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Lacks:
    """No session can be opened for the turn."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class IsBusy:
    """No session can be opened now."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a session was opened with."""

    language: str
    phrases: tuple[str, ...]
    only_phrases: bool


Line: TypeAlias = Hears | Fails | Lacks | IsBusy


class ScriptedRecognition:
    """Opens one session for each line of the script, whatever the language."""

    def __init__(self, lines: Iterable[Line]) -> None:
        """Take the script, the first turn first."""
        self._lines = list(lines)
        self._used = 0
        self.asked: list[Asked] = []  # the sessions asked for, in order

    @property
    def languages(self) -> list[str]:
        """The languages asked for, in order."""
        return [one.language for one in self.asked]

    def open(
        self,
        language: str,
        *,
        rate_hz: int,
        phrases: tuple[str, ...] = (),
        only_phrases: bool = False,
    ) -> Recognizer | NoModel | Busy:
        """Open a session on the next line. Raises `AssertionError` when the script has none left."""
        if self._used == len(self._lines):
            raise AssertionError(f"turn {self._used + 1} was listened to, but the script has {len(self._lines)}")
        line = self._lines[self._used]
        self._used += 1
        self.asked.append(Asked(language=language, phrases=phrases, only_phrases=only_phrases))
        match line:
            case Lacks(reason=reason):
                return NoModel(reason=reason)
            case IsBusy(reason=reason):
                return Busy(reason=reason)
            case Hears() | Fails():
                return ScriptedRecognizer(line, rate_hz=rate_hz)
            case _:
                assert_never(line)

    def load(self, language: str, progress: Progress) -> Loaded | NoModel:
        """There is nothing to load: the script's lines say what goes wrong."""
        progress(f"the script for {language!r} is ready")
        return Loaded()

    def assert_all_used(self) -> None:
        """Raise `AssertionError` with the number of lines that no turn has heard, if there are any."""
        left = len(self._lines) - self._used
        if left:
            raise AssertionError(f"{left} of {len(self._lines)} lines of the script were never heard")


class ScriptedRecognizer:
    """One turn of the script: the words appear as the sound comes in."""

    def __init__(self, line: Hears | Fails, *, rate_hz: int) -> None:
        """Take the line of this turn and the rate of its audio."""
        self._line = line
        self._rate_hz = rate_hz
        self._pcm_bytes = 0

    def accept(self, pcm: bytes) -> str:
        """Take in sound and give as many words as it has room for."""
        self._pcm_bytes += len(pcm)
        if isinstance(self._line, Fails):
            return ""
        seconds = self._pcm_bytes / _PCM_BYTES / self._rate_hz
        return " ".join(self._line.text.split()[: int(seconds / _WORD_SECONDS)])

    def finish(self) -> Hearsay:
        """Give the line's text, nothing if no sound came in, or the line's failure."""
        match self._line:
            case Fails(reason=reason):
                return NotHeard(reason=reason)
            case Hears(text=text, confidence=confidence, alternatives=alternatives):
                if not self._pcm_bytes or not text:
                    return Heard(text="", confidence=None)
                words = tuple(
                    Word(
                        text=word,
                        begin_seconds=at * _WORD_SECONDS,
                        end_seconds=(at + 1) * _WORD_SECONDS,
                        confidence=confidence,
                    )
                    for at, word in enumerate(text.split())
                )
                return Heard(text=text, confidence=confidence, words=words, alternatives=alternatives, by=_BY)
            case _:
                assert_never(self._line)
