"""What the company keeps of its customers, on both databases: orders told to the right caller, cases and returns opened once."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ivr import database, trial
from ivr.customers import store
from ivr.customers.tables import Case
from tests.telephone import MONDAY_TEN, PASSWORD

TODAY = MONDAY_TEN.date()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    database.upgrade(engine)
    with database.session_factory(engine).begin() as opened:
        trial.make_company(opened, password=PASSWORD, now=MONDAY_TEN, today=TODAY)
        yield opened


def look_up(session: Session, number: str, customer_id: str | None, postcode: str | None) -> store.OrderAnswer:
    return store.look_up_order(session, order_number=number, customer_id=customer_id, postcode=postcode, today=TODAY)


def test_order_is_told_to_its_customer_or_to_who_knows_its_postcode(session: Session) -> None:
    assert isinstance(look_up(session, "1042", "K001", None), store.Found)
    assert isinstance(look_up(session, "1042", "K002", None), store.NeedsProof)
    assert isinstance(look_up(session, "1042", None, "00000"), store.WrongProof)
    found = look_up(session, "1042", None, "20121")
    assert isinstance(found, store.Found)
    assert found.days_late == 5
    assert isinstance(look_up(session, "0000", "K001", None), store.NotFound)


def test_return_is_opened_once_and_only_in_its_days(session: Session) -> None:
    def open_(number: str) -> store.CaseAnswer:
        return store.open_return(session, order_number=number, call_id="CA1", now=MONDAY_TEN, today=TODAY)

    opened, again = open_("2290"), open_("2290")
    assert isinstance(opened, store.Opened)
    assert isinstance(again, store.AlreadyOpen)
    assert again.number == opened.number
    assert open_("2358") == store.Refused(reason="not_delivered")
    late = store.open_return(
        session, order_number="1017", call_id="CA1", now=MONDAY_TEN, today=TODAY + timedelta(days=3)
    )
    assert late == store.Refused(reason="too_late")


def test_case_is_due_in_a_day_and_opened_once_per_call(session: Session) -> None:
    def open_(call_id: str, kind: str = "complaint") -> store.CaseAnswer:
        return store.open_case(
            session, kind=kind, customer_id="K001", number="", summary="s", call_id=call_id, now=MONDAY_TEN
        )

    first, again, other = open_("CA1"), open_("CA1"), open_("CA2")
    assert isinstance(first, store.Opened)
    assert first.due_at - MONDAY_TEN == timedelta(hours=24)
    assert isinstance(again, store.AlreadyOpen)
    assert again.number == first.number != other.number


def test_number_that_is_taken_is_passed_over(session: Session) -> None:
    """What another case would have got first, and second, is given away beforehand."""
    taken = [store._free_number(session, store.CASE_LETTER, "CA9/complaint")]
    session.add(_case(taken[0], "CA7"))
    session.flush()
    taken.append(store._free_number(session, store.CASE_LETTER, "CA9/complaint"))
    session.add(_case(taken[1], "CA8"))
    session.flush()
    opened = store.open_case(
        session, kind="complaint", customer_id=None, number="", summary="", call_id="CA9", now=MONDAY_TEN
    )
    assert isinstance(opened, store.Opened)
    assert len({*taken, opened.number}) == 3


def test_newest_consent_of_a_purpose_counts(session: Session) -> None:
    for granted in (True, False):
        store.record_consent(
            session, customer_id="K001", purpose="voice_verification", granted=granted, wording="consent_voice",
            wording_version=1, language="it", call_id="CA1", now=MONDAY_TEN,
        )  # fmt: skip
        session.flush()
    assert store.consents_of(session, "K001") == {"voice_verification": False}


def test_contact_of_a_call_is_one_and_completed_later(session: Session) -> None:
    for outcome, note in (("in_line", ""), ("solved", "Fatto")):
        store.record_contact(
            session, customer_id="K001", call_id="CA1", reason="return", outcome=outcome, note=note, now=MONDAY_TEN
        )
        session.flush()
    (kept,) = [one for one in store.contacts_of(session, "K001") if one.call_id]
    assert (kept.outcome, kept.note) == ("solved", "Fatto")


def _case(case_id: str, call_id: str) -> Case:
    return Case(
        case_id=case_id, customer_id=None, kind="complaint", opened_at=MONDAY_TEN,
        due_at=MONDAY_TEN + timedelta(days=1), opened_in_call=call_id,
    )  # fmt: skip
