"""Holds a plain document to its JSON Schema and says each finding as a sentence with what to do. It reads no YAML.

A part whose schema is chosen by one of its fields (a node by its `kind`) is held to that schema alone: it comes to the same, and
a flow of hundreds of nodes is checked at once. One slip gives one finding: a misspelt name is not also a missing one.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from jsonschema import Draft202012Validator, ValidationError

from prompts.problems import Problem, did_you_mean, nearest
from prompts.told import Told

# Where a part stands in its document: the keys and indexes that lead to it.
Place: TypeAlias = tuple[str | int, ...]
HERE = Path(__file__).parent
_TYPES: Mapping[str, str] = {
    "object": Told("names with values"),
    "array": Told("list"),
    "string": Told("text"),
    "integer": Told("whole number"),
    "number": Told("number"),
    "boolean": Told("true or false"),
}
# What a pattern of our schemas is in words.
_PATTERNS: Mapping[str, str] = {
    "^[a-z][a-z0-9_]*$": Told("small letters, digits and _, a letter first"),
    "^[a-z][a-z0-9_.]*$": Told("small letters, digits, _ and dots, a letter first"),
    "^[a-z]{2}$": Told("the two letters of a language, as it or en"),
    "^[1-9]{1,4}$": Told("keys from 1 to 9; 0 leads to a person everywhere"),
    "^(.*_)?code$": Told("a name that ends in code, as customer_code"),
    "^[^,]*[^\\s,][^,]*$": Told("words without a comma: one entry of the list each"),
}


@dataclass(frozen=True, kw_only=True)
class _Choice:
    """How the parts of a document are checked, where a field of each chooses its schema."""

    whole: Draft202012Validator  # the document, its parts left out
    part: Draft202012Validator  # what holds for every part
    field: str  # the field that chooses
    chosen: Mapping[str, Draft202012Validator]  # by the field's value


@cache
def schema_of(name: str) -> Mapping[str, Any]:
    """Return a schema of this package by file name."""
    schema: Mapping[str, Any] = json.loads((HERE / name).read_text(encoding="utf-8"))
    return schema


def against_schema(
    document: Any, lines: Mapping[Place, int], *, file: str, schema: str, part: str
) -> Iterable[Problem]:
    """Yield what the schema file `schema` has against a document; `part` names a part ("node"), `lines` where each stands."""
    for place, error in _without_follow_ups(list(_errors(document, schema, part))):
        message, remedy = _sentence(error)
        is_name = "propertyNames" in error.absolute_schema_path
        at = (*place, str(error.instance)) if is_name else (*place, *_unknown(error)[:1])
        whose = at if is_name else place
        named = f"{part} {counted(whose[1])}" if len(whose) > 1 and whose[0] == f"{part}s" else ""
        where = ".".join(str(step) for step in place[2 if named else 0 :])
        line = line_of(at, lines)
        said = Told("%(where)s: %(message)s", where=where, message=message) if where else message
        yield Problem(file=file, line=line, place=named, message=said, remedy=remedy, code=str(error.validator))


def _errors(document: Any, name: str, part: str) -> Iterator[tuple[Place, ValidationError]]:
    choice = _choice(name, part)
    if choice is None:
        for error in Draft202012Validator(schema_of(name)).iter_errors(document):
            yield tuple(error.absolute_path), error
        return
    for error in choice.whole.iter_errors(document):
        yield tuple(error.absolute_path), error
    parts = document.get(f"{part}s") if isinstance(document, Mapping) else None
    for key, one in parts.items() if isinstance(parts, Mapping) else ():
        chosen = choice.chosen.get(str(one.get(choice.field))) if isinstance(one, Mapping) else None
        for error in (chosen or choice.part).iter_errors(one):
            yield (f"{part}s", key, *error.absolute_path), error


@cache
def _choice(name: str, part: str) -> _Choice | None:
    schema = schema_of(name)
    definition = schema.get("$defs", {}).get(part, {})
    rules = [rule for rule in definition.get("allOf", ()) if "const" in str(rule.get("if"))]
    if not rules or len(rules) != len(definition["allOf"]):
        return None
    field = definition["required"][0]
    parts = {key: value for key, value in schema["properties"][f"{part}s"].items() if key != "additionalProperties"}
    whole = {**schema, "properties": {**schema["properties"], f"{part}s": parts}}
    common = {key: value for key, value in definition.items() if key != "allOf"}
    shared = {"$schema": schema["$schema"], "$defs": schema["$defs"]}
    return _Choice(
        whole=Draft202012Validator(whole),
        part=Draft202012Validator({**shared, **common}),
        field=field,
        chosen={
            rule["if"]["properties"][field]["const"]: Draft202012Validator({**shared, **rule["then"]}) for rule in rules
        },
    )


def _without_follow_ups(found: list[tuple[Place, ValidationError]]) -> Iterator[tuple[Place, ValidationError]]:
    """Leave out what follows from another finding: the name that a misspelt one should have been, the rules of a bad choice."""
    broken = {place for place, _ in found}
    for place, error in found:
        if error.validator == "required":
            spelt = [name for at, other in found if at == place for name in _unknown(other)]
            wanted: Any = error.validator_value
            if any(nearest(name, wanted) == _missing(error) for name in spelt):
                continue
        is_chosen_by = any(step in {"else", "then"} for step in error.schema_path)
        if is_chosen_by and _chooser(error) and (*place[:2], _chooser(error)) in broken:
            continue
        yield place, error


def _chooser(error: ValidationError) -> str:
    """Return the field whose value has chosen the rule that was broken, "" for none."""
    outer: Any = error
    while outer.parent is not None:
        outer = outer.parent
    path = list(outer.absolute_schema_path)
    return _EXPECT if "else" in path else ""


_EXPECT = "expect"


def _missing(error: ValidationError) -> str:
    # The library gives one finding a name, and the name in its words alone.
    found = re.match(r"'(.*)' is a required property", error.message)
    return found[1] if found else ""


def _unknown(error: ValidationError) -> list[str]:
    """Return the names that the finding does not want to see."""
    if error.validator != "additionalProperties":
        return []
    schema: Any = error.schema
    instance: Any = error.instance
    return [name for name in instance if name not in schema.get("properties", {})]


def _sentence(error: ValidationError) -> tuple[str, str]:  # noqa: PLR0911, C901 - one return a word of the schema
    """Turn a validator's finding into what is wrong and what to do."""
    # Typed by the library for a finding not yet bound to a schema; one that comes from `iter_errors` is bound.
    wanted: Any = error.validator_value
    instance: Any = error.instance
    match error.validator:
        case "required":
            missing = _missing(error)
            return Told("'%(missing)s' is missing", missing=missing), Told("Add '%(missing)s'", missing=missing)
        case "additionalProperties":
            return _unknown_names(error)
        case "enum":
            known = [str(one) for one in wanted]
            if instance is None:
                return Told("nothing stands here"), _one_of(known)
            return _not_possible(instance), did_you_mean(str(instance), known, _one_of(known))
        case "const":
            return _not_possible(instance), Told("Write one of: %(known)s", known=wanted)
        case "type":
            return _wrong_type(instance, wanted)
        case "pattern":
            return _not_fitting(instance, wanted)
        case "maxItems":
            message = Told("%(count)s are too many", count=len(instance))
            return message, Told("Keep at most %(most)s, those that matter most", most=wanted)
        case "uniqueItems":
            return Told("the same stands here twice"), Told("Keep one of the two")
        case "minItems" | "minProperties" | "minLength":
            return Told("%(value)s is empty", value=_shown(instance)), Told("Write at least one, or take it out")
        case "minimum" | "maximum" | "exclusiveMinimum":
            bound = {"minimum": Told("at least"), "maximum": Told("at most")}.get(
                str(error.validator), Told("more than")
            )
            message = Told("%(value)s is out of bounds", value=repr(instance))
            return message, Told("Write a number of %(bound)s %(wanted)s", bound=bound, wanted=wanted)
        case _:
            return error.message, Told("The schema wants %(word)s: %(wanted)s", word=error.validator, wanted=wanted)


def _unknown_names(error: ValidationError) -> tuple[str, str]:
    schema: Any = error.schema
    known = sorted(schema.get("properties", {}))
    unknown = _unknown(error)
    names = ", ".join(f"'{name}'" for name in unknown)
    listed = Told("Known are: %(known)s", known=", ".join(known)) if known else Told("Take it out")
    return Told("%(names)s is not known here", names=names), did_you_mean(
        unknown[0], known, listed
    ) if unknown else listed


def _wrong_type(instance: Any, wanted: Any) -> tuple[str, str]:
    types = [wanted] if isinstance(wanted, str) else wanted
    if instance is None:
        return Told("nothing stands here"), Told("Write a value: %(types)s", types=_types(types))
    message = Told("%(value)s is not of the type %(types)s", value=_shown(instance), types=_either(types))
    return message, Told("Write a value of this type: %(types)s", types=_types(types))


def _types(types: Iterable[str]) -> str:
    return _either(_TYPES.get(one, one) for one in types)


def _either(names: Iterable[str]) -> str:
    first, *others = names
    for other in others:
        first = Told("%(one)s or %(other)s", one=first, other=other)
    return first


def _one_of(known: Iterable[str]) -> str:
    return Told("Write one of: %(known)s", known=", ".join(known))


def _not_possible(instance: Any) -> str:
    return Told("%(value)s is not possible here", value=_shown(instance))


def _not_fitting(instance: Any, wanted: str) -> tuple[str, str]:
    words = _PATTERNS.get(wanted, Told("what fits %(pattern)s", pattern=wanted))
    remedy = Told("Write %(wanted)s", wanted=words)
    plain = re.sub(r"\W", "_", str(instance).lower())
    if plain != instance and re.search(wanted, plain):
        remedy = Told("Did you mean '%(meant)s'? %(otherwise)s", meant=plain, otherwise=remedy)
    return Told("%(value)s does not fit here", value=_shown(instance)), remedy


def _shown(instance: Any) -> str:
    text = repr(instance)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


_LONGEST_SHOWN = 60


def counted(step: str | int) -> str | int:
    """Return a part's name, or its number as people count, from one."""
    return step + 1 if isinstance(step, int) else step


def line_of(place: Place, lines: Mapping[Place, int]) -> int:
    """Return the line of a part, or of the nearest part around it."""
    while place not in lines and place:
        place = place[:-1]
    return lines.get(place, 0)
