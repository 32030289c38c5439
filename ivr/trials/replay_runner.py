"""Replays past calls: each goes once through the version that answers now and once through the draft, in houses of its own.

At each question the caller gives what the past caller gave there; where a question was never asked of them, the call is left.
"""

import logging
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ivr.calls.company import FlowVersion
from ivr.calls.consented import HANG_UP, KEYS, SECRET, SPEECH, PastAnswer, PastCall
from ivr.trials import calling, replay
from ivr.trials.calling import TrialCall
from ivr.trials.house import TrialHouse, Trials
from ivr.trials.replay import CallDiff, Visit, Way
from ivr.trials.situations import Known, Setting, Situation, SituationError
from ivr.trials.story import TrialStory

_log = logging.getLogger(__name__)
# No call of a flow asks so often.
_MOST_TURNS: Final = 60
# Behind a route: a person takes the call and has a short talk, or the caller waits; then it is known where it went.
_BETWEEN_PEOPLE: Final = 12


@dataclass(frozen=True, kw_only=True)
class Replayer:
    """What past calls are replayed with."""

    trials: Trials
    now: FlowVersion  # that answers now
    draft: FlowVersion

    def replay_all(
        self, calls: Iterable[PastCall], *, is_wanted: Callable[[], bool] = lambda: True
    ) -> Iterator[CallDiff]:
        """Replay one after the other, and give each difference as it comes, until nobody wants more."""
        for call in calls:
            if not is_wanted():
                return
            yield self.replay(call)

    def replay(self, call: PastCall) -> CallDiff:
        """Replay one call both ways; whatever breaks becomes its result."""
        try:
            return replay.diff(call.call_id, self._way(call, self.now), self._way(call, self.draft))
        except SituationError:
            return replay.broken(call.call_id, "the customer is no longer on file")
        except Exception as error:  # noqa: BLE001 - a draft may break in any way, and the other calls are replayed all the same
            # What was said is not logged: the error's own words may hold it.
            _log.error("a call could not be replayed: %s", type(error).__name__)
            return replay.broken(call.call_id, type(error).__name__)

    def _way(self, past: PastCall, version: FlowVersion) -> Way:
        setting = Setting(
            caller=Known(customer_id=past.customer_id),
            at=past.started_at,
            agents=Situation.ANSWER if past.had_agent else Situation.NOBODY,
            language=past.language,
        )
        # Other systems know today's orders, and hundreds of calls are replayed: what a call was told is kept in our own tables.
        with self.trials.open_house(version, setting, asks_others=False) as house, house.begin() as call:
            is_lost = _follow(call, past.answers)
            return _way_of(house, call.story, is_lost=is_lost, is_over=call.is_over)


def _follow(call: TrialCall, answers: Iterable[PastAnswer]) -> bool:
    """Answer each question as it was answered; whether the call came to one that has no answer."""
    known: dict[str, deque[PastAnswer]] = defaultdict(deque)
    for answer in answers:
        known[answer.node].append(answer)
    call.listen()
    between = 0
    for _ in range(_MOST_TURNS):
        story = call.story
        if call.is_over or between > _BETWEEN_PEOPLE:
            return False
        if story.status != "in_line":
            between += 1
            call.take(calling.Wait(2.0))
            continue
        if not known[story.node]:
            return True
        step = _step(known[story.node].popleft())
        if step is None:
            return False
        call.take(step)
    return False


def _step(answer: PastAnswer) -> calling.Step | None:
    """What the caller does; None where nobody knows."""
    match answer.kind:
        case str(kind) if kind == SPEECH:
            return calling.Say(answer.given)
        case str(kind) if kind == KEYS:
            return calling.Press(answer.given)
        case str(kind) if kind == HANG_UP:
            return calling.HangUp()
        case str(kind) if kind == SECRET:
            return None
        case _:
            return calling.Silent()


def _way_of(house: TrialHouse, story: TrialStory, *, is_lost: bool, is_over: bool) -> Way:
    stay = story.routed[-1] if story.routed else None
    return Way(
        visits=tuple(
            Visit(node=turn.node, path=tuple(turn.path), prompts=turn.prompts, said=turn.said) for turn in story.turns
        ),
        end=_end(story, is_lost=is_lost, is_over=is_over),
        skill=stay.skill if stay else "",
        cases=tuple(one.kind for one in story.cases),
        messages=tuple(house.noted.key_of(one.text) for one in story.messages),
    )


def _end(story: TrialStory, *, is_lost: bool, is_over: bool) -> str:
    if not story.turns or story.ended == "failed":
        return "failed"
    if is_lost:
        return replay.LOST
    if any(stay.agent for stay in story.routed):
        return "agent"
    if story.status == "waiting":
        return "waiting"
    return "served" if is_over and not story.has_hung_up else "hung_up"
