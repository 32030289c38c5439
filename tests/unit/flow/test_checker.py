"""One broken flow per rule: the problem names the file, the node and the line, and says what to do."""

import re

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.flow.checker import check
from ivr.flow.definition import build
from prompts.flows import read_flow
from prompts.problems import Problem
from prompts.version import Version

GOOD = """\
flow: small
first: who
person: to_person
languages: {it: italian, en: english}
requests: {complaint: to_person}
prompts: {did_you_mean: p, did_you_mean_one: p, privacy: p, consent_withdrawn: p, trouble: p}
nodes:
  who:
    kind: identify
    outcomes: {known: ask, unknown: ask, hidden: ask}
  ask:
    kind: ask
    expect: request
    prompt: q
    keys: {"1": complaint}
    outcomes: {nothing_else: bye}
  to_person:
    kind: route
    skill: general
    outcomes: {closed: bye, nobody: bye, met: bye, left: bye, failed: bye}
  bye: {kind: end, prompt: p}
"""
BOTH = {"it": 0, "en": 0}
WORDINGS = {
    "p": BOTH,
    "q": {"it": 3, "en": 3},
    "only_italian": {"it": 3},
    "choice.complaint": BOTH,
    "choice.person": BOTH,
}


def problems(text: str) -> tuple[Problem, ...]:
    reading = read_flow(text, file="small.flow.yaml")
    return check(reading.document, file=reading.file, lines=reading.lines, wordings=WORDINGS, found=reading.problems)


def test_small_flow_is_sound() -> None:
    assert problems(GOOD) == ()


def test_a_lookup_of_an_order_may_name_where_it_goes_when_the_other_system_is_down() -> None:
    outcomes = "found: ask, late: ask, not_found: ask, needs_proof: ask, wrong_proof: ask"
    flow = (
        GOOD.replace(
            "  who:\n", f"  order: {{kind: lookup, what: order, outcomes: {{{outcomes}, failed: to_person}}}}\n  who:\n"
        )
        .replace("first: who", "first: order")
        .replace("known: ask, unknown", "known: order, unknown")
    )
    assert [problem for problem in problems(flow) if "failed" in problem.message] == []
    account = flow.replace("what: order", "what: account")
    assert any("'failed' never comes" in problem.message for problem in problems(account))


def test_shipped_flow_is_sound(version: Version) -> None:
    assert check(version.flow, file=version.flow_file, lines=version.lines, wordings=version.catalogue.shape()) == ()


@pytest.mark.parametrize(
    ("rule", "old", "new", "said"),
    [
        (
            "unknown node",
            "known: ask, unknown",
            "known: aks, unknown",
            "10: node who: known goes to 'aks', and there is no such node",
        ),
        ("missing outcome", ", hidden: ask}", "}", "10: node who: the outcome 'hidden' is missing"),
        (
            "unknown outcome",
            "failed: bye}",
            "failed: bye, busy: bye}",
            "20: node to_person: the outcome 'busy' never comes",
        ),
        (
            "unknown intent",
            "nothing_else: bye",
            "nothing_els: bye",
            "16: node ask: the outcome 'nothing_els' never comes",
        ),
        ("unknown prompt", "prompt: q", "prompt: r", "14: node ask: there is no prompt 'r'"),
        (
            "missing language",
            "prompt: q",
            "prompt: only_italian",
            "14: node ask: the prompt 'only_italian' is missing in the language en",
        ),
        (
            "too few reprompts",
            "prompt: q",
            "prompt: p",
            "14: node ask: the prompt 'p' has 0 reprompts in it, en and needs 3 here",
        ),
        (
            "unreachable",
            "  bye:",
            "  lost: {kind: say, prompt: p, outcomes: {next: bye}}\n  bye:",
            "21: node lost: no call can come",
        ),
        (
            "missed too early",
            "nothing_else: bye",
            "missed: bye",
            "16: node ask: 'missed' stands where no person has been tried yet",
        ),
        (
            "key to nowhere",
            '"1": complaint',
            '"1": dance',
            "15: node ask: key 1 means 'dance', which is no answer here",
        ),
        ("no keys", '    keys: {"1": complaint}\n', "", "11: node ask: this question cannot be answered by keys"),
        (
            "unknown field",
            "skill: general",
            "skill: general\n    skil: x",
            "20: node to_person: 'skil' is not known here",
        ),
        ("missing field", "    skill: general\n", "", "17: node to_person: 'skill' is missing"),
        ("unknown kind", "kind: route", "kind: rout", "18: node to_person: kind: 'rout' is not possible here"),
        ("twice", "  bye:", "  ask: {kind: end}\n  bye:", "21: node ask: 'ask' stands here twice (first in line 11)"),
        ("not YAML", "languages: {it:", "languages: {{it:", "this is not YAML"),
        (
            "wrong type",
            "skill: general",
            "skill: [general]",
            "19: node to_person: skill: ['general'] is not of the type string",
        ),
    ],
)
def test_broken_flow_is_told_with_file_node_line_and_remedy(rule: str, old: str, new: str, said: str) -> None:
    assert old in GOOD, rule
    found = [str(problem) for problem in problems(GOOD.replace(old, new, 1))]
    assert found
    assert all(re.match(r"small\.flow\.yaml:\d+: .+\. .+\.$", one) for one in found)
    assert any(said in one for one in found), found


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("timeout_seconds: 31", "15: node ask: timeout_seconds: 31 is out of bounds. Write a number of at most 30"),
        ("timeout_seconds: 0", "15: node ask: timeout_seconds: 0 is out of bounds. Write a number of more than 0"),
        (
            "after_words_seconds: 0.1",
            "15: node ask: after_words_seconds: 0.1 is out of bounds. Write a number of at least 0.2",
        ),
        ("longest_seconds: 61", "15: node ask: longest_seconds: 61 is out of bounds"),
        ("longest_seconds: 5", "15: node ask: the whole answer ends after 5 s, and timeout_seconds alone is 5 s"),
        (
            "longest_seconds: 7\n    timeout_seconds: 8",
            "15: node ask: the whole answer ends after 7 s, and timeout_seconds alone",
        ),
        (
            "sensitivity: loud",
            "15: node ask: sensitivity: 'loud' is not possible here. Write one of: low, normal, high",
        ),
        ("barge_in: 3", "15: node ask: barge_in: 3 is not of the type boolean"),
        ("words: {de: [Lampe]}", "15: node ask: words in the language 'de', which this flow does not speak"),
        ("words: {it: []}", "15: node ask: words.it: [] is empty"),
        ("words: {it: ['lampada, tavolo']}", "15: node ask: words.it.0: 'lampada, tavolo' does not fit here"),
        (
            f"words: {{it: [{', '.join(f'w{number}' for number in range(101))}]}}",
            "15: node ask: words.it: 101 are too many",
        ),
    ],
)
def test_setting_that_would_not_hear_the_caller_is_told(setting: str, said: str) -> None:
    found = [str(one) for one in problems(GOOD.replace("    keys: {", f"    {setting}\n    keys: {{"))]
    assert [one for one in found if said in one], found


NUMBER = """\
  number:
    kind: ask
    expect: digits
    slot: order_number
    confirm: always
    prompt: q
    outcomes: {given: bye}
  bye:"""


def test_value_read_back_without_words_for_it_is_told() -> None:
    asking = GOOD.replace("  bye:", NUMBER).replace("nothing_else: bye", "nothing_else: number")
    (found,) = problems(asking)
    assert str(found) == (
        "small.flow.yaml:25: node number: the value is read back, and `prompts` names no 'read_back'. "
        "Add read_back: a prompt that says {value:value} and asks whether it is right."
    )
    assert problems(asking.replace("trouble: p}", "trouble: p, read_back: q}")) == ()
    too_few = [str(one) for one in problems(asking.replace("trouble: p}", "trouble: p, read_back: p}"))]
    assert any(":6: the prompt 'p' has 0 reprompts in it, en and needs 3 here" in one for one in too_few), too_few


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "confirm: always",
            "confirm: maybe",
            "confirm: 'maybe' is not possible here. Write one of: never, unsure, always",
        ),
        ("expect: digits", "expect: letters", "slot: 'order_number' does not fit here"),
        ("    slot: order_number\n", "", "'slot' is missing"),
    ],
)
def test_value_that_cannot_be_asked_for_so_is_told(old: str, new: str, said: str) -> None:
    asking = GOOD.replace("  bye:", NUMBER).replace("nothing_else: bye", "nothing_else: number")
    found = [str(one) for one in problems(asking.replace("trouble: p}", "trouble: p, read_back: q}").replace(old, new))]
    assert any(said in one for one in found), found


def test_only_a_question_for_a_value_reads_back() -> None:
    found = [str(one) for one in problems(GOOD.replace("    keys: {", "    confirm: always\n    keys: {"))]
    assert any("15: node ask: confirm: 'always' is not possible here. Write one of: never" in one for one in found), (
        found
    )


def test_every_listening_setting_within_its_bounds_is_taken() -> None:
    settings = (
        "    barge_in: false\n    sensitivity: low\n    timeout_seconds: 8\n    after_words_seconds: 2\n"
        "    longest_seconds: 20\n    words: {it: [lampada Aurora], en: [Aurora lamp, shade]}\n    keys: {"
    )
    assert problems(GOOD.replace("    keys: {", settings)) == ()


def test_dead_end_is_told() -> None:
    loop = "  loop: {kind: say, prompt: p, outcomes: {next: loop}}\n  bye:"
    found = [
        str(one) for one in problems(GOOD.replace("  bye:", loop).replace("nothing_else: bye", "nothing_else: loop"))
    ]
    assert [one.split(". ")[0] for one in found] == [
        "small.flow.yaml:21: node loop: a dead end: no end can be reached from here"
    ]


def test_loop_that_only_silence_keeps_going_is_told() -> None:
    looping = GOOD.replace("nobody: bye", "nobody: ask")
    (found,) = problems(looping)
    assert found.place == "node ask"
    assert found.message.endswith("goes round here for ever (ask, to_person)")


def test_question_between_asking_for_a_person_and_the_person_is_refused() -> None:
    found = [str(one) for one in problems(GOOD.replace("person: to_person", "person: ask", 1))]
    assert any("node ask: stands between a caller who asked for a person and the person" in one for one in found)


def test_all_problems_are_told_at_once_in_order() -> None:
    broken = (
        GOOD.replace("known: ask, unknown", "known: aks, unknown")
        .replace("prompt: q", "prompt: r")
        .replace("skill: general", "skil: x")
    )
    found = problems(broken)
    assert [problem.line for problem in found] == sorted(problem.line for problem in found)
    assert {problem.place for problem in found} >= {"node who", "node ask", "node to_person"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "nodes: 3",
        "nodes: {a: 3, b: {kind: 7}}",
        "a: &x [*x]",
        "- 1\n- {",
        "nodes: {a: {kind: ask, outcomes: [1]}}",
    ],
)
def test_rubbish_is_refused_and_never_raised_over(text: str) -> None:
    assert problems(text)


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=6)
    | st.sampled_from(["ask", "p", "q", "route", "digits", "bye"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
places = st.sampled_from([
    ("first",), ("person",), ("languages",), ("requests",), ("prompts",), ("nodes",), ("nodes", "ask"), ("nodes", "ask", "kind"),
    ("nodes", "ask", "outcomes"), ("nodes", "ask", "expect"), ("nodes", "ask", "keys"), ("nodes", "who", "outcomes"),
    ("nodes", "to_person", "kind"), ("nodes", "bye", "prompt"), ("nodes", "who", "tries"), ("nodes", "ask", "prompt"),
])  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.tuples(places, anything), min_size=1, max_size=3))
def test_whatever_stands_in_a_place_is_checked_and_never_raised_over(
    changes: list[tuple[tuple[str, ...], object]],
) -> None:
    document = yaml.safe_load(GOOD)
    for place, value in changes:
        part = document
        for step in place[:-1]:
            part = part.get(step) if isinstance(part, dict) else None
        if isinstance(part, dict):
            part[place[-1]] = value
    found = problems(yaml.safe_dump(document, sort_keys=False))
    if not found:
        build(read_flow(yaml.safe_dump(document, sort_keys=False), file="small.flow.yaml").document)


@given(st.text(max_size=40))
def test_any_text_is_read_and_never_raised_over(text: str) -> None:
    assert problems(text)


def test_lookup_with_tries_must_say_where_the_last_one_leads() -> None:
    lookup = (
        "  look:\n    kind: lookup\n    what: return\n    tries: 3\n    outcomes: {found: bye, not_found: ask}\n  bye:"
    )
    found = [
        str(one) for one in problems(GOOD.replace("  bye:", lookup).replace("nothing_else: bye", "nothing_else: look"))
    ]
    assert found == [
        "small.flow.yaml:25: node look: the outcome 'exhausted' is missing. Name the node where 'exhausted' goes.",
    ]
