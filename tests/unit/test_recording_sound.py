"""A recording for a prompt is judged by its sound, and brought to the telephone as loud as the line's own voice."""

import io

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from ivr.audio import ulaw_to_pcm
from ivr.editing.recording_sound import Refusal, Refused, Remark, Sound, read
from ivr.synthesis import SPEECH_DBFS, installed_voice

RATE_HZ = 44_100


def tone(seconds: float = 2.0, *, level: float = 0.1, rate_hz: int = RATE_HZ) -> npt.NDArray[np.float64]:
    at = np.arange(round(seconds * rate_hz)) / rate_hz
    return level * np.sin(2 * np.pi * 440 * at) * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * at))


def file(samples: npt.NDArray[np.float64], *, rate_hz: int = RATE_HZ, form: str = "WAV") -> bytes:
    written = io.BytesIO()
    soundfile.write(written, samples, rate_hz, format=form)
    return written.getvalue()


def taken(content: bytes) -> Sound:
    found = read(content)
    assert isinstance(found, Sound), found
    return found


def test_sound_of_any_form_comes_out_as_8_khz_mono_as_loud_as_the_line() -> None:
    stereo = np.stack([tone(), tone() * 0.5], axis=1)
    for form in ("WAV", "FLAC", "OGG", "MP3"):
        found = taken(file(stereo, form=form))
        samples, rate_hz = soundfile.read(io.BytesIO(found.wav), always_2d=True)
        assert (rate_hz, samples.shape[1], soundfile.info(io.BytesIO(found.wav)).subtype) == (8000, 1, "PCM_16")
        assert found.seconds == pytest.approx(2.0, abs=0.1)
        assert found.loudness_db == pytest.approx(SPEECH_DBFS, abs=0.5)
        assert found.gain_db == pytest.approx(SPEECH_DBFS - found.given_loudness_db, abs=0.1)
        assert found.given_channels == 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", Refusal.UNREADABLE),
        (b"RIFF" + b"\0" * 60, Refusal.UNREADABLE),
        (b"<html>", Refusal.UNREADABLE),
        (file(tone(0.1)), Refusal.TOO_SHORT),
        (file(np.zeros(61 * 8000), rate_hz=8000), Refusal.TOO_LONG),
        (file(np.zeros(RATE_HZ)), Refusal.SILENT),
        (file(tone() * 0.001), Refusal.SILENT),
        (file(np.clip(tone() * 60, -1, 1)), Refusal.CLIPPED),
        (file(np.zeros((RATE_HZ, 9))), Refusal.UNREADABLE),
    ],
)
def test_what_cannot_be_played_to_callers_is_refused_with_the_reason(content: bytes, reason: Refusal) -> None:
    assert read(content) == Refused(reason=reason)


def test_remarks_tell_what_a_listener_would_notice() -> None:
    quiet = np.zeros(RATE_HZ)
    assert taken(file(np.concatenate([quiet, tone(), quiet]))).remarks == (Remark.SILENCE_BEFORE, Remark.SILENCE_AFTER)
    assert Remark.FAINT in taken(file(tone(level=0.01))).remarks
    assert Remark.NARROW in taken(file(tone(rate_hz=6000), rate_hz=6000)).remarks
    some = tone()
    some[1000:1030] = 1.0
    assert Remark.SOMEWHAT_CLIPPED in taken(file(some)).remarks
    assert taken(file(tone())).remarks == ()


def test_the_lines_own_voice_is_left_nearly_as_it_is() -> None:
    if not installed_voice().speaks("it-IT"):
        pytest.skip("no synthesiser is installed")
    pcm = np.frombuffer(ulaw_to_pcm(installed_voice()("Mi dica, come posso aiutarla?", "it-IT")), dtype="<i2")
    found = taken(file(pcm / 32768, rate_hz=8000))
    assert abs(found.gain_db) < 5
