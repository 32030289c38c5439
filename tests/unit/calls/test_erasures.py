"""Erasing, on both databases: nothing of the person is left anywhere, everything of others is, and no backup brings it back."""

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, inspect, text
from sqlalchemy.orm import Session, sessionmaker

from biometrics.vault import Enrolled, Vault
from ivr import database
from ivr.calls import erasures, store, story, withdrawal
from ivr.calls.tables import Call
from ivr.commands.privacy_search import Person, TableSearched, files_of, search, search_files
from ivr.customers import ledger
from ivr.customers import store as customers
from ivr.customers.ledger import CALL_AUDIO, CONTACT_HISTORY, PURPOSES, VOICE_VERIFICATION, Answer, Asked, AskedBy
from ivr.customers.tables import CustomerNumber
from sealing.keys import KeyRing
from tests.databases import sqlite_database
from tests.everything import ENCODER, GIULIA, MARIO, Someone, call, filled
from tests.keys import RING
from tests.telephone import MONDAY_TEN

LATER = MONDAY_TEN + timedelta(hours=1)
VAULT = Vault(RING)
VOICE_TABLES = (
    "voiceprints", "collected_voices", "call_voices", "voice_decisions", "voice_challenges", "background_voices",
    "heard_fingerprints",
)  # fmt: skip


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    filled(engine)
    return database.session_factory(engine)


def person(someone: Someone) -> Person:
    return Person(customer_id=someone.customer_id, numbers=(someone.number,), names=(someone.name,))


def hits(sessions: sessionmaker[Session], someone: Someone, ring: KeyRing = RING) -> dict[str, dict[str, int]]:
    engine = sessions.kw["bind"].execution_options(reads_only=True)
    return {one.name: dict(one.hits) for one in search(engine, ring, person(someone)) if one.hits}


def contents(sessions: sessionmaker[Session], someone: Someone) -> dict[str, list[str]]:
    """Every row of the database that names somebody, as it lies there."""
    engine = sessions.kw["bind"]
    rows = {}
    with engine.connect() as connection:
        for table in inspect(engine).get_table_names():
            found = connection.execute(text(f'SELECT * FROM "{table}"')).mappings()  # noqa: S608 - a test's own words
            rows[table] = sorted(
                repr(sorted(row.items()))
                for row in found
                if row.get("customer_id") == someone.customer_id or str(row.get("call_id")) in someone.calls
            )
    return rows


def erase(sessions: sessionmaker[Session], someone: Someone = GIULIA, *, with_orders: bool = False) -> object:
    with sessions.begin() as session:
        return erasures.erase_person(session, someone.customer_id, by=AskedBy.ADMIN, now=LATER, with_orders=with_orders)


def test_before_an_erasure_the_search_finds_the_person_wherever_they_are(sessions: sessionmaker[Session]) -> None:
    found = hits(sessions, GIULIA)
    assert {
        "customers",
        "customer_numbers",
        "orders",
        "calls",
        "turns",
        "happenings",
        "cases",
        "contacts",
        "messages",
    } <= set(found)
    assert {"consents", "call_audio", "voice_alerts", *VOICE_TABLES} - {"voiceprints", "collected_voices"} <= set(found)
    assert {"prompt", "answer", "facts"} <= set(found["turns"])
    assert {"from_number", "state"} <= set(found["calls"])
    assert {"customer_id", "details"} <= set(found["voice_alerts"])


def test_after_an_erasure_nothing_is_found_and_nobody_else_has_lost_anything(sessions: sessionmaker[Session]) -> None:
    before = contents(sessions, MARIO)
    assert any(before.values())
    outcome = erase(sessions)
    assert isinstance(outcome, erasures.Erased)
    assert outcome.rows["calls"] == 2
    assert hits(sessions, GIULIA) == {}
    after = contents(sessions, MARIO)
    # Of the one alert that names both, only the other's name is gone.
    assert {name: rows for name, rows in after.items() if name != "voice_alerts"} == {
        name: rows for name, rows in before.items() if name != "voice_alerts"
    }


def test_words_are_gone_with_the_person(sessions: sessionmaker[Session]) -> None:
    erase(sessions)
    engine = sessions.kw["bind"]
    said = Person(names=(GIULIA.words,))
    assert [one for one in search(engine, RING, said) if one.hits] == []
    assert [one for one in search(engine, RING, Person(names=(MARIO.words,))) if one.hits]


def test_what_is_left_of_a_call_counts_it_and_can_still_be_shown(sessions: sessionmaker[Session]) -> None:
    erase(sessions)
    with sessions() as session:
        for call_id in GIULIA.calls:
            row = store.call(session, call_id)
            assert row is not None
            assert (row.customer_id, row.from_number, row.state) == (None, "", "")
            assert (row.reason, row.language, row.turn) == ("complaint", "it", 3)
            assert store.effort(session, call_id) == 3
            context = story.context_of(session, call_id, language="it", now=LATER, agent_names={})
            assert context is not None
            assert context.who.name is None
            assert {line.prompt for line in context.said} == {""}
            assert {line.kind for line in context.done} <= {"proof"}


def test_orders_stay_without_the_person_or_go_where_it_is_said(sessions: sessionmaker[Session]) -> None:
    erase(sessions, GIULIA)
    erase(sessions, MARIO, with_orders=True)
    with sessions() as session:
        rows = session.execute(text("SELECT order_number, customer_id FROM orders ORDER BY order_number")).all()
        assert [row.order_number for row in rows] == ["1017", "1042", "30917"]
        owners = {row.order_number: row.customer_id for row in rows}
        assert owners["1017"] == owners["1042"] != GIULIA.customer_id
        nobody = customers.customer(session, owners["1017"])
        assert nobody is not None
        assert (nobody.name, nobody.email) == ("", "")
        assert hits(sessions, MARIO) == {}


def test_customer_whose_call_goes_on_is_not_erased(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        call(session, GIULIA, "CAlive", GIULIA.customer_id, MONDAY_TEN, status=store.TALKING)
    before = contents(sessions, GIULIA)
    assert erase(sessions) == erasures.CallGoesOn(calls=("CAlive",))
    assert contents(sessions, GIULIA) == before
    assert erase(sessions, Someone(customer_id="K999", name="", number="", words="", speaker=0)) == erasures.Unknown()


def test_number_that_two_customers_share_stays_with_the_other(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        session.add(CustomerNumber(customer_id=MARIO.customer_id, number=GIULIA.number))
    outcome = erase(sessions)
    assert isinstance(outcome, erasures.Erased)
    assert outcome.shared_numbers == {GIULIA.number}
    with sessions() as session:
        assert [one.customer_id for one in customers.by_number(session, GIULIA.number)] == [MARIO.customer_id]
        assert customers.customer(session, GIULIA.customer_id) is None


def test_others_calls_from_the_persons_own_telephone_lose_only_the_number(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        call(session, GIULIA, "CAborrowed", MARIO.customer_id, MONDAY_TEN, status=store.ENDED)
        # In that call, no name of hers was said.
        session.execute(text("DELETE FROM turns WHERE call_id = 'CAborrowed'"))
        row = session.get_one(Call, "CAborrowed")
        row.state = "{}"
    erase(sessions)
    assert hits(sessions, GIULIA) == {}
    with sessions() as session:
        row = session.get_one(Call, "CAborrowed")
        assert (row.customer_id, row.from_number) == (MARIO.customer_id, "")
        (finished,) = [one for one in store.happenings(session, "CAborrowed") if one.kind == "finished"]
        assert json.loads(finished.details)["note"] == GIULIA.words


# --- The voice alone


def test_voice_alone_is_erased_with_its_consents_and_the_customer_stays(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        assert isinstance(VAULT.voiceprint_of(session, GIULIA.customer_id, ENCODER), Enrolled)
    with sessions.begin() as session:
        assert erasures.erase_voice(session, GIULIA.customer_id, by=AskedBy.AGENT, channel="phone", now=LATER)
        assert not erasures.erase_voice(session, "K999", by=AskedBy.AGENT, channel="phone", now=LATER)
    with sessions() as session:
        assert not any(VAULT.rows(session, GIULIA.customer_id).values())
        assert any(VAULT.rows(session, MARIO.customer_id).values())
        consents = ledger.consents_of(session, GIULIA.customer_id)
        assert consents == {VOICE_VERIFICATION: False, CALL_AUDIO: False, CONTACT_HISTORY: True}
        assert customers.turns_with_audio(session, GIULIA.calls[0], LATER) == frozenset()
        assert customers.customer(session, GIULIA.customer_id) is not None
        assert "K001" in {row.customer_id for row in customers.by_number(session, GIULIA.number)}


@pytest.mark.parametrize(
    ("purpose", "gone", "stays"),
    [
        (VOICE_VERIFICATION, "call_voices", "call_audio"),
        (CALL_AUDIO, "call_audio", "call_voices"),
    ],
)
def test_what_rested_on_a_consent_is_gone_with_it_and_nothing_else(
    sessions: sessionmaker[Session], purpose: str, gone: str, stays: str
) -> None:
    with sessions.begin() as session:
        withdrawal.withdraw(session, GIULIA.customer_id, purpose, by=AskedBy.AGENT, channel="phone", now=LATER)
    left = contents(sessions, GIULIA)
    assert left[gone] == []
    assert left[stays]


def test_withdrawn_memory_of_calls_empties_the_notes_and_keeps_that_there_was_a_contact(
    sessions: sessionmaker[Session],
) -> None:
    with sessions.begin() as session:
        withdrawal.withdraw(session, GIULIA.customer_id, CONTACT_HISTORY, by=AskedBy.WEB, channel="web", now=LATER)
        contacts = customers.contacts_of(session, GIULIA.customer_id)
        assert len(contacts) == 2
        assert {one.note for one in contacts} == {""}


def test_everything_taken_back_by_a_word_takes_every_purpose_that_was_answered(sessions: sessionmaker[Session]) -> None:
    asked = Asked(by=AskedBy.LINE, channel="phone", call_id="CA1", heard="revoco il consenso")
    with sessions.begin() as session:
        withdrawal.answered(
            session,
            customer_id=GIULIA.customer_id,
            purpose=withdrawal.ALL,
            answer=Answer.WITHDRAWN,
            asked=asked,
            now=LATER,
        )
        assert not any(ledger.consents_of(session, GIULIA.customer_id).values())
        newest = ledger.ledger_of(session, GIULIA.customer_id)[-3:]
        assert {line.asked.heard for line in newest} == {"revoco il consenso"}
        assert not any(VAULT.rows(session, GIULIA.customer_id).values())
        # Whoever was never asked and takes everything back has answered what the flow would ask.
        withdrawal.answered(
            session, customer_id="K003", purpose=withdrawal.ALL, answer=Answer.WITHDRAWN, asked=asked, now=LATER
        )
        assert ledger.consents_of(session, "K003") == {VOICE_VERIFICATION: False, CONTACT_HISTORY: False}


def test_refusal_of_who_never_agreed_leaves_no_tombstone(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        withdrawal.withdraw(session, "K003", VOICE_VERIFICATION, by=AskedBy.LINE, channel="phone", now=LATER)
        assert session.scalar(text("SELECT count(*) FROM erasures")) == 0


# --- Backups


def backup(engine: Engine, file: Path) -> None:
    with closing(sqlite3.connect(file)) as copy, closing(sqlite3.connect(str(engine.url.database))) as original:
        original.backup(copy)


def test_restored_backup_is_erased_again_and_only_once(tmp_path: Path) -> None:
    file = tmp_path / "erasures.jsonl"
    copies = tmp_path / "copies"
    copies.mkdir()
    with sqlite_database(tmp_path) as engine:
        filled(engine)
        backup(engine, copies / "centralino.sqlite")
        sessions = database.session_factory(engine)
        with sessions.begin() as session:
            withdrawal.withdraw(
                session, MARIO.customer_id, VOICE_VERIFICATION, by=AskedBy.LINE, channel="phone", now=LATER
            )
        erase(sessions)
        with sessions.begin() as session:
            assert erasures.reconcile(session, file, LATER) == erasures.Reconciled(
                done_again=0, unreadable=0, written=2
            )
            assert erasures.reconcile(session, file, LATER) == erasures.Reconciled(
                done_again=0, unreadable=0, written=0
            )
    with sqlite_database(copies) as engine:
        restored = database.session_factory(engine)
        assert hits(restored, GIULIA)
        with restored.begin() as session:
            done = erasures.reconcile(session, file, LATER + timedelta(days=1))
        assert done == erasures.Reconciled(done_again=2, unreadable=0, written=0)
        assert hits(restored, GIULIA) == {}
        with restored.begin() as session:
            assert not any(VAULT.rows(session, MARIO.customer_id).values())
            # The backup's ledger knew nothing of the withdrawal: without it, the voice would be collected anew.
            (*_, line) = ledger.ledger_of(session, MARIO.customer_id)
            assert (line.answer, line.asked.channel) == (Answer.WITHDRAWN, erasures.BACKUP)
            assert customers.customer(session, MARIO.customer_id) is not None
            assert erasures.reconcile(session, file, LATER).done_again == 0


def test_customer_who_agrees_again_after_an_erasure_keeps_their_new_voice(
    sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    file = tmp_path / "erasures.jsonl"
    with sessions.begin() as session:
        withdrawal.withdraw(
            session, GIULIA.customer_id, VOICE_VERIFICATION, by=AskedBy.LINE, channel="phone", now=LATER
        )
        erasures.reconcile(session, file, LATER)
        asked = Asked(by=AskedBy.LINE, channel="phone", call_id="CA5")
        withdrawal.answered(
            session, customer_id=GIULIA.customer_id, purpose=VOICE_VERIFICATION, answer=Answer.YES, asked=asked,
            now=LATER + timedelta(days=1),
        )  # fmt: skip
        VAULT.keep_background(session, GIULIA.customer_id, ENCODER, (1.0,) + (0.0,) * 15, LATER + timedelta(days=1))
        assert erasures.reconcile(session, file, LATER + timedelta(days=2)).done_again == 0
        assert VAULT.rows(session, GIULIA.customer_id)["background_voices"] == 1


def test_lines_that_cannot_be_read_are_counted_and_stop_no_other(
    sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    file = tmp_path / "erasures.jsonl"
    erase(sessions)
    with sessions.begin() as session:
        erasures.reconcile(session, file, LATER)
        session.execute(text("DELETE FROM erasures"))
    line = file.read_text(encoding="utf-8")
    forged = json.dumps(json.loads(line) | {"erasure_id": "f" * 32})
    file.write_bytes(b"\xff\xfe rubbish\n" + b"{}\n" + forged.encode() + b"\n" + line.encode())
    with sessions.begin() as session:
        assert erasures.reconcile(session, file, LATER) == erasures.Reconciled(done_again=1, unreadable=3, written=0)


def test_file_says_nothing_of_anybody(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    file = tmp_path / "erasures.jsonl"
    erase(sessions)
    with sessions.begin() as session:
        erasures.reconcile(session, file, LATER)
    assert file.stat().st_mode & 0o077 == 0
    (searched,) = search_files([file], person(GIULIA))
    assert searched == TableSearched(name=str(file), rows=file.stat().st_size, hits={}, unopened={}, is_file=True)
    assert GIULIA.customer_id not in file.read_text(encoding="utf-8")


# --- The bytes of the file


def test_bytes_of_a_sqlite_file_hold_nothing_of_the_person_after_an_erasure(tmp_path: Path) -> None:
    with sqlite_database(tmp_path) as engine:
        filled(engine)
        sessions = database.session_factory(engine)
        assert database.empty_log(engine)
        looked_for = [GIULIA.number.encode(), GIULIA.calls[0].encode() + b"\x00", GIULIA.number[3:].encode()]
        before = b"".join(file.read_bytes() for file in files_of(engine) if file.exists())
        assert looked_for[0] in before
        assert [one.hits for one in search_files(files_of(engine), person(GIULIA)) if one.hits]
        with engine.connect() as connection:
            sealed = (
                connection.execute(
                    text("SELECT sealed FROM call_voices WHERE customer_id = :id"), {"id": GIULIA.customer_id}
                )
                .scalars()
                .all()
            )
            name = connection.scalar(text("SELECT name FROM customers WHERE customer_id = 'K001'"))
        assert name is not None
        looked_for += [*sealed, name.encode()]
        assert sealed[0] in before
        erase(sessions)
        assert database.empty_log(engine)
        after = b"".join(file.read_bytes() for file in files_of(engine) if file.exists())
        for bytes_ in (GIULIA.number.encode(), GIULIA.number[3:].encode(), name.encode(), *sealed):
            assert bytes_ not in after
        assert [one.hits for one in search_files(files_of(engine), person(GIULIA)) if one.hits] == []
        assert MARIO.number.encode() in after


def test_log_that_somebody_reads_is_emptied_when_they_have_gone(tmp_path: Path) -> None:
    with sqlite_database(tmp_path) as engine:
        filled(engine)
        with engine.execution_options(reads_only=True).connect() as reader:
            reader.execute(text("SELECT count(*) FROM customers"))
            erase(database.session_factory(engine))
            assert not database.empty_log(engine, patience_seconds=0.1)
        assert database.empty_log(engine)
        assert Path(f"{engine.url.database}-wal").stat().st_size == 0


# --- The search itself


@pytest.mark.parametrize(
    ("value", "is_found"),
    [
        ("Buongiorno Giulia Conti", True),
        ("GIULIA  CONTI", True),
        ("Giulia", False),
        ("D&#39;Amico &amp; Giulia Conti", True),
        ('{"name": "Giulia Cont\\u0069"}', True),
        ("chiami il 333 123 00 01 grazie", True),
        ("+39 333-1230001", True),
        ("333123000", False),
        ('{"order_number": "K0011"}', False),
        ('{"customer": "K001"}', True),
    ],
)
def test_person_is_found_however_it_is_written(sessions: sessionmaker[Session], value: str, *, is_found: bool) -> None:
    erase(sessions)
    with sessions.begin() as session:
        session.execute(
            text("UPDATE routing_agents SET away_reason = :value WHERE agent_id = 'anna'"), {"value": value}
        )
    assert (hits(sessions, GIULIA) == {"routing_agents": {"away_reason": 1}}) == is_found


def test_table_that_the_code_does_not_know_is_searched_too(sessions: sessionmaker[Session]) -> None:
    erase(sessions)
    with sessions.begin() as session:
        session.execute(text("CREATE TABLE notes_of_last_year (of_whom TEXT, picture BYTEA, score INTEGER)"))
        session.execute(text("INSERT INTO notes_of_last_year VALUES ('la signora Giulia Conti', NULL, 7)"))
    assert hits(sessions, GIULIA) == {"notes_of_last_year": {"of_whom": 1}}


def test_values_whose_key_is_gone_are_said(sessions: sessionmaker[Session]) -> None:
    engine = sessions.kw["bind"]
    found = {one.name: one for one in search(engine, KeyRing.read(KeyRing.new_key()), person(GIULIA))}
    assert found["customers"].unopened == {"name": 3}
    assert found["turns"].unopened["prompt"] == 12
    assert found["call_voices"].unopened == {"sealed": 20}
    assert found["customers"].hits == {"customer_id": 1}


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(PURPOSES), st.sampled_from(Answer)),
        # Who called from whose telephone, as whom.
        st.sampled_from(((GIULIA, GIULIA.customer_id), (GIULIA, None), (MARIO, MARIO.customer_id), (MARIO, None))),
    ),
    max_size=6,
)


@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_STEPS)
def test_whatever_happened_with_a_customer_an_erasure_leaves_nothing_to_be_found(
    steps: list[tuple[str, Answer] | tuple[Someone, str | None]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with sqlite_database(tmp_path_factory.mktemp("house")) as engine:
        filled(engine)
        sessions = database.session_factory(engine)
        with sessions.begin() as session:
            for number, (first, second) in enumerate(steps):
                now, call_id = LATER + timedelta(minutes=number), f"CA{number}"
                if isinstance(first, Someone):
                    call(session, first, call_id, second, now, status=store.ENDED)
                    continue
                asked = Asked(by=AskedBy.LINE, channel="phone", call_id=call_id, heard=GIULIA.words)
                withdrawal.answered(
                    session,
                    customer_id=GIULIA.customer_id,
                    purpose=first,
                    answer=Answer(str(second)),
                    asked=asked,
                    now=now,
                )
        erase(sessions)
        assert hits(sessions, GIULIA) == {}
        assert database.empty_log(engine)
        assert [one.hits for one in search_files(files_of(engine), person(GIULIA)) if one.hits] == []
