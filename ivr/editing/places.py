"""Places in the documents of a draft: what stands there, what a change makes of it, and what changes lie between two documents.

Pure; the documents that are changed are plain dicts and lists, changed in place by whoever holds them.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ivr.editing.documents import PARTS, Documents, Place

# Nothing stands at a place. JSON's null is the same here: a card's `skill: null` is changed by changing the card.
ABSENT = None
_DEEPEST = 12


class PlaceError(LookupError):
    """A place that cannot be: `reason` is a code for the refusal."""

    def __init__(self, place: Place, reason: str = "place_unknown") -> None:
        super().__init__(f"{reason}: {'.'.join(map(str, place))}")
        self.place = place
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Change:
    """What one place holds before and after; ABSENT (None) for nothing."""

    place: Place
    before: Any
    after: Any
    at: int | None = None  # among its neighbours, where it comes to stand anew; None: as the last


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON, whatever the order of their keys."""
    return one is other or json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def value_at(document: Any, place: Sequence[str | int]) -> Any:
    """What stands at a place within a part; ABSENT where nothing does. Raises PlaceError where nothing could."""
    found = document
    for step in place:
        if isinstance(found, Mapping) and isinstance(step, str):
            found = found.get(step)
        elif isinstance(found, list) and isinstance(step, int) and not isinstance(step, bool):
            found = found[step] if 0 <= step < len(found) else ABSENT
        elif found is ABSENT:
            return ABSENT
        else:
            raise PlaceError(tuple(place))
    return found


def put(document: Any, place: Sequence[str | int], value: Any, *, at: int | None = None) -> int | None:
    """Let `value` stand at a place, ABSENT for nothing; return where among its neighbours what was there before stood.

    Raises PlaceError where what is around the place is not there.
    """
    *around, last = place
    holder = value_at(document, around)
    if isinstance(holder, dict) and isinstance(last, str):
        return _put_key(holder, last, value, at)
    if isinstance(holder, list) and isinstance(last, int) and not isinstance(last, bool) and 0 <= last <= len(holder):
        _put_item(holder, last, value, tuple(place))
        return None
    raise PlaceError(tuple(place))


def check_place(place: Place) -> None:
    """Raise PlaceError for what can be no place."""
    is_known = len(place) > 1 and place[0] in PARTS and len(place) <= _DEEPEST
    if not is_known or any(isinstance(step, bool) or not isinstance(step, str | int) for step in place):
        raise PlaceError(place)
    if any(step == "" for step in place):
        raise PlaceError(place, "place_without_name")


def difference(before: Documents, after: Documents) -> tuple[Change, ...]:
    """The changes that lead from one to the other, by what people name: a node, a prompt, a card, an intent's phrases."""
    return tuple(
        change
        for part in PARTS
        for change in _between((part,), before.part(part), after.part(part), deeper=_DEEPER[part])
    )


# How far below a part its pieces lie that are changed as a whole: flow.nodes.NAME, prompts.prompts.KEY, intents.phrases.it.NAME.
_DEEPER: Mapping[str, Mapping[str, int]] = {
    "flow": {"nodes": 1, "requests": 1, "languages": 1, "prompts": 1, "values": 1},
    "prompts": {"prompts": 1},
    "intents": {"phrases": 2},
}


def _between(place: Place, before: Any, after: Any, *, deeper: Mapping[str, int]) -> Iterator[Change]:
    for name in _names(before, after):
        inner = (*place, name)
        yield from _levels(inner, before.get(name), after.get(name), deeper.get(name, 0), at=_index(after, name))


def _levels(place: Place, before: Any, after: Any, levels: int, *, at: int | None) -> Iterator[Change]:
    if levels and isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in _names(before, after):
            yield from _levels((*place, name), before.get(name), after.get(name), levels - 1, at=_index(after, name))
    elif not same(before, after):
        # What is new stands where the other document has it.
        yield Change(place=place, before=before, after=after, at=at if before is ABSENT else None)


def _index(names: Mapping[str, Any], name: str) -> int | None:
    return list(names).index(name) if name in names else None


def _names(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys((*before, *after)))


def _put_key(holder: dict[str, Any], key: str, value: Any, at: int | None) -> int | None:
    if key in holder:
        stood = list(holder).index(key)
        if value is ABSENT:
            del holder[key]
        else:
            holder[key] = value
        return stood
    if value is not ABSENT:
        behind = [] if at is None else list(holder.items())[at:]
        for name, _ in behind:
            del holder[name]
        holder[key] = value
        holder.update(behind)
    return None


def _put_item(holder: list[Any], index: int, value: Any, place: Place) -> None:
    if index == len(holder):
        holder.extend([] if value is ABSENT else [value])
    elif value is not ABSENT:
        holder[index] = value
    elif index == len(holder) - 1:
        holder.pop()
    else:
        # Those behind it would change their places under whoever else edits them.
        raise PlaceError(place, "place_in_the_middle")
