"""What every speaker encoder promises: ours, SpeechBrain's ECAPA in torch and in onnxruntime, and the scripted one.

ECAPA is tiny and its weights are random: it shows form and no accuracy.
"""

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from biometrics import line_encoder
from biometrics.ecapa import EcapaEncoder, equal_network, load_ecapa
from biometrics.encoders import SpeakerEncoder
from biometrics.line_encoder import LineEncoder
from biometrics.onnx_session import NoSession, Session
from biometrics.samples import NotEncoded
from biometrics.scripted import ScriptedEncoder
from biometrics.voiceprint import similarity
from ivr import audio
from tests.ecapa import save_ecapa
from tests.listeners import SHARED

RATE_HZ = 16_000
Speech = npt.NDArray[Any]


@pytest.fixture(scope="module")
def line() -> LineEncoder:
    encoder = line_encoder.load()
    assert isinstance(encoder, LineEncoder), encoder
    return encoder


@pytest.fixture(scope="module")
def ecapa(tmp_path_factory: pytest.TempPathFactory) -> EcapaEncoder:
    encoder = load_ecapa(folder=save_ecapa(tmp_path_factory.mktemp("models") / "tiny"))
    assert isinstance(encoder, EcapaEncoder), encoder
    return encoder.through(NoSession(reason="this test asks for torch"))


@pytest.fixture(scope="module")
def ecapa_in_onnxruntime(ecapa: EcapaEncoder) -> EcapaEncoder:
    network = equal_network(ecapa)
    assert isinstance(network, Session), network
    return ecapa.through(network)


@pytest.fixture(scope="module")
def scripted() -> ScriptedEncoder:
    return ScriptedEncoder([(3.0, 4.0)])


@pytest.fixture(scope="module", params=["line", "ecapa", "ecapa_in_onnxruntime", "scripted"])
def encoder(request: pytest.FixtureRequest) -> SpeakerEncoder:
    made: SpeakerEncoder = request.getfixturevalue(request.param)
    return made


def voice(*, rate_hz: int = RATE_HZ, seconds: float = 2.0, pitch_hz: float = 120) -> npt.NDArray[np.int16]:
    """Something with the partials and the loudness of a voice; whose does not matter here."""
    at = np.arange(round(rate_hz * seconds)) / rate_hz
    partials = sum(np.sin(2 * math.pi * pitch_hz * n * at + n) / n for n in range(1, 25))
    return np.asarray(3000 * partials * (1 + np.sin(2 * math.pi * 3 * at)), dtype=np.int16)


def embedding(encoder: SpeakerEncoder, speech: Speech, rate_hz: int = RATE_HZ) -> tuple[float, ...]:
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


def test_speech_that_may_not_be_written_to_or_lies_scattered_is_encoded_as_any_other(encoder: SpeakerEncoder) -> None:
    scattered = np.repeat(voice(), 2)[::2]
    scattered.setflags(write=False)
    assert embedding(encoder, scattered) == embedding(encoder, voice())
    assert np.array_equal(scattered, voice())


def test_many_are_encoded_as_each_alone_and_stay_in_order(encoder: SpeakerEncoder) -> None:
    utterances = [
        voice(seconds=seconds, pitch_hz=pitch)
        for seconds, pitch in ((3, 90), (0.5, 200), (3, 230), (7, 150), (0.5, 90))
    ]
    together = encoder.encode_many(utterances, rate_hz=RATE_HZ)
    for encoded, speech in zip(together, utterances, strict=True):
        assert encoded == pytest.approx(embedding(encoder, speech), abs=1e-5)


def test_one_of_many_that_is_no_speech_takes_nothing_from_the_others(encoder: SpeakerEncoder) -> None:
    silence = np.zeros(RATE_HZ, np.int16)
    first, refused, last = encoder.encode_many([voice(), silence, voice(seconds=1)], rate_hz=RATE_HZ)
    assert isinstance(refused, NotEncoded)
    assert first == pytest.approx(embedding(encoder, voice()), abs=1e-5)
    assert last == pytest.approx(embedding(encoder, voice(seconds=1)), abs=1e-5)


def test_none_are_none(encoder: SpeakerEncoder) -> None:
    assert encoder.encode_many([], rate_hz=RATE_HZ) == []


def test_eight_threads_at_once_get_what_one_gets(encoder: SpeakerEncoder) -> None:
    utterances = [voice(seconds=0.5 + at % 3, pitch_hz=100 + 10 * at) for at in range(16)]
    alone = [embedding(encoder, speech) for speech in utterances]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda speech: embedding(encoder, speech), utterances)) == alone


@pytest.mark.parametrize(
    ("speech", "rate_hz", "reason"),
    [
        (voice(), 44_100, "44100 Hz: only 8000 and 16000"),
        (voice(), 0, "0 Hz"),
        (np.zeros((2, 16_000), np.int16), 16_000, "one channel"),
        (np.zeros((), np.int16), 16_000, "one channel"),
        (np.zeros(16_000), 16_000, "int16 or float32, not float64"),
        (voice()[:1_000], 16_000, "0.06 seconds of speech"),
        (np.zeros(0, np.int16), 16_000, "0.00 seconds of speech"),
        (np.zeros(16_000, np.int16), 16_000, "digital silence"),
        (np.full(16_000, 7_000, np.int16), 8_000, "digital silence"),
        (np.full(16_000, 0.3, np.float32), 16_000, "digital silence"),
        (np.full(16_000, 1e-20, np.float32) * np.resize(np.float32([1, -1]), 16_000), 16_000, "digital silence"),
        (np.full(16_000, np.nan, np.float32), 16_000, "not finite"),
        (np.append((voice() / 32768).astype(np.float32), np.float32(np.inf)), 16_000, "not finite"),
        (voice().astype(np.float32), 16_000, "float32 goes from -1 to 1"),
        (np.full(16_000, 3e38, np.float32), 8_000, "float32 goes from -1 to 1"),
    ],
)
def test_what_is_no_speech_is_a_value_with_its_reason(
    encoder: SpeakerEncoder, speech: Speech, rate_hz: int, reason: str
) -> None:
    refused = encoder.encode(speech, rate_hz=rate_hz)
    assert isinstance(refused, NotEncoded)
    assert reason in refused.reason


ANYTHING = arrays.arrays(
    dtype=st.sampled_from([np.int16, np.float32, np.float64, np.uint8, np.int64, np.complex64, np.bool_]),
    shape=st.one_of(st.integers(0, 20_000), arrays.array_shapes(max_dims=3, max_side=30)),
)


@given(speech=ANYTHING, rate_hz=st.sampled_from([8_000, 16_000, 11_025, 0, -8_000]))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_nothing_that_is_put_in_raises(encoder: SpeakerEncoder, speech: Speech, rate_hz: int) -> None:
    encoded = encoder.encode(speech, rate_hz=rate_hz)
    assert isinstance(encoded, NotEncoded) or math.hypot(*encoded) == pytest.approx(1)


@given(
    numbers=st.lists(st.floats(-2, 2, width=32), min_size=1, max_size=30),
    rate_hz=st.sampled_from([8_000, 16_000]),
    seconds=st.floats(0.1, 2),
)
@settings(max_examples=40, deadline=None)
def test_any_sound_has_an_embedding_of_length_one_or_a_reason(
    encoder: SpeakerEncoder, numbers: list[float], rate_hz: int, seconds: float
) -> None:
    sound = np.resize(np.asarray(numbers, dtype=np.float32), math.ceil(seconds * rate_hz))
    encoded = encoder.encode(sound, rate_hz=rate_hz)
    assert isinstance(encoded, NotEncoded) or math.hypot(*encoded) == pytest.approx(1)


def test_an_encoder_has_a_name(encoder: SpeakerEncoder) -> None:
    assert encoder.name


def test_a_telephone_voice_is_nearer_to_itself_than_to_others(line: LineEncoder) -> None:
    # CMU AN4, speakers of `calibration`: two halves of each speaker's recordings.
    halves = {speaker: telephone_halves(speaker) for speaker in ("marh", "mcel", "mfaa", "fash", "fejs", "fkai")}
    first = {speaker: embedding(line, half, 8000) for speaker, (half, _) in halves.items()}
    for speaker, (_, second) in halves.items():
        heard = embedding(line, second, 8000)
        assert max(first, key=lambda other: similarity(first[other], heard)) == speaker


def telephone_halves(speaker: str) -> tuple[Speech, Speech]:
    files = sorted((SHARED / "an4" / speaker).glob("*.flac"))
    if not files:
        pytest.skip(f"real speech (CMU AN4) is not at {SHARED}")
    spoken = [over_telephone(soundfile.read(file, dtype="int16")[0]) for file in files]
    return np.concatenate(spoken[::2]), np.concatenate(spoken[1::2])


def over_telephone(wide: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    narrow = audio.telephone_band(audio.resample(wide.tobytes(), 16_000, 8_000), 8_000)
    return np.frombuffer(audio.ulaw_to_pcm(audio.pcm_to_ulaw(narrow)), dtype="<i2")
