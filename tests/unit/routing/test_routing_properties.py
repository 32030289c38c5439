"""What holds of every decision whatever the agents, the call, the queue and the clock."""

import json
import random
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from routing.agents import AgentState, Candidate
from routing.matching import match
from routing.queues import HIGHEST_BOOST_SECONDS, HIGHEST_PRIORITY, AgentOrder, Queue, on_the_terms_of
from routing.receipts import Receipt, compact, receipt_from_json
from routing.skills import Droppable, Requirements, SkillWanted
from routing.waiting import DEFAULT_RULES, Ring, WaitingCall, rank_of, ranked_at

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SKILLS = ("orders", "returns", "recovery")
NAMES = ("anna", "bruno", "carla", "dario", "elena")

levels = st.dictionaries(st.sampled_from(SKILLS), st.integers(1, 5))
spoken = st.sampled_from([(), ("it",), ("en",), ("it", "en")])
moments = st.integers(-600, 0).map(lambda seconds: START + timedelta(seconds=seconds))
agents = st.builds(
    lambda agent_id, **rest: Candidate(agent_id=agent_id, name=agent_id.capitalize(), **rest),
    st.sampled_from(NAMES),
    state=st.sampled_from(AgentState),
    idle_since=moments,
    languages=spoken,
    skills=levels,
    refused_at=st.none() | moments,
    calls_today=st.integers(0, 3),
)
staff = st.lists(agents, unique_by=lambda one: one.agent_id)
wanted = st.builds(SkillWanted, skill=st.sampled_from(SKILLS), level=st.integers(1, 5), is_must=st.booleans())
drops = st.frozensets(st.sampled_from(Droppable))
requirements = st.builds(
    Requirements,
    skill=st.sampled_from(SKILLS),
    level=st.integers(1, 5),
    also=st.lists(wanted, max_size=2).map(tuple),
    languages=spoken,
    preferred_agent_id=st.none() | st.sampled_from(NAMES),
    preferred_seconds=st.integers(0, 120),
    only_agent_id=st.none() | st.sampled_from(NAMES),
    excluded_agent_ids=st.lists(st.sampled_from(NAMES), max_size=1).map(tuple),
    never_dropped=drops,
)
queues = st.builds(
    lambda order, team, waits, dropped: Queue(
        queue_id="orders",
        order=order,
        team=team,
        rings=(
            Ring(after_seconds=0),
            *(Ring(after_seconds=at, drops=drop) for at, drop in zip(sorted(waits), dropped, strict=False)),
        ),
    ),
    st.sampled_from(AgentOrder),
    st.sampled_from([("orders",), ("orders", "returns")]),
    st.sets(st.integers(1, 200), max_size=3),
    st.lists(drops, min_size=3, max_size=3),
)
calls = st.builds(WaitingCall, call_id=st.just("CA1"), requirements=requirements, enqueued_at=st.just(START))
waits = st.integers(0, 300)


def decide(call: WaitingCall, people: list[Candidate], waited: int, queue: Queue) -> Receipt:
    return match(call, people, START + timedelta(seconds=waited), queue=queue)


@given(call=calls, people=staff, waited=waits, queue=queues)
def test_nobody_is_ever_chosen_without_the_musts(
    call: WaitingCall, people: list[Candidate], waited: int, queue: Queue
) -> None:
    receipt = decide(call, people, waited, queue)
    if receipt.chosen_agent_id is None:
        return
    asked = call.requirements
    chosen = next(one for one in people if one.agent_id == receipt.chosen_agent_id)
    assert chosen.state is AgentState.AVAILABLE
    assert chosen.agent_id not in asked.excluded_agent_ids
    if asked.only_agent_id is not None:
        assert chosen.agent_id == asked.only_agent_id
        return
    # Written anew from the words of the requirements, not from the matcher.
    dropped = {drop for ring in queue.rings if ring.after_seconds <= waited for drop in ring.drops}
    dropped -= asked.never_dropped
    if Droppable.LANGUAGES not in dropped and asked.languages:
        assert set(asked.languages) & set(chosen.languages)
    if Droppable.SKILL in dropped:
        assert set(chosen.skills) & ({asked.skill} | set(queue.team) | {one.skill for one in asked.also if one.is_must})
        return
    for skill, level in ((asked.skill, asked.level), *((one.skill, one.level) for one in asked.also if one.is_must)):
        assert chosen.skills.get(skill, 0) >= (1 if Droppable.LEVEL in dropped else level)


@given(call=calls, people=staff, waited=waits, queue=queues, dice=st.randoms(use_true_random=False))
def test_the_same_input_gives_the_same_receipt_in_whatever_order_it_comes(
    call: WaitingCall, people: list[Candidate], waited: int, queue: Queue, dice: random.Random
) -> None:
    shuffled = list(people)
    dice.shuffle(shuffled)
    assert decide(call, people, waited, queue) == decide(call, shuffled, waited, queue)


@given(call=calls, people=staff, waited=waits, longer=waits, queue=queues)
def test_waiting_longer_never_takes_a_candidate_away(
    call: WaitingCall, people: list[Candidate], waited: int, longer: int, queue: Queue
) -> None:
    # Refusals are of a moment after the call came, and grow old as it waits.
    before, after = (decide(call, people, seconds, queue) for seconds in (waited, waited + longer))
    able = {one.agent_id for one in before.considered if one.passed}
    assert able <= {one.agent_id for one in after.considered if one.passed}
    assert before.ring <= after.ring
    assert set(before.dropped) <= set(after.dropped)


@given(call=calls, people=staff, waited=waits, queue=queues)
def test_a_call_is_left_waiting_only_when_everybody_fails_a_rule(
    call: WaitingCall, people: list[Candidate], waited: int, queue: Queue
) -> None:
    receipt = decide(call, people, waited, queue)
    assert {one.agent_id for one in receipt.considered} == {one.agent_id for one in people}
    assert (receipt.chosen_agent_id is None) == (not any(one.passed for one in receipt.considered))
    if receipt.chosen_agent_id is not None:
        assert receipt.considered[0].agent_id == receipt.chosen_agent_id


@given(call=calls, people=staff, waited=waits, queue=queues)
def test_every_receipt_survives_json_and_speaks_both_languages(
    call: WaitingCall, people: list[Candidate], waited: int, queue: Queue
) -> None:
    receipt = decide(call, people, waited, queue)
    assert receipt_from_json(json.loads(json.dumps(receipt.as_json()))) == receipt
    for language in ("it", "en"):
        words = receipt.in_words(language)
        assert not any(re.search(r"[{}]|None", line) for line in words)
        assert all(any(line.startswith(f"{one.name}: ") for line in words) for one in people)


@given(call=calls, people=staff, waited=waits, queue=queues, shown=st.tuples(st.integers(0, 6), st.integers(0, 6)))
def test_a_compact_receipt_counts_whom_it_does_not_show(
    call: WaitingCall, people: list[Candidate], waited: int, queue: Queue, shown: tuple[int, int]
) -> None:
    whole = decide(call, people, waited, queue)
    first, again = shown
    short = compact(whole, first)
    assert short.considered == whole.considered[:first]
    assert len(short.considered) + sum(one.agents for one in short.rest) == len(people)
    assert compact(short, again) == compact(whole, min(first, again))
    assert receipt_from_json(json.loads(json.dumps(short.as_json()))) == short


# The order of the calls

granted = st.dictionaries(st.sampled_from(["recovery", "overdue_case"]), st.integers(0, HIGHEST_BOOST_SECONDS))
waiting = st.builds(
    lambda after, priority, boosts, of_queue: on_the_terms_of(
        Queue(queue_id="orders", priority=of_queue),
        WaitingCall(
            call_id="CA1",
            requirements=Requirements(skill="orders"),
            enqueued_at=START + timedelta(seconds=after),
            priority=priority,
            boosts=boosts,
        ),
    ),
    st.integers(0, 7200),
    st.integers(-HIGHEST_PRIORITY, HIGHEST_PRIORITY),
    granted,
    st.integers(-HIGHEST_PRIORITY, HIGHEST_PRIORITY),
)


@given(one=waiting, seconds=st.integers(7200, 20000), more=st.integers(1, 600))
def test_every_rank_grows_by_a_second_with_each_second_of_waiting(one: WaitingCall, seconds: int, more: int) -> None:
    now = START + timedelta(seconds=seconds)
    later = now + timedelta(seconds=more)
    assert rank_of(one, later).total_seconds == rank_of(one, now).total_seconds + more


@given(one=waiting, other=waiting, seconds=st.integers(7200, 20000))
def test_the_order_of_two_calls_is_that_of_their_sums_and_never_changes(
    one: WaitingCall, other: WaitingCall, seconds: int
) -> None:
    now = START + timedelta(seconds=seconds)
    by_sum = rank_of(one, now).total_seconds > rank_of(other, now).total_seconds
    assert by_sum == (ranked_at(one) < ranked_at(other))


# What any call can be granted at most: its own priority and its queue's, and each of the two boosts above.
MOST_GRANTED = 2 * HIGHEST_PRIORITY * DEFAULT_RULES.seconds_per_priority + 2 * HIGHEST_BOOST_SECONDS


@given(one=waiting, other=waiting)
def test_nobody_is_overtaken_for_ever_by_later_calls(one: WaitingCall, other: WaitingCall) -> None:
    least = -2 * HIGHEST_PRIORITY * DEFAULT_RULES.seconds_per_priority
    comes_at = one.enqueued_at + timedelta(seconds=MOST_GRANTED - least + 1)
    assert ranked_at(one) < ranked_at(replace(other, enqueued_at=comes_at))
