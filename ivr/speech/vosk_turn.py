"""How one turn is heard with Vosk: in its own steps, past its own ends of speech, restricted first and freely if in doubt.

Where recognisers come from and go to is `ivr.speech.vosk_recognizer`'s; this only talks to them, and gives none back that still
knows something of its caller.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from ivr.speech.recognizer import Heard, Hearsay, NotHeard, Reading, Word

FREE: Final = "vosk"
RESTRICTED: Final = "vosk restricted"
PCM_BYTES: Final = 2
# Vosk decodes what it is given in steps of 0.2 s and adapts to the voice at each. Fed with just such steps it gives the same
# words however the audio arrives: measured on made speech, 20 ms frames and one whole file gave different words without it.
_STEP_SECONDS: Final = 0.2
# How long the end of a turn waits for a recogniser when memory allows no more of them: each is held for the rest of a turn.
_WAIT_SECONDS: Final = 1.0
# How far the second hearing of a doubtful turn may go with each piece of the first: 0.6 s cost 0.1 s of a core.
_CATCH_UP_STEPS: Final = 3
# Below this confidence of any word the phrases may not be what was said. With it 3 of 80 foreign utterances were taken for yes or
# no (Korean model, 8 kHz; see the weight of phrases in `vosk_recognizer`); other models are unmeasured.
DOUBTFUL_CONFIDENCE: Final = 0.7


class BrokenError(Exception):
    """Vosk failed; the message says why, and the recogniser is gone."""


@dataclass(frozen=True, kw_only=True)
class Take:
    """What one recogniser made of the sound of a turn."""

    text: str = field(repr=False)
    words: tuple[Word, ...] = field(repr=False)

    @property
    def confidence(self) -> float | None:
        """The mean over the words; None where there is none."""
        return sum(word.confidence for word in self.words) / len(self.words) if self.words else None


class Hearer:
    """One recogniser during one turn; afterwards it is let go, clean or not."""

    def __init__(
        self,
        native: Any,
        *,
        rate_hz: int,
        heard_seconds: float = 0.0,
        let_go: Callable[[float, bool], None] = lambda _fed_seconds, _is_clean: None,
    ) -> None:
        """Take over a native recogniser that has heard so much before; `let_go` is told what it was fed, and if it is clean."""
        self._native = native
        self._rate_hz = rate_hz
        self._heard_seconds = heard_seconds
        self._let_go = let_go
        self._fed_bytes = 0

    def feed(self, pcm: bytes) -> None:
        """Decode sound. Raises BrokenError."""
        self._fed_bytes += len(pcm)
        # Vosk's own end of speech is left alone: asking for its result there begins a new utterance and loses words at the
        # seam (2 of 50 files differed from one pass), and when a turn ends is decided elsewhere.
        self._asked(lambda: self._native.AcceptWaveform(pcm))

    def partial(self) -> str:
        """The words so far. Raises BrokenError."""
        text: str = self._asked(lambda: json.loads(self._native.PartialResult()).get("partial", ""))
        return text

    def end(self) -> Take:
        """All words of the turn, their times from its own beginning; the recogniser is let go. Raises BrokenError."""
        told = self._asked(lambda: json.loads(self._native.FinalResult()))
        take = Take(
            text=told.get("text", ""),
            words=tuple(
                Word(
                    text=word["word"],
                    # A reused recogniser goes on counting from all that it has heard.
                    begin_seconds=max(0.0, round(word["start"] - self._heard_seconds, 3)),
                    end_seconds=max(0.0, round(word["end"] - self._heard_seconds, 3)),
                    confidence=word["conf"],
                )
                for word in told.get("result", ())
            ),
        )
        is_clean = self._asked(self._knows_nothing)
        self._let_go(self._fed_bytes / PCM_BYTES / self._rate_hz, is_clean)
        return take

    def _knows_nothing(self) -> bool:
        """Whether nothing can be had any more of what was said; each question also overwrites Vosk's last answer."""
        answers = (self._native.PartialResult(), self._native.Result(), self._native.FinalResult())
        return not any(text for answer in answers for text in json.loads(answer).values())

    def _asked(self, question: Callable[[], Any]) -> Any:
        try:
            return question()
        except Exception as error:
            self._let_go(0.0, False)  # noqa: FBT003 - a callback's arguments have no names
            raise BrokenError(str(error) or type(error).__name__) from error


class Hearers(Protocol):
    """Where the recognisers of a turn come from."""

    @property
    def are_restricted(self) -> bool:
        """Whether the turn is first heard as its phrases."""

    def free(self, *, wait_seconds: float) -> Hearer | None:
        """One of free speech, None where there is no room for one within that time."""

    def restricted(self) -> Hearer:
        """One of the turn's phrases alone."""


class VoskTurn:
    """A session of the port. Its recogniser is taken when the first sound is decoded, and let go when the turn is finished."""

    def __init__(self, hearers: Hearers, *, rate_hz: int, other_words: frozenset[str] = frozenset()) -> None:
        """Take where recognisers come from; `other_words` stand in a restricted one's for what is none of the phrases."""
        self._hearers = hearers
        self._rate_hz = rate_hz
        self._other_words = other_words
        self._step_bytes = PCM_BYTES * round(rate_hz * _STEP_SECONDS)
        self._hearer: Hearer | None = None
        self._free: Hearer | None = None  # hears the same beside a restricted one, once that is in doubt
        self._freely_heard = 0  # bytes of what was kept
        self._waiting = bytearray()
        self._kept = bytearray()  # what a restricted recogniser heard, should it have to be heard again
        self._partial = ""
        self._failure = ""

    def accept(self, pcm: bytes) -> str:
        """Take in 16-bit PCM and give the words so far."""
        self._waiting += pcm
        if self._failure or len(self._waiting) < self._step_bytes:
            return self._partial
        try:
            # Without room for a recogniser the sound waits here: the next frame or the end of the turn asks again.
            if self._has_hearer(wait_seconds=0.0):
                self._decode(len(self._waiting) // self._step_bytes * self._step_bytes)
        except BrokenError as error:
            self._fail(error)
        return self._partial

    def finish(self) -> Hearsay:
        """Give all words of the turn, or the failure that cost it."""
        if not self._failure and not self._waiting and self._hearer is None:
            return Heard(text="", confidence=None)
        try:
            if not self._failure and self._has_hearer(wait_seconds=_WAIT_SECONDS):
                self._decode(len(self._waiting))
                return self._heard()
        except BrokenError as error:
            self._fail(error)
        return NotHeard(reason=self._failure or "Vosk: memory allows no more recognisers at once (speech_memory_mb)")

    def _has_hearer(self, *, wait_seconds: float) -> bool:
        if self._hearer is None:
            try:
                if self._hearers.are_restricted:
                    self._hearer = self._hearers.restricted()
                else:
                    self._hearer = self._hearers.free(wait_seconds=wait_seconds)
            except Exception as error:
                raise BrokenError(str(error) or type(error).__name__) from error
        return self._hearer is not None

    def _decode(self, length: int) -> None:
        hearer = self._hearer
        if hearer is None or not length:
            return
        sound = bytes(self._waiting[:length])
        del self._waiting[:length]
        if self._hearers.are_restricted:
            self._kept += sound
        self._feed(hearer, sound)
        words = hearer.partial()
        self._partial = self._wanted_words(words)
        # A stray syllable may still become a phrase; where most words are none of them the answer is something else.
        if self._free is not None or 2 * len(self._partial.split()) < len(words.split()):
            self._catch_up()

    def _catch_up(self) -> None:
        """Hear freely what was kept, a piece at a time: at the end of the turn the caller would wait for all of it."""
        if self._free is None:
            self._free = self._hearers.free(wait_seconds=0.0)
        if self._free is not None:
            until = min(len(self._kept), self._freely_heard + _CATCH_UP_STEPS * self._step_bytes)
            until -= until % self._step_bytes
            sound = bytes(self._kept[self._freely_heard : until])
            self._freely_heard = until
            self._feed(self._free, sound)

    def _feed(self, hearer: Hearer, sound: bytes) -> None:
        for at in range(0, len(sound), self._step_bytes):
            hearer.feed(sound[at : at + self._step_bytes])

    def _heard(self) -> Hearsay:
        hearer, self._hearer = self._hearer, None
        if hearer is None:  # pragma: no cover - asked for only while there is one
            return Heard(text="", confidence=None)
        take = hearer.end()
        if not self._hearers.are_restricted:
            return _heard(take, by=FREE)
        if self._is_doubtful(take):
            return self._heard_freely(take)
        if self._free is not None:
            self._free.end()  # the doubt is over: let go unread
        return _heard(take, by=RESTRICTED)

    def _is_doubtful(self, take: Take) -> bool:
        return not take.words or any(
            word.text in self._other_words or word.confidence < DOUBTFUL_CONFIDENCE for word in take.words
        )

    def _heard_freely(self, restricted: Take) -> Hearsay:
        """Hear the kept sound again without restriction, and give the better reading and both beside it."""
        wanted = tuple(word for word in restricted.words if word.text not in self._other_words)
        share = _spoken_confidence(wanted, of=restricted.words)
        restricted = Take(text=" ".join(word.text for word in wanted), words=wanted)
        hearer = self._free or self._hearers.free(wait_seconds=_WAIT_SECONDS)
        if hearer is None:
            return _heard(restricted, by=RESTRICTED)
        self._feed(hearer, bytes(self._kept[self._freely_heard :]))
        free = hearer.end()
        readings = (_reading(free, FREE), _reading(restricted, RESTRICTED))
        if not wanted or _spoken_confidence(free.words, of=free.words) >= share:
            return _heard(free, by=FREE, alternatives=readings)
        return _heard(restricted, by=RESTRICTED, alternatives=readings[::-1])

    def _wanted_words(self, text: str) -> str:
        return " ".join(word for word in text.split() if word not in self._other_words)

    def _fail(self, error: BrokenError) -> None:
        self._failure = f"Vosk failed: {error}"
        self._hearer = self._free = None
        self._partial = ""
        self._waiting.clear()
        self._kept.clear()


def _spoken_confidence(words: tuple[Word, ...], *, of: tuple[Word, ...]) -> float:
    """The confidence in some words for each second of all words: one phrase in much else is no good reading of it."""
    seconds = sum(word.end_seconds - word.begin_seconds for word in of)
    certain = sum(word.confidence * (word.end_seconds - word.begin_seconds) for word in words)
    return certain / seconds if seconds else 0.0


def _heard(take: Take, *, by: str, alternatives: tuple[Reading, ...] = ()) -> Heard:
    return Heard(
        text=take.text,
        confidence=take.confidence,
        words=take.words,
        alternatives=alternatives,
        by=by if take.words else "",
    )


def _reading(take: Take, by: str) -> Reading:
    return Reading(text=take.text, confidence=take.confidence, by=by)
