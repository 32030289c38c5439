"""From a trial call to the scenario that it makes: what was said or pressed, what was heard before, where it ended. Pure."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from ivr.trials.situations import Hidden, Known, MadeUp, Setting, Situation, Stranger
from ivr.trials.story import TrialStory, TrialTurn

# How a call that left no question open ended; the words of scenarios.
_SERVED, _AGENT, _WAITING, _HUNG_UP = "served", "agent", "waiting", "hung_up"


def scenario_of(setting: Setting, story: TrialStory, *, zone: ZoneInfo) -> dict[str, Any]:
    """The scenario's document without its name; without steps where nothing was said yet."""
    steps = [
        _step(turn) for turn in story.turns if turn.ended in {"speech", "keys", "silence"} or turn.answered or turn.keys
    ]
    if story.turns and not _is_answered(story.turns[-1]) and story.turns[-1].prompts:
        last: dict[str, Any] = {"expect": list(dict.fromkeys(story.turns[-1].prompts))}
        steps.append(last | ({"hang_up": True} if story.has_hung_up else {}))
    document: dict[str, Any] = {"language": setting.language, "caller": _caller(setting), "steps": steps}
    if setting.at is not None:
        document["at"] = setting.at.astimezone(zone).strftime("%Y-%m-%d %H:%M")
    if setting.agents is not Situation.ANSWER:
        document["agents"] = setting.agents.value
    if setting.faults:
        document["faults"] = [fault.as_json() for fault in setting.faults]
    return document | {"ends": _ends(story)}


def _step(turn: TrialTurn) -> dict[str, Any]:
    step: dict[str, Any] = {"expect": list(dict.fromkeys(turn.prompts))} if turn.prompts else {}
    if turn.keys:
        return step | {"press": turn.keys}
    return step | ({"say": turn.answered} if turn.answered else {"silent": True})


def _is_answered(turn: TrialTurn) -> bool:
    return bool(turn.answered or turn.keys or turn.ended)


def _ended_by_line(story: TrialStory) -> bool:
    return story.status == "ended" and not story.has_hung_up


def _ends(story: TrialStory) -> dict[str, Any]:
    ends: dict[str, Any] = {"outcome": _outcome(story)}
    if story.routed:
        ends["skill"] = story.routed[-1].skill
    if story.cases:
        ends["cases"] = [case.kind for case in story.cases]
    return ends


def _outcome(story: TrialStory) -> str:
    if any(one.agent for one in story.routed):
        return _AGENT
    if story.status == "waiting" or any(one.outcome == "abandoned" for one in story.routed):
        return _WAITING
    return _SERVED if _ended_by_line(story) else _HUNG_UP


def _caller(setting: Setting) -> str | Mapping[str, Any]:
    match setting.caller:
        case Known(customer_id=customer_id):
            return {"customer": customer_id}
        case Stranger(number=number):
            return "stranger" if number == Stranger().number else {"number": number}
        case Hidden():
            return "hidden"
        case MadeUp() as person:
            orders = [dict(vars(order)) for order in person.orders]
            who = {"name": person.name, "number": person.number, "language": person.language}
            return {**who, "called_before": person.called_before, **({"orders": orders} if orders else {})}
