"""Labelled calls made of bands of noise: each speaker sounds in a place of the spectrum, and an encoder that hears the place."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from biometrics.samples import NotEncoded, encoder_samples
from biometrics.trials import Design, Gathered, Test, Voice
from biometrics.voiceprint import Embedding, Evidence, Sample, Voiceprint, unit_length
from tests.voices import CLEAN

RATE_HZ = 8000
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
BANDS = 16


class BandEncoder:
    """Hears how loud each sixteenth of the spectrum is."""

    name = "bands"

    def encode(self, speech: npt.NDArray[Any], *, rate_hz: int) -> Embedding | NotEncoded:
        samples = encoder_samples(speech, rate_hz=rate_hz)
        if isinstance(samples, NotEncoded):
            return samples
        # Of the 16 kHz that every encoder gets, the lower half is the telephone's.
        spectrum = np.abs(np.fft.rfft(samples))[: samples.size // 4]
        return unit_length([float(part.mean()) for part in np.array_split(spectrum, BANDS)])

    def encode_many(self, utterances: Sequence[npt.NDArray[Any]], *, rate_hz: int) -> list[Embedding | NotEncoded]:
        return [self.encode(speech, rate_hz=rate_hz) for speech in utterances]


def sound_of(speaker: int, seconds: float, *, seed: int) -> npt.NDArray[np.float32]:
    """Noise with gaps like a speaker's syllables, louder in the speaker's band."""
    chance = np.random.default_rng((speaker, seed))
    count = round(seconds * RATE_HZ)
    spectrum = np.fft.rfft(chance.normal(size=count))
    middle = (speaker + 1) / (BANDS + 1) * len(spectrum)
    away = (np.arange(len(spectrum)) - middle) / len(spectrum)
    sound = np.fft.irfft(spectrum * (0.3 + np.exp(-300 * away**2)), count)
    sound *= np.maximum(0.0, np.sin(2 * np.pi * 4 * np.arange(count) / RATE_HZ))
    return (0.1 * sound / np.sqrt(np.mean(sound**2))).astype(np.float32)


def write_call(file: Path, speaker: int, seconds: float, *, seed: int, rate_hz: int = RATE_HZ) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(file, sound_of(speaker, seconds, seed=seed), rate_hz)


def write_folder(folder: Path, *, speakers: int, seconds: Sequence[float] = (21.0, 9.0)) -> Path:
    """A folder of speakers with a call for each of these lengths."""
    for speaker in range(speakers):
        for call, length in enumerate(seconds):
            write_call(folder / f"s{speaker:02}" / f"call{call}.wav", speaker, length, seed=call)
    return folder


def all_speech(sound: npt.NDArray[Any], rate_hz: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """A cut that takes all sound for speech."""
    return sound, np.zeros(rate_hz, dtype=np.float32)


def gathered_voices(speakers: int, *, calls: int = 4, scatter: float = 0.25, seed: int = 0) -> Gathered:
    """Voices as `gather` gives them, made of directions: embeddings of one speaker lie around the speaker's own."""
    chance = np.random.default_rng(seed)
    design = Design()

    def sample(centre: npt.NDArray[np.float64], seconds: float) -> Sample:
        spread = scatter * (5 / seconds) ** 0.5
        embedding = unit_length((centre + chance.normal(size=32) * spread).tolist())
        return Sample(embedding=embedding, net_speech_seconds=seconds, quality=CLEAN)

    voices = []
    for number in range(speakers):
        centre = chance.normal(size=32) + 0.7
        centre /= np.linalg.norm(centre)
        name = f"s{number:02}"
        voiceprint = Voiceprint(
            customer_id=name,
            encoder=BandEncoder.name,
            samples=tuple(sample(centre, 5.0) for _ in range(4)),
            channel="telephone",
            enrolled_at=AT,
            heard_at=AT,
        )
        tests = tuple(
            Test(
                call=f"call{call}",
                seconds=seconds,
                evidence=Evidence(encoder=BandEncoder.name, samples=(sample(centre, seconds),), channel="telephone"),
            )
            for call in range(calls)
            for seconds in design.test_seconds
        )
        voices.append(Voice(speaker=name, gender="", voiceprint=voiceprint, tests=tests))
    windows = dict.fromkeys(design.test_seconds, speakers * calls)
    return Gathered(
        voices=tuple(voices),
        left_out=(),
        windows=windows,
        refused=dict.fromkeys(windows, 0),
        calls=speakers * (calls + 1),
        rates_hz=(8000,),
    )
