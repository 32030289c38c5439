"""Callbacks while processes die, between claim and ring, between ring and answer: nothing is lost, nothing is rung twice."""

from datetime import timedelta

from ivr import database, trial
from ivr.calls import callbacks, erasures
from ivr.calls.effects import RingCustomer
from ivr.customers.ledger import AskedBy
from ivr.line.party import Answer
from ivr.line.script import Silence
from routing import dispatch
from tests.line.waiting.people import YES, busy, callback, phone_of, promised, ready
from tests.telephone import House, talk


def claimed(house: House) -> RingCustomer:
    """A process takes on the ring, commits, and dies before it has asked the carrier."""
    with database.session_factory(house.engine).begin() as session:
        dispatch.tick(session, house.clock.now(), house.voice.company.routing_rules)
        (effect,) = house.voice.meeting.ringing_back.due(session, house.clock.now())
    assert isinstance(effect, RingCustomer)
    return effect


def waiting_for_a_ring(house: House) -> None:
    """A callback whose turn comes with the next tick."""
    other, _ = busy(house)
    promised(house)
    house.line.run(other.handset.hang_up)
    house.clock.run_until(lambda: False, 2)
    with database.session_factory(house.engine).begin() as session:
        assert dispatch.wrap_up_done(session, agent_id="anna", now=house.clock.now())


def test_ring_that_never_went_out_goes_out_once_its_lease_is_over(house: House) -> None:
    waiting_for_a_ring(house)
    phones = phone_of(house, trial.MARIO, [*YES, Silence(60)])
    claimed(house)
    house.wait(40)
    assert phones == []
    assert house.run_until(lambda: bool(phones), 30)
    assert house.run_until(lambda: house.offer_to("anna") is not None, 40), phones[0].heard
    assert len(phones) == 1
    assert callback(house)["tries"] == 0


def test_ring_whose_process_died_at_once_is_the_only_one_and_counts(house: House) -> None:
    waiting_for_a_ring(house)
    phones = phone_of(house, trial.MARIO, [*YES, Silence(60)], Answer(after_seconds=15))
    effect = claimed(house)
    # The carrier has been asked; what it said is lost with the process, and the carrier's own reports come to another one.
    house.voice.outgoing._send(effect)
    assert house.run_until(lambda: house.offer_to("anna") is not None, 60), [phone.heard for phone in phones]
    assert len(phones) == 1


def test_two_processes_ring_once(house: House) -> None:
    waiting_for_a_ring(house)
    claimed(house)
    with database.session_factory(house.engine).begin() as session:
        assert house.voice.meeting.ringing_back.due(session, house.clock.now()) == ()


def test_late_answer_to_a_ring_that_was_given_up_reaches_nobody(house: House) -> None:
    waiting_for_a_ring(house)
    phones = phone_of(house, trial.MARIO, [Silence(90)], Answer(after_seconds=20))
    first = claimed(house)
    with database.session_factory(house.engine).begin() as session:
        row = callbacks.row_of(session, first.callback_id)
        assert row is not None
        row.ring += 1
    house.voice.outgoing._send(first)
    assert house.run_until(lambda: bool(phones) and phones[0].reason is not None, 40)
    assert phones[0].heard == []


def test_agents_callback_for_a_day_and_time_is_rung_then_and_is_theirs(house: House) -> None:
    caller, leg = house.call([*talk("aiutarla"), Silence(1)], from_=trial.MARIO)
    assert house.run_until(lambda: caller.done, 30)
    house.line.run(caller.handset.hang_up)
    house.wait(2)
    due_at = house.clock.now() + timedelta(minutes=4)
    with database.session_factory(house.engine).begin() as session:
        kept = callbacks.schedule(
            session, call_id=leg.sid, customer_id="K002", number=trial.MARIO, due_at=due_at, agent_id="luca",
            note="Ha le misure del tappeto", now=house.clock.now(),
        )  # fmt: skip
        assert [one.callback_id for one in callbacks.open_of(session)] == [kept.callback_id]
    phones = phone_of(house, trial.MARIO, [*YES, Silence(60)])
    house.sign_in("anna")
    house.sign_in("luca")
    house.wait(3 * 60)
    assert phones == []
    assert house.run_until(lambda: bool(phones), 100)
    assert house.run_until(lambda: house.offer_to("luca") is not None, 40), phones[0].heard
    assert house.offer_to("anna") is None


def test_customer_who_is_erased_is_rung_by_nobody(house: House) -> None:
    other, _ = busy(house)
    promised(house)
    house.wait(2)
    with database.session_factory(house.engine).begin() as session:
        done = erasures.erase_person(session, "K002", by=AskedBy.ADMIN, now=house.clock.now())
        assert isinstance(done, erasures.Erased)
        assert done.rows["callbacks"] == 1
    assert house.rows("callbacks") == []
    phones = phone_of(house, trial.MARIO)
    house.line.run(other.handset.hang_up)
    house.wait(2)
    ready(house)
    house.wait(20)
    assert phones == []
