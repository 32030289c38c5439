"""Who is on which leg of an agent's call, and to whom it could be passed now: the agents and skills, who can take it first."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from ivr.calls import legs
from ivr.calls.legs import LegView
from routing import reports
from routing import store as routing_store
from routing.agents import AgentState, Presence

# An agent looks for somebody by eye; of a larger company the rest is found by skill.
MOST_COLLEAGUES = 60
# Who is nearest to being free stands first.
_ORDER = (
    AgentState.AVAILABLE,
    AgentState.WRAP_UP,
    AgentState.OFFERED,
    AgentState.ON_CALL,
    AgentState.MISSED,
    AgentState.AWAY,
)


@dataclass(frozen=True, kw_only=True)
class Colleague:
    """Another agent, to whom the call could be passed."""

    agent_id: str
    name: str
    state: str
    languages: tuple[str, ...]
    skills: tuple[str, ...]
    can_take: bool  # now
    can_wait: bool  # or in a moment: a call that is passed on waits for them
    speaks: bool  # the caller's language


@dataclass(frozen=True, kw_only=True)
class Team:
    """A skill, to whoever has it."""

    skill: str
    name: str  # of the queue that is called as the skill is, in the reader's language; "" for none
    free: int  # who could take the call now, in the caller's language
    signed_in: int


@dataclass(frozen=True, kw_only=True)
class Panel:
    """What the agent sees of the talk's legs, and whom they can turn to."""

    legs: tuple[LegView, ...]
    colleagues: tuple[Colleague, ...]
    teams: tuple[Team, ...]
    is_muted: bool  # the agent's own leg

    @property
    def asked(self) -> LegView | None:
        """The leg of whoever is being consulted."""
        return next((leg for leg in self.legs if leg.role == legs.CONSULTED), None)

    @property
    def is_caller_held(self) -> bool:
        """Whether the caller hears music."""
        return any(leg.role == legs.CALLER and leg.state == legs.HELD for leg in self.legs)


def panel_of(session: Session, *, call_id: str, language: str, agent_id: str, reads: str) -> Panel:
    """The panel of an agent's talk, who `reads` a language; a supervisor who listens is on nobody's list."""
    shown = tuple(leg for leg in legs.views(session, call_id) if leg.mode != legs.LISTEN)
    others = [
        one for one in reports.agents(session) if one.agent_id != agent_id and one.state is not AgentState.OFFLINE
    ]
    return Panel(
        legs=shown,
        colleagues=_colleagues(others, language),
        teams=_teams(
            others, language, {one.queue_id: one.name(reads) for one in routing_store.queues(session).values()}
        ),
        is_muted=any(leg.agent_id == agent_id and leg.is_muted for leg in shown),
    )


def _colleagues(others: list[Presence], language: str) -> tuple[Colleague, ...]:
    found = [
        Colleague(
            agent_id=one.agent_id,
            name=one.name,
            state=one.state.value,
            languages=one.languages,
            skills=tuple(sorted(one.skills)),
            can_take=one.state is AgentState.AVAILABLE,
            can_wait=one.state not in {AgentState.AWAY, AgentState.MISSED},
            speaks=language in one.languages,
        )
        for one in others
    ]
    states = [state.value for state in _ORDER]
    found.sort(key=lambda one: (states.index(one.state), not one.speaks, one.name))
    return tuple(found[:MOST_COLLEAGUES])


def _teams(others: list[Presence], language: str, names: Mapping[str, str]) -> tuple[Team, ...]:
    skills = sorted({skill for one in others for skill in one.skills})
    teams = []
    for skill in skills:
        having = [one for one in others if skill in one.skills]
        free = sum(one.state is AgentState.AVAILABLE and language in one.languages for one in having)
        teams.append(Team(skill=skill, name=names.get(skill, ""), free=free, signed_in=len(having)))
    return tuple(sorted(teams, key=lambda team: (team.free == 0, team.skill)))
