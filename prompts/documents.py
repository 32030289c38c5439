"""Reads a YAML file that people write into a plain document and the line of each of its parts, and holds it to its JSON Schema.

Words stay words: `yes`, `no`, `on` and dates are text here, as in YAML 1.2, because they are what callers say. What a document
means is decided by who reads it (`prompts.catalogue`, the flow's checker).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import yaml

from prompts.problems import Problem
from prompts.schema_findings import HERE, Place, against_schema, counted, line_of, schema_of
from prompts.told import Told
from prompts.unreadable import part_around, unreadable

__all__ = ["HERE", "Place", "Reading", "line_of", "read", "schema_of"]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a file says. With `problems` the document is what could still be read of it."""

    file: str
    document: Mapping[str, Any]
    lines: Mapping[Place, int]  # line of each part, from 1
    problems: tuple[Problem, ...]


class _PlainLoader(yaml.SafeLoader):
    """Knows true, false, null, numbers and text, and nothing else. In Python: it says best what it cannot read, and where."""


_Quick: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _QuickLoader(_Quick):  # type: ignore[misc]  # libyaml is there or not
    """The same by libyaml, some ten times as quick."""


_PlainLoader.yaml_implicit_resolvers = _QuickLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith((":int", ":float", ":null"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_YES_AND_NO = {"true": True, "false": False}
# A flow is five levels deep; whatever is nested much deeper, or grows by its aliases, is no file that people wrote.
_DEEPEST = 40
_MOST_PARTS = 200_000


def read(text: str, *, file: str, schema: str, part: str) -> Reading:
    """Read YAML `text` of `file` and check it against the schema file beside this module; `part` names a part ("node")."""
    try:
        tree = _read(text, file, part)
    except (yaml.YAMLError, _TooMuchError) as error:
        return _nothing(file, _at_part(text, unreadable(text, error, file=file), part))
    if tree.is_empty:
        message, remedy = Told("nothing stands in this file"), Told("Write it, or choose another")
        return _nothing(file, Problem(file=file, line=1, place="", message=message, remedy=remedy, code="empty"))
    problems = [*tree.problems, *against_schema(tree.document, tree.lines, file=file, schema=schema, part=part)]
    ordered = tuple(sorted(problems, key=lambda problem: problem.line))
    document = tree.document if isinstance(tree.document, dict) else {}
    return Reading(file=file, document=document, lines=tree.lines, problems=ordered)


class _TooMuchError(Exception):
    """Nested too deeply, or too large."""

    def __init__(self, why: str, mark: Any) -> None:
        super().__init__(why)
        self.problem, self.problem_mark = why, mark


def _nothing(file: str, problem: Problem) -> Reading:
    return Reading(file=file, document={}, lines={(): 1}, problems=(problem,))


def _read(text: str, file: str, part: str) -> "_Tree":
    try:
        return _Tree(_QuickLoader(text), file=file, part=part)
    except yaml.YAMLError:
        return _Tree(_PlainLoader(text), file=file, part=part)


def _at_part(text: str, problem: Problem, part: str) -> Problem:
    """Say at which part the reader gave up: parts are indented by two."""
    name = part_around(text, problem.line, re.compile(r"  ([a-z][a-z0-9_.]*):").match)
    return replace(problem, place=f"{part} {name}") if name else problem


class _Tree:
    """A plain document made of a loader's events, the line of each part, and what stands twice."""

    def __init__(self, loader: Any, *, file: str, part: str) -> None:
        self.lines: dict[Place, int] = {}
        self.problems: list[Problem] = []
        self.document: Any = None
        self._loader, self._file, self._part = loader, file, part
        self._anchors: dict[str, tuple[Any, int]] = {}  # value, and of how many parts it is
        self._count = 0
        loader.get_event()  # the stream's start
        self.is_empty = bool(loader.check_event(yaml.StreamEndEvent))
        if self.is_empty:
            return
        loader.get_event()  # the document's start
        self.is_empty = self._is_nothing(loader.peek_event())
        self.document = self._value(())
        loader.get_event()  # the document's end
        if not loader.check_event(yaml.StreamEndEvent):
            raise yaml.composer.ComposerError(
                problem="but found another document", problem_mark=loader.peek_event().start_mark
            )

    @staticmethod
    def _is_nothing(event: Any) -> bool:
        return isinstance(event, yaml.ScalarEvent) and not event.value and event.style in {None, ""}

    def _value(self, place: Place) -> Any:
        event: Any = self._loader.get_event()  # the library's events are typed without their fields
        self.lines.setdefault(place, event.start_mark.line + 1)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        before = self._count
        self._grow(1, event)
        if len(place) > _DEEPEST:
            raise _TooMuchError(Told("it is nested too deeply"), event.start_mark)
        if isinstance(event, yaml.SequenceStartEvent):
            value: Any = self._sequence(place)
        elif isinstance(event, yaml.MappingStartEvent):
            value = self._mapping(place)
        else:
            value = self._scalar(event)
        if event.anchor:
            self._anchors[event.anchor] = (value, self._count - before)
        return value

    def _grow(self, parts: int, event: Any) -> None:
        self._count += parts
        if self._count > _MOST_PARTS:
            raise _TooMuchError(Told("it is too large"), event.start_mark)

    def _alias(self, event: Any) -> Any:
        if event.anchor not in self._anchors:
            raise yaml.composer.ComposerError(
                problem=f"found undefined alias {event.anchor!r}", problem_mark=event.start_mark
            )
        value, parts = self._anchors[event.anchor]
        self._grow(parts, event)
        return value

    def _sequence(self, place: Place) -> list[Any]:
        values: list[Any] = []
        while not self._loader.check_event(yaml.SequenceEndEvent):
            values.append(self._value((*place, len(values))))
        self._loader.get_event()
        return values

    def _mapping(self, place: Place) -> dict[str, Any]:
        document: dict[str, Any] = {}
        while not self._loader.check_event(yaml.MappingEndEvent):
            event: Any = self._loader.peek_event()
            line = event.start_mark.line + 1
            if not isinstance(event, yaml.ScalarEvent):
                self._skip(place, values=2)
                message, remedy = Told("a name must be a single word here"), Told("Write `name: value`")
                self._tell(line, place, message, remedy, code="name")
                continue
            self._loader.get_event()
            key = str(event.value)
            inner = (*place, key)
            if key in document:
                self._skip(place)
                message = Told("'%(key)s' stands here twice (first in line %(line)s)", key=key, line=self.lines[inner])
                remedy = Told("Keep one of the two, or give the other another name")
                self._tell(line, inner, message, remedy, code="twice")
                continue
            self.lines[inner] = line
            document[key] = self._value(inner)
        self._loader.get_event()
        return document

    def _skip(self, place: Place, *, values: int = 1) -> None:
        """Read on over what is not taken, without keeping its lines."""
        kept = dict(self.lines)
        for _ in range(values):
            self._value((*place, "?"))
        self.lines = kept

    def _scalar(self, event: Any) -> Any:
        text = str(event.value)
        if event.style in {None, ""} and text in _YES_AND_NO:
            return _YES_AND_NO[text]
        tag = event.tag or self._loader.resolve(yaml.ScalarNode, text, event.implicit)
        kind = tag.rpartition(":")[2]
        if kind == "null":
            return None
        try:
            return {"int": int, "float": float}.get(kind, str)(text)
        except ValueError:
            return text

    def _tell(self, line: int, place: Place, message: str, remedy: str, *, code: str) -> None:
        named = f"{self._part} {counted(place[1])}" if len(place) > 1 and place[0] == f"{self._part}s" else ""
        self.problems.append(
            Problem(file=self._file, line=line, place=named, message=message, remedy=remedy, code=code)
        )
