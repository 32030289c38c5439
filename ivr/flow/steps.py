"""What the flow answers an event with: things to say, to ask, to perform or to end. Others render and perform them.

An answer is any number of `Say` followed by exactly one step that waits (`Ask`, `Perform`, `Route`) or closes (`End`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from ivr.flow.events import Value


@dataclass(frozen=True, kw_only=True)
class Say:
    """Say a prompt and go on."""

    prompt: str  # key in the catalogue
    values: Mapping[str, Value] = field(default_factory=dict)
    variant: int = 0  # 0 is the prompt itself; n its n-th reprompt wording


class Expect(StrEnum):
    """What kind of answer a question waits for: it chooses hints, waits and words for the recogniser."""

    REQUEST = "request"  # an open question
    YES_NO = "yes_no"
    DIGITS = "digits"  # a number, spoken or keyed
    CHOICE = "choice"  # one of few


@dataclass(frozen=True, kw_only=True)
class Ask:
    """Say a prompt and listen, to speech and keys at once."""

    say: Say
    expect: Expect
    # Intents that answer this question; the conductor tells `ivr.intents` to prefer them.
    intents: tuple[str, ...] = ()
    slot: str = ""  # the slot that the answer fills: "order_number", "postcode", "score", ...; "" for none
    max_keys: int = 1  # keys that are enough: the carrier answers at once when it has them
    timeout_seconds: float = 5.0  # waiting for the first sound or key
    barge_in: bool = True


class Act(StrEnum):
    """What the flow can have performed. Each member's comment lists the inputs, outcomes and values it knows."""

    IDENTIFY = "identify"
    VERIFY = "verify"
    ENROL = "enrol"
    CONSENT = "consent"
    LOOKUP = "lookup"
    CASE = "case"
    CALLBACK = "callback"
    MESSAGE = "message"
    SURVEY = "survey"


@dataclass(frozen=True, kw_only=True)
class Perform:
    """Ask the conductor to do something; `Done` brings the outcome back."""

    act: Act
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Route:
    """Hand the call to a person. `Done` comes back only if nobody can be had (`closed`, `nobody`) or after the talk (`met`)."""

    skill: str
    level: int = 1
    priority: int = 0
    reason: str = ""  # in the words of the glossary, for the agent: "complaint", "asked for a person", ...


@dataclass(frozen=True, kw_only=True)
class End:
    """The call is over: hang up after what was said."""


Step: TypeAlias = Say | Ask | Perform | Route | End
