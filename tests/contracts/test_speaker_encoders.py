"""What every speaker encoder promises: SpeechBrain's ECAPA (tiny, random weights: form, not accuracy) and the scripted one."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from biometrics.ecapa import EcapaEncoder, load_ecapa
from biometrics.encoders import SpeakerEncoder
from biometrics.samples import NotEncoded
from biometrics.scripted import ScriptedEncoder
from tests.ecapa import save_tiny_ecapa

RATE_HZ = 16_000


@pytest.fixture(scope="module")
def ecapa(tmp_path_factory: pytest.TempPathFactory) -> EcapaEncoder:
    encoder = load_ecapa(folder=save_tiny_ecapa(tmp_path_factory.mktemp("models") / "tiny"))
    assert isinstance(encoder, EcapaEncoder), encoder
    return encoder


@pytest.fixture(params=["ecapa", "scripted"])
def encoder(request: pytest.FixtureRequest) -> SpeakerEncoder:
    if request.param == "ecapa":
        loaded: EcapaEncoder = request.getfixturevalue("ecapa")
        return loaded
    return ScriptedEncoder([(3.0, 4.0)])


def voice(*, rate_hz: int = RATE_HZ, seconds: float = 2.0) -> npt.NDArray[np.int16]:
    """Something with the partials and the loudness of a voice; whose does not matter here."""
    at = np.arange(round(rate_hz * seconds)) / rate_hz
    partials = sum(np.sin(2 * math.pi * 120 * n * at + n) / n for n in range(1, 25))
    return np.asarray(3000 * partials * (1 + np.sin(2 * math.pi * 3 * at)), dtype=np.int16)


def embedding(encoder: SpeakerEncoder, speech: npt.NDArray[Any], rate_hz: int = RATE_HZ) -> tuple[float, ...]:
    encoded = encoder.encode(speech, rate_hz=rate_hz)
    assert not isinstance(encoded, NotEncoded), encoded
    return encoded


@pytest.mark.parametrize("rate_hz", [8000, 16000])
@pytest.mark.parametrize("seconds", [0.1, 1.0, 5.0])
def test_an_embedding_has_length_one(encoder: SpeakerEncoder, rate_hz: int, seconds: float) -> None:
    assert math.hypot(*embedding(encoder, voice(rate_hz=rate_hz, seconds=seconds), rate_hz)) == pytest.approx(1)


def test_all_embeddings_have_one_size(encoder: SpeakerEncoder) -> None:
    assert len(embedding(encoder, voice(seconds=1))) == len(embedding(encoder, voice(seconds=3)))


def test_the_same_speech_gives_the_same_embedding(encoder: SpeakerEncoder) -> None:
    assert embedding(encoder, voice()) == embedding(encoder, voice())


def test_integers_and_floats_of_one_speech_give_one_embedding(encoder: SpeakerEncoder) -> None:
    floats = (voice() / 32768).astype(np.float32)
    assert embedding(encoder, floats) == pytest.approx(embedding(encoder, voice()), abs=1e-6)


@pytest.mark.parametrize(
    ("speech", "rate_hz", "reason"),
    [
        (voice(), 44_100, "44100 Hz: only 8000 and 16000"),
        (voice(), 0, "0 Hz"),
        (np.zeros((2, 16_000), np.int16), 16_000, "one channel"),
        (np.zeros(16_000), 16_000, "int16 or float32, not float64"),
        (voice()[:1_000], 16_000, "0.06 seconds of speech"),
        (np.zeros(0, np.int16), 16_000, "0.00 seconds of speech"),
        (np.zeros(16_000, np.int16), 16_000, "digital silence"),
        (np.full(16_000, np.nan, np.float32), 16_000, "not finite"),
    ],
)
def test_what_is_no_speech_is_a_value_with_its_reason(
    encoder: SpeakerEncoder, speech: npt.NDArray[Any], rate_hz: int, reason: str
) -> None:
    refused = encoder.encode(speech, rate_hz=rate_hz)
    assert isinstance(refused, NotEncoded)
    assert reason in refused.reason


def test_an_encoder_has_a_name(encoder: SpeakerEncoder) -> None:
    assert encoder.name
