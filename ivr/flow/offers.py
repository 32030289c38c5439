"""What a form may offer for each field of each kind of node: read from the published schema and the table of outcomes. Pure.

There is no second list of fields or outcomes: what the schema learns, the form offers.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, TypeAlias

from ivr.flow.definition import (
    EXHAUSTED,
    LOOKUP_MAY,
    MISSED,
    OUTCOMES,
    ROUTE_STANDS_FOR,
    STANDS_FOR,
    VARIANTS,
    Kind,
    outcomes_of,
)
from ivr.flow.steps import Expect
from ivr.flow.walk import NO, NOTHING_ELSE, YES
from prompts.documents import schema_of
from prompts.flows import SCHEMA

# The prompts that fit a kind, the likelier first.
Wanted: TypeAlias = Callable[[str], Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of a form."""

    name: str
    sort: str  # choice, flag, number, text, name, prompt, names, keys, words
    about: str  # what it is, "" where its name says it
    is_required: bool
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    is_whole: bool = False  # a number without a fraction
    pattern: str = ""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A field that is required only where another one has some value."""

    field: str
    values: tuple[str, ...]
    requires: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class KindOffer:
    """A kind of node: its fields, and what it can come to."""

    kind: str
    about: str
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...]
    chosen_by: str  # the field whose value decides the outcomes, "" for none
    outcomes: Mapping[str, tuple[str, ...]]  # value of that field ("" without one) -> outcomes that must be named
    may: tuple[str, ...]  # outcomes that may be named besides
    is_open: bool  # names outcomes of its own: a branch the values, a question the intents


@cache
def offers() -> Mapping[str, KindOffer]:
    """Return what every kind offers, in the order of the table."""
    return MappingProxyType({kind.value: _offer(kind) for kind in Kind})


def _offer(kind: Kind) -> KindOffer:
    definition = _definition(kind)
    properties = definition["properties"]
    required = frozenset(definition.get("required", ()))
    fields = tuple(
        _field(name, part, is_required=name in required)
        for name, part in properties.items()
        if name not in {"kind", "outcomes"}
    )
    chosen_by = "expect" if kind is Kind.ASK else VARIANTS.get(kind, "")
    values = next((field.choices for field in fields if field.name == chosen_by), ())
    outcomes = {value: tuple(sorted(outcomes_of(kind, {chosen_by: value}))) for value in values}
    if kind in OUTCOMES or kind is Kind.BRANCH or not values:
        outcomes[""] = tuple(sorted(outcomes_of(kind, {})))
    return KindOffer(
        kind=kind.value,
        about=definition.get("description", ""),
        fields=fields,
        rules=tuple(_rules(definition)),
        chosen_by=chosen_by,
        outcomes=MappingProxyType(outcomes),
        may=_may(kind),
        is_open=kind in {Kind.ASK, Kind.BRANCH},
    )


def _may(kind: Kind) -> tuple[str, ...]:
    if kind is Kind.ASK:
        return (YES, NO, NOTHING_ELSE, MISSED)
    if kind is Kind.ROUTE:
        return tuple(sorted(ROUTE_STANDS_FOR))
    if kind is Kind.VERIFY:
        return (EXHAUSTED, *sorted(STANDS_FOR))
    if kind is Kind.LOOKUP:
        return (EXHAUSTED, *sorted(LOOKUP_MAY))
    return (EXHAUSTED,) if "tries" in _definition(kind)["properties"] else ()


def _field(name: str, part: Any, *, is_required: bool) -> Field:
    shape = _resolved(part)
    least = shape.get("minimum", shape.get("exclusiveMinimum"))
    return Field(
        name=name,
        sort=_sort(name, part, shape),
        about=str((part if isinstance(part, Mapping) else {}).get("description") or shape.get("description", "")),
        is_required=is_required,
        choices=tuple(str(one) for one in shape.get("enum", ())),
        least=least,
        most=shape.get("maximum"),
        is_whole=shape.get("type") == "integer",
        pattern=str(shape.get("pattern", "")),
    )


def _sort(name: str, part: Any, shape: Mapping[str, Any]) -> str:
    if "enum" in shape:
        return "choice"
    if isinstance(part, Mapping) and part.get("$ref") == "#/$defs/prompt":
        return "prompt"
    of_types = {"boolean": "flag", "integer": "number", "number": "number", "array": "names"}
    kind = str(shape.get("type"))
    if kind in of_types:
        return of_types[kind]
    if kind == "object":
        return "words" if name == "words" else "keys"
    return "name" if "pattern" in shape else "text"


def _rules(definition: Mapping[str, Any]) -> Iterator[Rule]:
    for rule in definition.get("allOf", ()):
        requires = tuple(name for name in rule.get("then", {}).get("required", ()) if name != "outcomes")
        for field, condition in rule.get("if", {}).get("properties", {}).items():
            values = condition.get("enum", [condition["const"]] if "const" in condition else [])
            if requires:
                yield Rule(field=field, values=tuple(str(value) for value in values), requires=requires)


def required_fields(kind: str, node: Mapping[str, Any]) -> list[str]:
    """Return the fields that a node, written so, must have; its outcomes apart."""
    offer = offers()[kind]
    always = [field.name for field in offer.fields if field.is_required]
    asked = [name for rule in offer.rules if str(node.get(rule.field)) in rule.values for name in rule.requires]
    return list(dict.fromkeys((*always, *asked)))


def default_of(kind: str, field: str, prompts: Wanted) -> Any:
    """Return a legal value for a field that a new node must have; None where it must be a prompt, and none fits."""
    shown = next(one for one in offers()[kind].fields if one.name == field)
    match shown.sort:
        case "choice":
            # A question with yes and no needs nothing besides.
            return Expect.YES_NO.value if field == "expect" else shown.choices[0]
        case "prompt":
            return next(iter(prompts(kind)), None)
        case "flag":
            return False
        case "number":
            return shown.least
        case _:
            return _USUAL.get(field, "value")


# A word for what must have one.
_USUAL: Mapping[str, str] = MappingProxyType({"skill": "general", "purpose": "contact_history", "slot": "message_text"})


def is_name(text: str) -> bool:
    """Whether a text can be the name of a node."""
    return bool(re.fullmatch(schema_of(SCHEMA)["$defs"]["name"]["pattern"].strip("^$"), text)) and len(text) <= _LONGEST


_LONGEST = 60


def _definition(kind: Kind) -> Mapping[str, Any]:
    found: Mapping[str, Any] = schema_of(SCHEMA)["$defs"][kind.value]
    return found


def _resolved(part: Any) -> Mapping[str, Any]:
    if not isinstance(part, Mapping):
        return {}
    reference = str(part.get("$ref", ""))
    if not reference:
        return part
    found: Mapping[str, Any] = schema_of(SCHEMA)["$defs"][reference.rpartition("/")[2]]
    return found
