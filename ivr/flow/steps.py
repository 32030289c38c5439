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
    LETTERS = "letters"  # letters and digits, spelled
    CHOICE = "choice"  # one of few


@dataclass(frozen=True, kw_only=True)
class Ask:
    """Say a prompt and listen, to speech and keys at once."""

    say: Say
    expect: Expect
    # Intents that answer this question; the conductor tells `ivr.intents` to prefer them.
    intents: tuple[str, ...] = ()
    slot: str = ""  # the slot that the answer fills: "order_number", "postcode", "score", ...; "" for none
    min_keys: int = 1  # fewer are no answer to this question
    max_keys: int = 1  # keys that are enough: the carrier answers at once when it has them
    timeout_seconds: float = 5.0  # waiting for the first sound or key
    after_words_seconds: float | None = None  # a quiet of this length ends the answer; None: by the kind of answer
    longest_seconds: float | None = None  # the whole answer, the wait for its first word included; None as above
    barge_in: bool = True  # speech stops the prompt; keys always do
    sensitivity: str = "normal"  # "low", "normal" or "high": how little of a voice stops the prompt
    words: tuple[str, ...] = ()  # what callers may say beyond what the kind of answer expects, in the call's language
    # The value of `slot` that this question reads back, "" for none. The answer is a yes, a no, or a correction with the value
    # ("no, quarantadue, non cinquantadue"), so that the words of numbers or letters fit here beside those of yes and no.
    previous: str = ""
    secret: bool = False  # what is answered is kept nowhere


class Act(StrEnum):
    """What the flow can have performed. Each member's comment is the one home of its inputs, outcomes and values.

    An input is handed over when the call has it. An outcome that a node does not know takes the call to a person: that is how a
    connector that is down is reported (`unavailable`, say). A value `language` in any outcome switches the call to it.
    """

    # Whose number is this? Inputs: number (E.164, "" when hidden).
    # known: customer_id, name, first_call (bool), proactive ("" | "late_order" | "open_return" | "open_case"), order_number (the
    #   matter's), order_under_way (the only order under way), return_number, case_number, due_date (ISO), consent_<purpose>
    #   (bool) for every consent already given or refused, voice_enrolled (bool), voice_offer (bool: enrolment may be offered in
    #   this call), language if the customer chose one. unknown: nothing. hidden: nothing.
    IDENTIFY = "identify"
    # Is it shown that the claimed customer calls, enough for what is asked? Inputs: what ("voice" where it is not said, "digits",
    #   "code"), asks ("low" | "medium" where it is not said | "high"), customer_id, spoken_digits, code_digits.
    # voice, from what was heard so far and all other proofs of the call: accepted (enough), step_up (the voice is the enrolled
    #   one, and another proof is needed), rejected, inconclusive, locked (the last three: not enough, and what the voice showed).
    # digits: accepted (those that were asked for, by no other voice, and enough), rejected, inconclusive (no voice was heard).
    # code: accepted (and enough), rejected, inconclusive (there is none, or it is too old).
    # Values of all: reason, step_up ("" | "digits" | "code" | "person": the proof to ask for next), voice ("accepted" |
    #   "rejected" | "inconclusive" | "not_enrolled" | "locked").
    VERIFY = "verify"
    # Prepare a proof. Inputs: what ("digits" | "code"), customer_id; for a code prompt (key of the text message's wording).
    # digits: ready (challenge_digits, others each time), unavailable. code, to the number on file alone: sent, no_number, failed.
    CHALLENGE = "challenge"
    # Learn the customer's voice from what was said. Inputs: customer_id.
    # Outcomes: enrolled (newly_enrolled, bool), more_needed (seconds_missing), declined (no consent), unavailable (nothing was
    #   heard that could be learnt from, or no voice may be learnt).
    ENROL = "enrol"
    # Record a consent. Inputs: purpose ("voice_verification", "contact_history"; "all" when withdrawn by word), granted (bool),
    #   wording (prompt key; "" when withdrawn), answer ("yes" | "no" | "unclear" | "withdrawn"). Outcome: recorded (when
    #   withdrawn: voice, voice_enrolled and voice_offer as they are now).
    CONSENT = "consent"
    # Ask the shop. Inputs: what ("order" | "return" | "case" | "account"), order_number (else order_under_way), postcode,
    #   return_number, case_number, customer_id.
    # order: found (order_number, status "preparing" | "shipped" | "delivered" | "cancelled", due_date ISO, items, carrier,
    #   delivered_on ISO), late (the same, due_date the new one, days_late), not_found, needs_proof (the calling number is not on
    #   file for the order), wrong_proof. return: found (return_number, order_number, status "awaited" | "received" | "refunded",
    #   due_date ISO), not_found. case: found (case_number, due_date ISO), not_found. account: found (name), not_found.
    LOOKUP = "lookup"
    # Open work. Inputs: kind ("return" | "complaint" | "question" | "callback" | "message"), order_number, customer_id,
    #   message_text, reason (the request's intent). Outcomes: opened (return_number or case_number, due_date ISO), already_open
    #   (the same), and for a return refused (refusal "too_late" | "not_delivered" | another).
    CASE = "case"
    # The caller is to be rung back. Inputs: callback_number (else the calling number), reason, keeps ("place": it stays in the
    #   queue and is rung when it is its turn; "case": a case that is due within 24 hours, and the line rings as soon as it can).
    #   Outcomes: recorded (callback_number), no_number.
    CALLBACK = "callback"
    # Is there something to go on with? Inputs: answer ("" to look for it, "yes", "no", "person"). Looked for: dropped, callback
    #   (the caller is to be rung back and calls first), nothing. yes: queue (the place is kept for the next `route` that takes
    #   it), or the state of the dropped call takes the place of this one's. no: declined. person: queue where a place is kept,
    #   else person.
    RESUME = "resume"
    # Whether a callback has reached its person. Inputs: answer ("yes" | "no" | "silent"). Outcomes: confirmed, denied, silent.
    REACHED = "reached"
    # Send a text. Inputs: prompt (key of a written wording) and the values that the wording needs. Outcomes: sent, no_number,
    #   failed.
    MESSAGE = "message"
    # Keep the effort score. Inputs: score (1-7), about ("line" | "agent"). Outcome: recorded.
    SURVEY = "survey"


@dataclass(frozen=True, kw_only=True)
class Perform:
    """Ask the conductor to do something; `Done` brings the outcome back."""

    act: Act
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Route:
    """Hand the call to a person. `Done` comes back only without one or after the talk.

    Outcomes: closed (outside hours), nobody (no agent signed in), overflow (the queue takes nobody more, or not for so long), met
    (the talk is over), left and message (the caller left the queue, for a callback, to leave a message), failed. closed and
    overflow bring `instead` ("callback" or "message": what the queue has its callers offered).
    """

    skill: str
    queue: str = ""  # "" leaves it to the skill
    kept: bool = False  # the place that the caller had in this call counts before all of this
    place: str = (
        ""  # the work of another call whose place the caller has kept, which counts before all of this; "" for none
    )
    level: int = 1
    priority: int = 0
    reason: str = ""  # in the words of the glossary, for the agent: "complaint", "asked for a person", ...


@dataclass(frozen=True, kw_only=True)
class End:
    """The call is over: hang up after what was said."""


Step: TypeAlias = Say | Ask | Perform | Route | End
