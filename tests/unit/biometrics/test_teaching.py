"""A copy of an encoder learns to hear by telephone what the encoder hears at wide band; small, its teacher of random weights."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from biometrics.ecapa import importing_speechbrain
from biometrics.encoders import NoEncoder
from biometrics.line_encoder import load
from biometrics.samples import NotEncoded
from biometrics.teaching_speech import read_voices
from biometrics.telephone import a_law, by_telephone, gsm, mu_law

RATE_HZ = 16_000
with importing_speechbrain():
    import torch

from biometrics.exporting import LineNetwork  # noqa: E402 - torch comes after torchaudio was made to load
from biometrics.teaching import Lesson, Recording, TeachingError, packaged_teacher, teach  # noqa: E402 - as above

# Threads that wait for each other cost more than they bring, on networks this small and machines this busy.
torch.set_num_threads(1)
LESSON = Lesson(steps=12, batch=8, versions=1, learning_rate=1e-3)


def voice(pitch_hz: float, seconds: float = 7.0) -> np.ndarray:
    """A buzz with overtones and breath: not a voice, but as wide as one."""
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    buzz = sum(np.sin(2 * np.pi * pitch_hz * n * at + n) / n for n in range(1, 40))
    breath = np.random.default_rng(round(pitch_hz)).standard_normal(at.size)
    return ((buzz * (1.2 + np.sin(2 * np.pi * 3 * at)) + 0.3 * breath) * 0.05).astype(np.float32)


RECORDINGS = [Recording(name=f"g/{pitch}", speech=voice(pitch)) for pitch in (110, 150, 210)]


@pytest.fixture(scope="module")
def teacher() -> LineNetwork:
    torch.manual_seed(3)
    return LineNetwork().eval()


def test_the_copy_hears_by_telephone_more_as_its_teacher_hears_at_wide_band(
    teacher: LineNetwork, tmp_path: Path
) -> None:
    steps: list[int] = []
    taught = teach(
        RECORDINGS,
        teacher=teacher,
        to=tmp_path / "n.onnx",
        lesson=LESSON,
        progress=lambda done, _of: steps.append(done),
    )
    assert taught.likeness_after > taught.likeness_before
    assert steps == list(range(1, 13))
    encoder = load(tmp_path / "n.onnx")
    assert not isinstance(encoder, NoEncoder)
    assert not isinstance(encoder.encode(voice(130), rate_hz=RATE_HZ), NotEncoded)


def test_the_same_recordings_and_seed_give_the_same_encoder(teacher: LineNetwork, tmp_path: Path) -> None:
    lesson = Lesson(steps=2, batch=4, versions=1)
    made = [
        teach(RECORDINGS, teacher=teacher, to=tmp_path / name, lesson=lesson).exported.sha256 for name in ("a", "b")
    ]
    assert made[0] == made[1]


def test_a_file_of_several_voices_teaches_window_by_window(teacher: LineNetwork, tmp_path: Path) -> None:
    several = Recording(name="g/several", speech=voice(90), is_one_voice=False)
    taught = teach([*RECORDINGS, several], teacher=teacher, to=tmp_path / "n.onnx", lesson=LESSON)
    alone = teach(RECORDINGS, teacher=teacher, to=tmp_path / "m.onnx", lesson=LESSON)
    assert taught.windows > alone.windows


def test_too_few_recordings_are_refused_and_nothing_is_written(teacher: LineNetwork, tmp_path: Path) -> None:
    with pytest.raises(TeachingError, match="at least two"):
        teach(RECORDINGS[:1], teacher=teacher, to=tmp_path / "n.onnx", lesson=LESSON)
    assert not list(tmp_path.iterdir())


def test_weights_that_are_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pretrained.pt").write_bytes(b"nothing")
    with pytest.raises(TeachingError, match="packaged encoder"):
        packaged_teacher(tmp_path / "pretrained.pt")


def test_a_telephone_keeps_length_and_takes_the_band_above() -> None:
    speech = voice(150)
    heard = by_telephone(speech, rate_hz=RATE_HZ, rng=np.random.default_rng(1))
    assert heard.shape == speech.shape
    power = np.abs(np.fft.rfft(heard)) ** 2
    above = power[round(len(power) * 4200 / 8000) :].sum()
    assert above < power.sum() / 1000


def test_each_telephone_line_is_another_and_the_same_seed_the_same() -> None:
    speech = voice(150)
    lines = [by_telephone(speech, rate_hz=RATE_HZ, rng=np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert np.array_equal(lines[0], lines[1])
    assert not np.array_equal(lines[0], lines[2])


@pytest.mark.parametrize("codec", [mu_law, a_law, gsm])
def test_a_codec_gives_speech_back_a_little_damaged(codec: Callable[[np.ndarray], np.ndarray]) -> None:
    at = np.arange(8000) / 8000
    sound = 0.3 * np.sin(2 * np.pi * 440 * at)
    coded = codec(sound)
    # GSM answers 20 ms late at most; likeness is taken at the best shift.
    like = max(float(np.corrcoef(sound[:7000], coded[shift : 7000 + shift])[0, 1]) for shift in range(200))
    assert 0.97 < like < 1


# --- Reading what is taught with


def written(folder: Path, name: str, sound: np.ndarray, rate_hz: int = RATE_HZ) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(folder / name, sound, rate_hz)


def test_what_cannot_be_taught_with_is_left_out_with_the_reason(tmp_path: Path) -> None:
    written(tmp_path, "narrow/a.wav", voice(120)[::2], 8000)
    written(tmp_path, "silent/a.wav", np.zeros(RATE_HZ, dtype=np.float32))
    written(tmp_path, "by_telephone/a.wav", by_telephone(voice(120), rate_hz=RATE_HZ, rng=np.random.default_rng(1)))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "a.wav").write_bytes(b"RIFF")
    (tmp_path / "empty").mkdir()
    read = read_voices(tmp_path, lambda _done, _of: None)
    assert read.voices == {}
    reasons = "\n".join(read.left_out)
    for reason in ("not wide band", "nothing to be heard", "over a telephone already", "cannot be read", "fewer than"):
        assert reason in reasons
