"""Which agent is offered a call: every rule asked of every candidate, the best fit of those who pass, the longest idle.

Pure: the same call, candidates and time give the same receipt. Taking the agent is left to `dispatch`.
"""

from collections.abc import Iterable
from datetime import datetime

from routing.agents import AgentState, Candidate
from routing.receipts import Check, Considered, Receipt, Rule, TieBreak
from routing.skills import Droppable, Requirements
from routing.waiting import DEFAULT_RULES, Rules, WaitingCall, dropped_at, ring_at


def match(call: WaitingCall, candidates: Iterable[Candidate], now: datetime, rules: Rules = DEFAULT_RULES) -> Receipt:
    """Choose for `call` and say why; `chosen_agent_id` is None when nobody passes every rule."""
    dropped = dropped_at(call, now, rules)
    agents = {one.agent_id: one for one in candidates}
    considered = tuple(_consider(call, agents[agent_id], dropped, now, rules) for agent_id in sorted(agents))
    order = sorted((one for one in considered if one.passed), key=lambda one: _key(one, agents[one.agent_id]))
    return Receipt(
        call_id=call.call_id,
        at=now,
        ring=ring_at(call, now, rules),
        waited_seconds=int((now - call.enqueued_at).total_seconds()),
        skill=call.requirements.skill,
        level=call.requirements.level,
        considered=considered,
        chosen_agent_id=order[0].agent_id if order else None,
        tie_break=_tie_break(order, agents),
    )


def could_ever_take(requirements: Requirements, candidate: Candidate, rules: Rules = DEFAULT_RULES) -> bool:
    """Whether the candidate meets what is still asked for in the last ring, whatever the candidate is doing now."""
    dropped = frozenset[Droppable]().union(*(ring.drops for ring in rules.rings)) - requirements.never_dropped
    checks = _fitness(requirements, candidate, dropped)
    return all(check.passed for check in checks)


# One entry a tie-break, in order: what is compared is the same as in `_key`.
_ORDER = (
    TieBreak.PREFERRED,
    TieBreak.NOT_REFUSED_BEFORE,
    TieBreak.NEAREST_LEVEL,
    TieBreak.LONGEST_IDLE,
    TieBreak.AGENT_ID,
)


def _key(one: Considered, agent: Candidate) -> tuple[bool, bool, int, datetime, str]:
    # The nearest level, not the highest: the expert stays free for the call that needs one.
    return (not one.is_preferred, agent.refused_at is not None, one.level_distance, agent.idle_since, one.agent_id)


def _tie_break(order: list[Considered], agents: dict[str, Candidate]) -> TieBreak:
    if not order:
        return TieBreak.NOBODY
    if len(order) == 1:
        return TieBreak.ONLY_ONE
    first, second = (_key(one, agents[one.agent_id]) for one in order[:2])
    return next(name for name, mine, other in zip(_ORDER, first, second, strict=True) if mine != other)


def _consider(
    call: WaitingCall, agent: Candidate, dropped: frozenset[Droppable], now: datetime, rules: Rules
) -> Considered:
    state = Check(
        rule=Rule.STATE,
        passed=agent.state is AgentState.AVAILABLE,
        wanted=AgentState.AVAILABLE.value,
        found=agent.state.value,
    )
    checks = (state, *_fitness(call.requirements, agent, dropped), _not_just_refused(agent, now, rules))
    return Considered(
        agent_id=agent.agent_id,
        name=agent.name,
        checks=checks,
        is_preferred=agent.agent_id == call.requirements.preferred_agent_id,
        level_distance=abs(agent.skills.get(call.requirements.skill, 0) - call.requirements.level),
        idle_seconds=max(0, int((now - agent.idle_since).total_seconds())),
    )


def _fitness(asked: Requirements, agent: Candidate, dropped: frozenset[Droppable]) -> tuple[Check, ...]:
    level = agent.skills.get(asked.skill, 0)
    skill = Check(rule=Rule.SKILL, passed=level > 0, wanted=asked.skill, found=", ".join(sorted(agent.skills)))
    checks = [skill]
    # Without the skill a level says nothing: one failure is enough.
    if level > 0 and Droppable.LEVEL not in dropped:
        checks.append(Check(rule=Rule.LEVEL, passed=level >= asked.level, wanted=str(asked.level), found=str(level)))
    if asked.languages and Droppable.LANGUAGES not in dropped:
        speaks = not set(asked.languages).isdisjoint(agent.languages)
        wanted, found = ", ".join(asked.languages), ", ".join(agent.languages)
        checks.append(Check(rule=Rule.LANGUAGES, passed=speaks, wanted=wanted, found=found))
    return tuple(checks)


def _not_just_refused(agent: Candidate, now: datetime, rules: Rules) -> Check:
    ago = None if agent.refused_at is None else int((now - agent.refused_at).total_seconds())
    passed = ago is None or ago >= rules.again_after_seconds
    found = "" if ago is None else str(ago)
    return Check(rule=Rule.NOT_JUST_REFUSED, passed=passed, wanted=str(rules.again_after_seconds), found=found)
