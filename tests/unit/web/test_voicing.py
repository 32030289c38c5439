"""The sound of a prompt ends soon after its last word: who answers at once does not talk over silence."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ivr.app import make_company
from ivr.audio import RATE_HZ, seconds_of_ulaw, ulaw_to_pcm
from ivr.calls.company import FlowVersion
from ivr.calls.open_question import Spoken
from ivr.speech.prompt_voice import PromptVoice
from ivr.synthesis import installed_voice, silent_voice
from ivr.web.voicing import Voicing
from tests.telephone import settings_for, understanding

SAID = Spoken(text="In che cosa posso aiutarla?", language="it", recording="greeting")


@pytest.fixture(scope="module")
def version() -> FlowVersion:
    company = make_company(settings_for("sqlite:///unused"), understanding())
    return company.version(company.live_version)


def quiet_behind(ulaw: bytes) -> float:
    loud = np.flatnonzero(np.abs(np.frombuffer(ulaw_to_pcm(ulaw), dtype="<i2").astype(int)) > 300)
    return (len(ulaw) - 1 - int(loud[-1])) / RATE_HZ


@pytest.mark.skipif(not installed_voice().speaks("it-IT"), reason="no synthesiser for Italian is installed here")
def test_little_silence_stands_behind_a_spoken_prompt_and_all_words_before_it(version: FlowVersion) -> None:
    voicing, whole = Voicing(PromptVoice(installed_voice())), installed_voice()(SAID.text, "it-IT")
    spoken = voicing.ulaw(version, SAID)
    assert 0.2 <= quiet_behind(spoken) <= 0.5
    assert whole.startswith(spoken)
    assert seconds_of_ulaw(spoken) > 1


def test_what_nobody_can_speak_is_silence_of_its_length(version: FlowVersion) -> None:
    voicing = Voicing(PromptVoice(silent_voice()))
    assert not voicing.speaks("it")
    assert seconds_of_ulaw(voicing.ulaw(version, SAID)) > 1


def test_a_file_for_the_carrier_holds_the_same_sound(version: FlowVersion) -> None:
    voicing = Voicing(PromptVoice(installed_voice()))
    samples, rate_hz = soundfile.read(io.BytesIO(voicing.wav(version, SAID)), dtype="int16")
    assert rate_hz == RATE_HZ
    assert samples.astype("<i2").tobytes() == ulaw_to_pcm(voicing.ulaw(version, SAID))


def test_a_recording_is_played_as_it_is_and_one_that_went_away_is_spoken(version: FlowVersion, tmp_path: Path) -> None:
    file = tmp_path / "greeting.wav"
    soundfile.write(file, np.concatenate([0.3 * np.sin(np.arange(8000)), np.zeros(8000)]), 8000)
    recorded = replace(version, recordings={("greeting", "it"): file})
    voicing = Voicing(PromptVoice(installed_voice()))
    assert seconds_of_ulaw(voicing.ulaw(recorded, SAID)) == pytest.approx(2.0, abs=0.01)
    gone = replace(version, recordings={("greeting", "it"): tmp_path / "gone.wav"})
    assert voicing.recorded(gone, SAID) == b""
    assert voicing.ulaw(gone, SAID) == voicing.ulaw(version, SAID)
