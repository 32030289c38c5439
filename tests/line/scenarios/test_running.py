"""Scenarios are run as calls: the shop's all pass, and each change that breaks one is told at the step where it shows."""

import logging

import pytest
from sqlalchemy import Engine

from ivr.trials import judging_words
from tests.line.scenarios.trying import SHIPPED, run, scenario, version_with
from tests.telephone import House, build_house


def test_the_shop_has_scenarios_for_what_callers_call_for() -> None:
    assert len(SHIPPED) >= 15
    # In every language of the pages.
    assert all(set(one.about) == {"it", "en"} for one in SHIPPED.values())
    # A name is its file's.
    assert {"order_status_on_file", "complaint", "closed_hours", "english_caller"} <= set(SHIPPED)


def test_every_shipped_scenario_passes(house: House) -> None:
    for one in SHIPPED.values():
        result = run(house, one)
        assert result.state == "passed", f"{one.name}: {judging_words.why(result, 'en')}"
        assert result.nodes
        assert result.made_seconds > 5


def test_another_prompt_is_told_with_what_was_heard_and_where(house: House) -> None:
    draft = version_with(say_under_way={"prompt": "order_delivered_once"})
    result = run(house, SHIPPED["order_status_on_file"], draft)
    assert result.state == "failed"
    told = judging_words.why(result, "it")
    assert told.startswith("passo 2 (dice «no, grazie»): atteso il prompt «order_under_way», sentiti: ")
    assert "sentiti: order_delivered_once, anything_else" in told
    assert told.endswith(", al nodo anything_else.")
    # What comes behind the step that failed is not judged.
    assert [step.passed for step in result.steps] == [True, False]


def test_another_skill_is_told_at_the_end(house: House) -> None:
    draft = version_with(route_product={"skill": "general"})
    result = run(house, SHIPPED["product_question"], draft)
    assert judging_words.why(result, "en").startswith(
        "at the end: the skill product was to be asked for, asked for was: general"
    )


def test_another_wording_breaks_only_who_expects_the_words(house: House) -> None:
    draft = version_with(how_can_we_help__text="Sono tutta orecchi. Dica.")
    waits = "name: one\nlanguage: it\nsteps:\n  - expect: {words: tutta orecchi}\n    hang_up: true\n"
    assert run(house, scenario(waits), draft).state == "passed"
    assert run(house, scenario(waits)).state == "failed"


def test_a_call_that_is_over_too_early_is_told(house: House) -> None:
    text = (
        "name: over\nlanguage: it\ncaller: mario\nsteps:\n"
        '  - press: "1"\n  - press: "5"\n  - press: "1"\n  - expect: goodbye\n  - say: ancora\n'
    )
    result = run(house, scenario(text))
    assert judging_words.why(result, "en") == "step 5 (says «ancora»): the call was already over."


def test_who_only_listens_waits_until_it_is_heard(house: House) -> None:
    text = (
        "name: waits\nlanguage: it\nagents: busy\nsteps:\n"
        '  - press: "0"\n  - expect: queue_callback\n    press: "1"\n'
        "  - expect: callback_this_number\n    hang_up: true\nends: {skill: general}\n"
    )
    result = run(house, scenario(text))
    assert result.state == "passed", judging_words.why(result, "en")


def test_waiting_is_an_end(house: House) -> None:
    text = 'name: waits\nlanguage: it\nagents: busy\nsteps:\n  - press: "0"\nends: {outcome: waiting, skill: general}\n'
    result = run(house, scenario(text))
    assert result.state == "passed", judging_words.why(result, "en")


def test_unknown_customer_and_a_broken_draft_break_off_with_a_reason(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    nobody = scenario("name: nobody\nlanguage: it\ncaller: {customer: K999}\nsteps:\n  - hang_up: true\n")
    assert (run(house, nobody).state, "K999" in run(house, nobody).reason) == ("broken", True)


def test_results_of_a_real_customer_keep_no_words(house: House) -> None:
    text = (
        "name: real\nlanguage: it\ncaller: {customer: K001}\nsteps:\n"
        "  - expect: {words: non si dice}\n    hang_up: true\n"
    )
    (step,) = run(house, scenario(text)).steps
    assert (step.passed, [line.key for line in step.heard][:1]) == (False, ["greeting_by_name"])
    assert "Giulia" not in repr(step)


def test_a_wav_has_its_words_where_nothing_sounds(house: House) -> None:
    text = (
        "name: played\nlanguage: it\ncaller: mario\nsteps:\n"
        "  - play: mario.wav\n    as: dov'è il mio ordine?\n  - expect: order_under_way\n    hang_up: true\n"
    )
    assert run(house, scenario(text)).state == "passed"


def test_audio_is_skipped_with_the_reason_where_nobody_hears(house: House) -> None:
    result = run(house, SHIPPED["complaint"], deaf_to=lambda language: f"nobody hears {language}")
    assert (result.state, result.reason, result.steps) == ("skipped", "nobody hears it", ())


def test_a_company_that_never_closes_is_not_held_to_what_it_says_when_closed(sqlite_engine: Engine) -> None:
    house = build_house(sqlite_engine, opens_at="00:00", closes_at="00:00", open_days=(1, 2, 3, 4, 5, 6, 7))
    result = run(house, SHIPPED["closed_hours"])
    assert (result.state, result.reason) == ("skipped", "by the company's hours the line is never closed")
    house.close()
