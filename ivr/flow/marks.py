"""What a turn came to at a node, in one word each: what coverage counts and what is looked for, without the caller's words.

Drawn from the facts of the machine, which lie sealed: of them only the kind and the node are kept open. Pure.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, TypeAlias

from ivr.flow.walk import Fact


class Mark(StrEnum):
    """What happened at a node."""

    REPEATED = "repeated"  # asked once more in other words: nothing was said, or nothing that answers
    MISSED = "missed"  # given up there: every wording had its failed answer
    DOUBTED = "doubted"  # two meanings too close to choose
    PERSON = "person"  # a person was asked for
    HANDED = (
        "handed"  # handed to a person that nobody had asked for: not understood, silent, or something of ours failed
    )
    ENDED = "ended"  # the flow came to its end


Marked: TypeAlias = tuple[Mark, str]  # what, and at which node

_OF_FACTS: Final = {
    "reprompted": Mark.REPEATED,
    "missed": Mark.MISSED,
    "doubtful": Mark.DOUBTED,
    "ended": Mark.ENDED,
}
_ASKED_FOR = "asked for a person"


def marks_of(facts: Iterable[Fact]) -> tuple[Marked, ...]:
    """Return the marks of one turn's facts, in order, each once."""
    found: dict[Marked, None] = {}
    for fact in facts:
        if fact.kind == "person":
            mark = Mark.PERSON if fact.values.get("why") == _ASKED_FOR else Mark.HANDED
        elif fact.kind in _OF_FACTS:
            mark = _OF_FACTS[fact.kind]
        else:
            continue
        found[mark, str(fact.values.get("node", ""))] = None
    return tuple(found)
