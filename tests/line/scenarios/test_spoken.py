"""Scenarios aloud: the synthesiser speaks on the line, this installation's recogniser hears it over the media socket."""

from dataclasses import replace

from ivr.trials import judging_words
from ivr.trials.sounding_here import hearing_of
from tests.line.scenarios.trying import SHIPPED, run, trials_of, version_with
from tests.telephone import House
from tests.whisper import italian, whisper_folder


def test_what_is_spoken_is_heard_by_our_recognition(house: House) -> None:
    italian("pronto")  # skips where nobody speaks Italian
    trials = trials_of(house)
    settings = trials.settings.model_copy(update={"whisper_model": str(whisper_folder())})
    hearing = hearing_of(replace(trials, settings=settings))
    assert hearing.deaf_to("it") == ""
    result = run(house, SHIPPED["complaint"], version_with(), trials=hearing.trials, deaf_to=hearing.deaf_to)
    assert result.state == "passed", judging_words.why(result, "en")


def test_a_language_without_a_model_is_skipped_with_the_reason(house: House) -> None:
    hearing = hearing_of(trials_of(house))
    result = run(house, SHIPPED["complaint"], version_with(), trials=hearing.trials, deaf_to=hearing.deaf_to)
    assert result.state == "skipped"
    assert result.reason
