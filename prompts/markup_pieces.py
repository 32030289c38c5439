"""A prompt's markup cut into pieces for a voice that knows only plain words: how fast, how loud, in which language, what pause.

Pitch is left to the carrier's voices: ours has one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from xml.etree.ElementTree import Element  # only the type: reading is `prompts.markup`'s

from num2words import num2words

from prompts import markup, spoken
from prompts.markup import Fault


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Words said in one way, or a pause."""

    text: str  # "" for a pause
    language: str = ""  # BCP-47; "" is the prompt's own
    pace: float = 1.0  # of the voice's own speed
    gain_db: float = 0.0
    pause_seconds: float = 0.0  # behind the words


# Amazon Polly's pages on <break>: strong is the pause of a sentence, x-strong of a paragraph; the weaker ones are a comma's.
_BREAKS: Mapping[str, float] = MappingProxyType(
    {"none": 0.0, "x-weak": 0.1, "weak": 0.2, "medium": 0.3, "strong": 0.5, "x-strong": 0.9}
)
_SENTENCE_SECONDS, _PARAGRAPH_SECONDS = _BREAKS["strong"], _BREAKS["x-strong"]
# The same pages: x-slow is half the speed, x-fast not quite twice; a step of loudness is some 6 dB.
_RATES: Mapping[str, float] = MappingProxyType(
    {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "fast": 1.25, "x-fast": 1.6}
)
_VOLUMES: Mapping[str, float] = MappingProxyType(
    {"default": 0.0, "x-soft": -12.0, "soft": -6.0, "medium": 0.0, "loud": 6.0, "x-loud": 9.0}
)
_SILENT_DB = -90.0
# "Strong: louder and slower; reduced: softer and faster" (Polly, <emphasis>); how much is judgement.
_EMPHASES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"strong": (0.85, 3.0), "moderate": (0.92, 1.5), "reduced": (1.08, -2.0)}
)


def pieces(text: str, language: str) -> tuple[Piece, ...]:
    """Cut a text in a language (it, en); one without markup, or with markup that cannot be read, is one piece of plain words."""
    read = markup.parse(text) if markup.has_markup(text) else None
    if read is None or isinstance(read, Fault):
        return (Piece(text=markup.plain(text)),)
    return tuple(piece for piece in _of(read, Piece(text=""), language) if piece.text or piece.pause_seconds)


def _of(element: Element, manner: Piece, language: str) -> Iterator[Piece]:
    inside = _inside(element, manner)
    if element.tag == "break":
        yield Piece(text="", pause_seconds=_break(element))
        return
    whole = _whole(element, language)
    if whole is not None:
        yield replace(inside, text=whole)
        return
    yield replace(inside, text=_words(element.text))
    for child in element:
        yield from _of(child, inside, language)
        yield replace(inside, text=_words(child.tail))
    if element.tag in {"s", "p"}:
        yield Piece(text="", pause_seconds=_SENTENCE_SECONDS if element.tag == "s" else _PARAGRAPH_SECONDS)


def _inside(element: Element, manner: Piece) -> Piece:
    given = markup.attributes(element)
    match element.tag:
        case "emphasis":
            pace, gain_db = _EMPHASES.get(given.get("level", "moderate"), (1.0, 0.0))
            return replace(manner, pace=manner.pace * pace, gain_db=manner.gain_db + gain_db)
        case "prosody":
            return replace(
                manner,
                pace=manner.pace * _rate(given.get("rate", "medium")),
                gain_db=manner.gain_db + _volume(given.get("volume", "default")),
            )
        case "lang":
            return replace(manner, language=given.get("xml:lang", manner.language))
        case _:
            return manner


def _whole(element: Element, language: str) -> str | None:
    """The words of an element that is read in one piece; None for others."""
    if element.tag == "sub":
        return element.get("alias", "")
    if element.tag != "say-as":
        return None
    text = _words("".join(element.itertext()))
    try:
        return _read_as(text, element.get("interpret-as", ""), language)
    except ValueError:
        return text


def _read_as(text: str, sort: str, language: str) -> str:
    match sort:
        case "characters" | "spell-out":
            return ", ".join(character for character in text if not character.isspace())
        case "digits" | "telephone":
            return spoken.spoken(text, "digits", language)
        case "ordinal":
            return str(num2words(int(text), lang=language, to="ordinal"))
        case "expletive":
            return ""
        case _:
            return text


def _break(element: Element) -> float:
    given = element.get("time")
    seconds = None if given is None else markup.seconds_of(given)
    return _BREAKS.get(element.get("strength", "medium"), _BREAKS["medium"]) if seconds is None else seconds


def _rate(value: str) -> float:
    if value.endswith("%"):
        return max(0.2, min(2.0, float(value[:-1]) / 100))
    return _RATES.get(value, 1.0)


def _volume(value: str) -> float:
    if value == "silent":
        return _SILENT_DB
    return float(value[:-2]) if value.endswith("dB") else _VOLUMES.get(value, 0.0)


def _words(text: str | None) -> str:
    return " ".join((text or "").split())
