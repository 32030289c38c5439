"""Prompts in our own voice: mu-law for the stream, a file for the carrier; an unreadable recording is refused clearly."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ivr import audio
from ivr.speech.prompt_voice import PromptVoice
from ivr.synthesis import Espeak, Pico, UnreadableRecordingError, Voice, installed_voice, recording, silent_voice

PROMPT = "Buongiorno, sono l'assistente automatico. In che cosa posso aiutarla?"


def _italian() -> PromptVoice:
    for kind in (Pico, Espeak):
        try:
            return PromptVoice(Voice([kind()]))
        except (ImportError, OSError):
            continue
    pytest.skip("no synthesiser is installed here")


def test_language_is_spoken_where_a_synthesiser_knows_it_and_silence_does_not_count() -> None:
    assert _italian().speaks("it-IT")
    assert not PromptVoice(silent_voice()).speaks("it-IT")


@pytest.mark.parametrize("language", ["xx-XX", "", "klingonese"])
def test_language_that_nobody_knows_is_not_spoken(language: str) -> None:
    assert not PromptVoice(installed_voice()).speaks(language)


def test_file_for_the_carrier_holds_the_same_sound_as_the_stream() -> None:
    voice = _italian()
    ulaw = voice.ulaw(PROMPT, "it-IT")
    file = io.BytesIO(voice.wav(PROMPT, "it-IT"))
    described = soundfile.info(file)
    assert (described.format, described.subtype) == ("WAV", "PCM_16")
    assert (described.samplerate, described.channels) == (audio.RATE_HZ, 1)
    file.seek(0)
    samples, _ = soundfile.read(file, dtype="int16")
    assert samples.astype("<i2").tobytes() == audio.ulaw_to_pcm(ulaw)
    assert -23 < audio.loudness_dbfs(samples.astype("<i2").tobytes()) < -17


def test_no_text_is_an_empty_file_and_no_sound() -> None:
    voice = PromptVoice(installed_voice())
    assert voice.ulaw("", "it-IT") == b""
    assert soundfile.info(io.BytesIO(voice.wav("", "it-IT"))).frames == 0


def test_recording_is_read_as_the_line_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "welcome.wav"
    soundfile.write(path, 0.2 * np.sin(2 * np.pi * 700 * np.arange(16000) / 16000), 16000)
    ulaw = PromptVoice(silent_voice()).recording(path)
    assert ulaw == recording(path)
    assert audio.seconds_of_ulaw(ulaw) == pytest.approx(1.0, abs=0.02)


def test_recording_that_cannot_be_read_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UnreadableRecordingError, match=r"welcome\.wav"):
        PromptVoice(silent_voice()).recording(tmp_path / "welcome.wav")
