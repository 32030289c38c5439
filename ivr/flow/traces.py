"""What a turn came to at a node, in one word each: what coverage counts and what is looked for, without the caller's words.

Drawn from the facts of the machine, which lie sealed: of them only the kind and the node are kept open. Pure.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, TypeAlias

from ivr.flow.walk import Fact


class Trace(StrEnum):
    """What happened at a node."""

    REPEATED = "repeated"  # asked once more in other words: nothing was said, or nothing that answers
    MISSED = "missed"  # given up there: every wording had its failed answer
    DOUBTED = "doubted"  # two meanings too close to choose
    PERSON = "person"  # a person was asked for
    HANDED = (
        "handed"  # handed to a person that nobody had asked for: not understood, silent, or something of ours failed
    )
    ENDED = "ended"  # the flow came to its end


Traced: TypeAlias = tuple[Trace, str]  # what, and at which node

_OF_FACTS: Final = {
    "reprompted": Trace.REPEATED,
    "missed": Trace.MISSED,
    "doubtful": Trace.DOUBTED,
    "ended": Trace.ENDED,
}
_ASKED_FOR = "asked for a person"


def traces_of(facts: Iterable[Fact]) -> tuple[Traced, ...]:
    """Return the traces of one turn's facts, in order, each once."""
    found: dict[Traced, None] = {}
    for fact in facts:
        if fact.kind == "person":
            trace = Trace.PERSON if fact.values.get("why") == _ASKED_FOR else Trace.HANDED
        elif fact.kind in _OF_FACTS:
            trace = _OF_FACTS[fact.kind]
        else:
            continue
        found[trace, str(fact.values.get("node", ""))] = None
    return tuple(found)
