"""Who would get a call next, found without looking at everybody: the free are read in the order of the index.

For each level of a skill there is a line of the free, the longest idle first. Of what is not read yet the best that could
still come stands in as a ghost: an agent who meets everything else and has been idle as long as the last one read. The pure
matcher ranks those read together with the ghosts; whoever stands before every ghost is certain, since nobody can come
before them. So the choice is the matcher's own, by whatever order a queue has.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from routing import store_rounds
from routing.agents import AgentState, Candidate
from routing.matching import match
from routing.queues import AgentOrder, Queue
from routing.receipts import Considered
from routing.skills import HIGHEST_LEVEL, LOWEST_LEVEL, Droppable, Requirements
from routing.store_rounds import LineWanted
from routing.waiting import Rules, WaitingCall, dropped_at

# How many of a line are read at first; each further read takes twice as many.
_FIRST_READ = 4
_MOST_READ = 512
# Twice as many as there are calls for, and some: who has been idle longest stands at the head of all their lines, and one of
# them takes them away from the others.
_AHEAD_TIMES, _AHEAD = 2, 4
_BY_LEVEL = (AgentOrder.BEST_FIT, AgentOrder.MOST_SKILLED)
_EVER = datetime.min.replace(tzinfo=UTC)
_LEVELS = range(LOWEST_LEVEL, HIGHEST_LEVEL + 1)


@dataclass(kw_only=True)
class Line:
    """The free at one level of a skill, as far as they are read: since when and who."""

    skill: str
    level: int
    read: list[tuple[datetime, str]] = field(default_factory=list)
    is_over: bool = False


class Pool:
    """The free agents of one round: read when they are needed, each once, and taken as they get calls."""

    def __init__(self, session: Session, now: datetime, rules: Rules, *, calls_since: datetime | None) -> None:
        self.now = now
        self.rules = rules
        self.taken: set[str] = set()
        self._session = session
        self._calls_since = calls_since
        self._agents: dict[str, Candidate] = {}
        self._lines: dict[tuple[str, int], Line] = {}
        self._is_everybody = False

    def line(self, skill: str, level: int) -> Line:
        """The line of one level of a skill, as far as it is read."""
        key = skill, level
        if key not in self._lines:
            self._lines[key] = Line(skill=skill, level=level, is_over=self._is_everybody)
        return self._lines[key]

    def read_on(self, line: Line) -> None:
        """Read twice as many of a line as before."""
        self._read([(line, min(_MOST_READ, max(_FIRST_READ, len(line.read))))])

    def read_ahead(self, wanted: Mapping[tuple[str, int], int]) -> None:
        """Read of many lines at once what calls are likely to need, by skill and level."""
        lines = []
        for key, number in wanted.items():
            line = self.line(*key)
            left = sum(agent_id not in self.taken for _, agent_id in line.read)
            needed = _AHEAD_TIMES * number + _AHEAD
            if not line.is_over and left < needed:
                lines.append((line, needed - left))
        if lines:
            self._read(lines)

    def _read(self, lines: list[tuple[Line, int]]) -> None:
        wanted = [
            LineWanted(line.skill, line.level, line.read[-1] if line.read else None, limit) for line, limit in lines
        ]
        found = store_rounds.free_lines(self._session, wanted)
        for (line, limit), more in zip(lines, found, strict=True):
            line.read.extend(more)
            line.is_over = len(more) < limit
        self.load(agent_id for more in found for _, agent_id in more)

    def load_everybody(self, agent_ids: Iterable[str]) -> None:
        """Read all who are signed in at once: there are few, and no line is left to be read."""
        self.load(agent_ids)
        self._is_everybody = True
        for one in sorted(self._agents.values(), key=lambda one: (one.idle_since, one.agent_id)):
            if one.state is AgentState.AVAILABLE:
                for skill, level in one.skills.items():
                    self.line(skill, level).read.append((one.idle_since, one.agent_id))

    def load(self, agent_ids: Iterable[str]) -> None:
        """Read these agents, unless they are read."""
        missing = sorted(set(agent_ids) - self._agents.keys())
        found = store_rounds.candidates_by_id(self._session, missing, calls_since=self._calls_since)
        self._agents.update(found)

    def agents(self, agent_ids: Iterable[str], refused: Mapping[str, datetime]) -> list[Candidate]:
        """Those of these agents who are there, as they are at this moment, and when they refused the call in question."""
        found = (self._agents.get(agent_id) for agent_id in agent_ids)
        return [self._as_it_is(one, refused.get(one.agent_id)) for one in found if one is not None]

    def everybody(self) -> Collection[str]:
        """All who are read."""
        return self._agents.keys()

    def idle_since(self, agent_id: str) -> datetime:
        """Since when an agent who is read has been waiting for a call."""
        return self._agents[agent_id].idle_since

    def is_used_up(self, skill: str) -> bool:
        """Whether nobody free has the skill any more."""
        lines = [self.line(skill, level) for level in _LEVELS]
        return all(line.is_over and all(agent_id in self.taken for _, agent_id in line.read) for line in lines)

    def _as_it_is(self, agent: Candidate, refused_at: datetime | None) -> Candidate:
        is_taken = agent.agent_id in self.taken
        if not is_taken and refused_at is None:
            return agent
        return replace(agent, state=AgentState.OFFERED if is_taken else agent.state, refused_at=refused_at)


class Ranking:
    """In which order the free would get calls that ask for the same, from the first on, read as far as needed."""

    def __init__(self, pool: Pool, call: WaitingCall, queue: Queue, refused: Mapping[str, datetime]) -> None:
        self._pool = pool
        self._call = call
        self._queue = queue
        asked = call.requirements
        # Whom the call is kept for, or goes to: the others are judged by what these are doing and have done.
        self._named = tuple(one for one in (asked.preferred_agent_id, asked.only_agent_id) if one is not None)
        self._refused = {one: refused[one] for one in self._named if one in refused}
        pool.load(self._named)
        self._dropped = dropped_at(call, pool.now, queue.rings)
        self._lines = [] if asked.only_agent_id is not None else self._lines_of(asked)
        self._counted = [0] * len(self._lines)  # how much of each line has been looked at
        self._known: set[str] = set(self._named)
        self._undecided: set[str] = set(self._named)
        self._done = 0  # how many of the certain ones are taken for good
        self.certain: list[Considered] = []
        self.failing: list[Considered] = []  # those read who may not take the call
        self.is_complete = False

    def first(self, number: int, *, beside: Collection[str] = ()) -> list[Considered]:
        """The first who are not taken, nor among `beside`; fewer when there are no more."""
        while self._done < len(self.certain) and self.certain[self._done].agent_id in self._pool.taken:
            self._done += 1
        found: list[Considered] = []
        at = self._done
        while len(found) < number:
            if at == len(self.certain):
                if self.is_complete:
                    break
                self._read_on()
                continue
            one = self.certain[at]
            at += 1
            if one.agent_id not in self._pool.taken and one.agent_id not in beside:
                found.append(one)
        return found

    def _read_on(self) -> None:
        for index, line in enumerate(self._lines_now()):
            new = {agent_id for _, agent_id in line.read[self._counted[index] :]} - self._known
            self._counted[index] = len(line.read)
            self._known |= new
            self._undecided |= new
        ghosts = {ghost.agent_id: (ghost, line) for line, ghost in self._ghosts()}
        asked = self._pool.agents({*self._undecided, *self._named}, self._refused)
        receipt = match(
            self._call,
            [*asked, *(ghost for ghost, _ in ghosts.values())],
            self._pool.now,
            self._pool.rules,
            self._queue,
        )
        known = len(self.certain)
        for one in receipt.considered:
            if one.agent_id in ghosts:
                if one.passed:
                    if len(self.certain) == known:
                        # Nobody read so far is certain: what could come before them is read next.
                        self._pool.read_on(ghosts[one.agent_id][1])
                    return
            elif one.agent_id in self._undecided:
                self._undecided.discard(one.agent_id)
                (self.certain if one.passed else self.failing).append(one)
        self.is_complete = True

    def _lines_of(self, asked: Requirements) -> list[Line]:
        any_agent = Droppable.SKILL in self._dropped
        lowest = LOWEST_LEVEL if any_agent or Droppable.LEVEL in self._dropped else asked.level
        lines = [self._pool.line(asked.skill, level) for level in levels_in_order(asked, lowest, self._queue.order)]
        if any_agent:
            others = sorted({*self._queue.team, *(one.skill for one in asked.musts)} - {asked.skill})
            lines += [self._pool.line(name, level) for name in others for level in _LEVELS]
        return lines

    def _ghosts(self) -> Iterator[tuple[Line, Candidate]]:
        asked = self._call.requirements
        highest = self._queue.order is AgentOrder.MOST_SKILLED
        # At what is asked nobody is nearer; where the highest level counts, nobody is higher than the highest. A wish goes
        # before nearness, so of a skill that is both a must and a wish the higher of the two is best.
        best = {one.skill: HIGHEST_LEVEL if highest else one.level for one in asked.musts}
        if Droppable.PREFERRED_SKILLS not in self._dropped:
            for one in asked.preferences:
                best[one.skill] = max(best.get(one.skill, 0), one.level)
        # Who has the call's own skill stands in the lines of that skill.
        best.pop(asked.skill, None)
        for index, line in enumerate(self._lines_now()):
            if line.is_over:
                continue
            since, last = line.read[-1] if line.read else (_EVER, "")
            ghost = Candidate(
                agent_id=f"{last}\0{index:04}",  # before everybody who comes after the last one read
                name="",
                state=AgentState.AVAILABLE,
                idle_since=since,
                languages=asked.languages,
                skills={**best, line.skill: line.level},
            )
            yield line, ghost

    def _lines_now(self) -> list[Line]:
        """The lines up to the first that is not at its end, where the level decides before the time does; else all.

        Whoever stands in a later line comes after that one's ghost then: no need to ask.
        """
        asked = self._call.requirements
        if self._queue.order not in _BY_LEVEL or any(one.skill == asked.skill for one in asked.preferences):
            return self._lines
        for index, line in enumerate(self._lines):
            if not line.is_over and line.skill == asked.skill:
                return self._lines[: index + 1]
        return self._lines


def levels_in_order(asked: Requirements, lowest: int, order: AgentOrder) -> list[int]:
    """The levels of the call's own skill, those first that the order puts first."""
    levels = range(lowest, HIGHEST_LEVEL + 1)
    if order is AgentOrder.MOST_SKILLED:
        return sorted(levels, reverse=True)
    return sorted(levels, key=lambda level: (level < asked.level, abs(level - asked.level)))
