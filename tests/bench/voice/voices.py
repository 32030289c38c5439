"""Ways to know a voice, each one part more than the one before: from the packaged encoder's bare cosine to our own scoring."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import soxr
import webrtcvad
from scipy.ndimage import binary_dilation

from biometrics import quality
from biometrics.ecapa import importing_speechbrain
from biometrics.encoders import NoEncoder
from biometrics.features import WINDOW_FRAMES, mel_spectrogram, window_starts
from biometrics.line_encoder import LineEncoder, load
from biometrics.net_speech import split
from biometrics.samples import NotEncoded
from biometrics.voiceprint import Quality, Sample, together
from tests.bench.voice.speech import NARROW_HZ, WIDE_HZ, Deal, Sound, by_telephone

# `make peers` puts the packaged encoder there, without what it wants beside it.
PACKAGED: Final = Path("build/bench/resemblyzer/resemblyzer/pretrained.pt")
_VAD_WINDOW: Final = 480
_FULL_SCALE: Final = 32_768.0

Vector = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What an encoder makes of a stretch of speech."""

    vector: Vector
    net_seconds: float
    snr_db: float


@dataclass(frozen=True, kw_only=True)
class Enrolled:
    """A speaker's enrolment and tests of one deal."""

    speaker: str
    gender: str
    number: int
    at_once: Heard  # the whole enrolment as one utterance
    by_utterance: Vector  # utterance by utterance, each weighing as many seconds as it has
    tests: tuple[tuple[int, Heard], ...]


# --- The packaged encoder, as its package uses it


@cache
def _packaged() -> Any:
    with importing_speechbrain():
        import torch  # noqa: PLC0415 - torch comes after torchaudio was made to load

    from biometrics.teaching import packaged_teacher  # noqa: PLC0415 - loads torch

    if not PACKAGED.is_file():
        sys.exit(f"{PACKAGED} is not there: make peers")
    torch.set_num_threads(1)
    return packaged_teacher(PACKAGED)


def packaged(sound: Sound, *, wide: bool) -> Heard:
    """Resemblyzer's own: louder to -30 dBFS where fainter, silences trimmed by WebRTC, windows of 1.6 s, their mean."""
    import torch  # noqa: PLC0415 - as above

    samples = trimmed(no_fainter(_at_wide_rate(sound if wide else by_telephone(sound), wide=wide)))
    starts = window_starts(samples.size)
    padded = np.pad(samples, (0, max(0, (starts[-1] + WINDOW_FRAMES) * 160 - samples.size)))
    mels = mel_spectrogram(padded)
    with torch.inference_mode():
        given = _packaged()(torch.from_numpy(np.stack([mels[at : at + WINDOW_FRAMES] for at in starts]))).numpy()
    return Heard(vector=_unit(given.mean(axis=0)), net_seconds=samples.size / WIDE_HZ, snr_db=0.0)


def _at_wide_rate(sound: Sound, *, wide: bool) -> Floats:
    samples = sound.astype(np.float32) / _FULL_SCALE
    return samples if wide else np.asarray(soxr.resample(samples, NARROW_HZ, WIDE_HZ), dtype=np.float32)


def no_fainter(samples: Floats) -> Floats:
    """Make faint speech louder, to -30 dBFS, as Resemblyzer does."""
    level = 20 * np.log10(np.sqrt(np.mean(samples**2)) + 1e-12)
    return np.asarray(samples * 10 ** (max(0.0, -30 - level) / 20), dtype=np.float32)


def trimmed(samples: Floats) -> Floats:
    """Resemblyzer's `trim_long_silences`."""
    whole = samples[: samples.size // _VAD_WINDOW * _VAD_WINDOW]
    pcm, detector = (np.clip(whole, -1, 1) * 32767).round().astype("<i2").tobytes(), webrtcvad.Vad(3)
    flags = [
        float(detector.is_speech(pcm[2 * at : 2 * (at + _VAD_WINDOW)], WIDE_HZ))
        for at in range(0, whole.size, _VAD_WINDOW)
    ]
    smooth = np.convolve(np.pad(flags, (3, 4)), np.ones(8) / 8, mode="valid")
    mask = np.repeat(binary_dilation(np.round(smooth).astype(bool), np.ones(7)), _VAD_WINDOW)
    return whole[mask] if mask.any() else samples


# --- Ours


@cache
def ours() -> LineEncoder:
    """The shipped encoder."""
    encoder = load()
    if isinstance(encoder, NoEncoder):
        sys.exit(encoder.reason)
    return encoder


def taught(sound: Sound, *, silero: bool) -> Heard:
    """The shipped encoder on telephone audio, its silences cut by WebRTC as the package does, or by Silero as we do."""
    narrow = by_telephone(sound)
    if not silero:
        samples = trimmed(no_fainter(_at_wide_rate(narrow, wide=False)))
        return Heard(vector=_encoded(samples, WIDE_HZ), net_seconds=samples.size / WIDE_HZ, snr_db=0.0)
    speech, pauses = split(narrow, NARROW_HZ)
    speech = speech if speech.size > NARROW_HZ // 2 else narrow
    return Heard(
        vector=_encoded(speech, NARROW_HZ),
        net_seconds=speech.size / NARROW_HZ,
        snr_db=quality.measure(speech, NARROW_HZ, pauses=pauses).snr_db,
    )


def _encoded(speech: npt.NDArray[Any], rate_hz: int) -> Vector:
    embedding = ours().encode(speech, rate_hz=rate_hz)
    if isinstance(embedding, NotEncoded):
        raise TypeError(embedding.reason)
    return np.array(embedding)


def enrolled(deal: Deal, way: str) -> Enrolled:
    """Hear a deal in one of the ways: packaged, wide, taught, silero."""
    hear = {
        "packaged": lambda sound: packaged(sound, wide=False),
        "wide": lambda sound: packaged(sound, wide=True),
        "taught": lambda sound: taught(sound, silero=False),
        "silero": lambda sound: taught(sound, silero=True),
    }[way]
    utterances = [hear(sound) for sound in deal.enrolment if sound.size > WIDE_HZ] if way == "silero" else []
    return Enrolled(
        speaker=deal.speaker,
        gender=deal.gender,
        number=deal.number,
        at_once=hear(np.concatenate(deal.enrolment)),
        by_utterance=_together(utterances) if utterances else np.zeros(0),
        tests=tuple((seconds, hear(sound)) for seconds, sound in deal.tests),
    )


def _together(utterances: Sequence[Heard]) -> Vector:
    samples = [
        Sample(
            embedding=tuple(one.vector),
            net_speech_seconds=one.net_seconds,
            quality=Quality(snr_db=one.snr_db, level_dbfs=0.0, clipped_share=0.0, halves_alike=None),
        )
        for one in utterances
    ]
    return np.array(together(samples))


def _unit(vector: npt.NDArray[Any]) -> Vector:
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float64)


WAYS: Final[Mapping[str, str]] = {
    "packaged": "packaged encoder, telephone band",
    "wide": "packaged encoder, wide band",
    "taught": "our copy",
    "silero": "our copy, Silero's net speech",
}
