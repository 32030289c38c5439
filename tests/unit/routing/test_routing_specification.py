"""The table of decisions, asked of the pure matcher; and that it leaves out no rule, no order, no tie-break."""

import json

import pytest

from routing.matching import ORDERS, match
from routing.queues import AgentOrder
from routing.receipts import Rule, TieBreak, receipt_from_json
from routing.skills import Droppable
from tests.routing_specification import NOW, Row, rows, told

ROWS = rows()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.says)
def test_the_matcher_decides_as_the_table_says(row: Row) -> None:
    receipt = match(row.call, row.agents, NOW, queue=row.queue)
    assert told(receipt) == row.expected
    assert receipt_from_json(json.loads(json.dumps(receipt.as_json()))) == receipt


def test_the_table_knows_every_rule_every_tie_break_every_order_and_every_thing_that_a_ring_drops() -> None:
    failed = {name.split()[-1] for row in ROWS for names in row.expected["fails"].values() for name in names}
    assert failed == {rule.value for rule in Rule}
    assert {row.expected["by"] for row in ROWS} == {one.value for one in TieBreak}
    assert {row.queue.order for row in ROWS} == set(AgentOrder) == set(ORDERS)
    dropped = {drop for row in ROWS for ring in row.queue.rings for drop in ring.drops}
    assert dropped == set(Droppable)
    assert len({row.says for row in ROWS}) == len(ROWS) >= 30
