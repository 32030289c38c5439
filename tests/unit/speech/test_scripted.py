"""The scripted recogniser keeps to its script, and says when the script and the call did not match."""

import pytest

from ivr.speech.recognizer import Heard, NoModel, NotHeard
from ivr.speech.scripted import Fails, Hears, Lacks, ScriptedRecognition, ScriptedRecognizer


def open_one(recognition: ScriptedRecognition) -> ScriptedRecognizer:
    session = recognition.open("it", rate_hz=8000)
    assert isinstance(session, ScriptedRecognizer)
    return session


def test_lines_are_heard_in_order() -> None:
    script = ScriptedRecognition([Hears(text="il mio ordine"), Fails(reason="broken"), Lacks(reason="no model")])
    first = open_one(script)
    first.accept(bytes(320))
    heard = first.finish()
    assert isinstance(heard, Heard)
    assert heard.text == "il mio ordine"
    assert open_one(script).finish() == NotHeard(reason="broken")
    assert script.open("en", rate_hz=8000) == NoModel(reason="no model")
    assert script.languages == ["it", "it", "en"]
    script.assert_all_used()


def test_a_line_never_heard_is_told() -> None:
    script = ScriptedRecognition([Hears(text="uno"), Hears(text="due")])
    open_one(script)
    with pytest.raises(AssertionError, match="1 of 2 lines of the script were never heard"):
        script.assert_all_used()


def test_a_turn_beyond_the_script_is_told() -> None:
    with pytest.raises(AssertionError, match="turn 1 was listened to, but the script has 0"):
        ScriptedRecognition([]).open("it", rate_hz=8000)
