"""The least shape that a draft always has: what every page and every reader may count on, however faulty the rest of it is.

A draft may name nodes that do not exist and lack wordings; it never holds a number where a text stands. Pure.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from ivr.editing.documents import Place

Look: TypeAlias = Callable[[Any, Place], Iterator[Place]]

# They become names of files.
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
LONGEST_NAME = 80


def misfit(part: str, document: Any) -> Place | None:
    """The first place of a part that is not of its shape; None where all are."""
    return next(_PARTS[part](document, (part,)), None)


def _text(value: Any, place: Place) -> Iterator[Place]:
    if not isinstance(value, str):
        yield place


def _texts(value: Any, place: Place) -> Iterator[Place]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        yield place


def _each(look: Look) -> Look:
    """Every value of a mapping by short names."""

    def looking(value: Any, place: Place) -> Iterator[Place]:
        if not isinstance(value, Mapping):
            yield place
            return
        for name, inner in value.items():
            if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME:
                yield (*place, name)
            else:
                yield from look(inner, (*place, name))

    return looking


def _known(**looks: Look) -> Look:
    """A mapping whose named values are looked at where they are there; others are the schema's to judge."""

    def looking(value: Any, place: Place) -> Iterator[Place]:
        if not isinstance(value, Mapping):
            yield place
            return
        for name, look in looks.items():
            if name in value:
                yield from look(value[name], (*place, name))

    return looking


def _needed(look: Look, *names: str) -> Look:
    def looking(value: Any, place: Place) -> Iterator[Place]:
        if isinstance(value, Mapping):
            yield from ((*place, name) for name in names if name not in value)
        yield from look(value, place)

    return looking


def _list(look: Look) -> Look:
    def looking(value: Any, place: Place) -> Iterator[Place]:
        if not isinstance(value, list):
            yield place
            return
        for index, inner in enumerate(value):
            yield from look(inner, (*place, index))

    return looking


def _named_like(pattern: re.Pattern[str], look: Look) -> Look:
    def looking(value: Any, place: Place) -> Iterator[Place]:
        if not isinstance(value, Mapping):
            yield place
            return
        for name, inner in value.items():
            if pattern.fullmatch(str(name)) is None:
                yield (*place, name)
            else:
                yield from look(inner, (*place, name))

    return looking


def _or_null(look: Look) -> Look:
    def looking(value: Any, place: Place) -> Iterator[Place]:
        if value is not None:
            yield from look(value, place)

    return looking


def _flag(value: Any, place: Place) -> Iterator[Place]:
    if not isinstance(value, bool):
        yield place


def _share(value: Any, place: Place) -> Iterator[Place]:
    if isinstance(value, bool) or not isinstance(value, int):
        yield place


def _prompt(value: Any, place: Place) -> Iterator[Place]:
    if not isinstance(value, Mapping):
        yield place
        return
    for name, inner in value.items():
        yield from (_flag if name == "written" else _wording)(inner, (*place, name))


_wording = _needed(
    _known(
        text=_text,
        reprompts=_texts,
        recording=_text,
        alternative=_needed(_known(text=_text, share=_share), "text", "share"),
    ),
    "text",
)
_outcomes = _each(_text)
_node = _needed(
    _known(kind=_text, prompt=_text, outcomes=_outcomes, keys=_each(_text), words=_each(_texts), inputs=_texts),
    "kind",
)
_card = _needed(
    _known(
        name=_text,
        kind=_text,
        description=_each(_text),
        slots=_texts,
        skill=_or_null(_text),
        self_service=_or_null(_text),
    ),
    "name",
)
_PARTS: Mapping[str, Look] = {
    "flow": _needed(
        _known(
            flow=_text,
            first=_text,
            person=_text,
            called_back=_text,
            languages=_each(_text),
            requests=_each(_text),
            prompts=_each(_text),
            values=_each(_text),
            nodes=_each(_node),
        ),
        "nodes",
    ),
    "prompts": _needed(_known(company=_text, prompts=_each(_prompt)), "company", "prompts"),
    "intents": _needed(
        _known(
            languages=_texts,
            out_of_scope=_text,
            intents=_list(_card),
            phrases=_named_like(_LANGUAGE, _named_like(_NAME, _texts)),
        ),
        "languages",
        "out_of_scope",
        "intents",
        "phrases",
    ),
}
