"""A realistic flow of some hundred nodes: the shipped one, with a department for each sort of goods."""

import copy
from collections.abc import Mapping
from typing import Any

import yaml

from prompts.documents import HERE, read
from prompts.version import FLOW_FILE, PROMPTS_FILE

# A department's nodes: asked for an order, looked up, told how it stands, handed over. {d} is the department.
_DEPARTMENT = """
{d}_start: {kind: branch, value: order_number, outcomes: {absent: {d}_ask, otherwise: {d}_look}}
{d}_ask: {kind: ask, expect: digits, slot: order_number, min_keys: 4, max_keys: 6, prompt: which_order, confirm: unsure,
  outcomes: {given: {d}_look}}
{d}_look: {kind: lookup, what: return, inputs: [order_number], tries: 2,
  outcomes: {found: {d}_status, not_found: {d}_ask, exhausted: {d}_sorry}}
{d}_status: {kind: branch, value: status, outcomes: {awaited: {d}_awaited, received: {d}_received, otherwise: {d}_confirm}}
{d}_awaited: {kind: say, prompt: return_already_open, outcomes: {next: anything_else}}
{d}_received: {kind: say, prompt: order_preparing, outcomes: {next: anything_else}}
{d}_confirm: {kind: ask, expect: yes_no, prompt: confirm_return, outcomes: {"yes": {d}_case, "no": anything_else}}
{d}_case: {kind: case, case: question, outcomes: {opened: anything_else, already_open: {d}_sorry}}
{d}_sorry: {kind: say, prompt: complaint_sorry, outcomes: {next: {d}_route}}
{d}_route: {kind: route, skill: product,
  outcomes: {closed: say_closed, nobody: say_nobody, met: survey_agent, left: keep_place, failed: say_nobody}}
"""
_NODES = 10


def large_flow(nodes: int = 300) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the documents of a flow of so many nodes, and of its prompts."""
    flow = copy.deepcopy(dict(_document(FLOW_FILE, "flow.schema.json", "node")))
    prompts = copy.deepcopy(dict(_document(PROMPTS_FILE, "prompts.schema.json", "prompt")))
    every = flow["nodes"]
    departments = (nodes - len(every) - 1) // _NODES
    every["which_department"] = {
        "kind": "branch",
        "value": "department",
        "outcomes": {"otherwise": "route_product", **{f"d{n}": f"d{n}_start" for n in range(departments)}},
    }
    every["say_product"]["outcomes"]["next"] = "which_department"
    for number in range(departments):
        every.update(_department(f"d{number}"))
    last = f"d{departments - 1}_sorry"
    for number in range(nodes - len(every)):
        every[f"more_{number}"] = {"kind": "say", "prompt": "complaint_sorry", "outcomes": every[last]["outcomes"]}
        every[last] = {**every[last], "outcomes": {"next": f"more_{number}"}}
        last = f"more_{number}"
    return flow, prompts


def large_texts(nodes: int = 300) -> tuple[str, str]:
    """The same as the files that people would write."""
    flow, prompts = large_flow(nodes)
    return _written(flow), _written(prompts)


def _department(name: str) -> Mapping[str, Any]:
    nodes: Mapping[str, Any] = yaml.safe_load(_DEPARTMENT.replace("{d}", name))
    return nodes


def _document(name: str, schema: str, part: str) -> Mapping[str, Any]:
    return read((HERE / name).read_text(encoding="utf-8"), file=name, schema=schema, part=part).document


class _Dumper(yaml.SafeDumper):
    """Writes the same outcomes of two nodes twice, as people do."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the library's
        """Nothing is written by reference."""
        return True


def _written(document: Mapping[str, Any]) -> str:
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)
    return text
