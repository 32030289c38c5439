"""The page that shows the API's document to people: what can be asked, by whom, what is sent and what comes back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from ivr.accounts.store import Role
from ivr.web.api.document import document
from ivr.web.guards import guarded_by

api_page = Blueprint("api_page", __name__, url_prefix="/admin/api")
WATCHERS = (Role.SUPERVISOR, Role.ADMIN)
_DEEPEST = 6


@dataclass(frozen=True, kw_only=True)
class Field:
    """A line of a table of fields; `depth` is how far within others it stands."""

    name: str
    kind: str
    is_required: bool
    about: str
    depth: int = 0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One status that may come back."""

    status: str
    about: str
    media_type: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One thing that can be asked."""

    anchor: str
    method: str
    address: str
    summary: str
    description: str
    scope: str
    roles: tuple[str, ...]
    parameters: tuple[Field, ...]
    content: tuple[Field, ...]
    answers: tuple[Answer, ...]


@dataclass(frozen=True, kw_only=True)
class Heading:
    """Operations that belong together."""

    name: str
    about: str
    operations: tuple[Operation, ...]


@api_page.get("")
@guarded_by(*WATCHERS)
def page() -> ResponseReturnValue:
    """The document, to read."""
    return render_template("api/document.html", headings=headings(document()))


def headings(told: Mapping[str, Any]) -> tuple[Heading, ...]:
    """An OpenAPI document as its headings and operations."""
    all_operations = [
        (operation["tags"][0], _operation(told, address, method, operation))
        for address, methods in told["paths"].items()
        for method, operation in methods.items()
        if isinstance(operation, Mapping) and "responses" in operation
    ]
    return tuple(
        Heading(
            name=tag["name"],
            about=tag["description"],
            operations=tuple(one for name, one in all_operations if name == tag["name"]),
        )
        for tag in told["tags"]
    )


def _operation(told: Mapping[str, Any], address: str, method: str, operation: Mapping[str, Any]) -> Operation:
    shared = told["paths"][address].get("parameters", ())
    return Operation(
        anchor=operation["operationId"],
        method=method.upper(),
        address=address,
        summary=operation.get("summary", ""),
        description=operation.get("description", ""),
        scope=operation["x-scope"],
        roles=tuple(operation["x-roles"]),
        parameters=tuple(
            Field(
                name=one["name"],
                kind=_kind(told, one["schema"]),
                is_required=one.get("required", False),
                about=one.get("description", ""),
            )
            for one in (*shared, *operation.get("parameters", ()))
        ),
        content=_content(told, operation.get("requestBody", {})),
        answers=tuple(_answer(told, status, answer) for status, answer in sorted(operation["responses"].items())),
    )


def _answer(told: Mapping[str, Any], status: str, answer: Mapping[str, Any]) -> Answer:
    answer = _meant(told, answer)
    media_types = answer.get("content", {})
    is_good = status.startswith("2")
    return Answer(
        status=status,
        about=answer.get("description", ""),
        media_type=next(iter(media_types), ""),
        # Problems are told once, above: they are all alike.
        fields=_content(told, answer) if is_good else (),
    )


def _content(told: Mapping[str, Any], holder: Mapping[str, Any]) -> tuple[Field, ...]:
    schemas = [one.get("schema") for one in holder.get("content", {}).values()]
    return tuple(line for schema in schemas if schema for line in _lines(told, schema))


def _lines(told: Mapping[str, Any], schema: Mapping[str, Any], depth: int = 0) -> Iterator[Field]:
    meant = _meant(told, schema)
    if "items" in meant:
        yield from _lines(told, meant["items"], depth)
        return
    for name, inner in meant.get("properties", {}).items():
        yield Field(
            name=name,
            kind=_kind(told, inner),
            is_required=name in meant.get("required", ()),
            about=_meant(told, inner).get("description", ""),
            depth=depth,
        )
        if depth < _DEEPEST:
            yield from _lines(told, inner, depth + 1)


def _kind(told: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    meant = _meant(told, schema)
    if "enum" in meant:
        return " | ".join(str(one) for one in meant["enum"])
    if "items" in meant:
        return f"[{_kind(told, meant['items'])}]"
    kinds = meant.get("type", "any")
    kind = " | ".join(kinds) if isinstance(kinds, list) else str(kinds)
    bounds = [f"{word} {meant[name]}" for name, word in _BOUNDS.items() if name in meant]
    return " ".join((kind, *(f"({one})" for one in (meant.get("format"), ", ".join(bounds)) if one)))


def _meant(told: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference within the document stands for."""
    if "$ref" not in schema:
        return schema
    found: Any = told
    for step in schema["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return {**found, **{name: value for name, value in schema.items() if name != "$ref"}}


_BOUNDS = {"minimum": "≥", "maximum": "≤", "minLength": "length ≥", "maxLength": "length ≤", "maxItems": "items ≤"}
