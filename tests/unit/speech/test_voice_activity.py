"""Voice or none: on made speech, silence and noise, and only in frames of the right size."""

import numpy as np
import pytest

from ivr import audio
from ivr.speech.voice_activity import FRAME_PCM_BYTES, VoiceActivity
from tests.listeners import quiet, spoken


def share_voiced(pcm: bytes) -> float:
    activity = VoiceActivity()
    frames = [pcm[at : at + FRAME_PCM_BYTES] for at in range(0, len(pcm) - FRAME_PCM_BYTES + 1, FRAME_PCM_BYTES)]
    return sum(activity.is_voiced(frame) for frame in frames) / len(frames)


def test_speech_through_the_telephone_is_voiced() -> None:
    line = audio.ulaw_to_pcm(audio.pcm_to_ulaw(spoken("Buongiorno, vorrei sapere dov'è il mio ordine.")))
    assert share_voiced(line) > 0.7


def test_silence_is_not_voiced() -> None:
    assert share_voiced(quiet(2)) == 0


def test_the_quiet_hiss_of_a_line_is_not_voiced() -> None:
    hiss = np.random.default_rng(7).normal(0, 20, 16000).astype("<i2").tobytes()
    assert share_voiced(audio.ulaw_to_pcm(audio.pcm_to_ulaw(hiss))) < 0.05


@pytest.mark.parametrize("size", [0, 160, 319, 640])
def test_a_frame_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(audio.AudioFormatError, match="a frame has 320 bytes"):
        VoiceActivity().is_voiced(bytes(size))
