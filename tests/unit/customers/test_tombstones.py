"""Tombstones: they know their customer again with the keys, say nothing without, and no line of a file can break them."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from ivr import database
from ivr.customers import tombstones
from ivr.customers.tombstones import NotATombstoneError, Scope, Tombstone
from sealing.keys import KeyRing, SealBrokenError
from tests.keys import RING
from tests.telephone import MONDAY_TEN


def made(engine: Engine, *customers: str) -> tuple[Tombstone, ...]:
    database.upgrade(engine)
    with database.session_factory(engine).begin() as session:
        for minutes, customer_id in enumerate(customers):
            tombstones.record(
                session,
                customer_id=customer_id,
                scope=Scope.VOICE,
                asked_by="line",
                now=MONDAY_TEN + timedelta(minutes=minutes),
            )
        return tombstones.every(session)


def test_tombstone_knows_its_customer_through_the_file_and_names_nobody(engine: Engine) -> None:
    first, second = (Tombstone.of_line(one.line) for one in made(engine, "K001", "K002"))
    assert first.is_about("K001", first.key(RING))
    assert not first.is_about("K002", first.key(RING))
    assert second.is_about("K002", second.key(RING))
    assert "K001" not in first.line
    assert first.scope is Scope.VOICE
    assert first.at == MONDAY_TEN


def test_two_tombstones_of_one_customer_cannot_be_told_to_be(sqlite_engine: Engine) -> None:
    first, second = made(sqlite_engine, "K001", "K001")
    assert first.customer_mac != second.customer_mac
    assert not second.is_about("K001", first.key(RING))


def test_without_the_keys_it_says_nothing(sqlite_engine: Engine) -> None:
    (one,) = made(sqlite_engine, "K001")
    with pytest.raises(SealBrokenError):
        one.key(KeyRing.read(KeyRing.new_key()))


def test_key_of_another_tombstone_does_not_open(sqlite_engine: Engine) -> None:
    first, second = made(sqlite_engine, "K001", "K002")
    swapped = json.loads(first.line) | {"sealed_key": second.sealed_key}
    with pytest.raises(SealBrokenError):
        Tombstone.of_line(json.dumps(swapped)).key(RING)


def test_one_that_came_from_the_file_is_known_from_then_on(engine: Engine) -> None:
    (one,) = made(engine, "K001")
    with database.session_factory(engine).begin() as session:
        session.connection().exec_driver_sql("DELETE FROM erasures")
        assert tombstones.known(session) == frozenset()
        tombstones.keep(session, one, RING)
        assert tombstones.known(session) == {one.erasure_id}
        (again,) = tombstones.every(session)
        assert again.is_about("K001", again.key(RING))


@given(line=st.one_of(st.text(), st.recursive(st.none() | st.text() | st.floats(), st.lists).map(json.dumps)))
def test_line_that_is_none_is_refused_with_a_sentence(line: str) -> None:
    with pytest.raises(NotATombstoneError):
        Tombstone.of_line(line)


@given(
    field=st.sampled_from(("at", "scope", "erasure_id")),
    value=st.one_of(st.none(), st.integers(), st.just("2026-11-23T09:00:00")),
)
def test_field_that_cannot_be_is_refused(field: str, value: object) -> None:
    fields: dict[str, object] = {
        "erasure_id": "a", "at": MONDAY_TEN.isoformat(), "scope": "voice", "asked_by": "line", "customer_mac": "b",
        "sealed_key": "c",
    }  # fmt: skip
    assert Tombstone.of_line(json.dumps(fields)).erasure_id == "a"
    if field == "erasure_id" and isinstance(value, str):
        return
    with pytest.raises(NotATombstoneError):
        Tombstone.of_line(json.dumps(fields | {field: value}))
