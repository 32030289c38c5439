"""What every recogniser promises, run over each of them: Vosk with the one model that a package brings, and the scripted one."""

from collections.abc import Callable

import pytest

from ivr.speech.recognizer import Heard, NoModel, Recognition, Recognizer
from ivr.speech.scripted import Hears, Lacks, ScriptedRecognition
from ivr.speech.vosk_recognizer import VoskRecognition
from tests.listeners import KOREAN, korean_recognition, quiet, spoken

RATE_HZ = 8000
SENTENCE = "Buongiorno, vorrei sapere dov'è il mio ordine."

Sessions = Callable[[], Recognizer]


def _opened(recognition: Recognition) -> Recognizer:
    session = recognition.open(KOREAN, rate_hz=RATE_HZ)
    assert not isinstance(session, NoModel)
    return session


@pytest.fixture(params=["vosk", "scripted"])
def sessions(request: pytest.FixtureRequest) -> Sessions:
    """Open sessions of one implementation."""
    if request.param == "vosk":
        return lambda: _opened(korean_recognition())
    script = ScriptedRecognition([Hears(text="dov'è il mio ordine", confidence=0.8)] * 9)
    return lambda: _opened(script)


@pytest.fixture(params=["vosk", "scripted"])
def without_model(request: pytest.FixtureRequest) -> Recognition:
    """A source of each kind that cannot serve the language."""
    return (
        VoskRecognition({})
        if request.param == "vosk"
        else ScriptedRecognition([Lacks(reason="no model in the script")])
    )


def _heard(session: Recognizer, pcm: bytes, piece_bytes: int | None = None) -> Heard:
    size = piece_bytes or len(pcm)
    for start in range(0, len(pcm), size):
        session.accept(pcm[start : start + size])
    heard = session.finish()
    assert isinstance(heard, Heard)
    return heard


def test_speech_gives_words_with_times_and_confidence(sessions: Sessions) -> None:
    pcm = spoken(SENTENCE) + quiet(0.5)
    heard = _heard(sessions(), pcm)
    assert heard.text
    assert " ".join(word.text for word in heard.words) == heard.text
    assert heard.confidence is not None
    assert 0 < heard.confidence <= 1
    assert all(0 <= word.confidence <= 1 for word in heard.words)
    times = [time for word in heard.words for time in (word.begin_seconds, word.end_seconds)]
    assert times == sorted(times)
    assert times[-1] <= len(pcm) / 2 / RATE_HZ + 0.1


def test_a_session_without_sound_heard_nothing(sessions: Sessions) -> None:
    assert sessions().finish() == Heard(text="", confidence=None)
    session = sessions()
    assert session.accept(b"") == ""
    assert session.finish() == Heard(text="", confidence=None)


@pytest.mark.parametrize("piece_bytes", [320, 2, 1000, 3200])
def test_the_words_do_not_depend_on_how_the_sound_is_cut(sessions: Sessions, piece_bytes: int) -> None:
    pcm = spoken(SENTENCE)[: 2 * RATE_HZ * 2]
    assert _heard(sessions(), pcm, piece_bytes) == _heard(sessions(), pcm)


def test_words_appear_while_the_caller_talks(sessions: Sessions) -> None:
    pcm = spoken(SENTENCE)
    session = sessions()
    partials = [session.accept(pcm[start : start + 3200]) for start in range(0, len(pcm), 3200)]
    session.finish()
    assert partials[0] == ""
    assert partials[-1]


def test_sessions_side_by_side_do_not_hear_each_other(sessions: Sessions) -> None:
    first, second = sessions(), sessions()
    first.accept(spoken(SENTENCE))
    second_heard = second.finish()
    assert second_heard == Heard(text="", confidence=None)
    assert first.finish() != second_heard


def test_a_lacking_model_is_a_value_with_its_reason(without_model: Recognition) -> None:
    lacking = without_model.open("it", rate_hz=RATE_HZ)
    assert isinstance(lacking, NoModel)
    assert "model" in lacking.reason


def test_what_was_heard_does_not_show_when_it_is_printed(sessions: Sessions) -> None:
    heard = _heard(sessions(), spoken(SENTENCE))
    assert heard.text not in repr(heard)
