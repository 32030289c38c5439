"""What the carrier's webhooks say, read into frozen records: unknown parameters are left alone, wrong ones refused by name.

The parameters are Twilio's (voice webhook request, status callbacks, conference events); a number may be hidden, so `From` is
never assumed to be one.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import phonenumbers

_SID = re.compile(r"(CA|client:)[0-9A-Za-z]{1,38}")
_CONFERENCE = re.compile(r"CF[0-9A-Za-z]{1,38}")
_KEYS = re.compile(r"[0-9*#]{1,40}")
# twilio.com/docs/voice/twiml: what `From` holds when there is no number to show.
_HIDDEN = {
    "",
    "anonymous",
    "unknown",
    "restricted",
    "private",
    "unavailable",
    "+266696687",
    "+86282452253",
    "+7378742833",
}
STATUSES = frozenset(
    {
        "queued",
        "initiated",
        "ringing",
        "in-progress",
        "completed",
        "busy",
        "failed",
        "no-answer",
        "canceled",
        "answered",
    }
)
# A caller's leg in one of these is over.
ENDED_STATUSES = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
MOST_SPEECH_CHARACTERS = 2000  # a minute of speech, Gather's limit, has some 900


@dataclass(frozen=True, kw_only=True)
class Malformed:
    """A request that cannot be used, and why."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class VoiceRequest:
    """A webhook of a live call."""

    call_id: str
    from_number: str  # E.164, or "" when hidden; "client:..." and "sip:..." as they came
    to_number: str
    status: str
    direction: str
    keys: str  # "" for none
    speech: str  # "" for none
    confidence: float | None  # the carrier's own, 0-1; it may leave it out
    queue_result: str
    verification: str  # StirVerstat, "" when the network says nothing
    token: str  # I-Twilio-Idempotency-Token, "" for none


@dataclass(frozen=True, kw_only=True)
class StatusCallback:
    """The progress of a call, numbered by what happened and not by arrival."""

    call_id: str
    status: str
    sequence: int
    duration_seconds: int | None


@dataclass(frozen=True, kw_only=True)
class ConferenceEvent:
    """Something that happened in a conference."""

    conference_id: str
    name: str
    event: str
    sequence: int
    call_id: str  # the participant's, "" for events of the whole


def voice_request(parameters: Mapping[str, str], *, token: str = "") -> VoiceRequest | Malformed:
    """Read a voice webhook (Twilio, "TwiML for Programmable Voice: request parameters")."""
    call_id = parameters.get("CallSid", "")
    if not _SID.fullmatch(call_id):
        return Malformed(reason="CallSid is missing or is not one")
    status = parameters.get("CallStatus", "in-progress")
    if status not in STATUSES:
        return Malformed(reason="CallStatus is not one of the carrier's")
    keys = parameters.get("Digits", "")
    if keys and not _KEYS.fullmatch(keys):
        return Malformed(reason="Digits holds something that is no key")
    confidence = _fraction(parameters.get("Confidence", ""))
    if isinstance(confidence, Malformed):
        return confidence
    return VoiceRequest(
        call_id=call_id,
        from_number=number(parameters.get("From", "")),
        to_number=_printable(parameters.get("To", ""))[:60],
        status=status,
        direction=parameters.get("Direction", "inbound"),
        keys=keys,
        speech=_printable(parameters.get("SpeechResult", "")[:MOST_SPEECH_CHARACTERS]).strip(),
        confidence=confidence,
        queue_result=parameters.get("QueueResult", ""),
        verification=parameters.get("StirVerstat", ""),
        token=token[:80],
    )


def status_callback(parameters: Mapping[str, str]) -> StatusCallback | Malformed:
    """Read a status callback; a missing SequenceNumber counts as the first."""
    call_id, status = parameters.get("CallSid", ""), parameters.get("CallStatus", "")
    if not _SID.fullmatch(call_id):
        return Malformed(reason="CallSid is missing or is not one")
    if status not in STATUSES:
        return Malformed(reason="CallStatus is not one of the carrier's")
    sequence, duration = parameters.get("SequenceNumber", "0"), parameters.get("CallDuration", "")
    if not sequence.isdecimal():
        return Malformed(reason="SequenceNumber is not a number")
    return StatusCallback(
        call_id=call_id,
        status=status,
        sequence=int(sequence[:9]),
        duration_seconds=int(duration[:9]) if duration.isdecimal() else None,
    )


def conference_event(parameters: Mapping[str, str]) -> ConferenceEvent | Malformed:
    """Read a conference's status callback."""
    conference_id, name = parameters.get("ConferenceSid", ""), parameters.get("FriendlyName", "")
    if not _CONFERENCE.fullmatch(conference_id) or not _SID.fullmatch(name):
        return Malformed(reason="ConferenceSid or FriendlyName is missing or is not one of ours")
    sequence = parameters.get("SequenceNumber", "0")
    if not sequence.isdecimal():
        return Malformed(reason="SequenceNumber is not a number")
    return ConferenceEvent(
        conference_id=conference_id,
        name=name,
        event=parameters.get("StatusCallbackEvent", ""),
        sequence=int(sequence[:9]),
        call_id=parameters.get("CallSid", ""),
    )


def number(given: str) -> str:
    """E.164 where it is a number, "" where it is hidden, and anything else (client:, sip:) as it came, cut to 60 characters."""
    given = _printable(given).strip()
    if given.lower() in _HIDDEN:
        return ""
    if not given.startswith("+"):
        return given[:60]
    try:
        parsed = phonenumbers.parse(given)
    except phonenumbers.NumberParseException:
        return given[:60]
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def is_call_id(given: str) -> bool:
    """Whether it has the form of the carrier's CallSid."""
    return _SID.fullmatch(given) is not None


def country_of(given: str) -> str:
    """The country of a number, ISO 3166, or the largest of those that share its code; "" for one that is hidden or none."""
    try:
        parsed = phonenumbers.parse(given)
    except phonenumbers.NumberParseException:
        return ""
    region = phonenumbers.region_code_for_number(parsed)
    return region or phonenumbers.region_code_for_country_code(parsed.country_code or 0)


def dialled(given: str, country: str) -> str:
    """What to dial for a number said or keyed in a country (ISO 3166), E.164; "" where it can be nobody's."""
    try:
        parsed = phonenumbers.parse(given, country)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(parsed):
        return ""
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def as_said(given: str, country: str) -> str:
    """A number as people of a country (ISO 3166) say it: without the country's code if it is their own."""
    try:
        parsed = phonenumbers.parse(given, country)
    except phonenumbers.NumberParseException:
        return given
    if parsed.country_code != phonenumbers.country_code_for_region(country):
        return given
    return phonenumbers.national_significant_number(parsed)


def can_receive_messages(given: str) -> bool:
    """Whether a text message can reach the number: a valid one that is, or may be, a mobile's."""
    try:
        parsed = phonenumbers.parse(given)
    except phonenumbers.NumberParseException:
        return False
    kinds = {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}
    return phonenumbers.is_valid_number(parsed) and phonenumbers.number_type(parsed) in kinds


def _printable(given: str) -> str:
    """Without control characters, of which no recogniser makes any and PostgreSQL refuses the first."""
    return "".join(" " if unicodedata.category(one) == "Cc" else one for one in given)


_Fraction: TypeAlias = float | Malformed | None


def _fraction(given: str) -> _Fraction:
    if not given:
        return None
    try:
        value = float(given)
    except ValueError:
        return Malformed(reason="Confidence is not a number")
    return min(1.0, max(0.0, value)) if value == value else Malformed(reason="Confidence is not a number")  # noqa: PLR0124 - NaN alone differs from itself
