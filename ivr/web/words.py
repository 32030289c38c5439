"""The reader's words for codes of the glossary: states, certainty, reasons, outcomes. A code without words is shown as it is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l

from ivr.web.languages import language
from ivr.web.routing_admin_words import WORDS as ROUTING
from ivr.web.what_if_words import WORDS as WHAT_IF
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

# What became of a contact where no agent wrote it down: what the line knows, or another channel's system told.
CONTACT_OUTCOMES: Mapping[str, Any] = {
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
    "promise": _l("Promise"),
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

# Legs of a talk: `ivr.calls.legs`.
LEG_ROLES: Mapping[str, Any] = {
    "caller": _l("Caller"),
    "agent": _l("Agent"),
    "consulted": _l("Asked"),
    "supervisor": _l("Supervisor"),
}
LEG_STATES: Mapping[str, Any] = {
    "wanted": _l("looking for somebody"),
    "ringing": _l("being rung"),
    "in": _l("on the line"),
    "held": _l("hears music"),
    "leaving": _l("leaving"),
}
LEG_MODES: Mapping[str, Any] = {"talk": _l("talks"), "listen": _l("listens"), "whisper": _l("whispers")}
# A customer's history: `ivr.calls.timeline`.
MOMENTS: Mapping[str, Any] = {
    "contact": _l("Contact"),
    "call": _l("Call, nobody wrote anything down"),
    "case_opened": _l("Case opened"),
    "case_closed": _l("Case closed"),
    "promised": _l("Promised"),
    "return_opened": _l("Return opened"),
    "return_closed": _l("Return done"),
    "message": _l("Text message"),
}
STANDS: Mapping[str, Any] = {
    "open": _l("open"),
    "overdue": _l("overdue"),
    "kept": _l("kept"),
    "late": _l("done, but late"),
}
STANDS_COLOURS: Mapping[str, str] = {"open": "info", "overdue": "danger", "kept": "success", "late": "warning"}
# What the shipped company's agents can do; a company's own skills are shown by their codes, or by the name of their queue.
SKILLS: Mapping[str, Any] = {
    "general": _l("General"),
    "orders": _l("Orders"),
    "returns": _l("Returns"),
    "product": _l("Products"),
    "products": _l("Products"),
    "recovery": _l("Complaints"),
}

ROLES: Mapping[str, Any] = {"agent": _l("Agent"), "supervisor": _l("Supervisor"), "admin": _l("Admin")}

# How it stands with a customer's voice: `ivr.calls.voice_card.VoiceStatus`.
VOICE_STATUSES: Mapping[str, Any] = {
    "off": _l("No voice is looked at on this line."),
    "nobody": _l("It is not known yet who calls, so there is no voice to compare with."),
    "not_asked": _l("Not asked yet whether the voice may be used."),
    "refused": _l("The customer does not want to be recognised by voice."),
    "withdrawn": _l("The customer has taken the consent back: nothing of the voice is left."),
    "collecting": _l("The voice is being enrolled."),
    "enrolled": _l("The voice is enrolled."),
    "old": _l("The voice was enrolled long ago: the next calls renew it by themselves."),
    "renewing": _l("The voice is being enrolled anew; the old one counts until then."),
    "other_encoder": _l(
        "The voice was enrolled with another method: it is being enrolled anew and proves nothing until then."
    ),
    "unreadable": _l(
        "What is kept of the voice does not open: it proves nothing. Tell whoever looks after the service."
    ),
    "no_encoder": _l("Nothing can compare voices at the moment."),
    "locked": _l(
        "Locked: three calls in a row had another voice. It proves nothing until a supervisor has looked into it."
    ),
    "blocked": _l("A person has ruled the voice out: it proves nothing for this customer."),
}
# The same in two words, for a badge.
VOICE_BADGES: Mapping[str, Any] = {
    "off": _l("off"),
    "nobody": _l("nobody known"),
    "not_asked": _l("not asked"),
    "refused": _l("refused"),
    "withdrawn": _l("withdrawn"),
    "collecting": _l("being enrolled"),
    "enrolled": _l("enrolled"),
    "old": _l("enrolled, old"),
    "renewing": _l("being renewed"),
    "other_encoder": _l("to be renewed"),
    "unreadable": _l("does not open"),
    "no_encoder": _l("not comparable"),
    "locked": _l("locked"),
    "blocked": _l("ruled out"),
}
VOICE_COLOURS: Mapping[str, str] = {
    **dict.fromkeys(VOICE_STATUSES, "secondary"),
    "collecting": "info",
    "renewing": "info",
    "enrolled": "success",
    "old": "success",
    "unreadable": "danger",
    "locked": "danger",
    "blocked": "danger",
}
# What the voice has shown in a call: `HeardVoice.outcome`.
VOICE_OUTCOMES: Mapping[str, Any] = {
    "accepted": _l("It is the enrolled voice"),
    "rejected": _l("It is not the enrolled voice"),
    "inconclusive": _l("It proves nothing"),
}
HOW_SURE: Mapping[str, Any] = {
    "very_sure": _l("very sure"),
    "sure": _l("quite sure"),
    "leans_to": _l("rather like the enrolled one"),
    "leans_away": _l("rather unlike the enrolled one"),
    "another": _l("probably somebody else"),
    "surely_another": _l("almost certainly somebody else"),
}
ADVICE: Mapping[str, Any] = {
    "go_on": _l("You can go on."),
    "ask_postcode": _l("Ask for order number and postcode."),
    "ask_code": _l("This request still needs a code, which the line sends to the number on file."),
    "ask_both": _l(
        "This request still needs order number, postcode, and a code that the line sends to the number on file."
    ),
    "hand_on": _l("This cannot be done by telephone with what was shown: hand it to a supervisor."),
}
# The same where what was heard of the voice is nothing to rely on.
ADVICE_AGAINST: Mapping[str, Any] = {
    "go_on": _l("You can go on with what was shown otherwise; do not rely on the voice."),
    "ask_postcode": _l("Do not rely on the voice: ask for order number and postcode."),
    "ask_code": _l("Do not rely on the voice: this needs a code, which the line sends to the number on file."),
    "ask_both": _l(
        "Do not rely on the voice: this needs order number, postcode, and a code that the line sends to the number on file."
    ),
    "hand_on": _l("Do not rely on the voice, and do nothing for this request: hand it to a supervisor."),
}
# How much harm a request could do: `biometrics.risk.Asked`.
RISKS: Mapping[str, Any] = {
    "low": _l("To tell something (where an order is)"),
    "medium": _l("To do what can be undone (a return)"),
    "high": _l("To do what cannot be undone (address, money)"),
}
BLOCK_REASONS: Mapping[str, Any] = {
    "no_wish": _l("The customer does not want it"),
    "alike": _l("A voice at home is alike"),
    "abuse": _l("Abuse is suspected"),
    "unsuited": _l("The voice is not recognised well"),
}
VOICE_NUMBERS: Mapping[str, Any] = {
    "similarity": _l("Similarity (-1 to 1)"),
    "standard_score": _l("Above other voices (deviations)"),
    "log_likelihood_ratio": _l("Likelihood ratio (natural logarithm)"),
    "accept_from": _l("Accepted from"),
}

TABLES: Mapping[str, Mapping[str, Any]] = {
    "state": STATES,
    "away": {},
    "outcome": {},
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
    "voice_status": VOICE_STATUSES,
    "voice_badge": VOICE_BADGES,
    "voice_colour": VOICE_COLOURS,
    "voice_outcome": VOICE_OUTCOMES,
    "how_sure": HOW_SURE,
    "advice": ADVICE,
    "advice_against": ADVICE_AGAINST,
    "risk": RISKS,
    "block_reason": BLOCK_REASONS,
    "voice_number": VOICE_NUMBERS,
    "verdict": VERDICTS,
    "role": ROLES,
    "leg_role": LEG_ROLES,
    "leg_state": LEG_STATES,
    "leg_mode": LEG_MODES,
    "moment": MOMENTS,
    "stands": STANDS,
    "stands_colour": STANDS_COLOURS,
    "skill": SKILLS,
    **ROUTING,
    **WHAT_IF,
}


# The tables whose words are the company's own, by the list of the desk book that has them.
OF_THE_DESK_BOOK: Mapping[str, str] = {
    "away": "away_reasons",
    "outcome": "outcomes",
    "contact_outcome": "outcomes",
}


def away_reasons() -> Mapping[str, str]:
    """The reasons for being away, in the order and the words of the desk book."""
    return {one.code: one.names[language()] for one in wiring().doors.company.desk_book.away_reasons}


def worded(code: str, table: str) -> str:
    """The words for a code; an unknown one is shown as it is, its underscores as spaces."""
    if table in OF_THE_DESK_BOOK:
        named = wiring().doors.company.desk_book.name(OF_THE_DESK_BOOK[table], code, language())
        if named:
            return named
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


def minutes(value: float | None) -> str:
    """A length of time as minutes and seconds, a dash where there is none."""
    if value is None:
        return "\N{EN DASH}"
    return f"{round(value) // 60}:{round(value) % 60:02d}"


def seconds(value: float) -> str:
    """A length of time with a tenth of a second, as the reader writes numbers."""
    return f"{format_decimal(value, format='#,##0.0', locale=get_locale())} s"


def number(value: float) -> str:
    """A number with two decimals, as the reader writes them."""
    return format_decimal(value, format="#,##0.00", locale=get_locale())


def percent(value: float) -> str:
    """A share between 0 and 1 as a whole percentage."""
    return f"{round(value * 100)}%"
