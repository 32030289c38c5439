"""Stays, places that are kept, forced states and receipts of what did not happen, on SQLite and PostgreSQL."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from routing import calling_back, dispatch, dispatch_round, reports, store, tables
from routing.agents import AgentEvent, AgentState, Presence, Refusal, Refused
from routing.outcomes import MovedCall, Overflowed, Queued, Requeued, StayOutcome, WorkKind
from routing.queues import Queue
from routing.skills import Requirements
from tests.contracts.routing_company import ORDERS, Company, company_on


@pytest.fixture
def company(engine: Engine) -> Iterator[Company]:
    made = company_on(engine)
    yield made
    made.assert_sound()


def keep(company: Company, *queues: Queue) -> None:
    with company.transaction() as session:
        for queue in queues:
            assert store.save_queue(session, queue, by="admin", version=0, now=company.now) == 1


def stays(company: Company, call_id: str) -> list[tuple[str, str]]:
    with company.transaction() as session:
        return [(stay.queue, stay.outcome) for stay in store.stays_of(session, call_id)]


def test_a_call_that_is_answered_has_one_stay_with_every_time_of_it(company: Company) -> None:
    company.hire("anna")
    company.later(5)
    company.talks("anna", "CA1")
    company.later(30)
    with company.transaction() as session:
        dispatch.talk_ended(session, call_id="CA1", now=company.now)
    company.later(10)
    with company.transaction() as session:
        dispatch.wrap_up_done(session, agent_id="anna", now=company.now)
    with company.transaction() as session:
        (stay,) = store.stays_of(session, "CA1")
        said = (stay.outcome, stay.agent_id, stay.offers, stay.kind, stay.language)
        assert said == ("answered", "anna", 1, "call", "it")
        assert stay.first_offered_at == stay.accepted_at == stay.left_at == stay.connected_at
        assert stay.ended_at == stay.connected_at + timedelta(seconds=30)
        assert stay.wrap_up_ended_at == stay.ended_at + timedelta(seconds=10)


def test_a_leg_that_fails_before_they_met_goes_on_with_the_same_stay_and_one_that_breaks_begins_another(
    company: Company,
) -> None:
    company.hire("anna")
    company.calls("CA1")
    company.dispatch()
    company.takes("anna")
    with company.transaction() as session:
        dispatch.agent_failed(session, call_id="CA1", now=company.now)
    assert stays(company, "CA1") == [("general", "")]
    company.wish("anna", AgentEvent.READY)
    company.later(10)
    company.dispatch()
    company.takes("anna")
    with company.transaction() as session:
        dispatch.connected(session, call_id="CA1", now=company.now)
        dispatch.agent_failed(session, call_id="CA1", now=company.now)
    assert stays(company, "CA1") == [("general", "answered"), ("general", "")]
    with company.transaction() as session:
        dispatch.withdraw(session, call_id="CA1", reason="hang-up", now=company.now, outcome=StayOutcome.MESSAGE)
    assert stays(company, "CA1") == [("general", "answered"), ("general", "message")]


def test_a_cold_transfer_ends_the_talk_in_wrap_up_and_the_call_waits_first_of_all(company: Company) -> None:
    company.hire("anna")
    company.talks("anna", "CA1")
    company.calls("CA2", Requirements(skill="returns"))
    company.later(60)
    with company.transaction() as session:
        done = dispatch.requeue(
            session,
            call_id="CA1",
            requirements=Requirements(skill="returns"),
            now=company.now,
            goes_first=True,
            reason="transfer",
        )
    assert done == Requeued(call_id="CA1", agent_id="anna", goes_first=True)
    assert company.state("anna") is AgentState.WRAP_UP
    assert company.queue() == ["CA1", "CA2"]
    with company.transaction() as session:
        first, second = store.stays_of(session, "CA1")
        assert (first.outcome, second.outcome, second.transferred, second.skill) == ("answered", "", True, "returns")


def test_a_supervisor_moves_a_ringing_call_with_its_place_and_it_is_kept_who_did(company: Company) -> None:
    keep(company, Queue(queue_id="vip", names={"en": "VIP"}))
    company.hire("anna")
    company.calls("CA1")
    company.later(30)
    company.dispatch()
    with company.transaction() as session:
        moved = dispatch.move_call_to(session, call_id="CA1", queue="vip", by="carla", now=company.now)
        assert isinstance(moved, MovedCall)
        assert moved.agent_id == "anna"
        nowhere = dispatch.move_call_to(session, call_id="CA1", queue="nowhere", by="carla", now=company.now)
        assert nowhere == Refused(reason=Refusal.QUEUE_UNKNOWN)
        (change,) = store.changes(session, what="call:CA1")
        (line,) = reports.waiting_calls(session, company.now)
        assert (change.by, change.before["queue"], change.after["queue"]) == ("carla", "general", "vip")
    assert line.rank_seconds == 30
    assert company.state("anna") is AgentState.AVAILABLE
    assert stays(company, "CA1") == [("general", "moved"), ("vip", "")]


def test_a_call_that_has_waited_long_enough_overflows_once_with_its_place(company: Company) -> None:
    keep(
        company,
        Queue(queue_id="orders", overflow_after_seconds=60, overflow_to="queue:help"),
        Queue(queue_id="help", overflow_after_seconds=60, overflow_to="callback"),
    )
    company.calls("CA1")
    company.later(59)
    with company.transaction() as session:
        assert dispatch.tick(session, company.now).overflowed == ()
    company.later(1)
    with company.transaction() as session:
        assert dispatch.tick(session, company.now).overflowed == (
            Overflowed(call_id="CA1", queue="orders", to="queue:help"),
        )
    assert stays(company, "CA1") == [("orders", "overflow"), ("help", "")]
    company.later(60)
    with company.transaction() as session:
        (told,) = dispatch.tick(session, company.now).overflowed
        (line,) = reports.waiting_calls(session, company.now)
    assert (told.to, line.rank_seconds) == ("callback", 120)
    assert stays(company, "CA1")[-1] == ("help", "")


def test_a_callback_is_rung_when_its_turn_comes_and_who_answers_has_the_place(company: Company) -> None:
    came_at = company.now
    company.later(100)
    with company.transaction() as session:
        dispatch.enqueue(
            session, call_id="CB1", requirements=ORDERS, now=company.now, kind=WorkKind.CALLBACK, came_at=came_at
        )
    assert company.dispatch() == {}
    company.hire("anna")
    assert company.dispatch() == {}
    with company.transaction() as session:
        (ring,) = calling_back.calls_to_ring(session, company.now)
        assert ring.call_id == "CB1"
        assert calling_back.calls_to_ring(session, company.now) == ()
        assert calling_back.ring_again_at(session, call_id="CB1", at=company.now + timedelta(seconds=60))
    assert company.dispatch() == {}
    company.later(60)
    company.dispatch()
    with company.transaction() as session:
        (ring,) = calling_back.calls_to_ring(session, company.now)
    # The process that took it on dies: after the lease it is anybody's.
    company.later(120)
    with company.transaction() as session:
        assert len(calling_back.calls_to_ring(session, company.now)) == 1
        answered = calling_back.ringing_answered(session, call_id="CB1", new_call_id="CA9", now=company.now)
    assert answered == Queued(call_id="CA9", enqueued_at=came_at, is_repeat=False)
    assert company.dispatch() == {"CA9": "anna"}
    assert stays(company, "CB1") == [("general", "answered")]


def test_one_free_agent_is_spoken_for_by_one_callback(company: Company) -> None:
    company.hire("anna")
    for call_id in ("CB1", "CB2"):
        with company.transaction() as session:
            dispatch.enqueue(session, call_id=call_id, requirements=ORDERS, now=company.now, kind=WorkKind.CALLBACK)
    for _ in range(2):
        company.dispatch()
        with company.transaction() as session:
            states = dict(session.execute(select(tables.Waiting.call_id, tables.Waiting.state)).all())
        assert states == {"CB1": "calling", "CB2": "waiting"}


def test_a_forced_state_withdraws_the_offer_and_is_kept_with_who_forced_it(company: Company) -> None:
    company.hire("anna")
    company.calls("CA1")
    company.dispatch()
    with company.transaction() as session:
        done = dispatch.force_state(
            session, agent_id="anna", event=AgentEvent.STEP_AWAY, by="carla", now=company.now, away_reason="pausa"
        )
        assert isinstance(done, Presence)
        row = tables.AgentStateChange
        last = session.scalars(select(row).where(row.agent_id == "anna").order_by(row.change_id.desc())).first()
        assert (last.state, last.by, last.away_reason) == ("away", "carla", "pausa")
        assert store.refusals(session) == {}
    company.wish("anna", AgentEvent.READY)
    # Withdrawn, not declined: the same agent is asked again at once.
    assert company.dispatch() == {"CA1": "anna"}


def test_a_call_is_forced_off_and_waits_first_of_all(company: Company) -> None:
    company.hire("anna")
    company.talks("anna", "CA1")
    with company.transaction() as session:
        in_talk = dispatch.force_state(session, agent_id="anna", event=AgentEvent.SIGN_OFF, by="carla", now=company.now)
        assert in_talk == Refused(reason=Refusal.NOT_IN_THIS_STATE)
        done = dispatch.force_off_call(session, agent_id="anna", by="carla", now=company.now)
    assert done == Requeued(call_id="CA1", agent_id="anna", goes_first=True)
    assert company.state("anna") is AgentState.MISSED


def test_who_waits_for_nobody_gets_a_receipt_when_the_ring_or_the_reason_is_another_one(company: Company) -> None:
    def kept() -> list[tuple[int, list[str]]]:
        with company.transaction() as session:
            rows = session.scalars(select(tables.NonDecision).order_by(tables.NonDecision.receipt_id))
            return [(row.ring, [one["agent_id"] for one in row.content["considered"]]) for row in rows]

    company.calls("CA1", Requirements(skill="orders", level=5))
    company.dispatch()
    assert kept() == [(0, [])]
    company.later(10)
    company.dispatch()
    assert len(kept()) == 1
    company.hire("anna", level=2)
    company.wish("anna", AgentEvent.STEP_AWAY)
    company.later(50)
    company.dispatch()
    assert kept() == [(0, []), (1, ["anna"])]


@pytest.mark.parametrize("site", [0, 50])
def test_the_whole_receipt_of_a_past_decision_is_computed_again_from_the_history(
    company: Company, site: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch_round, "SMALL_SITE", site)
    for number in range(5):
        company.hire(f"agent{number}", level=1 + number)
    company.calls("CA1", Requirements(skill="orders", level=2))
    company.calls("CA2", Requirements(skill="orders", level=2))
    assert company.dispatch() == {"CA1": "agent1", "CA2": "agent2"}
    at = company.now
    with company.transaction() as session:
        said = {
            call_id: reports.receipt_of(session, call_id, agent_id)
            for call_id, agent_id in (("CA1", "agent1"), ("CA2", "agent2"))
        }
    company.later(100)
    with company.transaction() as session:
        dispatch.withdraw(session, call_id="CA1", reason="hang-up", now=company.now)
        store.save_skills(
            session, agent_id="agent1", skills={"returns": 5}, basis={}, languages=("en",), by="carla", now=company.now
        )
        for call_id, receipt in said.items():
            again = reports.receipt_at(session, call_id, at)
            assert receipt is not None
            assert again is not None
            assert again.chosen_agent_id == receipt.chosen_agent_id
            assert again.tie_break == receipt.tie_break
            assert len(again.considered) == 5
            assert site == 0 or again == receipt
        assert reports.receipt_at(session, "CA9", at) is None


def test_two_people_who_change_a_queue_at_once_do_not_overwrite_each_other(company: Company) -> None:
    keep(company, Queue(queue_id="orders"))
    with company.transaction() as session:
        first = store.save_queue(session, Queue(queue_id="orders", priority=1), by="a", version=1, now=company.now)
        second = store.save_queue(session, Queue(queue_id="orders", priority=2), by="b", version=1, now=company.now)
        assert first == 2
        assert second == Refused(reason=Refusal.CHANGED_MEANWHILE)
        assert store.queues(session)["orders"].priority == 1
        assert [change.by for change in store.changes(session, what="queue:orders")] == ["a", "admin"]
