"""To whom a call can be passed on, or who can be asked about it: one agent, anybody with a skill, an outside number."""

from dataclasses import dataclass, replace
from typing import TypeAlias, assert_never

from sqlalchemy.orm import Session

from ivr.calls import talks_routing
from ivr.calls.company import Company
from ivr.calls.desk import Refused
from ivr.calls.numbers import Wrong, dialable
from ivr.calls.tables import Call
from routing import reports
from routing.agents import AgentState
from routing.skills import HIGHEST_LEVEL, LOWEST_LEVEL, Requirements

NOT_NOW = "not_in_this_state"
AGENT_UNKNOWN, AGENT_NOT_FREE, AGENT_NOT_THERE = "agent_unknown", "agent_not_free", "agent_not_there"
NOBODY_FITS = "nobody_fits"
# Who is in one of these does not take a call by waiting for them a moment.
_NOT_THERE = frozenset({AgentState.OFFLINE, AgentState.AWAY, AgentState.MISSED})


@dataclass(frozen=True, kw_only=True)
class ToAgent:
    """One agent, and no other."""

    agent_id: str


@dataclass(frozen=True, kw_only=True)
class ToSkill:
    """Any agent with this skill at this level or above."""

    skill: str
    level: int = 1


@dataclass(frozen=True, kw_only=True)
class ToNumber:
    """A telephone number, as it was typed."""

    number: str


Target: TypeAlias = ToAgent | ToSkill | ToNumber


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """A target that can be had."""

    named: str  # for the story: an agent's identifier, a skill, a number
    name: str = ""  # of the leg
    agent_id: str | None = None
    address: str = ""  # of a number, which is rung at once
    requirements: Requirements | None = None  # of anybody else, whom routing looks for


def receiver(
    session: Session, company: Company, call: Call, target: Target, *, asker: str, waits: bool
) -> Receiver | Refused:
    """Who is meant, or why they cannot be had; `waits`: a moment of waiting for a busy agent does no harm."""
    asked = talks_routing.requirements_of(session, call.call_id)
    match target:
        case ToAgent():
            return _agent(session, target, asker=asker, asked=asked, waits=waits)
        case ToSkill():
            return _skill(session, call, target, asker=asker, asked=asked)
        case ToNumber():
            return _number(target, company)
        case _:
            assert_never(target)


def _agent(
    session: Session, target: ToAgent, *, asker: str, asked: Requirements | None, waits: bool
) -> Receiver | Refused:
    presence = reports.state_of(session, target.agent_id)
    if presence is None or target.agent_id == asker:
        return Refused(reason=AGENT_UNKNOWN)
    if presence.state in _NOT_THERE:
        return Refused(reason=AGENT_NOT_THERE)
    if not waits and presence.state is not AgentState.AVAILABLE:
        return Refused(reason=AGENT_NOT_FREE)
    base = asked or Requirements(skill=next(iter(presence.skills), "general"))
    wanted = replace(base, only_agent_id=target.agent_id, preferred_agent_id=None, excluded_agent_ids=())
    return Receiver(named=target.agent_id, name=presence.name, agent_id=target.agent_id, requirements=wanted)


def _skill(
    session: Session, call: Call, target: ToSkill, *, asker: str, asked: Requirements | None
) -> Receiver | Refused:
    if not target.skill.strip() or not LOWEST_LEVEL <= target.level <= HIGHEST_LEVEL:
        return Refused(reason=NOBODY_FITS)
    wanted = Requirements(
        skill=target.skill,
        level=target.level,
        languages=(call.language,) if asked is None else asked.languages,
        excluded_agent_ids=(asker,) if asker else (),
    )
    if not reports.anybody_for(session, wanted):
        return Refused(reason=NOBODY_FITS)
    return Receiver(named=target.skill, requirements=wanted)


def _number(target: ToNumber, company: Company) -> Receiver | Refused:
    match dialable(target.number, country=company.hours.country):
        case Wrong() as wrong:
            return Refused(reason=wrong.value)
        case found:
            return Receiver(named=found.number, name=found.number, address=found.number)
