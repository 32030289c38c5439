"""A countermeasure: a network that scores how much speech sounds played or made. Its score is shown; it decides only calibrated.

Published ones reject most real telephone callers at the threshold they come with, so that one without a calibration made on this
line's own calls says nothing of anybody. A network stands beside a description, `NAME.json` beside `NAME.onnx`:

    {"name": "aasist", "rate_hz": 16000, "samples": 64600, "bonafide": 1, "spoof": 0}

It takes raw sound, float32 [1, samples] or [samples], and gives in `output` (by default the last one) the two numbers named, or
one number where `spoof` is null: the more, the more real (`"bonafide": 0`).
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from biometrics.calibration import CalibrationError, Tail
from biometrics.decision import Liveness
from biometrics.onnx_session import NoSession, Session, SessionError, open_session
from biometrics.samples import ENCODER_RATE_HZ, NotEncoded, encoder_samples

# One real caller in a thousand may be taken for a machine: as often as an impostor is accepted (DESIGN 6).
WANTED_FALSE_ALARMS: Final = 0.001
# Speech passes for live only beyond what this share of the attacks reaches that the calibration has heard.
_LIVE_FALSE_ALARMS: Final = 0.01
# A minute of sound at 16 kHz: a network that asks for more is not meant for a turn.
_MOST_SAMPLES: Final = 60 * ENCODER_RATE_HZ


@dataclass(frozen=True, kw_only=True)
class NoCountermeasure:
    """There is no countermeasure, and why."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Score:
    """What a network makes of speech: the more, the more it sounds like a living caller. Its limit is the calibration's."""

    value: float
    countermeasure: str


@dataclass(frozen=True, kw_only=True)
class NotScored:
    """The network gave no score, and why."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class SpoofCalibration:
    """What the scores of one countermeasure mean on this line."""

    countermeasure: str
    made_on: str  # whose calls, for people
    callers: int  # how many scores of real callers it was learnt from
    synthetic_below: float
    live_from: float | None = None  # None: no attacks were heard, and nothing proves a living caller

    def __post_init__(self) -> None:
        numbers = [self.synthetic_below, *([] if self.live_from is None else [self.live_from])]
        if not all(math.isfinite(number) for number in numbers):
            raise CalibrationError("a calibration of a countermeasure holds finite numbers only")
        if self.live_from is not None and self.live_from < self.synthetic_below:
            raise CalibrationError("live_from is at least synthetic_below")

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what `to_json` wrote. Raises `CalibrationError`."""
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError) as error:
            raise CalibrationError(f"this is no calibration of a countermeasure: {error}") from None

    def to_json(self) -> str:
        """Write it for people and machines."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n"


@dataclass(frozen=True, kw_only=True)
class _Description:
    """What stands beside a network."""

    name: str
    rate_hz: int
    samples: int
    bonafide: int
    spoof: int | None = None
    output: str = ""

    def __post_init__(self) -> None:
        if self.rate_hz != ENCODER_RATE_HZ or not 1 <= self.samples <= _MOST_SAMPLES:
            raise ValueError(f"a countermeasure takes sound at {ENCODER_RATE_HZ} Hz, at most a minute of it")
        places = [self.bonafide] if self.spoof is None else [self.bonafide, self.spoof]
        if not self.name or min(places) < 0 or len(set(places)) != len(places):
            raise ValueError("a countermeasure has a name, and its outputs are counted from 0")


class Countermeasure:
    """A network with its description. Shared by all threads."""

    def __init__(self, session: Session, description: _Description) -> None:
        """Take over an opened network."""
        self._session = session
        self._description = description
        self._input = next(iter(session.inputs))
        names = list(session.outputs)
        self._output = names.index(description.output) if description.output else len(names) - 1

    @property
    def name(self) -> str:
        """Which network it is: a calibration is for one name."""
        return self._description.name

    def score(self, speech: npt.NDArray[Any], rate_hz: int) -> Score | NotScored:
        """Score int16 or float32 speech at 8000 or 16000 Hz; what is too short is repeated, as in training. Never raises."""
        samples = encoder_samples(speech, rate_hz=rate_hz)
        if isinstance(samples, NotEncoded):
            return NotScored(reason=samples.reason)
        wanted = np.resize(samples, self._description.samples).astype(np.float32)
        has_batch = len(self._session.inputs[self._input]) != 1
        try:
            outputs = self._session.run({self._input: wanted[np.newaxis] if has_batch else wanted})
            return self._read(np.asarray(outputs[self._output], dtype=np.float64).reshape(-1))
        except (SessionError, ValueError, TypeError) as error:
            return NotScored(reason=f"the countermeasure failed: {error}")

    def _read(self, numbers: npt.NDArray[np.float64]) -> Score | NotScored:
        bonafide, spoof = self._description.bonafide, self._description.spoof
        if max(bonafide, -1 if spoof is None else spoof) >= numbers.size:
            return NotScored(
                reason=f"the countermeasure gives {numbers.size} numbers, not those that its description names"
            )
        value = float(numbers[bonafide]) - (0.0 if spoof is None else float(numbers[spoof]))
        if not math.isfinite(value):
            return NotScored(reason="the countermeasure gives no finite score")
        return Score(value=value, countermeasure=self.name)


def load(model: Path | None) -> Countermeasure | NoCountermeasure:
    """Open a network and its description; a network runs no code, yet whoever may change it decides who passes for live."""
    if model is None:
        return NoCountermeasure(reason="no countermeasure is set")
    try:
        description = _Description(**json.loads(model.with_suffix(".json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        return NoCountermeasure(reason=f"the description {model.with_suffix('.json')} cannot be used: {error}")
    session = open_session(model)
    if isinstance(session, NoSession):
        return NoCountermeasure(reason=session.reason)
    if len(session.inputs) != 1 or not session.outputs or description.output not in {"", *session.outputs}:
        return NoCountermeasure(reason=f"{model} does not take one sound, or lacks the output of its description")
    countermeasure = Countermeasure(session, description)
    # Whatever its shapes promise: what cannot score a second of sound will score no caller either.
    tried = countermeasure.score(np.sin(np.arange(ENCODER_RATE_HZ, dtype=np.float32)), ENCODER_RATE_HZ)
    return NoCountermeasure(reason=tried.reason) if isinstance(tried, NotScored) else countermeasure


def calibrate(
    scores_of_real_callers: Sequence[float],
    *,
    countermeasure: str,
    made_on: str,
    wanted_false_alarms: float = WANTED_FALSE_ALARMS,
    scores_of_attacks: Sequence[float] = (),
) -> SpoofCalibration:
    """Learn on this line's own calls what scores mean. Raises `CalibrationError` for fewer than 300 scores of real callers.

    How their lowest tenth thins out gives the limit for false alarms that are rarer than the calls there are (peaks over
    threshold). Only where attacks were played over this line, 300 scores of them too, may a score prove a living caller.
    """
    if not 0 < wanted_false_alarms < 1:
        raise CalibrationError(f"wanted_false_alarms lies between 0 and 1, not at {wanted_false_alarms}")
    synthetic_below = -Tail.of([-score for score in scores_of_real_callers]).threshold(wanted_false_alarms)
    live_from = Tail.of(scores_of_attacks).threshold(_LIVE_FALSE_ALARMS) if scores_of_attacks else None
    return SpoofCalibration(
        countermeasure=countermeasure,
        made_on=made_on,
        callers=len(scores_of_real_callers),
        synthetic_below=synthetic_below,
        live_from=None if live_from is None else max(live_from, synthetic_below),
    )


def liveness_of(score: Score | NotScored | None, calibration: SpoofCalibration | None) -> Liveness:
    """What a score proves: nothing without a calibration of the very countermeasure that gave it."""
    if not isinstance(score, Score) or calibration is None or calibration.countermeasure != score.countermeasure:
        return Liveness.UNKNOWN
    if score.value < calibration.synthetic_below:
        return Liveness.SYNTHETIC
    is_live = calibration.live_from is not None and score.value >= calibration.live_from
    return Liveness.LIVE if is_live else Liveness.UNKNOWN
