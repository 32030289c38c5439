"""Two people changed the same from the same base: what both meant, where that can be said; else nothing, and they must choose.

Texts by words, lists of phrases by what was added and taken away, everything else by its keys. Pure.
"""

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Final, TypeAlias

from ivr.editing.places import same

_WORDS = re.compile(r"\{[^{}]*\}|\w+|\s+|[^\w\s]")


class _NoMerge:
    """Both changed the same words."""


NO_MERGE: Final = _NoMerge()
Merged: TypeAlias = Any


def merged(base: Any, theirs: Any, yours: Any) -> Merged:
    """Both changes of `base` in one, NO_MERGE where they meet. None stands for what is not there."""
    if same(base, theirs) or same(theirs, yours):
        return yours
    if same(base, yours):
        return theirs
    if all(isinstance(one, str) for one in (base, theirs, yours)):
        return _texts(base, theirs, yours)
    if all(isinstance(one, Mapping) for one in (base, theirs, yours)):
        return _mappings(base, theirs, yours)
    for are, together in ((_are_texts, _lists), (_are_named, _cards)):
        if all(are(one) for one in (base, theirs, yours)):
            return together(base, theirs, yours)
    return NO_MERGE


def words_of(text: str) -> list[str]:
    """A text in the pieces that are compared: words, spaces, signs, and each placeholder as one."""
    return _WORDS.findall(text)


def _texts(base: str, theirs: str, yours: str) -> Merged:
    pieces = _three_ways(words_of(base), words_of(theirs), words_of(yours))
    return NO_MERGE if pieces is None else "".join(pieces)


def _mappings(base: Mapping[str, Any], theirs: Mapping[str, Any], yours: Mapping[str, Any]) -> Merged:
    together = {name: merged(base.get(name), theirs.get(name), yours.get(name)) for name in {**theirs, **yours}}
    if any(value is NO_MERGE for value in together.values()):
        return NO_MERGE
    # None came of a removal, unless both sides say null.
    return {name: value for name, value in together.items() if value is not None or (name in theirs and name in yours)}


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value) and len(set(value)) == len(value)


def _lists(base: Sequence[str], theirs: Sequence[str], yours: Sequence[str]) -> Merged:
    """Line by line; where both added at one place, both additions stand. One that both took away was worded anew by both."""
    pieces = _three_ways(base, theirs, yours)
    if pieces is not None:
        return pieces
    if not (set(base) <= set(theirs) | set(yours)):
        return NO_MERGE
    gone = (set(base) - set(theirs)) | (set(base) - set(yours))
    return [text for text in dict.fromkeys((*theirs, *yours)) if text not in gone]


def _are_named(value: Any) -> bool:
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        return False
    names = [one.get("name") for one in value]
    return all(isinstance(name, str) for name in names) and len(set(names)) == len(names)


def _cards(base: Sequence[Any], theirs: Sequence[Any], yours: Sequence[Any]) -> Merged:
    """Cards by their names; who is new on one side comes behind."""
    both = _mappings(*({one["name"]: one for one in side} for side in (base, theirs, yours)))
    return NO_MERGE if both is NO_MERGE else list(both.values())


def _three_ways(base: Sequence[str], theirs: Sequence[str], yours: Sequence[str]) -> list[str] | None:
    """The classical merge of three sequences (diff3): between the stretches that all three share, one side may have changed."""
    pieces: list[str] = []
    base_at = theirs_at = yours_at = 0
    for base_from, theirs_from, yours_from, length in _shared(base, theirs, yours):
        were, their, your = base[base_at:base_from], theirs[theirs_at:theirs_from], yours[yours_at:yours_from]
        if list(their) == list(were) or list(their) == list(your):
            pieces.extend(your)
        elif list(your) == list(were):
            pieces.extend(their)
        else:
            return None
        pieces.extend(base[base_from : base_from + length])
        base_at, theirs_at, yours_at = base_from + length, theirs_from + length, yours_from + length
    return pieces


def _shared(base: Sequence[str], theirs: Sequence[str], yours: Sequence[str]) -> list[tuple[int, int, int, int]]:
    """Where base, theirs and yours say the same: begins in each, and length; the last is the end of all, of no length."""
    in_theirs = SequenceMatcher(None, base, theirs, autojunk=False).get_matching_blocks()
    in_yours = SequenceMatcher(None, base, yours, autojunk=False).get_matching_blocks()
    found, first, second = [], 0, 0
    while first < len(in_theirs) and second < len(in_yours):
        one, other = in_theirs[first], in_yours[second]
        begin, end = max(one.a, other.a), min(one.a + one.size, other.a + other.size)
        if begin < end:
            found.append((begin, one.b + begin - one.a, other.b + begin - other.a, end - begin))
        if one.a + one.size < other.a + other.size:
            first += 1
        else:
            second += 1
    return [*found, (len(base), len(theirs), len(yours), 0)]
