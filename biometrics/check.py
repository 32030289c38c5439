"""Checks the voice of a call against the enrolled one: the door that a service calls. No storage, no clock, no telephone.

It looks at the audio only when it may (consent) and when it matters (a voiceprint, a calibration, enough speech).
"""

from datetime import datetime
from typing import Any

import numpy.typing as npt

from biometrics.decision import (
    Calibration,
    Decision,
    Inconclusive,
    Missing,
    decide,
    lacking_before_listening,
    too_little_speech,
)
from biometrics.encoders import NoEncoder, SpeakerEncoder
from biometrics.samples import NotEncoded
from biometrics.voiceprint import Evidence, Voiceprint


def check(
    *,
    speech: npt.NDArray[Any],
    rate_hz: int,
    channel: str,
    encoder: SpeakerEncoder | NoEncoder,
    voiceprint: Voiceprint | None,
    calibration: Calibration | None,
    has_consented: bool,
    at: datetime,
) -> Decision:
    """Decide on net speech (int16 or float32, one channel, 8000 or 16000 Hz, pauses cut out) at an aware time."""
    lacking = lacking_before_listening(voiceprint=voiceprint, calibration=calibration, has_consented=has_consented)
    if lacking is not None or calibration is None:
        return lacking or Inconclusive(reason=Missing.CALIBRATION)
    if isinstance(encoder, NoEncoder):
        return Inconclusive(reason=Missing.ENCODER, detail=encoder.reason)
    net_speech_seconds = speech.size / rate_hz if rate_hz > 0 else 0.0
    if net_speech_seconds < calibration.shortest_net_speech_seconds:
        return too_little_speech(net_speech_seconds, calibration)
    embedding = encoder.encode(speech, rate_hz=rate_hz)
    if isinstance(embedding, NotEncoded):
        return Inconclusive(reason=Missing.SPEECH, detail=embedding.reason)
    evidence = Evidence(
        encoder=encoder.name, embedding=embedding, net_speech_seconds=net_speech_seconds, channel=channel
    )
    return decide(evidence=evidence, voiceprint=voiceprint, calibration=calibration, has_consented=has_consented, at=at)
