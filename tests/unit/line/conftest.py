"""The bench of the line's tests as a fixture."""

from collections.abc import Iterator

import pytest

from tests.unit.line.line_bench import Bench, make_bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = make_bench()
    yield made
    made.line.close()
    made.clock.advance(1)
