"""How long a call will wait: the queue as it stands is played forward a number of times, and the middle of the waits is told.

Those ahead by rank take, one after the other, the first agent to become free who may take them in the ring that they will have
reached, unless they give up before; agents in a talk or a wrap-up become free by what past ones of that length still took. It is
the dispatcher's own order: whoever stands higher goes first at every agent who becomes free. Pure; the generator comes in. Not
foreseen: calls still to come that will overtake by priority, agents who sign in or leave.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from routing.agents import AgentState, Candidate
from routing.durations import Array, Durations, Patience
from routing.matching import could_ever_take
from routing.queues import DEFAULT_QUEUE, Queue
from routing.skills import Requirements, Skills
from routing.waiting import Ring, WaitingCall, ring_at

# The middle of so many waits has an error of a tenth of their spread: less than the history's own.
DRAWS: Final = 96
# Between these shares of the draws eight waits of ten of those who were answered lie: measured in simulated days, as calls still
# to come that overtake, agents who leave and the history's own error make the truth wider than the draws (docs/what-if.md).
LOW_SHARE, HIGH_SHARE = 0.06, 0.93
# Levels away count as milliseconds: among the free the nearest level goes, as in the choice itself.
_SECONDS_PER_LEVEL: Final = 0.001
_NEVER: Final = np.inf
# Of combinations of what is asked and what an agent can, the last so many are remembered.
_FORGOTTEN: Final = 65_536
_ANY_TIME: Final = datetime(2026, 1, 1, tzinfo=UTC)
# Skills with levels, languages, and whose it is alone ("" for whoever has them).
_Block: TypeAlias = tuple[tuple[tuple[str, int], ...], tuple[str, ...], str]


@dataclass(frozen=True, kw_only=True)
class AgentNow:
    """An agent as the estimate sees one."""

    agent_id: str
    state: AgentState
    seconds: float  # in this state so far
    skills: Skills
    languages: tuple[str, ...]
    talks_about: str = ""  # the skill of the call in hand, where there is one


@dataclass(frozen=True, kw_only=True)
class QueuedCall:
    """A call that waits, or is being offered."""

    call: WaitingCall
    queue: Queue = DEFAULT_QUEUE
    is_offered: bool = False


@dataclass(frozen=True, kw_only=True)
class Past:
    """What the newest stays say: talks and wrap-ups by skill, how long an answer takes, how long callers stay."""

    talks: Mapping[str, Durations]
    wrap_ups: Mapping[str, Durations]
    answers: Durations | None = None  # from the first ring to the acceptance
    patience: Patience | None = None
    returns: Mapping[AgentState, Durations] = field(default_factory=dict)  # how long agents stay missed or away

    def of(self, skill: str, kind: Mapping[str, Durations]) -> Durations | None:
        """The durations of a skill; of all the others together where there are none of its own."""
        return kind.get(skill) or kind.get("")


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """How long until the call is answered, from now: the middle, and the range that holds eight times of ten."""

    seconds: float
    low_seconds: float
    high_seconds: float


def estimate(
    mine: QueuedCall,
    ahead: Sequence[QueuedCall],
    agents: Sequence[AgentNow],
    past: Past,
    *,
    now: datetime,
    generator: np.random.Generator,
    draws: int = DRAWS,
) -> Estimate | None:
    """Estimate the wait of `mine` behind `ahead` (by rank); None where nobody signed in may take it or no talk is known."""
    if past.of(mine.call.requirements.skill, past.talks) is None:
        return None
    outlook = _Outlook(agents, (*ahead, mine), past, now=now, generator=generator, draws=draws)
    waits = outlook.waits(mine, ahead)
    if waits is None:
        return None
    low, middle, high = np.quantile(waits, (LOW_SHARE, 0.5, HIGH_SHARE))
    if not np.isfinite(middle):
        return None
    return Estimate(seconds=float(middle), low_seconds=float(low), high_seconds=float(min(high, 100 * middle + 3600)))


class _Outlook:
    """The agents of this moment, played forward.

    Agents of equal skills and languages stand in one block; whom a call names stands in a block of one. A call looks at the first
    of each block to become free, in all draws at once.
    """

    def __init__(
        self,
        agents: Sequence[AgentNow],
        calls: Sequence[QueuedCall],
        past: Past,
        *,
        now: datetime,
        generator: np.random.Generator,
        draws: int,
    ) -> None:
        self._past = past
        self._now = now
        self._generator = generator
        self._draws = draws
        self._rows = np.arange(draws)
        named = {name for one in calls for name in _named(one.call.requirements)}
        numbers: dict[_Block, int] = {}
        self._agents = [one for one in agents if _comes_free(one, past)]
        blocks = [
            (
                tuple(sorted(one.skills.items())),
                tuple(sorted(one.languages)),
                one.agent_id if one.agent_id in named else "",
            )
            for one in self._agents
        ]
        self._block_of = [numbers.setdefault(block, len(numbers)) for block in blocks]
        self._blocks = list(numbers)
        self._block_of_person = {name: number for (_, _, name), number in numbers.items() if name}
        self._opens: dict[tuple[Requirements, tuple[str, ...], tuple[Ring, ...]], npt.NDArray[np.bool_]] = {}
        self._levels: dict[tuple[str, int], Array] = {}

    def waits(self, mine: QueuedCall, ahead: Sequence[QueuedCall]) -> Array | None:
        """Play forward: the wait of `mine` in each draw."""
        admits = [self._admitted(one) for one in (*ahead, mine)]
        if not np.isfinite(admits[-1]).any():
            return None
        answers = self._answers(1)[:, 0]
        if mine.is_offered:
            return answers
        self._make_free()
        competing = self._competing(admits)
        elapsed = np.array([(self._now - one.call.enqueued_at).total_seconds() for one in ahead])
        stays = np.full((self._draws, len(ahead)), _NEVER)
        if self._past.patience is not None and len(ahead):
            stays = self._past.patience.remaining(self._generator, elapsed, self._draws)
        for place, one in enumerate(ahead):
            # Who is being rung for is with the agent who is: that agent's time counts already.
            if competing[place] and not one.is_offered:
                self._take(one, admits[place], stays[:, place])
        begins, _ = self._earliest(admits[-1], mine.call)
        return np.asarray(begins + answers)

    def _take(self, one: QueuedCall, admitted: Array, stays: Array) -> None:
        """Let a call ahead take the first agent who becomes free, in every draw in which it is still there."""
        begins, blocks = self._earliest(admitted, one.call)
        answered = begins + self._answers(1)[:, 0]
        is_taken = (answered <= stays) & np.isfinite(begins)
        rows, blocks = self._rows[is_taken], blocks[is_taken]
        free_again = (answered + self._handling(one.call.requirements.skill))[is_taken]
        self._free[rows, blocks, self._who[rows, blocks]] = free_again
        among = self._free[rows, blocks]
        first = np.argmin(among, axis=1)
        self._who[rows, blocks] = first
        self._first[rows, blocks] = among[np.arange(rows.size), first]

    def _earliest(self, admitted: Array, call: WaitingCall) -> tuple[Array, npt.NDArray[np.int64]]:
        """When and with whose block the call begins, if it is there: in every draw."""
        when = np.maximum(self._first, admitted)
        best = np.argmin(when + self._levels_away(call), axis=1)
        return when[self._rows, best], best

    def _levels_away(self, call: WaitingCall) -> Array:
        asked = call.requirements
        levels = self._levels.get((asked.skill, asked.level))
        if levels is None:
            away = [abs(dict(skills).get(asked.skill, 0) - asked.level) for skills, _, _ in self._blocks]
            levels = np.asarray(away, dtype=np.float64) * _SECONDS_PER_LEVEL
            self._levels[(asked.skill, asked.level)] = levels
        preferred = self._block_of_person.get(asked.preferred_agent_id or "")
        if preferred is not None:
            levels = levels.copy()
            levels[preferred] = -_SECONDS_PER_LEVEL
        return levels

    def _admitted(self, one: QueuedCall) -> Array:
        """From when on each block may take the call, in seconds from now: by the rings still to come; infinite for never."""
        asked, waited = one.call.requirements, (self._now - one.call.enqueued_at).total_seconds()
        reached = ring_at(one.call, self._now, one.queue.rings)
        admitted = np.where(self._open_to(asked, one.queue, reached), 0.0, _NEVER)
        for ring in range(reached + 1, len(one.queue.rings)):
            opens = max(0.0, one.queue.rings[ring].after_seconds - waited)
            admitted = np.minimum(admitted, np.where(self._open_to(asked, one.queue, ring), opens, _NEVER))
        return self._for_persons(asked, admitted, asked.preferred_seconds - waited)

    def _open_to(self, asked: Requirements, queue: Queue, ring: int) -> npt.NDArray[np.bool_]:
        """Which blocks meet what is still asked for in a ring."""
        bare, rings = _bare(asked), queue.rings[: ring + 1]
        found = self._opens.get((bare, queue.team, rings))
        if found is None:
            found = np.array(
                [_fits(bare, skills, languages, queue.team, rings) for skills, languages, _ in self._blocks], dtype=bool
            )
            self._opens[(bare, queue.team, rings)] = found
        return found

    def _for_persons(self, asked: Requirements, admitted: Array, kept_seconds: float) -> Array:
        if asked.only_agent_id is not None:
            only = np.full(admitted.size, _NEVER)
            if asked.only_agent_id in self._block_of_person:
                only[self._block_of_person[asked.only_agent_id]] = 0.0
            return only
        for name in asked.excluded_agent_ids:
            if name in self._block_of_person:
                admitted[self._block_of_person[name]] = _NEVER
        preferred = self._block_of_person.get(asked.preferred_agent_id or "")
        if preferred is not None and kept_seconds > 0:
            others = np.arange(admitted.size) != preferred
            admitted[others] = np.maximum(admitted[others], kept_seconds)
        return admitted

    def _competing(self, admits: Sequence[Array]) -> list[bool]:
        """Which calls ahead want agents that mine may need, directly or by way of others."""
        opens = np.isfinite(np.asarray(admits))
        wanted = opens[-1].copy()
        found = np.zeros(len(admits), dtype=bool)
        while True:
            touched = (opens & wanted).any(axis=1)
            if (touched == found).all():
                return [bool(one) for one in touched[:-1]]
            found = touched
            wanted |= opens[touched].any(axis=0)

    def _make_free(self) -> None:
        """When each agent becomes free for the first time, from now: draws by blocks by places in a block."""
        sizes = [0] * len(self._blocks)
        places = []
        for block in self._block_of:
            places.append(sizes[block])
            sizes[block] += 1
        self._free = np.full((self._draws, len(sizes), max(sizes, default=1)), _NEVER)
        groups: dict[tuple[AgentState, str], list[int]] = {}
        for number, one in enumerate(self._agents):
            groups.setdefault((one.state, one.talks_about), []).append(number)
        for (state, skill), numbers in groups.items():
            elapsed = np.array([self._agents[number].seconds for number in numbers])
            blocks, where = ([of[number] for number in numbers] for of in (self._block_of, places))
            self._free[:, blocks, where] = self._busy(state, skill, elapsed)
        self._who = np.argmin(self._free, axis=2)
        self._first = self._free.min(axis=2)

    def _busy(self, state: AgentState, skill: str, elapsed: Array) -> Array:
        shape = (self._draws, elapsed.size)
        talks, wraps = self._past.of(skill, self._past.talks), self._past.of(skill, self._past.wrap_ups)
        wrap = np.zeros(shape) if wraps is None else wraps.draw(self._generator, shape)
        none = np.zeros(shape)
        if state is AgentState.ON_CALL and talks is not None:
            return np.asarray(talks.remaining(self._generator, elapsed, self._draws) + wrap)
        if state is AgentState.OFFERED and talks is not None:
            return np.asarray(self._answers(elapsed.size) + talks.draw(self._generator, shape) + wrap)
        if state is AgentState.WRAP_UP and wraps is not None:
            return wraps.remaining(self._generator, elapsed, self._draws)
        if state in self._past.returns:
            return self._past.returns[state].remaining(self._generator, elapsed, self._draws)
        return none

    def _answers(self, count: int) -> Array:
        answers = self._past.answers
        shape = (self._draws, count)
        return np.zeros(shape) if answers is None else answers.draw(self._generator, shape)

    def _handling(self, skill: str) -> Array:
        talks, wraps = self._past.of(skill, self._past.talks), self._past.of(skill, self._past.wrap_ups)
        talk = np.zeros(self._draws) if talks is None else talks.draw(self._generator, self._draws)
        return talk if wraps is None else np.asarray(talk + wraps.draw(self._generator, self._draws))


def _comes_free(one: AgentNow, past: Past) -> bool:
    working = (AgentState.AVAILABLE, AgentState.OFFERED, AgentState.ON_CALL, AgentState.WRAP_UP)
    return one.state in working or one.state in past.returns


def _named(asked: Requirements) -> tuple[str, ...]:
    persons = (asked.preferred_agent_id, asked.only_agent_id, *asked.excluded_agent_ids)
    return tuple(name for name in persons if name)


def _bare(asked: Requirements) -> Requirements:
    """What is asked of anybody, without the persons who are named."""
    if not (asked.preferred_agent_id or asked.only_agent_id or asked.excluded_agent_ids or asked.preferred_seconds):
        return asked
    return replace(asked, preferred_agent_id=None, preferred_seconds=0, only_agent_id=None, excluded_agent_ids=())


@lru_cache(maxsize=_FORGOTTEN)
def _fits(
    asked: Requirements,
    skills: tuple[tuple[str, int], ...],
    languages: tuple[str, ...],
    team: tuple[str, ...],
    rings: tuple[Ring, ...],
) -> bool:
    """Whether agents of these skills and languages meet what is still asked for in the last of these rings."""
    agent = Candidate(
        agent_id="", name="", state=AgentState.AVAILABLE, idle_since=_ANY_TIME, languages=languages, skills=dict(skills)
    )
    return could_ever_take(asked, agent, replace(DEFAULT_QUEUE, team=team, rings=rings))
