"""Decides whether what shows who calls is enough for what is asked, and else which proof to ask for next: pure, by one table.

What each single proof says is decided elsewhere (`biometrics.decision` for the voice); a voice alone is never enough for what
risks most, and who has no voice enrolled needs no more than before there were voices.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, TypeAlias

from biometrics.decision import Liveness


class Asked(StrEnum):
    """How much harm it does if it is done for the wrong person, the least first."""

    LOW = "low"  # told: where an order is
    MEDIUM = "medium"  # done, and can be undone: a return is opened
    HIGH = "high"  # done for good: an address is changed, money is paid


class Number(StrEnum):
    """What the calling number shows, the least first."""

    HIDDEN = "hidden"
    UNKNOWN = "unknown"  # not on the customer's file
    ALERTED = "on_file_with_alerts"  # on file, and supervisors have been warned of voices that claimed this customer
    ON_FILE = "on_file"


class Voice(StrEnum):
    """What the voice shows."""

    LOCKED = "locked"  # rejected so often in a row that no voice proves this customer until a person has looked
    BLOCKED = "blocked"  # a person has ruled the voice out
    REJECTED = "rejected"
    NOT_ENROLLED = "not_enrolled"  # nothing enrolled, or no consent
    INCONCLUSIVE = "inconclusive"
    ACCEPTED = "accepted"


class Proof(StrEnum):
    """What the caller has shown in this call besides number and voice."""

    ORDER_AND_POSTCODE = "order_and_postcode"
    DIGITS = "digits"  # said after us, and by the enrolled voice
    CODE = "code"  # sent to the number on file


class Way(StrEnum):
    """The proofs that can be asked for, in this order."""

    DIGITS = "digits"
    CODE = "code"
    PERSON = "person"


class Why(StrEnum):
    """The reasons, in the words of the agent's card."""

    NUMBER = "the number is on file"
    POSTCODE = "order and postcode were given"
    VOICE = "the voice is the enrolled one"
    LIVE_VOICE = "the voice is the enrolled one, and is spoken now"
    DIGITS = "the digits were said by the enrolled voice"
    CODE = "the code that was sent was given"
    TWO_PROOFS = "two proofs of different kinds were given"
    IS_LOCKED = "the voice was rejected three times in a row"
    IS_SUSPECT = "what was heard may be a recording or a made voice"
    IS_BLOCKED = "the voice was ruled out by a person"
    IS_REJECTED = "the voice is unlike the enrolled one"
    ASKS_MORE = "the request asks more than one kind of proof"
    IS_ALERTED = "there are alerts on who claims to be this customer"
    NOT_ON_FILE = "the number is not on file"


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """Everything that the assessment rests on."""

    asked: Asked
    number: Number
    voice: Voice
    liveness: Liveness = Liveness.UNKNOWN
    proofs: frozenset[Proof] = frozenset()
    spent: frozenset[Way] = frozenset()  # ways tried in vain, or not to be had in this call


@dataclass(frozen=True, kw_only=True)
class Enough:
    """What is asked may be done."""

    why: Why


@dataclass(frozen=True, kw_only=True)
class StepUp:
    """Another proof is needed first."""

    to: Way
    why: Why


Assessment: TypeAlias = Enough | StepUp


@dataclass(frozen=True, kw_only=True)
class _Rule:
    """What is enough, and up to which request."""

    up_to: Asked
    voices: frozenset[Voice]
    numbers: frozenset[Number]
    liveness: frozenset[Liveness]
    proofs: frozenset[Proof]
    why: Why


_ASKED: Final = tuple(Asked)
_NUMBERS: Final = frozenset(Number)
_ON_FILE: Final = frozenset({Number.ON_FILE})
_ANY_ON_FILE: Final = frozenset({Number.ON_FILE, Number.ALERTED})
# A voice that speaks against nobody: who has none is here, beside who is recognised.
_USUAL: Final = frozenset({Voice.NOT_ENROLLED, Voice.INCONCLUSIVE, Voice.ACCEPTED})
_ACCEPTED: Final = frozenset({Voice.ACCEPTED})
_REJECTED: Final = frozenset({Voice.REJECTED})
_LIVE: Final = frozenset({Liveness.LIVE})
_SUSPECT: Final = frozenset({Liveness.REPLAYED, Liveness.SYNTHETIC})
_NOT_SUSPECT: Final = frozenset(Liveness) - _SUSPECT
_NO_MORE: Final[frozenset[Proof]] = frozenset()
_POSTCODE, _DIGITS, _CODE = (frozenset({proof}) for proof in Proof)

# The first rule that holds gives the reason. Number on file and order with postcode are what sufficed before there were voices,
# and go on sufficing for whoever's voice speaks against nothing. A code to the number on file is a proof of its own, whatever is
# heard. What risks most asks two kinds: something had (number and code), known (postcode) or been (a voice that is spoken now).
_RULES: Final = tuple(
    _Rule(up_to=up_to, voices=voices, numbers=numbers, liveness=liveness, proofs=proofs, why=why)
    for up_to, voices, numbers, liveness, proofs, why in (
        (Asked.HIGH, _USUAL, _ON_FILE, _NOT_SUSPECT, _CODE, Why.TWO_PROOFS),
        (Asked.HIGH, _USUAL, _NUMBERS, _NOT_SUSPECT, _CODE | _POSTCODE, Why.TWO_PROOFS),
        (Asked.HIGH, _USUAL | _REJECTED, _NUMBERS, _NOT_SUSPECT, _CODE | _DIGITS, Why.TWO_PROOFS),
        (Asked.HIGH, _ACCEPTED, _NUMBERS, _LIVE, _CODE, Why.TWO_PROOFS),
        (Asked.HIGH, _USUAL, _ON_FILE, _NOT_SUSPECT, _DIGITS | _POSTCODE, Why.TWO_PROOFS),
        (Asked.HIGH, _ACCEPTED, _ON_FILE, _LIVE, _POSTCODE, Why.TWO_PROOFS),
        (Asked.MEDIUM, frozenset(Voice), _NUMBERS, frozenset(Liveness), _CODE, Why.CODE),
        (Asked.MEDIUM, _USUAL | _REJECTED, _NUMBERS, _NOT_SUSPECT, _DIGITS, Why.DIGITS),
        (Asked.MEDIUM, _ACCEPTED, _NUMBERS, _LIVE, _NO_MORE, Why.LIVE_VOICE),
        (Asked.MEDIUM, _ACCEPTED, _ON_FILE, _NOT_SUSPECT, _NO_MORE, Why.VOICE),
        (Asked.MEDIUM, _USUAL, _NUMBERS, _NOT_SUSPECT, _POSTCODE, Why.POSTCODE),
        (Asked.MEDIUM, _USUAL, _ON_FILE, _NOT_SUSPECT, _NO_MORE, Why.NUMBER),
        (Asked.LOW, _ACCEPTED, _NUMBERS, _NOT_SUSPECT, _NO_MORE, Why.VOICE),
        (Asked.LOW, _REJECTED, _NUMBERS, _NOT_SUSPECT, _POSTCODE, Why.POSTCODE),
        (Asked.LOW, _USUAL, _ANY_ON_FILE, _NOT_SUSPECT, _NO_MORE, Why.NUMBER),
    )
)
# What can still be asked for: the shorter plan first, and of two plans of one length the one whose proof is easier given.
_PLANS: Final = ((Way.DIGITS,), (Way.CODE,), (Way.DIGITS, Way.CODE))
_PROOF_OF: Final = {Way.DIGITS: Proof.DIGITS, Way.CODE: Proof.CODE}


def assess(given: Circumstances) -> Assessment:
    """Say whether what is shown is enough for what is asked, and else what to ask for next."""
    why = _enough(given)
    if why is not None:
        return Enough(why=why)
    possible = set(_possible(given))
    for plan in _PLANS:
        proved = replace(given, proofs=given.proofs | {_PROOF_OF[way] for way in plan})
        if possible.issuperset(plan) and _enough(proved) is not None:
            return StepUp(to=plan[0], why=_lacking(given))
    return StepUp(to=Way.PERSON, why=_lacking(given))


def _enough(given: Circumstances) -> Why | None:
    return next((rule.why for rule in _RULES if _holds(rule, given)), None)


def _holds(rule: _Rule, given: Circumstances) -> bool:
    return (
        _ASKED.index(given.asked) <= _ASKED.index(rule.up_to)
        and given.voice in rule.voices
        and given.number in rule.numbers
        and given.liveness in rule.liveness
        and rule.proofs <= given.proofs
    )


def _possible(given: Circumstances) -> Iterator[Way]:
    """The ways that are left; a lock or a suspicion of attack is for a person, unless a code was given already."""
    if given.voice == Voice.LOCKED or given.liveness in _SUSPECT:
        return
    for way, proof in _PROOF_OF.items():
        needs_voice = way == Way.DIGITS and given.voice in {Voice.NOT_ENROLLED, Voice.BLOCKED}
        if way not in given.spent and proof not in given.proofs and not needs_voice:
            yield way


def _lacking(given: Circumstances) -> Why:
    reasons = (
        (given.voice == Voice.LOCKED, Why.IS_LOCKED),
        (given.liveness in _SUSPECT, Why.IS_SUSPECT),
        (given.voice == Voice.BLOCKED, Why.IS_BLOCKED),
        (given.voice == Voice.REJECTED, Why.IS_REJECTED),
        (given.asked == Asked.HIGH, Why.ASKS_MORE),
        (given.number == Number.ALERTED, Why.IS_ALERTED),
    )
    return next((why for is_so, why in reasons if is_so), Why.NOT_ON_FILE)
