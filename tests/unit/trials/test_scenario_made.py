"""The scenario that a trial call makes is one that the scenarios' own reader takes, and says what was said and heard."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ivr.customers.trial_records import LeftCase
from ivr.trials.scenario_made import scenario_of
from ivr.trials.shipped_scenarios import read
from ivr.trials.situations import (
    Caller,
    Fault,
    Hidden,
    Known,
    MadeUp,
    MadeUpOrder,
    Setting,
    Situation,
    Stranger,
    Trouble,
)
from ivr.trials.story import Routed, TrialStory, TrialTurn

ROME = ZoneInfo("Europe/Rome")


def turn(number: int, *prompts: str, node: str = "ask", **given: Any) -> TrialTurn:
    return TrialTurn(turn=number, at_seconds=0.0, node=node, path=(node,), said="…", prompts=prompts, facts=(), **given)


STORY = TrialStory(
    call_id="CA1",
    status="ended",
    ended="completed",
    language="it",
    reason="return",
    turns=(
        turn(1, "greeting", "how_can_we_help", answered="vorrei fare un reso", ended="speech"),
        turn(2, "which_order", keys="1017", ended="keys"),
        turn(3, "which_order", ended="silence"),
        turn(4, "goodbye", node="goodbye"),
    ),
    cases=(LeftCase(kind="return", number="R1", summary="1017"),),
)


def made(setting: Setting | None = None, story: TrialStory = STORY) -> dict[str, Any]:
    document = scenario_of(setting or Setting(), story, zone=ROME)
    found = read(json.dumps({"name": "made", **document}), file="made.json")
    assert found.scenario is not None, found.problems
    return document


def test_steps_are_what_was_heard_and_what_came_back() -> None:
    assert made()["steps"] == [
        {"expect": ["greeting", "how_can_we_help"], "say": "vorrei fare un reso"},
        {"expect": ["which_order"], "press": "1017"},
        {"expect": ["which_order"], "silent": True},
        {"expect": ["goodbye"]},
    ]
    assert made()["ends"] == {"outcome": "served", "cases": ["return"]}


def test_who_hangs_up_has_a_last_step_for_it() -> None:
    story = replace(STORY, has_hung_up=True, cases=())
    assert made(story=story)["steps"][-1] == {"expect": ["goodbye"], "hang_up": True}
    assert made(story=story)["ends"] == {"outcome": "hung_up"}


@pytest.mark.parametrize(
    ("stay", "outcome"),
    [
        (Routed(skill="returns", queue="general", level=1, outcome="answered", agent="Anna"), "agent"),
        (Routed(skill="returns", queue="general", level=1, outcome="abandoned"), "waiting"),
    ],
)
def test_end_says_where_the_call_went(stay: Routed, outcome: str) -> None:
    ends = made(story=replace(STORY, routed=(stay,), cases=()))["ends"]
    assert ends == {"outcome": outcome, "skill": "returns"}


@pytest.mark.parametrize(
    ("caller", "written"),
    [
        (Stranger(), "stranger"),
        (Stranger(number="+390612345678"), {"number": "+390612345678"}),
        (Hidden(), "hidden"),
        (Known(customer_id="K001"), {"customer": "K001"}),
    ],
)
def test_caller_is_the_trial_s(caller: Caller, written: Any) -> None:
    assert made(Setting(caller=caller))["caller"] == written


def test_somebody_made_up_keeps_their_orders() -> None:
    caller = MadeUp(name="Ada Prova", orders=(MadeUpOrder(number="7777", items="una sedia", promised_in_days=-2),))
    document = made(Setting(caller=caller))
    assert document["caller"]["called_before"] is False
    assert made(Setting(caller=replace(caller, called_before=True)))["caller"]["called_before"] is True
    assert document["caller"]["name"] == "Ada Prova"
    assert document["caller"]["orders"][0]["number"] == "7777"


def test_hour_agents_and_faults_are_kept() -> None:
    setting = Setting(
        at=datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
        agents=Situation.NOBODY,
        faults=(Fault(trouble=Trouble.WEBHOOK_TWICE),),
    )
    document = made(setting)
    assert (document["at"], document["agents"]) == ("2026-11-23 10:00", "nobody")
    assert document["faults"] == [{"trouble": "webhook_twice", "skip": 0, "times": 1}]
