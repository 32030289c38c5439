"""What becomes of a call when one of its parties goes: one table of moments and goings, pure. docs/talks.md is drawn from it.

Who is where is read from the call and its legs by `moment_of`; what follows is carried out by `ivr.calls.talks_goings`.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from ivr.calls import legs, store
from ivr.calls.tables import Call, CallLeg


class Moment(StrEnum):
    """How far a call is on its way through people."""

    IN_LINE = "in_line"  # in the flow, with nobody
    QUEUED = "queued"  # waits; nobody's telephone rings
    RINGING = "ringing"  # waits; the telephone of the agent who accepted rings
    TALKING = "talking"  # caller and first one
    CONSULT_COMING = "consult_coming"  # somebody is looked for or rung, to be asked
    CONSULTING = "consulting"  # first and second one in private, the caller hears music
    CONFERENCE = "conference"  # all three hear each other
    PASSING = "passing"  # the first one has gone, an outside number rings, the caller hears music
    ALONE = "alone"  # nobody is left with the caller, who is on the way back
    ENDED = "ended"


class Going(StrEnum):
    """Who goes, and how."""

    CALLER = "caller"  # hangs up, or the line to them breaks
    FIRST_LEFT = "first_left"  # who has the call hangs up
    FIRST_LOST = "first_lost"  # the line to them breaks, their browser is closed, or they never came
    SECOND = "second"  # the consulted one goes or never came: declined, busy, no answer, voicemail
    SUPERVISOR = "supervisor"


class Then(StrEnum):
    """What becomes of the call."""

    NOTHING = "nothing"
    ENDS = "ends"  # every leg ends; agents who talked write down what it led to
    FLOW = "flow"  # the caller goes on in the flow: the effort score
    FIRST_OF_ALL = "first_of_all"  # the caller is told and waits again, ahead of the others; the context is kept
    SAME_PLACE = "same_place"  # the caller waits on in the same place
    SECOND_HAS_IT = "second_has_it"  # the consulted one has the call from now on
    BACK_TO_FIRST = "back_to_first"  # the caller is taken off hold: back with the first one
    GOES_ON = "goes_on"  # those who are left talk on


_M, _G, _T = Moment, Going, Then
# A pair that does not stand here cannot be, or is a report that comes late or twice: nothing happens.
TABLE: Mapping[tuple[Moment, Going], Then] = MappingProxyType(
    {
        (_M.IN_LINE, _G.CALLER): _T.ENDS,
        (_M.QUEUED, _G.CALLER): _T.ENDS,
        (_M.RINGING, _G.CALLER): _T.ENDS,
        (_M.RINGING, _G.FIRST_LEFT): _T.SAME_PLACE,
        (_M.RINGING, _G.FIRST_LOST): _T.SAME_PLACE,
        (_M.TALKING, _G.CALLER): _T.ENDS,
        (_M.TALKING, _G.FIRST_LEFT): _T.FLOW,
        (_M.TALKING, _G.FIRST_LOST): _T.FIRST_OF_ALL,
        (_M.CONSULT_COMING, _G.CALLER): _T.ENDS,
        # Nobody has come back to the caller, who waits for an answer: that is no end of a talk.
        (_M.CONSULT_COMING, _G.FIRST_LEFT): _T.FIRST_OF_ALL,
        (_M.CONSULT_COMING, _G.FIRST_LOST): _T.FIRST_OF_ALL,
        (_M.CONSULT_COMING, _G.SECOND): _T.BACK_TO_FIRST,
        (_M.CONSULTING, _G.CALLER): _T.ENDS,
        # Somebody who knows the story is on the line: better than any place in a queue.
        (_M.CONSULTING, _G.FIRST_LEFT): _T.SECOND_HAS_IT,
        (_M.CONSULTING, _G.FIRST_LOST): _T.SECOND_HAS_IT,
        (_M.CONSULTING, _G.SECOND): _T.BACK_TO_FIRST,
        (_M.CONFERENCE, _G.CALLER): _T.ENDS,
        (_M.CONFERENCE, _G.FIRST_LEFT): _T.SECOND_HAS_IT,
        (_M.CONFERENCE, _G.FIRST_LOST): _T.SECOND_HAS_IT,
        (_M.CONFERENCE, _G.SECOND): _T.GOES_ON,
        (_M.PASSING, _G.CALLER): _T.ENDS,
        (_M.PASSING, _G.FIRST_LEFT): _T.FIRST_OF_ALL,
        (_M.PASSING, _G.FIRST_LOST): _T.FIRST_OF_ALL,
        (_M.ALONE, _G.CALLER): _T.ENDS,
        **{(moment, _G.SUPERVISOR): _T.GOES_ON for moment in (_M.TALKING, _M.CONSULT_COMING, _M.CONSULTING)},
        (_M.CONFERENCE, _G.SUPERVISOR): _T.GOES_ON,
    }
)


def after(moment: Moment, going: Going) -> Then:
    """What becomes of a call in this moment when this party goes."""
    return TABLE.get((moment, going), Then.NOTHING)


def moment_of(call: Call, live: Iterable[CallLeg]) -> Moment:
    """Where a call stands, by its status and its live legs."""
    rows = tuple(live)
    match call.status:
        case store.TALKING:
            return _talking(call, first_of(rows), second_of(rows))
        case store.WAITING:
            return Moment.QUEUED if first_of(rows) is None else Moment.RINGING
        case store.ENDED:
            return Moment.ENDED
        case _:
            return Moment.IN_LINE


def first_of(live: Iterable[CallLeg]) -> CallLeg | None:
    """The leg that has the call, or rings to have it."""
    return next((row for row in live if row.role == legs.AGENT and row.state in {legs.RINGING, legs.IN}), None)


def second_of(live: Iterable[CallLeg]) -> CallLeg | None:
    """The leg of the consulted one, in the conference or on the way there."""
    return next((row for row in live if row.role == legs.CONSULTED and row.state != legs.LEAVING), None)


def _talking(call: Call, first: CallLeg | None, second: CallLeg | None) -> Moment:
    if first is None:
        return Moment.ALONE
    if first.state == legs.RINGING:
        return Moment.PASSING
    if second is None:
        return Moment.TALKING
    if second.state in legs.COMING:
        return Moment.CONSULT_COMING
    return Moment.CONSULTING if call.hold_wanted else Moment.CONFERENCE
