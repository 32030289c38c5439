"""Which verbs, nouns and attributes the local line knows, and what their values may be.

The tables follow Twilio's TwiML pages as gathered in the project's protocol facts. An attribute that Twilio knows but
whose effect the line does not have is left out, so that it is refused by name; one that changes nothing that a caller or
the service could notice here (voice, region, buffer sizes) is accepted. Parsing itself is in `ivr.line.twiml`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

Check = Callable[[str], str | None]
# gives what is wrong with a value, to be read after the attribute's name, or None
WholeCheck = Callable[[Mapping[str, str], str, Sequence[str]], str | None]
# attributes, text, names of the children

HINTS_LIMIT = 500
HINT_CHARACTERS = 100
QUEUE_NAME_CHARACTERS = 64
PARTICIPANT_LABEL_CHARACTERS = 128
CONFERENCE_LIMIT = 250
DIAL_NOUNS_LIMIT = 10
# the limits are those of the pages for <Gather>, <Enqueue>, <Conference> and <Dial>
MODEL_NAMES = re.compile(r"default|numbers_and_commands|phone_call|experimental_\w+|googlev2_\w+|deepgram_nova-[23]")
CONFERENCE_EVENTS = ("start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement")
CALL_EVENTS = ("initiated", "ringing", "answered", "completed")


def anything(_value: str) -> None:
    """Accept every value."""


def boolean(value: str) -> str | None:
    """Accept true and false."""
    return None if value.lower() in {"true", "false"} else "must be true or false"


def one_of(*values: str) -> Check:
    """Accept the named values."""
    return lambda value: None if value in values else f"must be one of {', '.join(values)}"


def some_of(*values: str) -> Check:
    """Accept a list, separated by spaces, of the named values."""
    return lambda value: None if set(value.split()) <= set(values) and value.split() else f"must list {values}"


def whole(least: int, most: int) -> Check:
    """Accept a whole number in the range."""
    return lambda value: (
        None if value.isdecimal() and least <= int(value) <= most else f"must be a whole number {least} to {most}"
    )


def matching(pattern: str, meaning: str) -> Check:
    """Accept what the pattern matches whole."""
    compiled = re.compile(pattern)
    return lambda value: None if compiled.fullmatch(value) else f"must be {meaning}"


def hints(value: str) -> str | None:
    """Accept Twilio's bounds for hints."""
    listed = value.split(",")
    if len(listed) > HINTS_LIMIT or any(len(hint.strip()) > HINT_CHARACTERS for hint in listed):
        return f"has at most {HINTS_LIMIT} entries of at most {HINT_CHARACTERS} characters"
    return None


def model(value: str) -> str | None:
    """Accept the names of speech models."""
    return None if MODEL_NAMES.fullmatch(value) else "must be a speech model of Twilio's"


url = anything
method = one_of("GET", "POST")
language = matching(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", "a language tag")
seconds = whole(0, 3600)
wss_url = matching(r"wss?://[^?]+", "a wss:// address without a query")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What one element may hold."""

    attributes: Mapping[str, Check] = field(default_factory=dict)
    children: tuple[str, ...] = ()
    text: str = "none"
    # none, optional, required; words: those of the elements within count too, in their order, and some are required
    check: WholeCheck | None = None
    urls: frozenset[str] = frozenset(
        {"action", "url", "waitUrl", "statusCallback", "recordingStatusCallback", "partialResultCallback"}
    )
    # attributes that hold a URL of the service


def _gather(attributes: Mapping[str, str], _text: str, _children: Sequence[str]) -> str | None:
    if attributes.get("speechTimeout") == "auto" and "speechModel" in attributes:
        return "cannot have speechTimeout auto together with speechModel"
    return None


def _dial(_attributes: Mapping[str, str], text: str, children: Sequence[str]) -> str | None:
    kinds = set(children)
    if bool(text.strip()) == bool(children):
        return "holds either a number as text or nouns"
    if kinds & {"Conference", "Queue"} and len(children) > 1:
        return "holds one <Conference> or <Queue> alone"
    return f"rings at most {DIAL_NOUNS_LIMIT} nouns" if len(children) > DIAL_NOUNS_LIMIT else None


def _one_child(_attributes: Mapping[str, str], _text: str, children: Sequence[str]) -> str | None:
    return None if len(children) == 1 else "holds exactly one noun"


def _stream(attributes: Mapping[str, str], _text: str, _children: Sequence[str]) -> str | None:
    return None if attributes.get("url") else "needs a url"


def _named(attributes: Mapping[str, str], _text: str, _children: Sequence[str]) -> str | None:
    return None if attributes.get("name") else "needs a name"


# Twilio's text-to-speech pages: the SSML that <Say> takes, each with its attributes. What they change in the sound is not
# rendered here; the words are.
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
SSML: dict[str, dict[str, Check]] = {
    "break": {
        "strength": one_of("none", "x-weak", "weak", "medium", "strong", "x-strong"),
        "time": matching(r"\d+(\.\d+)?(s|ms)", "a time"),
    },
    "emphasis": {"level": one_of("strong", "moderate", "reduced")},
    "lang": {_XML_LANG: language},
    "p": {},
    "phoneme": {"alphabet": one_of("ipa", "x-sampa", "x-amazon-jyutping", "x-amazon-pinyin"), "ph": anything},
    "prosody": {"volume": anything, "rate": anything, "pitch": anything},
    "s": {},
    "say-as": {"interpret-as": anything, "format": anything},
    "sub": {"alias": anything},
    "w": {"role": anything},
}
_say = Rule(
    attributes={"voice": anything, "language": language, "loop": whole(0, 1000)},
    children=tuple(SSML),
    text="words",
)
_play = Rule(attributes={"loop": whole(0, 1000), "digits": matching(r"[0-9*#w]+", "digits")}, text="optional")
_progress: dict[str, Check] = {
    "statusCallback": url,
    "statusCallbackMethod": method,
    "statusCallbackEvent": some_of(*CALL_EVENTS),
}
_number = Rule(attributes={"url": url, "method": method, **_progress}, text="required")

VERBS: dict[str, Rule] = {
    "Say": _say,
    "Play": _play,
    "Pause": Rule(attributes={"length": seconds}),
    "Gather": Rule(
        attributes={
            "input": some_of("dtmf", "speech"),
            "action": url,
            "method": method,
            "actionOnEmptyResult": boolean,
            "finishOnKey": matching(r"[0-9*#]*", "keys"),
            "numDigits": whole(1, 1000),
            "timeout": whole(0, 3600),
            "speechTimeout": matching(r"auto|\d+", "seconds or auto"),
            "language": language,
            "hints": hints,
            "speechModel": model,
            "profanityFilter": boolean,
            "partialResultCallback": url,
            "partialResultCallbackMethod": method,
            "enhanced": boolean,
        },
        children=("Say", "Play", "Pause"),
        check=_gather,
    ),
    "Record": Rule(
        attributes={
            "action": url,
            "method": method,
            "timeout": whole(0, 3600),
            "finishOnKey": matching(r"[0-9*#]*", "keys"),
            "maxLength": whole(1, 14400),
            "playBeep": boolean,
            "trim": one_of("trim-silence", "do-not-trim"),
            "recordingStatusCallback": url,
            "recordingStatusCallbackMethod": method,
        }
    ),
    "Redirect": Rule(attributes={"method": method}, text="required"),
    "Dial": Rule(
        attributes={
            "action": url,
            "method": method,
            "timeout": whole(1, 600),
            "hangupOnStar": boolean,
            "timeLimit": whole(1, 86400),
            "callerId": anything,
            "answerOnBridge": boolean,
            "ringTone": anything,
        },
        children=("Number", "Client", "Sip", "Conference", "Queue"),
        text="optional",
        check=_dial,
    ),
    "Enqueue": Rule(
        attributes={
            "action": url,
            "method": method,
            "waitUrl": url,
            "waitUrlMethod": method,
            "maxQueueSize": whole(1, 5000),
        },
        text="required",
        check=lambda _attributes, text, _children: (
            None if len(text.strip()) <= QUEUE_NAME_CHARACTERS else "names a queue in at most 64 characters"
        ),
    ),
    "Leave": Rule(),
    "Hangup": Rule(),
    "Reject": Rule(attributes={"reason": one_of("rejected", "busy")}),
    "Connect": Rule(attributes={"action": url, "method": method}, children=("Stream",), check=_one_child),
    "Start": Rule(children=("Stream",), check=_one_child),
    "Stop": Rule(children=("Stream",), check=_one_child),
}

_parameter = Rule(attributes={"name": anything, "value": anything}, check=_named)
_started_stream: dict[str, Check] = {
    "url": wss_url,
    "name": anything,
    "track": one_of("inbound_track", "outbound_track", "both_tracks"),
    "statusCallback": url,
    "statusCallbackMethod": method,
}

NESTED_RULES: dict[tuple[str, str], Rule] = {
    ("Dial", "Number"): _number,
    ("Dial", "Client"): _number,
    ("Dial", "Sip"): _number,
    ("Dial", "Queue"): Rule(attributes={"url": url, "method": method}, text="required"),
    ("Dial", "Conference"): Rule(
        attributes={
            "muted": boolean,
            "beep": one_of("true", "false", "onEnter", "onExit"),
            "startConferenceOnEnter": boolean,
            "endConferenceOnExit": boolean,
            "maxParticipants": whole(2, CONFERENCE_LIMIT),
            "waitUrl": url,
            "waitMethod": method,
            "participantLabel": matching(r".{1,128}", f"at most {PARTICIPANT_LABEL_CHARACTERS} characters"),
            "coach": matching(r"CA[0-9a-f]{32}", "a CallSid"),
            "jitterBufferSize": one_of("large", "medium", "small", "off"),
            "region": anything,
            "statusCallback": url,
            "statusCallbackMethod": method,
            "statusCallbackEvent": some_of(*CONFERENCE_EVENTS),
        },
        text="required",
    ),
    ("Connect", "Stream"): Rule(
        attributes={**_started_stream, "track": one_of("inbound_track")},
        children=("Parameter",),
        check=_stream,
        urls=frozenset({"statusCallback"}),
    ),
    ("Start", "Stream"): Rule(
        attributes=_started_stream, children=("Parameter",), check=_stream, urls=frozenset({"statusCallback"})
    ),
    ("Stop", "Stream"): Rule(attributes={"name": anything}, check=_named),
    ("Stream", "Parameter"): _parameter,
    **{
        (parent, name): Rule(attributes=attributes, children=tuple(SSML), text="optional")
        for parent in ("Say", *SSML)
        for name, attributes in SSML.items()
    },
}
