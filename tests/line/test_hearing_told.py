"""How a turn was heard, told by telephone: from the real recogniser over the media socket to the story that people read."""

from collections.abc import Callable

from ivr import trial
from ivr.audio import pcm_to_ulaw
from ivr.line.script import HangUp, Keys, Say, Silence, WaitFor
from ivr.speech.vosk_recognizer import VoskRecognition
from tests.listeners import korean_model, spoken
from tests.telephone import House, talk

Houses = Callable[..., House]


def test_story_tells_who_heard_what_how_surely_and_why_it_ended(new_house: Houses) -> None:
    house = new_house(listening={"it": "stream", "en": "carrier"}, recognition=VoskRecognition({"it": korean_model()}))
    sentence = spoken("vorrei sapere dov'è il mio ordine")
    # The carrier listens for keys one second longer than its prompt before it opens the stream.
    steps = [WaitFor("aiutarla"), Say("vorrei sapere dov'è il mio ordine", after_seconds=1.6), Silence(6), Keys("1")]
    caller = house.caller([*steps, Silence(4), HangUp()], voice=lambda _text, _language: pcm_to_ulaw(sentence))
    house.line.call(trial.MARIO, house.settings.line_number, caller)
    assert house.run_until(lambda: caller.reason is not None, 120), caller.heard
    house.wait(2)
    by_speech, by_keys = house.context(house.only_call.call_id).said[:2]
    heard = by_speech.hearing
    assert heard is not None
    assert heard.by.startswith("vosk")
    assert " ".join(word.text for word in heard.words) == by_speech.heard
    assert {word.is_sure for word in heard.words} == {True, False}  # a Korean model on Italian: it guesses, and says so
    assert heard.is_sure is False
    assert heard.ended == "speech"
    said_seconds = len(sentence) / 16000
    assert heard.speech_seconds is not None
    assert abs(heard.speech_seconds - said_seconds) < 1
    assert heard.seconds is not None
    assert heard.seconds > heard.speech_seconds
    assert heard.first_word_seconds is not None
    assert not heard.is_damaged
    assert by_keys.hearing is not None
    assert (by_keys.keys, by_keys.hearing.by, by_keys.hearing.ended) == ("1", "keys", "keys")
    assert house.only_call.words_so_far == ""


def test_story_tells_that_the_carrier_has_heard_it(new_house: Houses) -> None:
    house = new_house()
    house.whole_call([*talk("aiutarla", "dov'è il mio ordine", "altro"), HangUp()], from_=trial.MARIO)
    heard = house.context(house.only_call.call_id).said[0].hearing
    assert heard is not None
    assert (heard.by, heard.ended, heard.words) == ("carrier", "speech", ())
    assert heard.is_sure is not None
