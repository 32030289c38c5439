"""Checks the voice of a call against the enrolled one: the door that a service calls. No storage, no clock, no telephone."""

from datetime import datetime
from typing import Any

import numpy.typing as npt

from biometrics.calibration import Calibration
from biometrics.decision import Decision, decide
from biometrics.encoders import NoEncoder, SpeakerEncoder
from biometrics.voiceprint import Voiceprint


def check(
    *,
    speech: npt.NDArray[Any],  # noqa: ARG001 - goes with the next commit of `ivr.calls.performing`
    rate_hz: int,  # noqa: ARG001
    channel: str,  # noqa: ARG001
    encoder: SpeakerEncoder | NoEncoder,  # noqa: ARG001
    voiceprint: Voiceprint | None,
    calibration: Calibration | None,
    has_consented: bool,
    at: datetime,
) -> Decision:
    """Decide without evidence: nothing is kept yet."""
    return decide(evidence=None, voiceprint=voiceprint, calibration=calibration, has_consented=has_consented, at=at)
