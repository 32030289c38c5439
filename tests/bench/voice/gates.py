"""What the gates of quality and the limits of likeness rest on: `python -m tests.bench.voice.gates FOLDER`.

FOLDER holds the calls of `calls_to_calibrate`: voices that the encoder was not taught with, `unseen` below. The limits are
theirs; of those that it was taught with (`calibration` of AN4 and ASC) one speaker is more like themself than callers are.

The `calibration` speakers alone; speech by telephone, cut by Silero. Two speakers in one turn: of one gender, the second one
taking over at the half or after 30%. Utterances, and their own or another voice: against some 15 s, in ASC of other rounds.
Equal errors: 5 s against 15 s.
"""

import csv
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from biometrics.likeness import likeness_of
from biometrics.net_speech import split
from biometrics.quality import GATES, measure
from ivr import audio
from tests.bench.voice.speech import NARROW_HZ, SETS, by_telephone, deals
from tests.bench.voice.voices import ours

TURNS_SECONDS = (3.2, 5.0, 8.0, 12.0)
UTTERANCES_SECONDS = (1.3, 1.6, 2.4, 4.0, 8.0)
SHORT_SECONDS = (0.6, 1.0, 1.3, 1.6)
MOST_TURNS = 5  # of one speaker and length
PAIRS = 200
FALSE_ALARMS = 0.02
UNSEEN = "unseen"
ENROLMENT_SECONDS = 15
IMPOSTORS_ADAPT = 0.05

Speech = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float64]
Spoilt = Callable[[Speech], Speech]


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """The net speech of one speaker, by telephone."""

    name: str
    gender: str
    enrolment: Speech  # some 15 s
    rest: Speech  # in ASC of other rounds


@cache
def speakers(of_set: str) -> tuple[Speaker, ...]:
    """The `calibration` speakers of a set, or those of the folder's calls."""
    if of_set == UNSEEN:
        return tuple(_called(Path(sys.argv[1])))
    found = []
    for deal in deals(of_set, "calibration"):
        if deal.number == 0:
            enrolment, rest = np.concatenate(deal.enrolment), [sound for seconds, sound in deal.tests if seconds == 3]
            found.append(
                Speaker(
                    name=deal.speaker,
                    gender=deal.gender,
                    enrolment=_net(enrolment),
                    rest=_net(np.concatenate(rest)) if rest else _net(enrolment)[:0],
                )
            )
    return tuple(found)


def _called(folder: Path) -> Iterator[Speaker]:
    with (folder / "calls.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for name in dict.fromkeys(row["speaker"] for row in rows):
        own = [row for row in rows if row["speaker"] == name]
        calls = [_at_telephone_band(folder / row["file"]) for row in own]
        enrolment = calls[0][: ENROLMENT_SECONDS * NARROW_HZ]
        rest = np.concatenate((calls[0][ENROLMENT_SECONDS * NARROW_HZ :], *calls[1:]))
        yield Speaker(name=name, gender=own[0]["gender"], enrolment=enrolment, rest=rest)


def _at_telephone_band(file: Path) -> Speech:
    sound, _ = soundfile.read(file, dtype="int16")
    narrow = audio.telephone_band(sound.tobytes(), NARROW_HZ)
    return np.asarray(split(np.frombuffer(audio.ulaw_to_pcm(audio.pcm_to_ulaw(narrow)), "<i2"), NARROW_HZ)[0])


def _net(wide: npt.NDArray[np.int16]) -> Speech:
    return np.asarray(split(by_telephone(wide), NARROW_HZ)[0])


def _encoded(stretches: Sequence[Speech]) -> Floats:
    given = ours().encode_many(stretches, rate_hz=NARROW_HZ)
    return np.array([one for one in given if isinstance(one, tuple)])


def _pieces(speech: Speech, seconds: float, most: int = MOST_TURNS) -> Iterator[Speech]:
    length = round(seconds * NARROW_HZ)
    yield from (speech[at : at + length] for at in range(0, min(speech.size, most * length) - length + 1, length))


def _halves_alike(turns: Sequence[Speech]) -> Floats:
    halves = [
        _encoded([half for turn in turns[at : at + 8] for half in np.array_split(turn, 2)])
        for at in range(0, len(turns), 8)
    ]
    both = np.concatenate(halves).reshape(len(turns), 2, -1)
    return np.asarray((both[:, 0] * both[:, 1]).sum(axis=1))


def two_speakers(of_set: str, seconds: float) -> None:
    """Print how alike the halves of turns are, and what the shipped limit makes of them."""
    chance = random.Random(f"{of_set}/{seconds}")  # noqa: S311 - the same pairs each time
    whole = [(one.gender, np.concatenate((one.enrolment, one.rest))) for one in speakers(of_set)]
    one_speaker = _halves_alike([turn for _, speech in whole for turn in _pieces(speech, seconds)])
    limit = likeness_of(ours().name).halves.at(seconds)
    caught = {}
    for share in (0.5, 0.3):
        turns = [_joined(chance, whole, seconds, share) for _ in range(PAIRS)]
        caught[share] = float(np.mean(_halves_alike(turns) < limit))
    least = np.quantile(one_speaker, FALSE_ALARMS)
    print(
        f"{of_set} {seconds:4.1f} s, {len(one_speaker)} turns: 2% of one speaker's below {least:.3f};"
        f" limit {limit}: false alarms {np.mean(one_speaker < limit):.1%},"
        f" two speakers caught {caught[0.5]:.0%} (half and half), {caught[0.3]:.0%} (30:70)",
        flush=True,
    )


def _joined(chance: random.Random, whole: Sequence[tuple[str, Speech]], seconds: float, share: float) -> Speech:
    length = round(seconds * NARROW_HZ)
    while True:
        (gender, one), (other_gender, other) = chance.sample(whole, 2)
        if gender == other_gender and min(one.size, other.size) >= length:
            first = round(share * length)
            return np.concatenate((one[:first], other[: length - first]))


def belonging(of_set: str, seconds: float) -> None:
    """Print how alike utterances are to their own and to other voices of their gender."""
    every = speakers(of_set)
    centres = _encoded([one.enrolment for one in every])
    own, others = [], []
    for place, speaker in enumerate(every):
        utterances = list(_pieces(speaker.rest, seconds))
        if not utterances:
            continue
        alike = _encoded(utterances) @ centres.T
        own.extend(alike[:, place])
        same = [at for at, one in enumerate(every) if at != place and one.gender == speaker.gender]
        others.extend(alike[:, same].ravel())
    own_alike, others_alike = np.array(own), np.array(others)
    limits = likeness_of(ours().name)
    belongs, adapts = limits.belongs.at(seconds), limits.adapts.at(seconds)
    print(
        f"{of_set} {seconds:3.1f} s, {len(own)} utterances: own 2% {np.quantile(own_alike, FALSE_ALARMS):.3f},"
        f" half {np.median(own_alike):.3f}; others half {np.median(others_alike):.3f},"
        f" 95% {np.quantile(others_alike, 1 - IMPOSTORS_ADAPT):.3f};"
        f" belongs {belongs}: own left out {np.mean(own_alike < belongs):.1%}, others {np.mean(others_alike < belongs):.0%};"
        f" adapts {adapts}: own {np.mean(own_alike >= adapts):.0%}, others {np.mean(others_alike >= adapts):.1%}",
        flush=True,
    )


def _equal_error(of_set: str, embeddings: Callable[[Speaker], Floats]) -> float:
    every = speakers(of_set)
    centres = _encoded([one.enrolment for one in every])
    own, others = [], []
    for place, speaker in enumerate(every):
        given = embeddings(speaker)
        if not len(given):
            continue
        alike = given @ centres.T
        own.extend(alike[:, place])
        others.extend(
            alike[:, [at for at, one in enumerate(every) if at != place and one.gender == speaker.gender]].ravel()
        )
    at = np.unique(np.concatenate((own, others)))
    rejected = np.searchsorted(np.sort(own), at, "left") / len(own)
    taken = 1 - np.searchsorted(np.sort(others), at, "left") / len(others)
    nearest = int(np.argmin(np.abs(rejected - taken)))
    return float(rejected[nearest] + taken[nearest]) / 2


def spoilt(name: str, change: Spoilt) -> None:
    """Print the equal errors of speech that was spoilt so, and what the gates measure of it."""
    errors, measured = [], []
    for of_set in SETS:

        def given(speaker: Speaker) -> Floats:
            pieces = [change(piece) for piece in _pieces(speaker.rest, 5.0, most=2)]
            measured.extend(measure(piece, NARROW_HZ) for piece in pieces)
            return _encoded(pieces) if pieces else np.zeros((0, 0))

        errors.append(_equal_error(of_set, given))
    snr_db, dbfs = np.median([(one.snr_db, one.level_dbfs) for one in measured], axis=0)
    shares = np.quantile([one.clipped_share for one in measured], (0.05, 0.5, 0.95))
    print(
        f"{name:>22}: equal errors {', '.join(f'{one} {error:.1%}' for one, error in zip(SETS, errors, strict=True))};"
        f" measured {snr_db:.1f} dB, {dbfs:.0f} dBFS, clipped {', '.join(f'{share:.1%}' for share in shares)} (5, 50, 95%)",
        flush=True,
    )


def _ulaw(sound: Floats) -> Speech:
    pcm = np.clip(np.round(sound * 32768), -32768, 32767).astype("<i2")
    return np.frombuffer(audio.ulaw_to_pcm(audio.pcm_to_ulaw(pcm.tobytes())), dtype="<i2")


def _at_level(speech: Speech, dbfs: float) -> Floats:
    floats = speech / 32768
    return np.asarray(floats / np.sqrt(np.mean(floats**2)) * 10 ** (dbfs / 20))


def with_noise(snr_db: float) -> Spoilt:
    """Add noise that falls with the pitch, so many dB below the speech."""

    def spoil(speech: Speech) -> Speech:
        chance = np.random.default_rng(speech.size)
        spectrum = np.fft.rfft(chance.normal(size=speech.size))
        hiss = np.fft.irfft(spectrum / np.sqrt(np.arange(1, spectrum.size + 1)), speech.size)
        return _ulaw(_at_level(speech, -25) + hiss / hiss.std() * 10 ** ((-25 - snr_db) / 20))

    return spoil


def clipped(times: float) -> Spoilt:
    """Amplify so far beyond full scale."""
    return lambda speech: _ulaw(np.clip(speech / np.abs(speech).max() * times, -0.98, 0.98))


def at_level(dbfs: float) -> Spoilt:
    """Bring speech to a level before it is carried."""
    return lambda speech: _ulaw(_at_level(speech, dbfs))


def short(seconds: float) -> None:
    """Print the equal errors of three short utterances, one embedding each, and of the same speech in one."""

    def each(speaker: Speaker) -> Floats:
        three = list(_pieces(speaker.rest, seconds, most=3))
        centre = _encoded(three).mean(axis=0) if len(three) == 3 else np.zeros(0)
        return np.array([centre / np.linalg.norm(centre)]) if centre.size else np.zeros((0, 0))

    def joined(speaker: Speaker) -> Floats:
        whole = list(_pieces(speaker.rest, 3 * seconds, most=1))
        return _encoded(whole) if whole else np.zeros((0, 0))

    print(
        f"three of {seconds} s: "
        + "; ".join(
            f"{of_set} {_equal_error(of_set, each):.1%}, in one {_equal_error(of_set, joined):.1%}" for of_set in SETS
        ),
        flush=True,
    )


def main() -> None:
    """Measure everything."""
    print(f"{ours().name}, {GATES}", flush=True)
    for of_set in (UNSEEN, *SETS):
        for seconds in TURNS_SECONDS:
            two_speakers(of_set, seconds)
        for seconds in UTTERANCES_SECONDS:
            belonging(of_set, seconds)
    spoilt("nothing wrong", lambda speech: speech)
    for snr_db in (20.0, 15.0, 10.0, 5.0):
        spoilt(f"noise at {snr_db:.0f} dB", with_noise(snr_db))
    for times in (2.0, 4.0, 8.0):
        spoilt(f"{times:.0f} times too loud", clipped(times))
    for dbfs in (-50.0, -58.0, -62.0, -66.0):
        spoilt(f"level {dbfs:.0f} dBFS", at_level(dbfs))
    for seconds in SHORT_SECONDS:
        short(seconds)


if __name__ == "__main__":
    main()
