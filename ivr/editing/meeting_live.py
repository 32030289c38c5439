"""The draft meets what went live since it began: both sides' changes in one, and the places that a person must decide. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ivr.editing.applying import Conflict, Conflicts
from ivr.editing.documents import Documents, Place
from ivr.editing.merging import NO_MERGE, merged
from ivr.editing.places import Change, difference, same, value_at


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What shall stand at a place, by somebody who saw both sides; it counts as long as both are still as they saw them."""

    place: Place
    theirs: Any
    yours: Any
    after: Any


def meet(
    origin: Documents, live: Documents, draft: Documents, decisions: Sequence[Decision] = ()
) -> tuple[Change, ...] | Conflicts:
    """The changes that bring `draft` up to `live`, both of which came from `origin`; or every place that meets and is undecided.

    What only one side changed stands as that side has it, what both changed in different words or fields is put together.
    """
    decided = {one.place: one for one in decisions}
    met = [
        one
        for change in difference(origin, live)
        for one in _met(change, value_at(draft.part(str(change.place[0])), change.place[1:]), decided)
    ]
    conflicts = tuple(one for one in met if isinstance(one, Conflict))
    return Conflicts(conflicts=conflicts) if conflicts else tuple(one for one in met if isinstance(one, Change))


def _met(change: Change, yours: Any, decided: Mapping[Place, Decision]) -> Iterator[Change | Conflict]:
    base, theirs = change.before, change.after
    both = merged(base, theirs, yours)
    if both is not NO_MERGE:
        if not same(both, yours):
            yield Change(place=change.place, before=yours, after=both, at=change.at)
    elif all(isinstance(one, Mapping) for one in (base, theirs, yours)):
        # Only what truly meets is asked: the field, not the whole node or prompt.
        for name in dict.fromkeys((*yours, *theirs, *base)):
            inner = Change(place=(*change.place, name), before=base.get(name), after=theirs.get(name))
            yield from _met(inner, yours.get(name), decided)
    else:
        word = decided.get(change.place)
        if word is not None and same(word.theirs, theirs) and same(word.yours, yours):
            yield Change(place=change.place, before=yours, after=word.after)
        else:
            yield Conflict(place=change.place, base=base, theirs=theirs, yours=yours, merged=None)
