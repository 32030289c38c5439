"""Which agent is offered a call: every rule asked of every candidate, then the queue's order among those who pass.

Pure: the same call, candidates, time and queue give the same receipt. Taking the agent is left to `dispatch`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from routing.agents import AgentState, Candidate
from routing.queues import DEFAULT_QUEUE, AgentOrder, Queue
from routing.receipts import Bearing, Check, Considered, Receipt, Rule, TieBreak
from routing.skills import Droppable, Requirements, SkillWanted
from routing.waiting import DEFAULT_RULES, Rules, WaitingCall, dropped_at, dropped_by, rank_of, ring_at


def match(
    call: WaitingCall,
    candidates: Iterable[Candidate],
    now: datetime,
    rules: Rules = DEFAULT_RULES,
    queue: Queue = DEFAULT_QUEUE,
) -> Receipt:
    """Choose for `call` and say why; `chosen_agent_id` is None when nobody passes every rule.

    Whoever hands in a part of the agents includes the preferred agent, if signed in: a call may be kept for them.
    """
    agents = {one.agent_id: one for one in candidates}
    asking = _Asking(call, agents, now, rules, queue)
    considered = [asking.consider(agents[agent_id]) for agent_id in sorted(agents)]
    order = sorted((one for one in considered if one.passed), key=lambda one: _key(one, agents, queue.order))
    others = [one for one in considered if not one.passed]
    return decided(call, order, others, agents=agents, now=now, rules=rules, queue=queue)


def decided(
    call: WaitingCall,
    order: Sequence[Considered],
    others: Sequence[Considered] = (),
    *,
    agents: Mapping[str, Candidate],
    now: datetime,
    rules: Rules = DEFAULT_RULES,
    queue: Queue = DEFAULT_QUEUE,
) -> Receipt:
    """Say what follows from an order of those who may take the call; `match` makes one, and calls alike can share it."""
    return Receipt(
        call_id=call.call_id,
        at=now,
        queue=queue.queue_id,
        ring=ring_at(call, now, queue.rings),
        dropped=tuple(sorted(dropped_at(call, now, queue.rings))),
        waited_seconds=int((now - call.enqueued_at).total_seconds()),
        skill=call.requirements.skill,
        level=call.requirements.level,
        requirements=call.requirements,
        rank=rank_of(call, now, rules).parts,
        order=queue.order,
        considered=(*order, *others),
        chosen_agent_id=order[0].agent_id if order else None,
        tie_break=_tie_break(order, agents, queue.order),
    )


def could_ever_take(requirements: Requirements, candidate: Candidate, queue: Queue = DEFAULT_QUEUE) -> bool:
    """Whether the candidate meets what is still asked for in the last ring, whatever the candidate is doing now."""
    dropped = dropped_by(queue.rings, requirements)
    return not any(check.excludes for check in _fitness(requirements, candidate, dropped, queue))


# How each tie-break compares two who pass: the smaller goes first.
_COMPARED: Mapping[TieBreak, Callable[[Considered, Candidate], Any]] = MappingProxyType(
    {
        TieBreak.PREFERRED: lambda one, _: not one.is_preferred,
        TieBreak.NOT_REFUSED_BEFORE: lambda one, _: one.refused_before,
        TieBreak.HAS_THE_SKILL: lambda one, _: one.lacks_skill,
        TieBreak.MEETS_MORE: lambda one, _: one.unmet,
        TieBreak.PREFERRED_SKILLS: lambda one, _: -one.preferred_met,
        # The nearest level, not the highest: the expert stays free for the call that needs one.
        TieBreak.NEAREST_LEVEL: lambda one, _: one.level_distance,
        TieBreak.MOST_SKILLED: lambda one, _: -one.levels,
        TieBreak.FEWEST_CALLS: lambda one, _: one.calls_today,
        TieBreak.LONGEST_IDLE: lambda _, agent: agent.idle_since,
        TieBreak.AGENT_ID: lambda one, _: one.agent_id,
    }
)

# Every order begins with whom the customer knows, and ends with what can't be equal.
_FIRST = (TieBreak.PREFERRED, TieBreak.NOT_REFUSED_BEFORE, TieBreak.HAS_THE_SKILL)
_LAST = (TieBreak.LONGEST_IDLE, TieBreak.AGENT_ID)
ORDERS: Mapping[AgentOrder, tuple[TieBreak, ...]] = MappingProxyType(
    {
        AgentOrder.BEST_FIT: (
            *_FIRST,
            TieBreak.MEETS_MORE,
            TieBreak.PREFERRED_SKILLS,
            TieBreak.NEAREST_LEVEL,
            *_LAST,
        ),
        AgentOrder.LONGEST_IDLE: (*_FIRST, *_LAST),
        AgentOrder.MOST_SKILLED: (*_FIRST, TieBreak.MOST_SKILLED, TieBreak.PREFERRED_SKILLS, *_LAST),
        AgentOrder.FEWEST_CALLS: (*_FIRST, TieBreak.FEWEST_CALLS, *_LAST),
    }
)


def _key(one: Considered, agents: Mapping[str, Candidate], order: AgentOrder) -> tuple[Any, ...]:
    return tuple(_COMPARED[name](one, agents[one.agent_id]) for name in ORDERS[order])


def _tie_break(order: Sequence[Considered], agents: Mapping[str, Candidate], by: AgentOrder) -> TieBreak:
    if not order:
        return TieBreak.NOBODY
    if len(order) == 1:
        return TieBreak.ONLY_ONE
    first, second = (_key(one, agents, by) for one in order[:2])
    return next(name for name, mine, other in zip(ORDERS[by], first, second, strict=True) if mine != other)


class _Asking:
    """One call's questions to its candidates, at one moment."""

    def __init__(
        self, call: WaitingCall, agents: Mapping[str, Candidate], now: datetime, rules: Rules, queue: Queue
    ) -> None:
        self._asked = call.requirements
        self._now = now
        self._rules = rules
        self._queue = queue
        reached = queue.rings[: ring_at(call, now, queue.rings) + 1]
        self.dropped = dropped_by(reached, self._asked)
        kept_seconds = self._asked.preferred_seconds - int((now - call.enqueued_at).total_seconds())
        preferred = agents.get(self._asked.preferred_agent_id or "")
        self._kept_seconds = kept_seconds if preferred is not None and self._is_worth_keeping_for(preferred) else 0

    def consider(self, agent: Candidate) -> Considered:
        """Ask every rule of one agent."""
        asked = self._asked
        checks = (
            _state(agent),
            *_named(asked, agent),
            *_fitness(asked, agent, self.dropped, self._queue),
            *self._kept(agent),
            _not_just_refused(agent, self._now, self._rules),
        )
        levels = [(wanted, agent.skills.get(wanted.skill, 0)) for wanted in asked.musts]
        failed = tuple(check for check in checks if not check.passed)
        return Considered(
            agent_id=agent.agent_id,
            name=agent.name,
            checks=checks,
            is_preferred=agent.agent_id == asked.preferred_agent_id,
            level_distance=sum(abs(level - wanted.level) for wanted, level in levels),
            idle_seconds=max(0, int((self._now - agent.idle_since).total_seconds())),
            refused_before=agent.refused_at is not None,
            lacks_skill=any(check.rule is Rule.SKILL and check.bearing is Bearing.DROPPED for check in failed),
            unmet=sum(check.bearing is Bearing.DROPPED for check in failed),
            preferred_met=sum(check.rule is Rule.PREFERRED_SKILL and check.passed for check in checks),
            levels=sum(level for _, level in levels),
            calls_today=agent.calls_today,
        )

    def _is_worth_keeping_for(self, preferred: Candidate) -> bool:
        # By what is asked at the beginning: a call that is kept must not be given to somebody else and then kept again
        # because a ring has widened.
        able = not any(check.excludes for check in _fitness(self._asked, preferred, frozenset(), self._queue))
        signed_in = preferred.state is not AgentState.OFFLINE
        wanted = all(check.passed for check in _named(self._asked, preferred))
        return able and signed_in and wanted and preferred.refused_at is None

    def _kept(self, agent: Candidate) -> tuple[Check, ...]:
        if self._kept_seconds <= 0:
            return ()
        preferred = self._asked.preferred_agent_id or ""
        passed = agent.agent_id == preferred
        return (Check(rule=Rule.NOT_KEPT, passed=passed, wanted=preferred, found=str(self._kept_seconds)),)


def _state(agent: Candidate) -> Check:
    available = AgentState.AVAILABLE
    return Check(rule=Rule.STATE, passed=agent.state is available, wanted=available.value, found=agent.state.value)


def _named(asked: Requirements, agent: Candidate) -> tuple[Check, ...]:
    checks = []
    if asked.only_agent_id is not None:
        passed = agent.agent_id == asked.only_agent_id
        checks.append(Check(rule=Rule.ONLY_AGENT, passed=passed, wanted=asked.only_agent_id, found=agent.agent_id))
    if asked.excluded_agent_ids:
        passed = agent.agent_id not in asked.excluded_agent_ids
        wanted = ", ".join(asked.excluded_agent_ids)
        checks.append(Check(rule=Rule.NOT_EXCLUDED, passed=passed, wanted=wanted, found=agent.agent_id))
    return tuple(checks)


def _fitness(asked: Requirements, agent: Candidate, dropped: frozenset[Droppable], queue: Queue) -> tuple[Check, ...]:
    if asked.only_agent_id is not None:
        return ()
    checks = [check for wanted in asked.musts for check in _skill(wanted, asked, agent, dropped)]
    if Droppable.SKILL in dropped:
        checks.append(_team(asked, agent, queue))
    if asked.languages:
        speaks = not set(asked.languages).isdisjoint(agent.languages)
        checks.append(
            Check(
                rule=Rule.LANGUAGES,
                passed=speaks,
                wanted=", ".join(asked.languages),
                found=", ".join(agent.languages),
                bearing=_bearing(Droppable.LANGUAGES in dropped),
            )
        )
    if Droppable.PREFERRED_SKILLS not in dropped:
        checks.extend(_preference(wanted, agent) for wanted in asked.preferences)
    return tuple(checks)


def _skill(
    wanted: SkillWanted, asked: Requirements, agent: Candidate, dropped: frozenset[Droppable]
) -> tuple[Check, ...]:
    level = agent.skills.get(wanted.skill, 0)
    any_agent = Droppable.SKILL in dropped
    has = Check(
        rule=Rule.SKILL,
        passed=level > 0,
        wanted=wanted.skill,
        found=", ".join(sorted(agent.skills)),
        bearing=_bearing(any_agent),
    )
    # Without the skill a level says nothing: one failure is enough.
    if not level:
        return (has,)
    reaches = Check(
        rule=Rule.LEVEL,
        passed=level >= wanted.level,
        wanted=str(wanted.level),
        found=str(level),
        skill="" if wanted.skill == asked.skill else wanted.skill,
        bearing=_bearing(any_agent or Droppable.LEVEL in dropped),
    )
    return (has, reaches)


def _team(asked: Requirements, agent: Candidate, queue: Queue) -> Check:
    # Who has the call's own skill belongs to it whatever the queue's team says: a wider ring takes nobody away.
    team = sorted({*queue.team, *(wanted.skill for wanted in asked.musts)})
    passed = not agent.skills.keys().isdisjoint(team)
    return Check(rule=Rule.TEAM, passed=passed, wanted=", ".join(team), found=", ".join(sorted(agent.skills)))


def _preference(wanted: SkillWanted, agent: Candidate) -> Check:
    level = agent.skills.get(wanted.skill, 0)
    return Check(
        rule=Rule.PREFERRED_SKILL,
        passed=level >= wanted.level,
        wanted=str(wanted.level),
        found=str(level),
        skill=wanted.skill,
        bearing=Bearing.PREFERRED,
    )


def _bearing(is_dropped: bool) -> Bearing:  # noqa: FBT001  # one question, one answer
    return Bearing.DROPPED if is_dropped else Bearing.MUST


def _not_just_refused(agent: Candidate, now: datetime, rules: Rules) -> Check:
    ago = None if agent.refused_at is None else int((now - agent.refused_at).total_seconds())
    passed = ago is None or ago >= rules.again_after_seconds
    found = "" if ago is None else str(ago)
    return Check(rule=Rule.NOT_JUST_REFUSED, passed=passed, wanted=str(rules.again_after_seconds), found=found)
