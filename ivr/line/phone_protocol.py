"""What a phone page and the line say to each other over their socket, as plain values: no Flask, no socket, no line.

A text message is a JSON object with `type`; a binary message is sound: whole frames of 20 ms mu-law at 8 kHz (160 bytes), at
most MOST_FRAMES at once, in both directions. The page sends `call`, `answer`, `decline`, `press`, `say`, `hang_up` and
`microphone`; the line sends `ready`, `state`, `heard`, `cut`, `said` and `refused`. What each holds
stands at its record.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Final

from ivr.audio import FRAME_BYTES
from ivr.line.channel import QUALITIES

# E.164 allows 15 digits; short codes and service numbers may be as short as three.
NUMBER: Final = re.compile(r"\+?\d{3,15}")
LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")
KEYS: Final = frozenset("0123456789*#")
# Twilio listens for sixty seconds at most; nobody says 500 characters in one breath.
LONGEST_SAYING: Final = 500
MOST_KEYS: Final = 64
# One second of sound: what a page sends after a hiccup; more is refused.
MOST_FRAMES: Final = 50
# What the carrier puts into From when the caller hides the number.
HIDDEN: Final = "anonymous"


@dataclass(frozen=True, kw_only=True)
class Call:
    """Dial `to`, showing `from_` (`HIDDEN` where the page gave none), and speak `language`, over a line of some quality."""

    to: str
    from_: str
    language: str
    quality: str = ""
    # a name of `ivr.line.channel.QUALITIES`; "" is the line's own


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Pick up what rings."""


@dataclass(frozen=True, kw_only=True)
class Decline:
    """Refuse what rings."""


@dataclass(frozen=True, kw_only=True)
class Press:
    """Press keys, `0-9*#`."""

    keys: str


@dataclass(frozen=True, kw_only=True)
class Say:
    """Say typed words."""

    text: str


@dataclass(frozen=True, kw_only=True)
class HangUp:
    """Put the receiver down."""


@dataclass(frozen=True, kw_only=True)
class Microphone:
    """Tell whether sound comes from the page, and in which language its person speaks."""

    on: bool
    language: str


@dataclass(frozen=True, kw_only=True)
class Frames:
    """Sound from the page's microphone."""

    frames: tuple[bytes, ...]


@dataclass(frozen=True, kw_only=True)
class Rubbish:
    """A message that means nothing."""

    reason: str


Command = Call | Answer | Decline | Press | Say | HangUp | Microphone | Frames


@dataclass(frozen=True, kw_only=True)
class Ready:
    """The line listens; `recognises` are the languages ("it", "en") whose speech it turns into words."""

    type: ClassVar[str] = "ready"
    address: str
    recognises: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class State:
    """The call's state: `idle`, `dialling`, `ringing` (this page is rung), `connected`, `ended` (with Twilio's status)."""

    type: ClassVar[str] = "state"
    state: str
    from_: str = ""
    to: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class HeardText:
    """Something begins to play: its words, where they come from (`ivr.line.party.HeardFrom`), and for how long."""

    type: ClassVar[str] = "heard"
    text: str
    source: str
    language: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Cut:
    """What was playing has been cut off."""

    type: ClassVar[str] = "cut"


@dataclass(frozen=True, kw_only=True)
class Said:
    """What this page's person gave: `typed` words, `recognised` words, `unheard` speech (no words), or `keys`."""

    type: ClassVar[str] = "said"
    text: str
    how: str


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A message was not taken: `rubbish`, `unknown_number`, `own_number`, `busy`, `no_call`, `taken_over`."""

    type: ClassVar[str] = "refused"
    reason: str
    detail: str = ""


News = Ready | State | HeardText | Cut | Said | Refused


def encode(news: News) -> str:
    """Write what the line tells the page as JSON."""
    fields = {name.rstrip("_"): value for name, value in asdict(news).items()}
    return json.dumps({"type": news.type, **fields}, ensure_ascii=False)


def decode(message: str | bytes | bytearray) -> Command | Rubbish:
    """Read what the page sends; whatever is not a command comes back as `Rubbish` with its reason."""
    if not isinstance(message, str):
        return _frames(bytes(message))
    try:
        fields = json.loads(message)
    except (ValueError, RecursionError):
        return Rubbish(reason="not JSON")
    if not isinstance(fields, dict):
        return Rubbish(reason="not an object")
    reader = _READERS.get(str(fields.get("type")))
    if reader is None:
        return Rubbish(reason="no such type")
    return reader(fields)


def _frames(sound: bytes) -> Frames | Rubbish:
    if not sound or len(sound) % FRAME_BYTES or len(sound) > MOST_FRAMES * FRAME_BYTES:
        return Rubbish(reason=f"sound is whole frames of {FRAME_BYTES} bytes, at most {MOST_FRAMES}")
    return Frames(frames=tuple(sound[start : start + FRAME_BYTES] for start in range(0, len(sound), FRAME_BYTES)))


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def _call(fields: Mapping[str, Any]) -> Call | Rubbish:
    to, language = _text(fields, "to"), _text(fields, "language")
    # People write numbers with spaces, dots, hyphens and brackets.
    from_ = re.sub(r"[\s().\-/]", "", _text(fields, "from"))
    if from_ and not NUMBER.fullmatch(from_):
        return Rubbish(reason="own_number")
    if not to or not LANGUAGE.fullmatch(language):
        return Rubbish(reason="a call needs `to` and `language`")
    quality = _text(fields, "quality")
    if quality and quality not in QUALITIES:
        return Rubbish(reason=f"a line's quality is one of {', '.join(QUALITIES)}")
    return Call(to=to, from_=from_ or HIDDEN, language=language, quality=quality)


def _press(fields: Mapping[str, Any]) -> Press | Rubbish:
    keys = _text(fields, "keys")
    if not keys or len(keys) > MOST_KEYS or not set(keys) <= KEYS:
        return Rubbish(reason="keys are 0-9 * #")
    return Press(keys=keys)


def _say(fields: Mapping[str, Any]) -> Say | Rubbish:
    text = _text(fields, "text")
    if not text or len(text) > LONGEST_SAYING:
        return Rubbish(reason=f"words are 1 to {LONGEST_SAYING} characters")
    return Say(text=text)


def _microphone(fields: Mapping[str, Any]) -> Microphone | Rubbish:
    on, language = fields.get("on"), _text(fields, "language")
    if not isinstance(on, bool) or not LANGUAGE.fullmatch(language):
        return Rubbish(reason="a microphone is `on` (true or false) and has a `language`")
    return Microphone(on=on, language=language)


_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Command | Rubbish]]] = {
    "call": _call,
    "answer": lambda _fields: Answer(),
    "decline": lambda _fields: Decline(),
    "press": _press,
    "say": _say,
    "hang_up": lambda _fields: HangUp(),
    "microphone": _microphone,
}
