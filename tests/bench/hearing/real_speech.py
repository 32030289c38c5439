"""Real speech in the telephone's band for the hearing bench, from ../shared/data; what is not there raises with the reason."""

import random
from functools import cache
from itertools import cycle, islice
from pathlib import Path

import soundfile

from ivr import audio

DATA = Path(__file__).parents[4] / "shared" / "data"


class NoSpeechError(RuntimeError):
    """The data to measure with are not on this machine."""


@cache
def telephone_ulaw(file: Path) -> bytes:
    """One recording as a telephone carries it: 300-3400 Hz, 8000 Hz, mu-law."""
    samples, rate_hz = soundfile.read(file, dtype="int16")
    narrow = audio.resample(samples.tobytes(), rate_hz, audio.RATE_HZ)
    return audio.pcm_to_ulaw(audio.telephone_band(narrow, audio.RATE_HZ))


def recordings(pattern: str, *, seed: int = 1) -> list[Path]:
    """The recordings that match, in an order of chance that is the same each time."""
    found = sorted(DATA.glob(pattern))
    if not found:
        raise NoSpeechError(f"no recordings like {pattern} in ../shared/data")
    random.Random(seed).shuffle(found)  # noqa: S311 - a bench's own order
    return found


def frames_of_calls(calls: int, seconds: float, *, pattern: str = "an4/*/*.flac") -> list[list[bytes]]:
    """Frames of 20 ms of speech without a pause, for so many calls of so many seconds, each of other recordings."""
    files = recordings(pattern)
    wanted = round(seconds / audio.FRAME_SECONDS)
    per_call = max(1, len(files) // calls)
    return [
        list(islice((frame for file in cycle(part) for frame in audio.frames_of_ulaw(telephone_ulaw(file))), wanted))
        for part in (files[number * per_call : (number + 1) * per_call] for number in range(calls))
    ]
