"""A database of a version that sealed nothing: upgrading seals what is there, leaves nothing plain in the file, and can go on."""

from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from sqlalchemy import Engine, text

from ivr import database
from ivr.calls import store
from ivr.customers import store as customers
from sealing import resealing
from tests.sealed import opened_rows

NAME, SAID, SOUND = "Giulia Conti", "dov'è il mio ordine", b"fLaC" + bytes(range(256)) * 40
AT = "2026-11-23 09:00:00+00:00"
PLAIN: Mapping[str, Mapping[str, object]] = {
    "customers": {
        "customer_id": "K001", "name": NAME, "language": "it", "preferred_channel": "phone", "email": "giulia@example.it",
    },
    "calls": {
        "call_id": "CA1", "from_number": "+393331234567", "to_number": "+390210420000", "flow": "shop", "flow_version": 1,
        "listening": "carrier", "language": "it", "status": "ended", "started_at": AT, "ended_at": AT, "turn": 1,
        "node": "greet", "state": '{"name": "Giulia Conti"}', "expecting": "", "heard": "", "customer_id": "K001", "reason": "",
        "route_reason": "", "on_hold": False, "sequence": -1,
    },
    "turns": {
        "call_id": "CA1", "turn": 1, "at": AT, "heard": SAID, "keys": "12", "intent": "", "ended": "speech", "node": "greet",
        "prompt": "Buongiorno Giulia Conti", "facts": "[]", "answer": "<Response/>",
    },
    "happenings": {"happening_id": 1, "call_id": "CA1", "at": AT, "kind": "ended", "details": '{"node": "greet"}'},
    "cases": {
        "case_id": "C123456", "customer_id": "K001", "number": "", "kind": "question", "summary": SAID, "opened_at": AT,
        "due_at": AT, "opened_in_call": "CA1",
    },
    "contacts": {
        "contact_id": 1, "customer_id": "K001", "at": AT, "channel": "phone", "reason": "", "outcome": "", "note": SAID,
        "call_id": "CA1",
    },
    "messages": {
        "message_id": 1, "call_id": "CA1", "to_number": "+393331234567", "text": NAME, "asked_at": AT, "status": "accepted",
    },
    "call_audio": {"call_id": "CA1", "turn": 1, "customer_id": "K001", "kept_until": AT, "flac": SOUND},
}  # fmt: skip
# What the database itself fills in: how a turn was heard, and the words of one that is being spoken.
FILLED_IN = {"turns": {"hearing": "{}"}, "calls": {"words_so_far": ""}}


def of_an_earlier_version(engine: Engine) -> None:
    database.upgrade(engine, "0003")
    with engine.begin() as connection:
        for table, row in PLAIN.items():
            names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), dict(row))  # noqa: S608 - the test's own


def is_all_there(engine: Engine) -> None:
    for table, row in PLAIN.items():
        (opened,) = opened_rows(engine, table)
        for name, value in {**row, **FILLED_IN.get(table, {})}.items():
            if not name.endswith("at") and name != "kept_until":
                assert opened[name] == value, (table, name)


def values_in_plain(engine: Engine) -> int:
    with engine.connect() as connection:
        found = resealing.places(database.METADATA, connection)
        return sum(resealing.count(connection, place).plain for place in found)


def test_what_an_earlier_version_kept_is_sealed_and_reads_as_before(engine: Engine) -> None:
    of_an_earlier_version(engine)
    database.upgrade(engine)
    assert values_in_plain(engine) == 0
    is_all_there(engine)
    with database.session_factory(engine)() as session:
        (turn,) = store.turns(session, "CA1")
        assert (turn.heard, turn.keys, turn.hearing) == (SAID, "12", "{}")
        giulia = customers.customer(session, "K001")
        assert giulia is not None
        assert (giulia.name, giulia.email) == (NAME, "giulia@example.it")


def test_nothing_plain_is_left_in_the_file(sqlite_engine: Engine, tmp_path: Path) -> None:
    of_an_earlier_version(sqlite_engine)

    def found() -> list[bytes]:
        traces = [NAME.encode(), SAID.encode(), SOUND[100:200], b"giulia@example.it", b"Buongiorno"]
        files = [file.read_bytes() for file in tmp_path.iterdir()]
        return [trace for trace in traces if any(trace in content for content in files)]

    assert len(found()) == 5
    database.upgrade(sqlite_engine)
    assert found() == []


def test_an_upgrade_that_broke_off_while_sealing_goes_on(engine: Engine) -> None:
    of_an_earlier_version(engine)
    # Where it broke off: the columns are there, the values of one table are sealed, the next migration has not run.
    database.upgrade(engine, database.SEALS_FROM)
    with engine.connect() as connection:
        first = resealing.places(database.METADATA, connection)[0]
    list(islice(resealing.seal_plain(engine, first), 1))
    assert not database.is_at_head(engine)
    assert values_in_plain(engine) > 0
    database.upgrade(engine)
    assert database.is_at_head(engine)
    assert values_in_plain(engine) == 0
    is_all_there(engine)


def test_what_is_put_there_in_plain_afterwards_is_sealed_by_no_upgrade(engine: Engine) -> None:
    of_an_earlier_version(engine)
    database.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE customers SET name = 'Mallory'"))
    database.upgrade(engine)
    assert values_in_plain(engine) == 1


def test_down_again_everything_reads_as_that_version_kept_it(engine: Engine) -> None:
    of_an_earlier_version(engine)
    database.upgrade(engine)
    database.downgrade(engine, "0003")
    with engine.connect() as connection:
        for table, row in PLAIN.items():
            (kept,) = connection.execute(text(f"SELECT * FROM {table}")).mappings()  # noqa: S608 - the test's own
            for name, value in row.items():
                if not name.endswith("at") and name != "kept_until":
                    assert (bytes(kept[name]) if name == "flac" else kept[name]) == value, (table, name)
