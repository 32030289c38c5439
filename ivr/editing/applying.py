"""Applies changes to a draft's documents: all or none, with every conflict of those that cannot stand as they are. Pure."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ivr.editing.documents import Place
from ivr.editing.merging import NO_MERGE, merged
from ivr.editing.places import ABSENT, Change, PlaceError, check_place, put, same, value_at

_PHRASES = ("intents", "phrases")


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """Somebody else changed the same place since."""

    place: Place
    base: Any
    theirs: Any  # what stands there now
    yours: Any
    merged: Any  # both, where both can stand; else None


@dataclass(frozen=True, kw_only=True)
class Conflicts:
    """Nothing was changed: these places must be decided first."""

    conflicts: tuple[Conflict, ...]


@dataclass(frozen=True, kw_only=True)
class Refused:
    """Nothing was changed, for a reason with a sentence in `ivr.web.errors`."""

    reason: str
    place: Place = ()


Applied: TypeAlias = tuple[Change, ...] | Conflicts | Refused


@dataclass
class Working:
    """Documents that are being changed, each read when it is first needed."""

    read: Callable[[str], Any]
    touched: dict[str, Any] = field(default_factory=dict)

    def value(self, place: Place) -> Any:
        """What stands at a place."""
        return value_at(self._part(place), place[1:])

    def put(self, change: Change) -> int | None:
        """Let a change stand; return where what it replaced or removed stood."""
        return put(self._part(change.place), change.place[1:], deepcopy(change.after), at=change.at)

    def _part(self, place: Place) -> Any:
        name = str(place[0])
        if name not in self.touched:
            self.touched[name] = self.read(name)
        return self.touched[name]


def apply(working: Working, changes: Sequence[Change], *, merges: bool = True) -> Applied:
    """Return the changes as they can stand one after the other (none for one that stands already), or why they cannot.

    `merges`: phrases that two people added or took away at once stand together without asking.
    """
    standing: list[Change] = []
    conflicts: list[Conflict] = []
    for change in changes:
        try:
            check_place(change.place)
            now = working.value(change.place)
            if same(now, change.after):
                continue
            if not same(now, change.before):
                both = merged(change.before, now, change.after)
                if both is NO_MERGE or not merges or change.place[:2] != _PHRASES:
                    conflicts.append(
                        Conflict(
                            place=change.place,
                            base=change.before,
                            theirs=deepcopy(now),
                            yours=change.after,
                            merged=None if both is NO_MERGE else both,
                        )
                    )
                    continue
                change = Change(place=change.place, before=change.before, after=both)  # noqa: PLW2901 - what stands in its place
            before = deepcopy(now)
            stood = working.put(change)
        except PlaceError as error:
            return Refused(reason=error.reason, place=error.place)
        at = change.at if before is ABSENT else stood
        standing.append(Change(place=change.place, before=before, after=change.after, at=at))
    return Conflicts(conflicts=tuple(conflicts)) if conflicts else tuple(standing)


def backwards(changes: Sequence[Change]) -> tuple[Change, ...]:
    """The changes that take these back, in their order."""
    return tuple(Change(place=one.place, before=one.after, after=one.before, at=one.at) for one in reversed(changes))
