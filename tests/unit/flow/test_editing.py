"""What an act on a flow changes: the flow stays one that the schema takes, every reference follows, and nothing else moves."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import yaml

from ivr.flow import editing
from ivr.flow.checker import check
from ivr.flow.definition import Kind, build
from ivr.flow.editing import Impossible, Plan, Planned, applied, references
from ivr.flow.offers import offers, required_fields
from prompts.flows import read_flow
from prompts.version import Version

Document = Mapping[str, Any]


def fitting(kind: str) -> Sequence[str]:
    return ["how_can_we_help"] if kind in {"ask", "resume", "reached", "dictate", "survey"} else ["goodbye"]


def after(flow: Document, plan: Plan) -> dict[str, Any]:
    assert isinstance(plan, Planned), plan
    return applied(flow, plan.changes)


def problems(flow: Document, version: Version) -> list[str]:
    reading = read_flow(yaml.safe_dump(flow, sort_keys=False), file="f")
    found = check(
        reading.document, file="f", lines=reading.lines, wordings=version.catalogue.shape(), found=reading.problems
    )
    return [f"{problem.place}: {problem.message}" for problem in found]


@pytest.mark.parametrize("kind", list(Kind))
def test_new_node_of_any_kind_put_into_the_flow_is_legal(version: Version, kind: Kind) -> None:
    plan = editing.add(version.flow, kind=kind, name="fresh", prompts=fitting, after=("say_sorry", "next"))
    flow = after(version.flow, plan)
    assert list(flow["nodes"]).index("fresh") == list(flow["nodes"]).index("say_sorry") + 1
    # What an end cuts off is told, and nothing else.
    expected = ["node open_complaint: no call can come to this node, nor to 2 more that only it leads to"]
    assert problems(flow, version) == (expected if kind is Kind.END else [])
    if kind is not Kind.END:
        assert build(flow).nodes["fresh"].kind is kind


def test_new_node_that_nothing_leads_to_is_told_by_the_checker_alone(version: Version) -> None:
    flow = after(version.flow, editing.add(version.flow, kind="say", name="fresh", prompts=fitting))
    assert problems(flow, version) == ["node fresh: no call can come to this node"]
    assert flow["nodes"]["fresh"]["outcomes"] == {"next": "to_person"}


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        (lambda flow: editing.add(flow, kind="say", name="goodbye", prompts=fitting), "name_taken"),
        (lambda flow: editing.add(flow, kind="say", name="Good bye", prompts=fitting), "name_unfit"),
        (lambda flow: editing.add(flow, kind="dance", name="fresh", prompts=fitting), "kind_unknown"),
        (lambda flow: editing.add(flow, kind="say", name="fresh", prompts=lambda _: []), "prompt_wanted"),
        (
            lambda flow: editing.add(flow, kind="say", name="fresh", prompts=fitting, after=("goodbye", "next")),
            "outcome_unknown",
        ),
        (lambda flow: editing.remove(flow, name="nowhere"), "node_unknown"),
        (lambda flow: editing.remove(flow, name="goodbye", instead="goodbye"), "node_unknown"),
        (lambda flow: editing.rename(flow, name="nowhere", to="somewhere"), "node_unknown"),
        (lambda flow: editing.rename(flow, name="goodbye", to="greet"), "name_taken"),
        (lambda flow: editing.connect(flow, name="greet", outcome="next", to="nowhere"), "node_unknown"),
        (lambda flow: editing.connect(flow, name="greet", outcome="never", to=""), "outcome_unknown"),
        (lambda flow: editing.change_field(flow, name="greet", field="kind", value="end"), "field_fixed"),
    ],
)
def test_act_that_cannot_be_says_why(version: Version, plan: Any, reason: str) -> None:
    assert plan(version.flow) == Impossible(reason=reason)


@pytest.mark.parametrize(
    "name", ["to_person", "identify", "who_is_called", "order_start", "anything_else", "lookup_order"]
)
def test_whatever_named_a_node_follows_its_new_name(version: Version, name: str) -> None:
    flow = after(version.flow, editing.rename(version.flow, name=name, to="renamed"))
    assert problems(flow, version) == []
    assert [place for place, target in references(flow) if target == "renamed"] == [
        tuple("renamed" if step == name else step for step in place)
        for place, target in references(version.flow)
        if target == name
    ]
    assert [one if one != "renamed" else name for one in flow["nodes"]] == list(version.flow["nodes"])


def test_what_led_to_a_node_that_is_gone_is_told(version: Version) -> None:
    plan = editing.remove(version.flow, name="say_late")
    assert isinstance(plan, Planned)
    assert plan.told == (("flow", "nodes", "lookup_order", "outcomes", "late"),)
    assert problems(after(version.flow, plan), version) == [
        "node lookup_order: late goes to 'say_late', and there is no such node"
    ]


def test_what_led_to_a_node_that_is_gone_can_lead_on(version: Version) -> None:
    flow = after(version.flow, editing.remove(version.flow, name="say_late", instead="anything_else"))
    assert problems(flow, version) == []
    assert flow["nodes"]["lookup_order"]["outcomes"]["late"] == "anything_else"


def test_outcomes_follow_what_a_node_looks_up(version: Version) -> None:
    flow = after(version.flow, editing.change_field(version.flow, name="lookup_order", field="what", value="return"))
    outcomes = flow["nodes"]["lookup_order"]["outcomes"]
    assert set(outcomes) == {"found", "not_found", "exhausted"}
    without = after(flow, editing.change_field(flow, name="lookup_order", field="tries", value=None))
    assert set(without["nodes"]["lookup_order"]["outcomes"]) == {"found", "not_found"}
    assert "tries" not in without["nodes"]["lookup_order"]


def test_outcome_is_led_elsewhere_and_taken_out(version: Version) -> None:
    plan = editing.connect(version.flow, name="greet", outcome="next", to="goodbye")
    assert isinstance(plan, Planned)
    (change,) = plan.changes
    assert (change.place, change.before, change.after) == (
        ("flow", "nodes", "greet", "outcomes", "next"),
        "tell_privacy",
        "goodbye",
    )
    assert editing.connect(version.flow, name="greet", outcome="next", to="tell_privacy") == Planned(changes=())
    gone = after(version.flow, editing.connect(version.flow, name="ask_request", outcome="nothing_else", to=""))
    assert gone["nodes"]["ask_request"]["outcomes"] == {}


def test_the_form_offers_what_the_schema_and_the_outcomes_know(version: Version) -> None:
    assert list(offers()) == [kind.value for kind in Kind]
    for name, node in version.flow["nodes"].items():
        offer = offers()[node["kind"]]
        known = {field.name for field in offer.fields} | {"kind", "outcomes"}
        assert node.keys() <= known, name
        assert {field.name for field in offer.fields if field.is_required} <= node.keys(), name
        chosen = str(node.get(offer.chosen_by, "")) if offer.chosen_by else ""
        must = offer.outcomes[chosen]
        if not offer.is_open:
            assert set(must) <= node.get("outcomes", {}).keys() <= {*must, *offer.may}, name


def test_a_question_for_digits_must_have_a_slot_and_a_code_a_text() -> None:
    assert "slot" in required_fields("ask", {"expect": "digits"})
    assert "slot" not in required_fields("ask", {"expect": "yes_no"})
    assert "prompt" in required_fields("challenge", {"what": "code"})
    limits = {field.name: (field.sort, field.least, field.most) for field in offers()["ask"].fields}
    assert limits["timeout_seconds"] == ("number", 0, 30)
    assert limits["prompt"][0] == "prompt"
    assert limits["keys"][0] == "keys"
    assert limits["secret"][0] == "flag"
