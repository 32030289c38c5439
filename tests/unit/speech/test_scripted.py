"""The scripted recogniser keeps to its script, and says when the script and the call did not match."""

import pytest

from ivr.speech.recognizer import Busy, Heard, Loaded, NoModel, NotHeard, Reading
from ivr.speech.scripted import Asked, Fails, Hears, IsBusy, Lacks, ScriptedRecognition, ScriptedRecognizer


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


def test_a_machine_at_its_limit_is_a_line_of_the_script() -> None:
    script = ScriptedRecognition([IsBusy(reason="ten calls are heard")])
    assert script.open("it", rate_hz=8000) == Busy(reason="ten calls are heard")


def test_what_a_session_was_opened_with_is_kept() -> None:
    script = ScriptedRecognition([Hears(text="sì")])
    script.open("it", rate_hz=8000, phrases=("sì", "no"), only_phrases=True)
    assert script.asked == [Asked(language="it", phrases=("sì", "no"), only_phrases=True)]


def test_other_readings_are_told_with_the_text() -> None:
    other = Reading(text="si", confidence=0.4, by="script")
    session = open_one(ScriptedRecognition([Hears(text="sì", alternatives=(other,))]))
    session.accept(bytes(320))
    heard = session.finish()
    assert isinstance(heard, Heard)
    assert heard.alternatives == (other,)
    assert heard.by == "script"


def test_there_is_nothing_to_load() -> None:
    told: list[str] = []
    assert ScriptedRecognition([]).load("it", told.append) == Loaded()
    assert told == ["the script for 'it' is ready"]


def test_a_line_never_heard_is_told() -> None:
    script = ScriptedRecognition([Hears(text="uno"), Hears(text="due")])
    open_one(script)
    with pytest.raises(AssertionError, match="1 of 2 lines of the script were never heard"):
        script.assert_all_used()


def test_a_turn_beyond_the_script_is_told() -> None:
    with pytest.raises(AssertionError, match="turn 1 was listened to, but the script has 0"):
        ScriptedRecognition([]).open("it", rate_hz=8000)
