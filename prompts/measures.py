"""What can be said of a prompt's text before anybody hears it: its words with examples, seconds, reading level, markup, advice.

Advice never keeps a text from being saved or published; a fault of its markup does, since the carrier would refuse it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from prompts import markup, spoken_length
from prompts.catalogue import PLACEHOLDER, Catalogue, Prompt, Wording, WordingError
from prompts.examples import example
from prompts.markup import Fault
from prompts.reading_level import Band, ReadingLevel, reading_level
from prompts.spoken import KINDS, Value

# Languages whose words can be measured and spoken.
LANGUAGES = ("it", "en")
# GSM 03.38: a message holds 160 characters of its alphabet, 153 where it is one of several; in UCS-2 70 and 67.
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPED_GSM = frozenset("^{}\\[~]|€")  # these count twice
_ONE_GSM, _OF_MANY_GSM, _ONE_WIDE, _OF_MANY_WIDE = 160, 153, 70, 67


class Advice(StrEnum):
    """What an admin may want to look at."""

    TOO_LONG = "too_long"  # to listen to
    HARD = "hard"  # to follow by ear
    SEVERAL_MESSAGES = "several_messages"  # a text message that is sent, and paid, as several
    RECORDED_AGAINST_SPOKEN = (
        "recorded_against_spoken"  # one arm is a recording, the other a voice: that is compared too
    )


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One text, measured."""

    words: str  # with examples in its placeholders, without markup
    said: str  # the same with its markup: what is spoken to hear it
    seconds: float | None  # None for what is written
    level: ReadingLevel | None
    messages: int = 0  # text messages that it takes, 0 for what is spoken
    faults: tuple[Fault, ...] = ()  # of its markup
    problem: str = ""  # why it cannot be worded at all, "" if it can
    advice: tuple[Advice, ...] = ()
    examples: Mapping[str, Value] = field(default_factory=dict)


def measure(catalogue: Catalogue, text: str, *, language: str, written: bool = False) -> Measured:
    """Measure a text of a language (it, en) that need not stand in the catalogue."""
    examples = {name: example(name, kind, language, catalogue.choices) for name, kind in PLACEHOLDER.findall(text)}
    faults = markup.faults(text)
    strange = [f"{name} is of the unknown type {kind}" for name, kind in PLACEHOLDER.findall(text) if kind not in KINDS]
    if strange:
        return Measured(words=markup.plain(text), said="", seconds=None, level=None, faults=faults, problem=strange[0])
    prompt = Prompt(key="this prompt", wordings=MappingProxyType({}), written=written)
    try:
        said = catalogue.filled(text, prompt=prompt, language=language, values=examples)
    except WordingError as error:
        return Measured(words=markup.plain(text), said="", seconds=None, level=None, faults=faults, problem=str(error))
    level = reading_level(said.text, language)
    if written:
        count = messages(said.text)
        advice = (Advice.SEVERAL_MESSAGES,) if count > 1 else ()
        return Measured(
            words=said.text, said=said.text, seconds=None, level=level, messages=count, advice=advice, examples=examples
        )
    seconds = spoken_length.seconds(said.markup or said.text, language)
    return Measured(
        words=said.text,
        said=said.markup or said.text,
        seconds=seconds,
        level=level,
        faults=faults,
        advice=tuple(_advice(seconds, level)),
        examples=examples,
    )


def measured(catalogue: Catalogue, prompt: Prompt, language: str) -> tuple[Measured, ...]:
    """Measure every text of a prompt in a language: the prompt itself, its reprompts, then its alternative."""
    wording = prompt.wordings[language]
    found = [measure(catalogue, text, language=language, written=prompt.written) for text in wording.texts]
    return tuple(found)


def compares_voices(wording: Wording) -> bool:
    """Whether what is tried beside a recording is spoken by a voice: the result would tell of both differences at once."""
    return wording.alternative is not None and bool(wording.recording)


def messages(text: str) -> int:
    """How many text messages a text takes (GSM 03.38)."""
    is_narrow = all(character in _GSM or character in _ESCAPED_GSM for character in text)
    length = len(text) + sum(character in _ESCAPED_GSM for character in text) if is_narrow else len(text)
    one, of_many = (_ONE_GSM, _OF_MANY_GSM) if is_narrow else (_ONE_WIDE, _OF_MANY_WIDE)
    return 1 if length <= one else -(-length // of_many)


def _advice(seconds: float, level: ReadingLevel | None) -> Iterator[Advice]:
    if seconds > spoken_length.ADVISED_SECONDS:
        yield Advice.TOO_LONG
    if level is not None and not level.is_hint and level.band in {Band.HARD, Band.VERY_HARD}:
        yield Advice.HARD
