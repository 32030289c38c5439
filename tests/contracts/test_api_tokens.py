"""Tokens of the API on both databases: shown once, within their maker's role, ended for good."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from ivr import database
from ivr.accounts import store, tokens
from ivr.accounts.scopes import SCOPES, beyond, scopes_of
from ivr.accounts.store import Person, Role
from ivr.accounts.tokens import Made, Refused

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    for metadata in database.METADATA:
        metadata.create_all(engine)
    with database.session_factory(engine)() as opened:
        yield opened


def person(session: Session, role: Role = Role.ADMIN) -> Person:
    added = store.add(
        session, email=f"{role}@example.it", display_name=role, role=role, password="un ricordo di vacanza", now=NOW
    )
    assert isinstance(added, store.Added)
    return added.person


def made(session: Session, by: Person, *scopes: str, days: int = 30) -> Made:
    token = tokens.make(session, by=by, name=" cassa ", scopes=scopes or ("calls:read",), days=days, now=NOW)
    assert isinstance(token, Made)
    return token


def test_the_secret_finds_its_token_and_is_kept_nowhere(session: Session) -> None:
    token = made(session, person(session), "calls:read", "calls:read")
    found = tokens.of_secret(session, token.secret, now=NOW)
    assert found == token.token
    assert (token.token.name, token.token.scopes) == ("cassa", ("calls:read",))
    rows = session.execute(text("SELECT * FROM api_tokens")).all()
    assert token.secret not in str(rows)
    assert token.secret.startswith(token.token.begins)


@pytest.mark.parametrize("wrong", ["", "ctl_", "ctl_made_up", "\ud800"])
def test_what_is_no_secret_finds_nothing(session: Session, wrong: str) -> None:
    made(session, person(session))
    assert tokens.of_secret(session, wrong, now=NOW) is None


def test_a_token_lives_until_its_day_and_not_a_moment_longer(session: Session) -> None:
    token = made(session, person(session), days=2)
    end = NOW + timedelta(days=2)
    assert tokens.of_secret(session, token.secret, now=end - timedelta(seconds=1)) is not None
    assert tokens.of_secret(session, token.secret, now=end) is None


def test_an_ended_token_stays_ended_and_is_ended_once(session: Session) -> None:
    by = person(session)
    token = made(session, by)
    assert tokens.end(session, token.token.token_id, by=by, now=NOW)
    assert not tokens.end(session, token.token.token_id, by=by, now=NOW)
    assert tokens.of_secret(session, token.secret, now=NOW) is None
    assert not tokens.end(session, 4711, by=by, now=NOW)


def test_a_token_dies_with_its_maker_s_account(session: Session) -> None:
    by = person(session)
    token = made(session, by)
    store.deactivate(session, account_id=by.account_id, now=NOW)
    session.flush()
    assert tokens.of_secret(session, token.secret, now=NOW) is None


@pytest.mark.parametrize(
    ("role", "scopes", "within", "reason"),
    [
        (Role.SUPERVISOR, ("routing:write",), None, "scope_not_yours"),
        (Role.AGENT, ("calls:read",), None, "scope_not_yours"),
        (Role.ADMIN, ("everything",), None, "scope_not_yours"),
        (Role.ADMIN, ("calls:read",), ("tokens:write",), "scope_not_yours"),
        (Role.ADMIN, (), None, "token_without_scope"),
    ],
)
def test_nobody_makes_a_token_beyond_their_own(
    session: Session, role: Role, scopes: tuple[str, ...], within: tuple[str, ...] | None, reason: str
) -> None:
    by = person(session, role)
    refused = tokens.make(session, by=by, name="x", scopes=scopes, days=1, now=NOW, within=within)
    assert refused == Refused(reason=reason)
    assert not tokens.every(session)


@pytest.mark.parametrize("days", [0, 367, -1])
def test_no_token_lives_for_ever(session: Session, days: int) -> None:
    refused = tokens.make(session, by=person(session), name="x", scopes=("calls:read",), days=days, now=NOW)
    assert refused == Refused(reason="token_life_out_of_range")


def test_the_last_use_is_written_now_and_then(session: Session) -> None:
    token = made(session, person(session)).token
    assert tokens.use_is_old(token, NOW)
    tokens.used(session, token, now=NOW)
    kept = tokens.one(session, token.token_id)
    assert kept is not None
    assert kept.last_used_at == NOW
    assert not tokens.use_is_old(kept, NOW + timedelta(minutes=4))
    assert tokens.use_is_old(kept, NOW + timedelta(minutes=5))


def test_every_scope_has_somebody_who_may_give_it() -> None:
    assert set(scopes_of(Role.ADMIN)) == set(SCOPES)
    assert beyond(scopes_of(Role.SUPERVISOR), Role.SUPERVISOR) == ()
    assert not scopes_of(Role.AGENT)
