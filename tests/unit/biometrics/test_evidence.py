"""Speech becomes a sample only where everything is right with it; nothing that can be heard raises."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biometrics import quality
from biometrics.encoders import NoEncoder
from biometrics.evidence import NO_ENCODER, NO_SOUND, NOT_ENCODED, NotASample, sample_of
from biometrics.samples import NotEncoded
from biometrics.scripted import ScriptedEncoder
from biometrics.voiceprint import Embedding, Sample
from tests.voices import RATE_HZ, noise, speech_like

LINE = "line-ge2e:0123456789ab"
PAUSES = noise(1.0, -70.0)
ONE_VOICE = ((1.0, 0.0), (1.0, 0.1), (1.0, -0.1))
TWO_VOICES = ((1.0, 0.5), (1.0, 0.0), (0.0, 1.0))


def encoder(vectors: tuple[Embedding, ...] = ONE_VOICE, name: str = LINE) -> ScriptedEncoder:
    return ScriptedEncoder(vectors, name=name)


def heard(speech: npt.NDArray[Any], *, rate_hz: int = RATE_HZ, **changed: Any) -> Sample | NotASample:
    return sample_of(speech, **{"rate_hz": rate_hz, "encoder": encoder(), "pauses": PAUSES} | changed)


def test_good_speech_of_one_voice_is_a_sample_of_its_whole() -> None:
    made = heard(speech_like(4.0))
    assert isinstance(made, Sample)
    assert made.embedding == (1.0, 0.0)
    assert made.net_speech_seconds == 4.0
    assert made.quality.halves_alike == pytest.approx(0.98, abs=0.01)


def test_two_voices_in_one_turn_are_no_sample() -> None:
    made = heard(speech_like(4.0), encoder=encoder(TWO_VOICES))
    assert made == NotASample(reason=quality.SEVERAL_SPEAKERS, net_speech_seconds=4.0)


def test_a_turn_too_short_to_be_halved_is_encoded_once() -> None:
    scripted = encoder(TWO_VOICES)
    made = heard(speech_like(2.0), encoder=scripted)
    assert isinstance(made, Sample)
    assert made.quality.halves_alike is None
    assert scripted.utterances == 1


class Failing:
    """An encoder that fails over whatever it is given."""

    name = LINE

    def encode(self, speech: npt.NDArray[Any], *, rate_hz: int) -> Embedding | NotEncoded:  # noqa: ARG002 - the port's
        return NotEncoded(reason="it failed")

    def encode_many(self, utterances: Any, *, rate_hz: int) -> list[Embedding | NotEncoded]:
        return [self.encode(speech, rate_hz=rate_hz) for speech in utterances]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [({"encoder": NoEncoder(reason="there is none")}, NO_ENCODER), ({"encoder": Failing()}, NOT_ENCODED)],
)
def test_without_an_encoder_there_is_no_sample(changed: dict[str, Any], reason: str) -> None:
    made = heard(speech_like(4.0), **changed)
    assert isinstance(made, NotASample)
    assert made.reason == reason


def chord(seconds: float, pitches_hz: tuple[float, ...]) -> npt.NDArray[np.float32]:
    """A chord of plucked strings, twice a second."""
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    tones = sum(np.sin(2 * np.pi * pitch * at * part) / part for pitch in pitches_hz for part in (1, 2, 3))
    return (0.05 * tones * np.exp(-3 * (at % 0.5))).astype(np.float32)


def silent_int16(seconds: float) -> npt.NDArray[np.int16]:
    return np.zeros(round(seconds * RATE_HZ), dtype=np.int16)


NOT_A_VOICE: dict[str, npt.NDArray[Any]] = {
    "nothing": np.zeros(0, dtype=np.int16),
    "one number": np.ones(1, dtype=np.float32),
    "silence": silent_int16(5.0),
    "noise": noise(5.0, -20.0),
    "faint noise": noise(5.0, -75.0),
    "constant": np.full(5 * RATE_HZ, 0.4, dtype=np.float32),
    "a tone": np.sin(np.arange(5 * RATE_HZ) * 0.3).astype(np.float32) * np.float32(0.3),
    "not finite": np.full(5 * RATE_HZ, np.nan, dtype=np.float32),
    "half finite": np.where(np.arange(5 * RATE_HZ) % 2, np.inf, speech_like(5.0)).astype(np.float32),
    "huge": speech_like(5.0) * np.float32(1e30),
    "two channels": np.stack((speech_like(5.0), speech_like(5.0))),
    "other numbers": speech_like(5.0).astype(np.float64),
    "whole numbers of 32 bits": (speech_like(5.0) * 1e6).astype(np.int32),
    "truth values": np.ones(5 * RATE_HZ, dtype=bool),
    "square wave": (np.sign(np.sin(np.arange(5 * RATE_HZ) * 0.2)) * 0.9).astype(np.float32),
    "clipped": np.clip(speech_like(5.0) * 40, -0.9, 0.9).astype(np.float32),
}
MUSIC = np.concatenate([chord(1.5, pitches) for pitches in ((220.0, 277.2, 329.6), (196.0, 246.9, 293.7))] * 3)


@pytest.mark.parametrize("kind", NOT_A_VOICE)
@pytest.mark.parametrize("pauses", [None, PAUSES, np.zeros(0, dtype=np.int16)], ids=["uncut", "cut", "no pauses"])
def test_what_is_no_voice_is_no_sample(kind: str, pauses: npt.NDArray[Any] | None) -> None:
    steady_between_quiet = kind in {"noise", "a tone"} and pauses is PAUSES
    made = heard(NOT_A_VOICE[kind], pauses=NOT_A_VOICE[kind] if steady_between_quiet else pauses)
    assert isinstance(made, NotASample)
    assert made.reason


def test_music_that_nobody_cut_is_no_sample() -> None:
    assert isinstance(heard(MUSIC, pauses=None), NotASample)


@pytest.mark.parametrize("rate_hz", [0, -8000, 1, 11025, 44100])
def test_another_rate_is_no_sample(rate_hz: int) -> None:
    for pauses in (None, PAUSES):
        made = heard(speech_like(8.0), rate_hz=rate_hz, pauses=pauses)
        assert isinstance(made, NotASample)
        assert made.reason in {NO_SOUND, quality.SHORT}


ANY_NUMBERS = st.floats(width=32, allow_nan=True, allow_infinity=True)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(ANY_NUMBERS, min_size=1, max_size=30),
    st.integers(1, 1500),
    st.sampled_from([np.int16, np.float32, np.float64, np.uint8]),
    st.sampled_from([8000, 16000, 22050]),
    st.none() | st.lists(ANY_NUMBERS, max_size=30),
)
def test_nothing_that_can_be_heard_raises_and_what_counts_passes_its_gates(
    some: list[float], times: int, kind: type, rate_hz: int, pauses: list[float] | None
) -> None:
    with np.errstate(invalid="ignore", over="ignore"):
        speech = np.tile(np.array(some, dtype=np.float32), times).astype(kind)
    around = None if pauses is None else np.array(pauses, dtype=np.float32)
    made = heard(speech, rate_hz=rate_hz, pauses=around)
    assert isinstance(made, Sample | NotASample)
    if isinstance(made, Sample):
        assert quality.gate(made.quality, made.net_speech_seconds, encoder=LINE) == ""
