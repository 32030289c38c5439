"""Fifty flows with one fault each: the checker says that one, with file, node and line, and nothing that only follows from it."""

import pytest

from tests.broken_flows import FOLDER, SOUND, expected, found, right_messages


@pytest.mark.parametrize("name", expected())
def test_one_fault_gives_the_one_right_message(name: str) -> None:
    assert found(name) == (expected()[name],)


def test_every_file_of_the_corpus_is_expected_to_say_something() -> None:
    files = {path.name.removesuffix(".flow.yaml") for path in FOLDER.glob("*.flow.yaml")}
    assert files == {*expected(), SOUND}
    assert len(expected()) == 50
    assert len({problem.split(": ", 1)[1] for problem in expected().values()}) == 50


def test_flow_they_were_made_from_is_sound() -> None:
    assert found(SOUND) == ()


def test_all_right_ones_are_counted_for_the_bench() -> None:
    assert right_messages() == 50
