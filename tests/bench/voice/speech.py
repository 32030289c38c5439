"""The speech that voices are verified with: AN4 and ASC, the same at wide band and by telephone, cut to enrolments and tests.

ASC's one-second words are joined to utterances of four of one round, and whoever is enrolled in rounds 01 and 02 is tested in 09
and 10, or the other way round. AN4 has one session a speaker: utterances are dealt at random, with fixed seeds, twice.
"""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile

from ivr import audio
from tests.listeners import SHARED

WIDE_HZ: Final = 16_000
NARROW_HZ: Final = 8_000
LENGTHS: Final = (3, 5, 8)
ENROLMENT_SECONDS: Final = 20
SETS: Final = ("an4", "asc")
_DEALS: Final = {"test": 2, "calibration": 1}
_MOST_TESTS: Final = 4  # of one length, speaker and deal
_WORDS: Final = 4
_HALVES: Final = (("01", "02"), ("09", "10"))

Sound = npt.NDArray[np.int16]


@dataclass(frozen=True, kw_only=True)
class Deal:
    """One speaker's utterances, dealt to an enrolment and to tests: wide band, 16 kHz."""

    speaker: str
    gender: str  # "" where the set does not tell
    number: int
    enrolment: tuple[Sound, ...]
    tests: tuple[tuple[int, Sound], ...]  # seconds, sound


@lru_cache(maxsize=8)
def deals(of_set: str, part: str) -> tuple[Deal, ...]:
    """All deals of the `calibration` or `test` speakers of a set."""
    split = json.loads((SHARED / "voice_splits.json").read_text(encoding="utf-8"))[of_set][part]
    genders = split if isinstance(split, dict) else {"": split}
    return tuple(
        _dealt(of_set, speaker, gender, number)
        for gender, speakers in genders.items()
        for speaker in speakers
        for number in range(_DEALS[part])
    )


def by_telephone(sound: Sound) -> Sound:
    """300-3400 Hz, 8 kHz, mu-law and back."""
    narrow = audio.telephone_band(audio.resample(sound.tobytes(), WIDE_HZ, NARROW_HZ), NARROW_HZ)
    return np.frombuffer(audio.ulaw_to_pcm(audio.pcm_to_ulaw(narrow)), dtype="<i2")


def _dealt(of_set: str, speaker: str, gender: str, number: int) -> Deal:
    draw = random.Random(f"1/{speaker}/{number}")  # noqa: S311 - the same deals each time
    if of_set == "asc":
        first, second = _HALVES if number % 2 == 0 else _HALVES[::-1]
        enrolling, testing = _joined(speaker, first, draw), _joined(speaker, second, draw)
    else:
        enrolling = [_read(of_set, speaker, file.stem) for file in sorted((SHARED / of_set / speaker).glob("*.flac"))]
        draw.shuffle(enrolling)
        testing = enrolling
    enrolment, missing = [], ENROLMENT_SECONDS * WIDE_HZ
    while enrolling and missing > 0:
        sound = enrolling.pop()[:missing]
        enrolment.append(sound)
        missing -= sound.size
    rest = np.concatenate(testing) if testing else np.zeros(0, dtype=np.int16)
    tests = tuple(
        (seconds, rest[at : at + seconds * WIDE_HZ])
        for seconds in LENGTHS
        for at in _starts(rest.size, seconds * WIDE_HZ)
    )
    return Deal(speaker=speaker, gender=gender, number=number, enrolment=tuple(enrolment), tests=tests)


def _starts(size: int, length: int) -> Sequence[int]:
    return range(0, size - length + 1, length)[:_MOST_TESTS]


def _joined(speaker: str, rounds: Sequence[str], draw: random.Random) -> list[Sound]:
    words = [
        _read("asc", speaker, file.stem)
        for name in rounds
        for file in sorted((SHARED / "asc" / speaker).glob(f"round{name}-*.flac"))
    ]
    draw.shuffle(words)
    return [np.concatenate(words[at : at + _WORDS]) for at in range(0, len(words), _WORDS)]


def _read(of_set: str, speaker: str, stem: str) -> Sound:
    sound, rate_hz = soundfile.read(SHARED / of_set / speaker / f"{stem}.flac", dtype="int16")
    if rate_hz != WIDE_HZ:
        raise ValueError(f"{of_set}/{speaker}/{stem}: {rate_hz} Hz")
    return np.asarray(sound)
