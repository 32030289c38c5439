"""From a scenario to what its call is tried with: who calls, when, what agents do, what goes wrong. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from types import MappingProxyType
from typing import Any, Final

from ivr.trials.scenarios import CLOSED, OPEN, CallerIs, Scenario
from ivr.trials.situations import Setting, Situation, Trouble, setting_from_json
from prompts.told import Told
from routing.hours import Hours

SITUATIONS: Final = tuple(one.value for one in Situation)
TROUBLES: Final = tuple(one.value for one in Trouble)
# Where days are counted from that a scenario leaves open: a Monday morning that is no holiday, so that every run is the same.
USUAL_TIME: Final = "2026-11-23 10:00"
_LOOK_EVERY: Final = timedelta(minutes=30)
_LOOK_FOR: Final = timedelta(days=14)
# The trial company's customers (`ivr.trial`), whose orders are told in days of the call.
_PERSONS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType({
    "giulia": {
        "name": "Giulia Conti", "number": "+393331230001", "language": "it", "called_before": True,
        "orders": [
            {"number": "1042", "items": "una lampada da tavolo", "promised_in_days": -3, "due_in_days": 2, "postcode": "20121"},
            {"number": "1017", "status": "delivered", "items": "due federe di lino", "promised_in_days": -12,
             "due_in_days": -12, "postcode": "20121"},
        ],
    },
    "mario": {
        "name": "Mario Bianchi", "number": "+393331230002", "language": "it", "called_before": True,
        "orders": [
            {"number": "2358", "items": "una macchina per il caffè", "promised_in_days": 2, "due_in_days": 2,
             "postcode": "00184"},
            {"number": "2290", "status": "delivered", "items": "un tappeto", "promised_in_days": -5, "due_in_days": -5,
             "postcode": "00184"},
        ],
    },
    "emily": {
        "name": "Emily Carter", "number": "+447700900123", "language": "en", "called_before": True,
        "orders": [
            {"number": "30917", "status": "preparing", "items": "a pair of boots", "promised_in_days": 5, "due_in_days": 5,
             "postcode": "40121"},
        ],
    },
})  # fmt: skip


class NoSuchTimeError(ValueError):
    """The company is never open, or never closed: a scenario that wants it cannot be run."""


def setting_of(scenario: Scenario, *, hours: Hours, zone: tzinfo) -> Setting:
    """What a scenario's call is tried with. Raises `SituationError` or `NoSuchTimeError`, saying what cannot be."""
    return setting_from_json(
        {
            "caller": _caller_json(scenario.caller),
            "at": _time_of(scenario.at, hours=hours, zone=zone).isoformat(),
            "agents": scenario.agents,
            "faults": [dict(one) for one in scenario.faults],
            "language": scenario.language,
        }
    )


def _caller_json(caller: CallerIs) -> dict[str, Any]:
    if caller.customer_id:
        return {"kind": "known", "customer_id": caller.customer_id}
    if caller.is_hidden:
        return {"kind": "hidden"}
    if caller.person:
        return {"kind": "made_up", **_PERSONS[caller.person]}
    if caller.made_up is not None:
        return {"kind": "made_up", **caller.made_up}
    return {"kind": "stranger", "number": caller.number} if caller.number else {"kind": "stranger"}


def _time_of(at: str, *, hours: Hours, zone: tzinfo) -> datetime:
    usual = datetime.strptime(USUAL_TIME if at in {OPEN, CLOSED} else at, "%Y-%m-%d %H:%M").replace(tzinfo=zone)
    if at not in {OPEN, CLOSED}:
        return usual
    moment = usual
    while moment < usual + _LOOK_FOR:
        if hours.is_open(moment) == (at == OPEN):
            return moment
        moment += _LOOK_EVERY
    if at == OPEN:
        raise NoSuchTimeError(Told("by the company's hours the line is never open"))
    raise NoSuchTimeError(Told("by the company's hours the line is never closed"))
