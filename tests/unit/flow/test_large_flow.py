"""A flow of 300 nodes is checked, from its text to the findings, while an admin would not notice."""

import time

import pytest

from ivr.flow.files import problems_of
from prompts.flows import read_flow
from tests.large_flow import large_flow, large_texts


@pytest.fixture(scope="module")
def texts() -> tuple[str, str]:
    return large_texts()


def test_large_flow_has_300_nodes_and_is_sound(texts: tuple[str, str]) -> None:
    assert len(large_flow()[0]["nodes"]) == 300
    assert problems_of(*texts) == ()


def test_300_nodes_are_checked_in_under_a_second(texts: tuple[str, str]) -> None:
    problems_of(*texts)
    began = time.process_time()
    problems_of(*texts)
    assert time.process_time() - began < 1


def test_one_fault_among_300_nodes_is_told_once_with_its_line(texts: tuple[str, str]) -> None:
    flow, prompts = texts
    line = flow[: flow.index("      found: d7_status")].count("\n") + 1
    (found,) = problems_of(flow.replace("found: d7_status", "found: d7_statsu"), prompts)
    assert (found.line, found.place) == (line, "node d7_look")
    assert "Did you mean 'd7_status'?" in found.remedy


def test_what_is_written_is_what_was_meant(texts: tuple[str, str]) -> None:
    assert read_flow(texts[0], file="large.flow.yaml").document == large_flow()[0]
