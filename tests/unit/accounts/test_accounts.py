"""People who sign in: adding them, their passwords, their sign-ins; on both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import perf_counter

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ivr.accounts import store
from ivr.accounts.store import IDLE_LIMIT, LONGEST_SIGN_IN, Added, Changed, RefusalReason, Refused, Role, SignedIn
from ivr.accounts.tables import Account, Base, SignIn

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
PASSWORD = "un ricordo di vacanza"
ANNA = "anna@example.it"


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    Base.metadata.create_all(engine)
    with Session(engine) as opened:
        yield opened


def add(session: Session, email: str = ANNA, password: str = PASSWORD, agent_id: str | None = "anna") -> store.Addition:
    return store.add(
        session, email=email, display_name="Anna", role=Role.AGENT, password=password, agent_id=agent_id, now=NOW
    )


def anna(session: Session) -> store.Person:
    added = add(session)
    assert isinstance(added, Added)
    return added.person


def test_a_person_who_was_added_signs_in_however_the_address_is_written(session: Session) -> None:
    person = anna(session)
    checked = store.check_password(session, email="  Anna@Example.IT ", password=PASSWORD)
    assert checked == SignedIn(person=person)


@pytest.mark.parametrize("email", ["anna@example.it", "nobody@example.it"])
def test_a_wrong_password_and_an_unknown_address_are_refused_alike(session: Session, email: str) -> None:
    anna(session)
    refused = store.check_password(session, email=email, password="un altro ricordo")
    assert refused == Refused(reason=RefusalReason.WRONG)


def test_an_unknown_address_costs_the_work_of_a_wrong_password(session: Session) -> None:
    anna(session)
    store.check_password(session, email="first@example.it", password="x")  # makes the hash of nobody once

    def seconds(email: str) -> float:
        took = []
        for _ in range(3):
            begin = perf_counter()
            store.check_password(session, email=email, password="un altro ricordo")
            took.append(perf_counter() - begin)
        return min(took)

    known, unknown = seconds(ANNA), seconds("nobody@example.it")
    # Without the work it would be some hundred times quicker; a busy machine alone makes no such difference.
    assert 1 / 10 < known / unknown < 10


@pytest.mark.parametrize(
    ("email", "password", "agent_id", "reason"),
    [
        (ANNA.upper(), PASSWORD, None, RefusalReason.EMAIL_TAKEN),
        ("anna", PASSWORD, None, RefusalReason.EMAIL_INVALID),
        ("an na@example.it", PASSWORD, None, RefusalReason.EMAIL_INVALID),
        ("@example.it", PASSWORD, None, RefusalReason.EMAIL_INVALID),
        ("bea@example.it", PASSWORD, "anna", RefusalReason.AGENT_TAKEN),
        ("bea@example.it", "corta", None, RefusalReason.PASSWORD_TOO_SHORT),
        ("bea@example.it", "x" * 300, None, RefusalReason.PASSWORD_TOO_LONG),
        ("bea@example.it", "aaaaaaaaaaaaaaa", None, RefusalReason.PASSWORD_IS_KNOWN),
        ("bea@example.it", "bea@example.it", None, RefusalReason.PASSWORD_IS_KNOWN),
    ],
)
def test_what_cannot_be_added_is_refused_with_the_reason(
    session: Session, email: str, password: str, agent_id: str | None, reason: RefusalReason
) -> None:
    anna(session)
    assert add(session, email, password, agent_id) == Refused(reason=reason)


def test_the_password_itself_is_kept_nowhere(session: Session) -> None:
    anna(session)
    row = session.scalars(select(Account)).one()
    assert row.password_hash.startswith("$argon2id$")
    assert PASSWORD not in row.password_hash


def test_a_hash_with_weaker_parameters_is_made_anew_at_the_next_sign_in(session: Session) -> None:
    anna(session)
    row = session.scalars(select(Account)).one()
    row.password_hash = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    weak = row.password_hash
    assert isinstance(store.check_password(session, email=ANNA, password=PASSWORD), SignedIn)
    assert row.password_hash != weak
    assert isinstance(store.check_password(session, email=ANNA, password=PASSWORD), SignedIn)


def test_a_broken_hash_lets_nobody_in(session: Session) -> None:
    anna(session)
    session.scalars(select(Account)).one().password_hash = "broken"
    assert isinstance(store.check_password(session, email=ANNA, password=PASSWORD), Refused)


def test_a_changed_password_ends_every_sign_in_but_the_one_that_changed_it(session: Session) -> None:
    person = anna(session)
    kept = store.start_sign_in(session, account_id=person.account_id, now=NOW)
    other = store.start_sign_in(session, account_id=person.account_id, now=NOW)
    changed = store.change_password(
        session, account_id=person.account_id, current=PASSWORD, wanted="una nuova frase", now=NOW, kept_token=kept
    )
    assert changed == Changed()
    assert store.signed_in(session, token=kept, now=NOW) == person
    assert store.signed_in(session, token=other, now=NOW) is None
    assert isinstance(store.check_password(session, email=ANNA, password=PASSWORD), Refused)


def test_without_the_current_password_nothing_changes(session: Session) -> None:
    person = anna(session)
    refused = store.change_password(
        session, account_id=person.account_id, current="sbagliata", wanted="una nuova frase", now=NOW
    )
    assert refused == Refused(reason=RefusalReason.WRONG)
    assert isinstance(store.check_password(session, email=ANNA, password=PASSWORD), SignedIn)


def test_a_sign_in_ends_when_idle_and_never_outlives_the_day(session: Session) -> None:
    person = anna(session)
    token = store.start_sign_in(session, account_id=person.account_id, now=NOW)
    assert store.signed_in(session, token=token, now=NOW + IDLE_LIMIT - timedelta(seconds=1)) == person
    assert store.signed_in(session, token=token, now=NOW + IDLE_LIMIT) is None
    late = NOW + LONGEST_SIGN_IN - timedelta(seconds=1)
    store.seen(session, token=token, now=late)
    assert store.signed_in(session, token=token, now=late) == person
    assert store.signed_in(session, token=token, now=NOW + LONGEST_SIGN_IN) is None


def test_an_ended_sign_in_stays_ended_and_the_token_is_not_in_the_database(session: Session) -> None:
    person = anna(session)
    token = store.start_sign_in(session, account_id=person.account_id, now=NOW)
    assert session.scalars(select(SignIn.token_hash)).one() != token
    store.end_sign_in(session, token=token, now=NOW)
    store.seen(session, token=token, now=NOW)
    assert store.signed_in(session, token=token, now=NOW) is None
    assert store.signed_in(session, token="", now=NOW) is None


def test_who_was_deactivated_is_known_no_more(session: Session) -> None:
    person = anna(session)
    token = store.start_sign_in(session, account_id=person.account_id, now=NOW)
    store.deactivate(session, account_id=person.account_id, now=NOW)
    assert store.signed_in(session, token=token, now=NOW) is None
    assert isinstance(store.check_password(session, email=ANNA, password=PASSWORD), Refused)
    assert store.by_email(session, ANNA) is None
    assert store.everyone(session) == ()
