"""The reader's words for codes of the glossary: states, certainty, reasons, outcomes. A code without words is shown as it is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l

from ivr.web.wiring import wiring

STATES: Mapping[str, Any] = {
    "available": _l("Available"),
    "offered": _l("Being rung"),
    "on_call": _l("On a call"),
    "wrap_up": _l("Wrap-up"),
    "away": _l("Away"),
    "missed": _l("Missed an offer"),
    "offline": _l("Offline"),
}

AWAY_REASONS: Mapping[str, Any] = {
    "break": _l("Break"),
    "lunch": _l("Lunch"),
    "meeting": _l("Meeting"),
    "training": _l("Training"),
    "other": _l("Other work"),
}

OUTCOMES: Mapping[str, Any] = {
    "solved": _l("Solved"),
    "to_follow_up": _l("To follow up"),
    "passed_on": _l("Passed on to somebody else"),
    "not_solved": _l("Not solved"),
    "wrong_number": _l("Wrong number or nobody there"),
}

# What became of a contact: what an agent wrote down, else what the line knows, or another channel's system told.
CONTACT_OUTCOMES: Mapping[str, Any] = {
    **OUTCOMES,
    "in_line": _l("Served by the line"),
    "with_agent": _l("Talked to an agent"),
    "answered": _l("Answered"),
}

# The intents of prompts/intents.yaml, and the reasons of a route that are none.
REASONS: Mapping[str, Any] = {
    "order_status": _l("Order status"),
    "the line could not finish": _l("The line could not finish"),
    "return": _l("Return"),
    "product_question": _l("Question on a product"),
    "complaint": _l("Complaint"),
    "person": _l("Wants a person"),
    "asked for a person": _l("Asked for a person"),
    "identity not proved": _l("Identity not proved"),
    "not understood three times": _l("The line did not understand"),
    "yes": _l("Yes"),
    "no": _l("No"),
    "repeat": _l("Hear it again"),
    "english": _l("In English"),
    "italian": _l("In Italian"),
    "nothing_else": _l("Nothing else"),
    "privacy": _l("Question on data"),
    "withdraw_consent": _l("Withdraws a consent"),
    "callback": _l("Callback"),
    "question": _l("Question"),
    "follow-up": _l("Next step"),
    "follow_up": _l("Next step"),
}

CERTAINTIES: Mapping[str, Any] = {
    "none": _l("Unknown"),
    "claimed": _l("Says so, not proved"),
    "likely": _l("Likely"),
    "proved": _l("Proved"),
}
CERTAINTY_COLOURS: Mapping[str, str] = {
    "none": "secondary",
    "claimed": "warning",
    "likely": "info",
    "proved": "success",
}

PROOFS: Mapping[str, Any] = {
    "number_on_file": _l("number on file"),
    "order_and_postcode": _l("order number and postcode"),
    "voice": _l("voice"),
    "digits": _l("digits said after us"),
    "code": _l("code by text message"),
}
PROOF_OUTCOMES: Mapping[str, Any] = {
    "accepted": _l("accepted"),
    "rejected": _l("rejected"),
    "inconclusive": _l("inconclusive"),
}

STATUSES: Mapping[str, Any] = {
    "in the line": _l("In the line"),
    "waiting": _l("Waiting"),
    "with an agent": _l("With an agent"),
    "ended": _l("Ended"),
}
STATUS_COLOURS: Mapping[str, str] = {"in the line": "info", "waiting": "warning", "with an agent": "success"}

CHANNELS: Mapping[str, Any] = {
    "phone": _l("Telephone"),
    "web": _l("Web"),
    "email": _l("Email"),
    "chat": _l("Chat"),
    "sms": _l("Text message"),
    "shop": _l("Shop"),
}

ORDER_STATUSES: Mapping[str, Any] = {
    "preparing": _l("being prepared"),
    "shipped": _l("on its way"),
    "delivered": _l("delivered"),
    "cancelled": _l("cancelled"),
}

ENDINGS: Mapping[str, Any] = {
    "speech": _l("said"),
    "keys": _l("keys"),
    "silence": _l("silence"),
    "hang-up": _l("hung up"),
}

# Who turned the caller's sound into words: `Reading.by`, and what needs no recogniser.
HEARD_BY: Mapping[str, Any] = {
    "vosk": "Vosk",
    "vosk restricted": _l("Vosk, among the words expected"),
    "whisper": "Whisper",
    "carrier": _l("the carrier"),
    "keys": _l("keypad"),
    "script": _l("a trial's script"),
}

# Why the listening to a turn ended: `ivr.speech.turn.Ending`, and what comes instead of it.
WHY_ENDED: Mapping[str, Any] = {
    "speech": _l("had finished speaking"),
    "keys": _l("pressed keys"),
    "silence": _l("silence: said nothing"),
    "longest": _l("longest time reached, still speaking"),
    "stopped": _l("hung up, or the line ended the stream"),
    "stalled": _l("dead line: no sound came any more"),
    "refused": _l("unusable sound"),
    "not_admitted": _l("our own listening had no room: the carrier listened"),
    "hang-up": _l("hung up"),
}

# What a supervisor is told of: `biometrics.attacks.AlertKind`.
ALERTS: Mapping[str, Any] = {
    "replay": _l("A recording that was heard before"),
    "many_claims": _l("One voice, several customers"),
    "many_voices": _l("Several voices, one customer"),
    "watched": _l("A watched voice"),
    "locked": _l("Voice locked"),
    "synthetic": _l("Played or made speech"),
    "drift": _l("Voices on the line have changed"),
}
VERDICTS: Mapping[str, Any] = {"attack": _l("attack"), "harmless": _l("harmless")}

ROLES: Mapping[str, Any] = {"agent": _l("Agent"), "supervisor": _l("Supervisor"), "admin": _l("Admin")}

TABLES: Mapping[str, Mapping[str, Any]] = {
    "state": STATES,
    "away": AWAY_REASONS,
    "outcome": OUTCOMES,
    "contact_outcome": CONTACT_OUTCOMES,
    "reason": REASONS,
    "certainty": CERTAINTIES,
    "certainty_colour": CERTAINTY_COLOURS,
    "proof": PROOFS,
    "proof_outcome": PROOF_OUTCOMES,
    "status": STATUSES,
    "status_colour": STATUS_COLOURS,
    "channel": CHANNELS,
    "order_status": ORDER_STATUSES,
    "ended": ENDINGS,
    "heard_by": HEARD_BY,
    "why_ended": WHY_ENDED,
    "alert": ALERTS,
    "verdict": VERDICTS,
    "role": ROLES,
}


def worded(code: str, table: str) -> str:
    """The words for a code; an unknown one is shown as it is, its underscores as spaces."""
    known = TABLES[table].get(code)
    return str(known) if known is not None else code.replace("_", " ")


def clock_time(moment: datetime) -> str:
    """Hours, minutes and seconds in the company's zone."""
    return format_time(moment.astimezone(wiring().zone), "HH:mm:ss", locale=get_locale())


def day_and_time(moment: datetime) -> str:
    """A day and a time as the reader writes them, in the company's zone."""
    return format_datetime(moment.astimezone(wiring().zone), "d MMM, HH:mm", locale=get_locale())


def day(value: str) -> str:
    """An ISO day as the reader writes it; anything else as it is."""
    try:
        return format_date(datetime.fromisoformat(value).date(), "d MMM", locale=get_locale())
    except ValueError:
        return value


def telephone_number(number: str) -> str:
    """An E.164 number in groups, for reading aloud: +39 333 123 45 67; anything else as it is."""
    country, rest = number[:3], number[3:]
    if not number.startswith("+39") or not rest.isdigit():
        return number
    groups = [rest[at : at + 3] for at in range(0, len(rest), 3)]
    if len(groups) > 1 and len(groups[-1]) == 1:
        groups[-2:] = [groups[-2][:2], groups[-2][2:] + groups[-1]]
    return " ".join((country, *groups))


def seconds(value: float) -> str:
    """A length of time with a tenth of a second, as the reader writes numbers."""
    return f"{format_decimal(value, format='#,##0.0', locale=get_locale())} s"


def percent(value: float) -> str:
    """A share between 0 and 1 as a whole percentage."""
    return f"{round(value * 100)}%"
