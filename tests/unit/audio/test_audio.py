"""Telephone audio: exact against an independent G.711, and true to what its names promise."""

import math
import warnings

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr import audio

with warnings.catch_warnings():
    # Python 3.11 and 3.12 carry it with a warning; from 3.13 on the package audioop-lts brings it without one.
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

EVERY_SAMPLE = np.arange(-32768, 32768, dtype="<i2").tobytes()


def tone(hz: float, *, rate_hz: int, seconds: float = 0.5, peak: float = 8000) -> bytes:
    at = np.arange(round(rate_hz * seconds)) / rate_hz
    return np.rint(peak * np.sin(2 * math.pi * hz * at)).astype("<i2").tobytes()


def samples(pcm: bytes) -> npt.NDArray[np.int16]:
    return np.frombuffer(pcm, dtype="<i2")


def strongest_hz(pcm: bytes, rate_hz: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples(pcm)))
    return float(np.argmax(spectrum)) * rate_hz / len(samples(pcm))


def test_every_mulaw_byte_decodes_as_the_standard_library_does() -> None:
    every_byte = bytes(range(256))
    assert audio.ulaw_to_pcm(every_byte) == audioop.ulaw2lin(every_byte, 2)


def test_every_sample_encodes_as_the_standard_library_does() -> None:
    assert audio.pcm_to_ulaw(EVERY_SAMPLE) == audioop.lin2ulaw(EVERY_SAMPLE, 2)


@given(st.binary(max_size=400))
def test_encoding_what_was_decoded_gives_the_same_sound(ulaw: bytes) -> None:
    once = audio.ulaw_to_pcm(ulaw)
    assert audio.ulaw_to_pcm(audio.pcm_to_ulaw(once)) == once


def test_silence_is_a_zero() -> None:
    assert audio.ulaw_to_pcm(bytes([audio.ULAW_SILENCE])) == b"\x00\x00"


@pytest.mark.parametrize(
    "refused",
    [
        audio.pcm_to_ulaw,
        lambda pcm: audio.resample(pcm, 16000, 8000),
        lambda pcm: audio.telephone_band(pcm, 8000),
        audio.loudness_dbfs,
        lambda pcm: audio.mix([pcm]),
        lambda pcm: audio.seconds_of_pcm(pcm, rate_hz=8000),
    ],
)
def test_half_a_sample_is_refused_in_words(refused: object) -> None:
    assert callable(refused)
    with pytest.raises(audio.AudioFormatError, match="even number of bytes, this has 3"):
        refused(b"abc")


@pytest.mark.parametrize("rate_hz", [0, -8000])
def test_a_rate_that_is_none_is_refused(rate_hz: int) -> None:
    with pytest.raises(audio.AudioFormatError, match="positive"):
        audio.resample(b"\x00\x00", rate_hz, 8000)
    with pytest.raises(audio.AudioFormatError, match="positive"):
        audio.telephone_band(b"\x00\x00", rate_hz)


def test_nothing_stays_nothing() -> None:
    assert audio.ulaw_to_pcm(b"") == b""
    assert audio.pcm_to_ulaw(b"") == b""
    assert audio.resample(b"", 16000, 8000) == b""
    assert audio.telephone_band(b"", 8000) == b""
    assert audio.mix([]) == b""
    assert audio.mix_ulaw([]) == b""
    assert audio.frames_of_ulaw(b"") == []
    assert audio.loudness_dbfs(b"") == audio.QUIETEST_DBFS


def test_a_frame_is_twenty_milliseconds() -> None:
    assert audio.seconds_of_ulaw(bytes(audio.FRAME_BYTES)) == audio.FRAME_SECONDS
    assert audio.seconds_of_pcm(bytes(640), rate_hz=16000) == audio.FRAME_SECONDS


def test_the_last_frame_is_filled_up_with_silence() -> None:
    frames = audio.frames_of_ulaw(b"\x01" * 161)
    assert [len(frame) for frame in frames] == [160, 160]
    assert frames[1] == b"\x01" + b"\xff" * 159


@pytest.mark.parametrize(("from_hz", "to_hz"), [(16000, 8000), (8000, 16000), (44100, 8000), (22050, 8000)])
def test_a_tone_keeps_its_pitch_and_length_through_resampling(from_hz: int, to_hz: int) -> None:
    resampled = audio.resample(tone(1000, rate_hz=from_hz), from_hz, to_hz)
    assert audio.seconds_of_pcm(resampled, rate_hz=to_hz) == pytest.approx(0.5, abs=0.001)
    assert strongest_hz(resampled, to_hz) == pytest.approx(1000, abs=4)


def test_resampling_down_does_not_fold_high_tones_into_the_voice() -> None:
    folded = audio.resample(tone(5000, rate_hz=16000), 16000, 8000)
    assert audio.loudness_dbfs(folded[800:-800]) < -60


def test_the_same_audio_resamples_to_the_same_bytes() -> None:
    speech = tone(700, rate_hz=16000)
    assert audio.resample(speech, 16000, 8000) == audio.resample(speech, 16000, 8000)


@pytest.mark.parametrize("rate_hz", [8000, 16000])
@pytest.mark.parametrize(
    ("hz", "passes"), [(50, False), (100, False), (400, True), (1000, True), (3200, True), (3700, False)]
)
def test_the_telephone_passes_the_voice_and_stops_the_rest(hz: float, rate_hz: int, *, passes: bool) -> None:
    before = tone(hz, rate_hz=rate_hz)
    after = audio.telephone_band(before, rate_hz)
    lost_db = audio.loudness_dbfs(before) - audio.loudness_dbfs(after[rate_hz // 5 : -rate_hz // 5])
    assert len(after) == len(before)
    assert lost_db < 1 if passes else lost_db > 20


def test_the_telephone_band_keeps_the_length_of_audio_shorter_than_its_filter() -> None:
    assert len(audio.telephone_band(bytes(20), 8000)) == 20


def test_loudness_is_measured_against_full_scale() -> None:
    assert audio.loudness_dbfs(tone(1000, rate_hz=8000, peak=32767)) == pytest.approx(-3.01, abs=0.02)
    assert audio.loudness_dbfs(bytes(1600)) == audio.QUIETEST_DBFS


def test_mixing_sums_clips_and_is_as_long_as_the_longest() -> None:
    loud = np.array([30000, -30000, 5], dtype="<i2").tobytes()
    mixed = audio.mix([loud, np.array([30000, -30000], dtype="<i2").tobytes()])
    assert samples(mixed).tolist() == [32767, -32768, 5]


def test_silence_adds_nothing_to_a_conference() -> None:
    speech = audio.pcm_to_ulaw(tone(400, rate_hz=8000))
    assert audio.mix_ulaw([speech]) == speech
    assert audio.mix_ulaw([speech, bytes([audio.ULAW_SILENCE]) * len(speech)]) == speech
