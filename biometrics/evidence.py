"""Makes a sample of a voice out of speech, or says why there is none. Nothing that is heard raises.

A sample is the whole net speech of one turn: turns are not joined, for that would take keeping their sound. What a sample
proves is left to `decision`; where it is kept, to `vault`.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from biometrics import quality
from biometrics.encoders import NoEncoder, SpeakerEncoder
from biometrics.likeness import likeness_of
from biometrics.net_speech import NoDetectorError, split
from biometrics.samples import NotEncoded, encoder_samples
from biometrics.voiceprint import Embedding, Quality, Sample, similarity

NO_SOUND: Final = "no_sound"  # not finite, beyond full scale, silent, of another rate or form
NO_ENCODER: Final = "no_encoder"
NOT_ENCODED: Final = "not_encoded"


@dataclass(frozen=True, kw_only=True)
class NotASample:
    """This speech says nothing of a voice, and why."""

    reason: str  # a gate of `quality`, or one of the reasons here
    net_speech_seconds: float = 0.0
    detail: str = ""


def sample_of(
    speech: npt.NDArray[Any],
    *,
    rate_hz: int,
    encoder: SpeakerEncoder | NoEncoder,
    pauses: npt.NDArray[Any] | None = None,
) -> Sample | NotASample:
    """Make a sample of int16 or float32 sound at 8000 or 16000 Hz. Never raises.

    `pauses` is what was heard between the words, of the same form: then `speech` is net speech. Without it, the sound is taken
    to be uncut, and is cut here.
    """
    if isinstance(encoder, NoEncoder):
        return NotASample(reason=NO_ENCODER, detail=encoder.reason)
    if pauses is None:
        try:
            speech, pauses = split(speech, rate_hz)
        except NoDetectorError as error:
            return NotASample(reason=NO_ENCODER, detail=str(error))
    return _sample_of_net_speech(speech, pauses, rate_hz=rate_hz, encoder=encoder)


def _sample_of_net_speech(
    speech: npt.NDArray[Any], pauses: npt.NDArray[Any], *, rate_hz: int, encoder: SpeakerEncoder
) -> Sample | NotASample:
    seconds = speech.size / rate_hz if rate_hz > 0 else 0.0
    if seconds < quality.GATES.shortest_seconds:
        return NotASample(reason=quality.SHORT, net_speech_seconds=seconds)
    checked = encoder_samples(speech, rate_hz=rate_hz)
    if isinstance(checked, NotEncoded):
        return NotASample(reason=NO_SOUND, net_speech_seconds=seconds, detail=checked.reason)
    measured = quality.measure(speech, rate_hz, pauses=pauses if _is_sound(pauses) else None)
    failed = quality.gate(measured, seconds)
    if failed:
        return NotASample(reason=failed, net_speech_seconds=seconds)
    return _encoded(speech, measured, seconds, rate_hz=rate_hz, encoder=encoder)


def _encoded(
    speech: npt.NDArray[Any], measured: Quality, seconds: float, *, rate_hz: int, encoder: SpeakerEncoder
) -> Sample | NotASample:
    # Where nothing is known of the likeness of halves, they are not worth their time.
    is_halved = likeness_of(encoder.name).halves.at(seconds) > -1
    embeddings: list[Embedding] = []
    for encoded in encoder.encode_many([speech, *(np.array_split(speech, 2) if is_halved else ())], rate_hz=rate_hz):
        if isinstance(encoded, NotEncoded):
            return NotASample(reason=NOT_ENCODED, net_speech_seconds=seconds, detail=encoded.reason)
        embeddings.append(encoded)
    if is_halved:
        measured = replace(measured, halves_alike=similarity(embeddings[1], embeddings[2]))
    failed = quality.gate(measured, seconds, encoder=encoder.name)
    if failed:
        return NotASample(reason=failed, net_speech_seconds=seconds)
    return Sample(embedding=embeddings[0], net_speech_seconds=seconds, quality=measured)


def _is_sound(pauses: npt.NDArray[Any]) -> bool:
    return (
        pauses.ndim == 1
        and pauses.dtype in {np.dtype(np.int16), np.dtype(np.float32)}
        and bool(np.isfinite(pauses).all())
    )
