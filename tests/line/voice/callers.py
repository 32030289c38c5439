"""Callers with real voices: what they say is recorded human speech, what it means is said beside it, turn by turn.

Speakers are those of the shared sets that nothing was fitted on. The recogniser is a stand-in, for the words are Arabic commands
or English names that are spelt; everything about the voice is real: detector, encoder, calibration, vault.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from biometrics import line_encoder
from biometrics.encoders import NoEncoder, SpeakerEncoder
from biometrics.samples import NotEncoded
from biometrics.voiceprint import Embedding
from ivr import database, synthesis, voices
from ivr.audio import frames_of_ulaw
from ivr.customers import ledger
from ivr.line.channel import GOOD, LineQuality
from ivr.line.legs import Leg
from ivr.line.party import Ended, Heard, SilentParty
from ivr.line.streams import MediaStream
from ivr.speech.recognizer import Heard as HeardWords
from ivr.speech.recognizer import Loaded, Progress
from tests.listeners import SHARED
from tests.telephone import House

STREAM = {"it": "stream", "en": "carrier"}
PURPOSE = ledger.VOICE_VERIFICATION
LONGEST_TURN_SECONDS = 120.0


@cache
def encoder() -> SpeakerEncoder:
    """The encoder that is installed with the service; a story without one is skipped."""
    loaded = line_encoder.load()
    if isinstance(loaded, NoEncoder):
        pytest.skip(loaded.reason)
    if not voices.SHIPPED_CALIBRATION.is_file():
        pytest.skip("the line encoder's calibration is not installed")
    return loaded


class CountingEncoder:
    """An encoder that counts what it is given."""

    def __init__(self, inner: SpeakerEncoder) -> None:
        self.inner = inner
        self.calls = 0

    @property
    def name(self) -> str:
        return self.inner.name

    def encode(self, speech: npt.NDArray[Any], *, rate_hz: int) -> Embedding | NotEncoded:
        self.calls += 1
        return self.inner.encode(speech, rate_hz=rate_hz)

    def encode_many(self, utterances: Sequence[npt.NDArray[Any]], *, rate_hz: int) -> list[Embedding | NotEncoded]:
        self.calls += 1
        return self.inner.encode_many(utterances, rate_hz=rate_hz)


@dataclass
class Ears:
    """A recogniser that hears what the story says is being said."""

    words: str = ""

    def open(
        self, language: str, *, rate_hz: int, phrases: tuple[str, ...] = (), only_phrases: bool = False
    ) -> "Ears.Session":
        del language, rate_hz, phrases, only_phrases
        return Ears.Session(self)

    def load(self, language: str, progress: Progress) -> Loaded:
        progress(language)
        return Loaded()

    @dataclass
    class Session:
        """One turn."""

        ears: "Ears"

        def accept(self, pcm: bytes) -> str:
            del pcm
            return ""

        def finish(self) -> HeardWords:
            words = self.ears.words
            return HeardWords(text=words, confidence=0.9 if words else None, by="story")


@dataclass
class Speaker(SilentParty):
    """Somebody who says what they are given, at once."""

    heard: list[str] = field(default_factory=list)
    over: bool = False
    _frames: deque[bytes] = field(default_factory=deque)

    def say(self, ulaw: bytes) -> None:
        self._frames.extend(frames_of_ulaw(ulaw))

    def next_frame(self) -> bytes | None:
        return self._frames.popleft() if self._frames else None

    def hear_text(self, heard: Heard) -> None:
        self.heard.append(heard.text)

    def ended(self, reason: Ended) -> None:  # noqa: ARG002 - the form of a party
        self.over = True


@dataclass(kw_only=True)
class VoiceCall:
    """One call in which recorded speech answers the questions."""

    house: House
    ears: Ears
    leg: Leg
    speaker: Speaker

    def say(self, sound: bytes, words: str) -> str:
        """Wait for the open question, answer it, and give what the line said next."""
        self.wait_for_question()
        self.ears.words = words
        before = len(self.speaker.heard)
        self.house.clock.advance(0.3)
        self.speaker.say(sound)
        assert self.house.run_until(lambda: self.speaker.over or not self._streams, LONGEST_TURN_SECONDS)
        self.house.run_until(lambda: self.speaker.over or self._listens, LONGEST_TURN_SECONDS)
        return " ".join(self.speaker.heard[before:])

    def wait_for_question(self) -> None:
        """Wait until the line listens."""
        assert self.house.run_until(lambda: self._listens, LONGEST_TURN_SECONDS), self.speaker.heard

    def press(self, keys: str) -> str:
        """Press keys into the open question, and give what the line said next."""
        self.wait_for_question()
        before = len(self.speaker.heard)
        self.leg.press(keys)
        assert self.house.run_until(lambda: self.speaker.over or not self._streams, LONGEST_TURN_SECONDS)
        self.house.run_until(lambda: self.speaker.over or self._listens, LONGEST_TURN_SECONDS)
        return " ".join(self.speaker.heard[before:])

    def hang_up(self) -> None:
        """Put the receiver down."""
        self.leg.hang_up()
        assert self.house.run_until(lambda: self.speaker.over, 10)
        self.house.wait(2)

    @property
    def proofs(self) -> list[tuple[str, str]]:
        """How the caller was proved, in order."""
        return [(proof.kind, proof.outcome) for proof in self.house.context(self.leg.sid).who.proofs]

    @property
    def voice(self) -> list[str]:
        """What the voice of this call was taken for, each time that it was compared."""
        return [outcome for kind, outcome in self.proofs if kind == "voice"]

    @property
    def intents(self) -> list[str]:
        return [line.intent for line in self.house.context(self.leg.sid).said if line.heard]

    @property
    def questions(self) -> int:
        """How many turns the caller has answered."""
        return len([line for line in self.house.context(self.leg.sid).said if line.heard or line.keys])

    @property
    def _streams(self) -> bool:
        return any(isinstance(one, MediaStream) and one.two_way for one in self.leg.listeners)

    @property
    def _listens(self) -> bool:
        return self._streams and not self.leg.sound.playing_seconds


def voice_call(house: House, ears: Ears, *, from_: str, quality: LineQuality = GOOD) -> VoiceCall:
    """Somebody phones."""
    speaker = Speaker()
    leg = house.line.call(from_, house.settings.line_number, speaker, quality=quality)
    return VoiceCall(house=house, ears=ears, leg=leg, speaker=speaker)


def consents(house: House, customer_id: str, *, granted: bool = True) -> None:
    """The customer has said yes, or no, to being recognised by voice."""
    with database.session_factory(house.engine).begin() as session:
        ledger.record_consent(
            session,
            customer_id=customer_id,
            purpose=PURPOSE,
            granted=granted,
            wording="consent_voice",
            wording_version=1,
            language="it",
            call_id="CA-earlier",
            now=house.clock.now(),
        )


@dataclass(frozen=True, kw_only=True)
class Person:
    """What one speaker says, turn by turn, by telephone: mu-law."""

    enrolment: tuple[bytes, ...]  # more than thirty seconds of speech
    later: tuple[bytes, ...]  # of another recording, where there is one


@cache
def customer() -> Person:
    """A speaker of ASC: three rounds of the same twenty-four words tell who it is, a fourth comes in later calls."""
    *learnt, later = (_recorded("asc/01", f"round{number}-*.flac") for number in ("01", "02", "09", "10"))
    return Person(
        enrolment=tuple(joined(one[half]) for one in learnt for half in _HALVES),
        later=tuple(joined(later[half]) for half in _HALVES),
    )


@cache
def man() -> Person:
    """That man of AN4 who speaks longest."""
    said = _recorded("an4/mmkw", "*.flac")
    turns = (slice(0, 2), slice(2, 5), slice(5, 7), slice(7, 9), slice(9, 11))
    return Person(enrolment=tuple(joined(said[turn]) for turn in turns), later=(joined(said[11:]),))


@cache
def other_men() -> dict[str, bytes]:
    """Other men of AN4, who say as much as a caller does."""
    return {name: joined(_recorded(f"an4/{name}", "*.flac")[:4]) for name in ("mdms2", "meab", "mdmc", "mmdg", "mtcv")}


_HALVES = (slice(0, 12), slice(12, 24))


def _recorded(folder: str, pattern: str) -> tuple[bytes, ...]:
    files = sorted((SHARED / folder).glob(pattern))
    if not files:
        pytest.skip(f"the recordings of {folder} are not on this machine (../shared/data)")
    return tuple(synthesis.recording(file) for file in files)


def joined(sounds: Sequence[bytes]) -> bytes:
    """Recordings one after the other; the quiet that they begin and end with is too short for an answer to end in it."""
    return b"".join(sounds)


def as_samples(pcm: bytes) -> npt.NDArray[np.int16]:
    """16-bit PCM as numbers."""
    return np.frombuffer(pcm, dtype="<i2")


def rows_of_voices(house: House) -> dict[str, int]:
    """How many rows each table of voices has."""
    tables = ("voiceprints", "call_voices", "heard_fingerprints", "background_voices", "voice_decisions")
    return {table: len(house.rows(table)) for table in tables}
