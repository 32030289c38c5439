"""Every change that a person or a token makes is in the audit trail; a new writing route fails here until somebody says how."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from tests.service import told_voices
from tests.service.told_voices import ToldVoices
from tests.written import Write, carried_out, in_nobody_s_table, problem_of, table, writing_routes


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ToldVoices]:
    with told_voices.open_house(tmp_path_factory.mktemp("writes")) as voices:
        yield voices


@pytest.fixture
def voices(opened: ToldVoices) -> ToldVoices:
    opened.begin_again()
    return opened


def test_every_writing_route_is_in_somebody_s_table(opened: ToldVoices) -> None:
    assert not in_nobody_s_table(opened.house.app), (
        "say in tests/service/writes how it is called, or why it changes nothing"
    )


def test_the_tables_name_no_route_that_is_gone(opened: ToldVoices) -> None:
    writes, no_changes = table()
    served = set(writing_routes(opened.house.app))
    assert set(writes) <= served
    assert set(no_changes) <= {endpoint for endpoint, _ in served}
    assert all(no_changes.values())


@pytest.mark.parametrize("write", table()[0].values(), ids=lambda write: f"{write.endpoint} {write.method}")
def test_a_change_leaves_a_row_in_the_audit_trail(voices: ToldVoices, write: Write) -> None:
    answer, acts = carried_out(write, voices)
    assert not problem_of(write, answer, acts)
    # It is never erased, so nobody who may be is named in it.
    with voices.house.engine.connect() as connection:
        told = connection.execute(text("SELECT subject, note, before, after FROM audit_entries")).all()
    assert told_voices.CUSTOMER not in repr(told)


def test_a_change_that_is_refused_leaves_none(voices: ToldVoices) -> None:
    write = table()[0]["tokens.make", "POST"]
    answer, acts = carried_out(Write(endpoint=write.endpoint, act=write.act, address=write.address, form={}), voices)
    assert answer.status_code == 422
    assert not acts
