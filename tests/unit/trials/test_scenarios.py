"""A scenario's file: what it says, the same in YAML and JSON, and for each fault one message with line and what to do."""

import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.trials.scenarios import (
    CallerIs,
    Ends,
    Expected,
    HangsUp,
    IsSilent,
    Listens,
    Plays,
    Presses,
    Says,
    read_scenario,
    scenario_of,
    written,
)

WHOLE = """\
name: late_order
about: A late order is told first.
language: it
caller: giulia
at: "2026-11-23 10:00"
agents: answer
steps:
  - expect: is_it_late_order
    say: sì
  - expect: [order_late, anything_else]
    press: "0012#"
  - expect: {prompts: anything_else/1, words: Serve, not_words: [scusi], node: anything_else, language: it}
    silent: true
  - silent: 2.5
  - play: rumore.wav
    as: "no"
  - expect: goodbye
ends:
  node: goodbye
  outcome: served
  cases: []
  messages: return_text
  routed: false
"""


def test_every_word_of_the_file_is_read() -> None:
    read = read_scenario(WHOLE, file="late.yaml")
    assert read.problems == ()
    scenario = read.scenario
    assert scenario is not None
    assert (scenario.name, scenario.language, scenario.at) == ("late_order", "it", "2026-11-23 10:00")
    assert scenario.caller == CallerIs(person="giulia")
    assert [step.act for step in scenario.steps] == [
        Says(words="sì"), Presses(keys="0012#"), IsSilent(), IsSilent(seconds=2.5), Plays(wav="rumore.wav", words="no"),
        Listens(),
    ]  # fmt: skip
    assert [step.expected for step in scenario.steps[:3]] == [
        Expected(prompts=("is_it_late_order",)),
        Expected(prompts=("order_late", "anything_else")),
        Expected(
            prompts=("anything_else/1",), words=("Serve",), not_words=("scusi",), node="anything_else", language="it"
        ),
    ]
    assert scenario.ends == Ends(node="goodbye", outcome="served", cases=(), messages=("return_text",), routed=False)


def test_yaml_and_json_say_the_same() -> None:
    of_yaml = read_scenario(WHOLE, file="late.yaml")
    of_json = read_scenario(json.dumps(of_yaml.document, indent=2, ensure_ascii=False), file="late.json")
    assert of_json.problems == ()
    assert of_json.scenario == of_yaml.scenario


FAULTS = {
    "unknown person": ("caller: giulia", "caller: gulia", 4, "nobody", "stranger, hidden"),
    "both": (
        "caller: giulia",
        'caller: {customer: K001, number: "+39333123456"}',
        4,
        "not clear who calls",
        "a customer alone",
    ),
    "unknown trouble": ("agents: answer", "faults: [{trouble: flood}]", 6, "'flood' is not known", "webhook_lost"),
    "time": ('at: "2026-11-23 10:00"', 'at: "2026-13-23 10:00"', 5, "no time", "open, closed"),
    "agents": ("agents: answer", "agents: asleep", 6, "not possible", "answer, nobody"),
    "two acts": ("    say: sì", '    say: sì\n    press: "1"', 8, "say and press stand in one step", "a step of each"),
    "keys as a number": ('press: "0012#"', "press: 12", 11, "not of the type string", "in quotes"),
    "keys that are none": ('press: "0012#"', "press: 12a", 11, "12a", "in quotes"),
    "unknown word": ("  - silent: 2.5", "  - silents: 2.5", 14, "'silents' is not known", "Known are: "),
    "no words": ('    as: "no"\n', "", None, "", ""),
    "as alone": ("  - play: rumore.wav\n", '  - press: "1"\n', 15, "no WAV is played", "Use 'say'"),
    "hang up early": ("  - silent: 2.5", "  - hang_up: true", 14, "behind hang_up", "the last step"),
    "empty step": ("  - silent: 2.5", "  - {}", 14, "says nothing", "what to expect"),
    "never silent": ("  - silent: 2.5", "  - silent: false", 14, "says nothing", "how many seconds"),
    "no steps": ("language: it", "", 1, "'language' is missing", "Add 'language'"),
    "outcome": ("outcome: served", "outcome: happy", 20, "'happy' is not possible", "served, agent"),
    "broken": ("steps:", "steps: [", 7, "not YAML", "every bracket"),
}


@pytest.mark.parametrize(("right", "wrong", "line", "message", "remedy"), FAULTS.values(), ids=list(FAULTS))
def test_each_fault_is_told_with_its_line_and_what_to_do(
    right: str, wrong: str, line: int | None, message: str, remedy: str
) -> None:
    assert right in WHOLE
    read = read_scenario(
        WHOLE.replace(right, wrong, 1), file="late.yaml", agents=("answer", "nobody"), faults=("webhook_lost",)
    )
    if line is None:
        assert read.problems == ()
        return
    (problem,) = read.problems[:1]
    assert (problem.file, message in str(problem), remedy in problem.remedy) == ("late.yaml", True, True), problem
    # A broken file is told at the line where the reader noticed.
    assert problem.line == line or message == "not YAML", problem
    assert read.scenario is None


def test_steps_are_counted_as_people_count() -> None:
    read = read_scenario(WHOLE.replace("silent: 2.5", "silent: 999"), file="late.yaml")
    assert str(read.problems[0]).startswith("late.yaml:14: step 4: silent: ")


TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=40).filter(str.strip)
STEPS = st.lists(
    st.one_of(
        st.builds(lambda words: {"say": words}, TEXT),
        st.builds(lambda keys: {"press": keys}, st.text("0123456789*#", min_size=1, max_size=8)),
        st.just({"silent": True, "expect": ["no", "yes", "1"]}),
        st.builds(lambda words: {"expect": {"words": [words], "language": "en"}}, TEXT),
    ),
    min_size=1,
    max_size=5,
)


@settings(deadline=None)
@given(STEPS, TEXT)
def test_what_is_written_is_read_again(steps: list[dict[str, object]], about: str) -> None:
    document = {"name": "any", "about": about, "language": "it", "steps": steps, "ends": {"words": [about]}}
    text = written(document)
    read = read_scenario(text, file="any.yaml")
    assert read.problems == (), text
    assert read.document == document
    assert read.scenario == scenario_of(document)
    assert yaml.safe_load(text) == document


def test_hanging_up_is_the_last_act() -> None:
    read = read_scenario("name: gone\nlanguage: it\nsteps:\n  - hang_up: true\n", file="gone.yaml")
    assert read.scenario is not None
    assert read.scenario.steps[0].act == HangsUp()
