"""Reads a YAML file that people write into a plain document and the line of each of its parts, and holds it to its JSON Schema.

Words stay words: `yes`, `no`, `on` and dates are text here, as in YAML 1.2, because they are what callers say. What a document
means is decided by who reads it (`prompts.catalogue`, the flow's checker).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import yaml
from jsonschema import Draft202012Validator, ValidationError

from prompts.problems import Problem

# Where a part stands in its document: the keys and indexes that lead to it.
Place: TypeAlias = tuple[str | int, ...]
HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a file says. With `problems` the document is what could still be read of it."""

    file: str
    document: Mapping[str, Any]
    lines: Mapping[Place, int]  # line of each part, from 1
    problems: tuple[Problem, ...]


class _Loader(yaml.SafeLoader):
    """Knows true, false, null, numbers and text, and nothing else."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith((":int", ":float", ":null"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_YES_AND_NO = {"true": True, "false": False}


def read(text: str, *, file: str, schema: str, part: str) -> Reading:
    """Read YAML `text` of `file` and check it against the schema file beside this module; `part` names a part ("node")."""
    lines: dict[Place, int] = {(): 1}
    problems: list[Problem] = []
    try:
        node = yaml.compose(text, Loader=_Loader)
        document = _plain(node, (), lines, problems, file) if node is not None else {}
    except (yaml.YAMLError, RecursionError) as error:
        return Reading(file=file, document={}, lines=lines, problems=(_unreadable(file, error),))
    problems.extend(_against_schema(document, lines, file=file, schema=schema, part=part))
    ordered = tuple(sorted(problems, key=lambda problem: problem.line))
    return Reading(file=file, document=document if isinstance(document, dict) else {}, lines=lines, problems=ordered)


def line_of(place: Place, lines: Mapping[Place, int]) -> int:
    """Return the line of a part, or of the nearest part around it."""
    while place not in lines and place:
        place = place[:-1]
    return lines.get(place, 0)


@cache
def schema_of(name: str) -> Mapping[str, Any]:
    """Return a schema of this package by file name."""
    schema: Mapping[str, Any] = json.loads((HERE / name).read_text(encoding="utf-8"))
    return schema


def _plain(node: yaml.Node, place: Place, lines: dict[Place, int], problems: list[Problem], file: str) -> Any:
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(one, (*place, index), lines, problems, file) for index, one in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return _scalar(node)
    document: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        inner = (*place, key)
        line = key_node.start_mark.line + 1
        if key in document:
            remedy = "Keep one of the two, or give the other another name"
            problems.append(
                Problem(
                    file=file,
                    line=line,
                    place="",
                    message=f"'{key}' stands here twice (first in line {lines[inner]})",
                    remedy=remedy,
                )
            )
            continue
        lines[inner] = line
        document[key] = _plain(value_node, inner, lines, problems, file)
    return document


def _scalar(node: yaml.Node) -> Any:
    text = str(node.value)
    if isinstance(node, yaml.ScalarNode) and node.style is None and text in _YES_AND_NO:
        return _YES_AND_NO[text]
    kind = node.tag.rpartition(":")[2]
    if kind == "null":
        return None
    try:
        return {"int": int, "float": float}.get(kind, str)(text)
    except ValueError:
        return text


def _unreadable(file: str, error: Exception) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line = mark.line + 1 if mark is not None else 0
    why = getattr(error, "problem", None) or getattr(error, "reason", None) or "is nested too deeply"
    return Problem(
        file=file,
        line=line,
        place="",
        message=f"this is not YAML: {why}",
        remedy="Look at this line and the one above for a missing quote, colon or bracket, or a wrong indentation",
    )


def _against_schema(
    document: Any, lines: Mapping[Place, int], *, file: str, schema: str, part: str
) -> Iterable[Problem]:
    for error in Draft202012Validator(schema_of(schema)).iter_errors(document):
        place: Place = tuple(error.absolute_path)
        message, remedy = _sentence(error)
        named = f"{part} {_counted(place[1])}" if len(place) > 1 and place[0] == f"{part}s" else ""
        where = ".".join(str(step) for step in place[2 if named else 0 :])
        line = line_of((*place, *_unknown(error)[:1]), lines)
        yield Problem(
            file=file, line=line, place=named, message=f"{where}: {message}" if where else message, remedy=remedy
        )


def _counted(step: str | int) -> str | int:
    """Return a part's name, or its number as people count, from one."""
    return step + 1 if isinstance(step, int) else step


def _unknown(error: ValidationError) -> list[str]:
    """Return the names that the finding does not want to see."""
    if error.validator != "additionalProperties":
        return []
    schema: Any = error.schema
    instance: Any = error.instance
    return [name for name in instance if name not in schema.get("properties", {})]


def _sentence(error: ValidationError) -> tuple[str, str]:  # noqa: PLR0911 - one return a word of the schema
    """Turn a validator's finding into what is wrong and what to do."""
    # Typed by the library for a finding not yet bound to a schema; one that comes from `iter_errors` is bound.
    wanted: Any = error.validator_value
    schema: Any = error.schema
    instance: Any = error.instance
    match error.validator:
        case "required":
            missing = next(name for name in wanted if name not in instance)
            return f"'{missing}' is missing", f"Add '{missing}'"
        case "additionalProperties":
            known = ", ".join(sorted(schema.get("properties", {})))
            names = ", ".join(f"'{name}'" for name in _unknown(error))
            return f"{names} is not known here", f"Known are: {known}" if known else "Take it out"
        case "enum" | "const":
            known = ", ".join(str(one) for one in wanted) if error.validator == "enum" else str(wanted)
            return f"{instance!r} is not possible here", f"Write one of: {known}"
        case "type":
            return f"{instance!r} is not of the type {wanted}", f"Write a value of the type {wanted}"
        case "maxItems":
            return f"{len(instance)} are too many", f"Keep at most {wanted}, those that matter most"
        case "minimum" | "maximum" | "exclusiveMinimum":
            bound = {"minimum": "at least", "maximum": "at most"}.get(str(error.validator), "more than")
            return f"{instance!r} is out of bounds", f"Write a number of {bound} {wanted}"
        case _:
            return error.message, f"The schema wants {error.validator}: {wanted}"
