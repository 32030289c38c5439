"""The published schema, the definition and the drawn diagram say the same."""

from pathlib import Path

import pytest

from ivr.flow.definition import OUTCOMES, SYSTEM_PROMPTS, Kind
from ivr.flow.diagram import mermaid
from ivr.flow.steps import Act, Expect
from prompts.documents import schema_of
from prompts.flows import SCHEMA

DEFINITIONS = schema_of(SCHEMA)["$defs"]
PAGE = Path(__file__).parents[3] / "docs" / "flow.md"


def test_schema_has_every_kind_of_node() -> None:
    assert DEFINITIONS["node"]["properties"]["kind"]["enum"] == [kind.value for kind in Kind]
    assert {rule["then"]["$ref"] for rule in DEFINITIONS["node"]["allOf"]} == {f"#/$defs/{kind}" for kind in Kind}


@pytest.mark.parametrize("name", OUTCOMES)
def test_schema_has_every_outcome(name: str) -> None:
    kind, _, variant = name.partition(" ")
    definition = DEFINITIONS[kind]
    if variant:
        field = {"case": "case"}.get(kind, "what")
        definition = next(
            rule["then"] for rule in definition["allOf"] if rule["if"]["properties"][field]["const"] == variant
        )
        assert variant in DEFINITIONS[kind]["properties"][field]["enum"]
    outcomes = definition["properties"]["outcomes"]
    assert frozenset(outcomes.get("required", ())) == OUTCOMES[name]
    assert not outcomes.get("additionalProperties") or not OUTCOMES[name]


def test_schema_has_every_sort_of_answer_and_system_prompt() -> None:
    assert DEFINITIONS["ask"]["properties"]["expect"]["enum"] == [expect.value for expect in Expect]
    assert frozenset(schema_of(SCHEMA)["properties"]["prompts"]["required"]) == SYSTEM_PROMPTS


def test_every_act_is_a_kind_of_node() -> None:
    assert {act.value for act in Act} <= {kind.value for kind in Kind}


def test_page_shows_the_diagram_of_the_table() -> None:
    assert f"```mermaid\n{mermaid()}```" in PAGE.read_text(encoding="utf-8")
