"""Voice or none: on made speech, silence, noise and other people's voices, and only in frames of the right size."""

import numpy as np
import pytest

from ivr import audio
from ivr.speech import voice_activity
from ivr.speech.voice_activity import FRAME_PCM_BYTES, NoDetectorError, VoiceActivity
from tests.listeners import quiet, spoken


def frames_of(pcm: bytes) -> list[bytes]:
    return [pcm[at : at + FRAME_PCM_BYTES] for at in range(0, len(pcm) - FRAME_PCM_BYTES + 1, FRAME_PCM_BYTES)]


def voiced_frames(pcm: bytes, activity: VoiceActivity) -> list[bool]:
    return [activity.is_voiced(frame) for frame in frames_of(pcm)]


def share_voiced(pcm: bytes, activity: VoiceActivity | None = None) -> float:
    voiced = voiced_frames(pcm, activity or VoiceActivity())
    return sum(voiced) / len(voiced)


def faded(pcm: bytes, divisor: int) -> bytes:
    return (np.frombuffer(pcm, dtype="<i2") // divisor).astype("<i2").tobytes()


def test_speech_through_the_telephone_is_voiced() -> None:
    line = audio.ulaw_to_pcm(audio.pcm_to_ulaw(spoken("Buongiorno, vorrei sapere dov'è il mio ordine.")))
    assert share_voiced(line) > 0.7


def test_silence_is_not_voiced() -> None:
    assert share_voiced(quiet(2)) == 0


def test_the_quiet_hiss_of_a_line_is_not_voiced() -> None:
    hiss = np.random.default_rng(7).normal(0, 20, 16000).astype("<i2").tobytes()
    assert share_voiced(audio.ulaw_to_pcm(audio.pcm_to_ulaw(hiss))) < 0.05


@pytest.mark.parametrize("dbfs", [-27, -37, -47])
def test_hum_on_the_line_is_not_voiced_even_where_the_stream_begins(dbfs: int) -> None:
    chance, at = np.random.default_rng(dbfs + 99), np.arange(16000) / 8000
    hum = 0.05 * chance.normal(size=at.size)
    for harmonic in range(7, 40, 2):
        hum += np.sin(2 * np.pi * 50 * harmonic * at + chance.uniform(0, 6.3)) / harmonic
    hum *= 32768 * 10 ** (dbfs / 20) / np.sqrt(np.mean(np.square(hum)))
    assert share_voiced(audio.ulaw_to_pcm(audio.pcm_to_ulaw(hum.astype("<i2").tobytes()))) < 0.05


def test_a_voice_much_fainter_than_the_callers_is_somebody_elses() -> None:
    activity = VoiceActivity()
    caller = spoken("Buongiorno, vorrei sapere dov'è il mio ordine.")
    television = faded(spoken("I would like to speak to a person please, now.", "en-GB"), 20)
    assert share_voiced(television) > 0.4  # a voice it is, by itself
    before = share_voiced(caller, activity)
    behind = share_voiced(quiet(0.3) + television, activity)
    assert before > 0.5
    assert behind < 0.1


def test_a_caller_who_grows_a_little_fainter_is_heard() -> None:
    activity = VoiceActivity()
    sentence = spoken("Buongiorno, vorrei sapere dov'è il mio ordine.")
    share = share_voiced(sentence, activity)
    assert share_voiced(quiet(0.3) + faded(sentence, 2), activity) > 0.7 * share


def test_a_short_word_out_of_digital_silence_is_voiced() -> None:
    for word in ("sì", "no", "uno", "due", "tre", "sei"):
        activity = VoiceActivity()
        share_voiced(quiet(1), activity)
        said = spoken(word)
        assert share_voiced(said, activity) * len(said) / 16000 >= 0.1, word


def test_digital_silence_is_not_voiced_even_behind_a_voice() -> None:
    activity = VoiceActivity()
    share_voiced(spoken("Buongiorno, vorrei sapere dov'è il mio ordine.")[:24000], activity)
    assert share_voiced(quiet(0.5), activity) == 0


def test_two_callers_are_not_mixed_up() -> None:
    sentence = spoken("Buongiorno, vorrei sapere dov'è il mio ordine.")
    alone = voiced_frames(sentence, VoiceActivity())
    one, other = VoiceActivity(), VoiceActivity()
    mixed = []
    for frame in frames_of(sentence):
        mixed.append(one.is_voiced(frame))
        other.is_voiced(frame[::-1])
    assert mixed == alone


def test_a_machine_without_the_network_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice_activity, "find_spec", lambda _name: None)
    with pytest.raises(NoDetectorError, match="silero-vad is not installed"):
        voice_activity._model_file()


@pytest.mark.parametrize("size", [0, 160, 319, 640])
def test_a_frame_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(audio.AudioFormatError, match="a frame has 320 bytes"):
        VoiceActivity().is_voiced(bytes(size))
