"""What is said: every prompt by key and language, its placeholders and reprompts, and the wording of one for a caller.

How a number or a date sounds is `prompts.spoken`'s; which prompt is said when is the flow's.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from prompts import markup, spoken
from prompts.arms import Arm
from prompts.documents import Place, Reading, line_of, read
from prompts.problems import Problem, did_you_mean
from prompts.spoken import Value
from prompts.told import Told

SCHEMA = "prompts.schema.json"
# A placeholder is written {name:type}, as {order_number:digits} is.
PLACEHOLDER = re.compile(r"\{([a-z_]+):([a-z]+)\}")
_BRACES = re.compile(r"[{}]")
# A placeholder of the type choice is said by the prompt of this name: {first:choice} with "return" is `choice.return`.
_CHOICE = "choice."


class WordingError(LookupError):
    """A prompt that cannot be said: no such key, language or variant, or a value missing or of the wrong form."""


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """Another text for a prompt, that some calls hear: which of the two does better is told by their results."""

    text: str
    share: int  # of a hundred calls, how many hear it


@dataclass(frozen=True, kw_only=True)
class Wording:
    """A prompt in one language."""

    text: str
    reprompts: tuple[str, ...] = ()  # in order; never the same words twice
    recording: str = ""  # file that is played in place of the text, "" for none
    alternative: Alternative | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """Everything that may be said of it."""
        return (self.text, *self.reprompts, *([] if self.alternative is None else [self.alternative.text]))

    @property
    def placeholders(self) -> Mapping[str, str]:
        """Name and type of every placeholder, in all its texts."""
        return {name: kind for text in self.texts for name, kind in PLACEHOLDER.findall(text)}


@dataclass(frozen=True, kw_only=True)
class Said:
    """A prompt as a caller hears it."""

    text: str  # the words alone
    markup: str = ""  # the same with its SSML, "" where it has none


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """One thing to say, in every language."""

    key: str
    wordings: Mapping[str, Wording]  # by language
    written: bool = False  # sent as text: figures are written and not spelled out


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """All that a company's line says."""

    company: str
    prompts: Mapping[str, Prompt] = field(default_factory=dict)

    def wording(
        self, key: str, *, language: str, variant: int = 0, values: Mapping[str, Value] = MappingProxyType({})
    ) -> str:
        """Word a prompt without its markup: variant 0 is the prompt itself, n its n-th reprompt.

        Raises WordingError, saying what is missing.
        """
        return self.said(key, language=language, variant=variant, values=values).text

    def said(
        self,
        key: str,
        *,
        language: str,
        variant: int = 0,
        values: Mapping[str, Value] = MappingProxyType({}),
        arm: Arm = Arm.A,
    ) -> Said:
        """Word a prompt with its markup; arm B has the alternative in place of the prompt itself. Raises as `wording`."""
        prompt = self._prompt(key)
        wording = self._in(prompt, language)
        if not 0 <= variant <= len(wording.reprompts):
            raise WordingError(f"prompt {key} has {len(wording.reprompts)} reprompts in {language}, not {variant}")
        text = (wording.text, *wording.reprompts)[variant]
        if variant == 0 and arm is Arm.B and wording.alternative is not None:
            text = wording.alternative.text
        return self.filled(text, prompt=prompt, language=language, values=values)

    def filled(self, text: str, *, prompt: Prompt, language: str, values: Mapping[str, Value]) -> Said:
        """A text with values in its placeholders, which need not be a text of the catalogue. Raises as `wording`."""
        is_markup = markup.has_markup(text)

        def fill(found: re.Match[str]) -> str:
            value = self._fill(prompt, found[1], found[2], language, values)
            if found[2] == "choice":
                return value if is_markup and markup.has_markup(value) else _as(markup.plain(value), is_markup)
            return _as(value, is_markup)

        whole = PLACEHOLDER.sub(fill, text)
        return Said(text=markup.plain(whole), markup=whole) if is_markup else Said(text=whole)

    def alternative(self, key: str, *, language: str) -> Alternative | None:
        """The text that is tried beside a prompt's own, None for none. Raises WordingError as `wording`."""
        return self._in(self._prompt(key), language).alternative

    @property
    def choices(self) -> tuple[str, ...]:
        """The values that placeholders of the type choice can stand for."""
        return tuple(key.removeprefix(_CHOICE) for key in self.prompts if key.startswith(_CHOICE))

    def template(self, key: str, *, language: str) -> str:
        """Return a prompt's text with its placeholders, for people who read or edit. Raises WordingError as `wording`."""
        return self._in(self._prompt(key), language).text

    def recording(self, key: str, *, language: str) -> str:
        """Return the file that is played in place of the prompt, "" if it is spoken. Raises WordingError as `wording`."""
        return self._in(self._prompt(key), language).recording

    def recordings(self) -> Mapping[tuple[str, str], str]:
        """Return, by key and language, the files that are played in place of prompts."""
        return {
            (prompt.key, language): wording.recording
            for prompt in self.prompts.values()
            for language, wording in prompt.wordings.items()
            if wording.recording
        }

    def shape(self) -> Mapping[str, Mapping[str, int]]:
        """Return, by key and language, how many reprompts there are: what a flow's checker needs to know."""
        return {
            key: {language: len(wording.reprompts) for language, wording in prompt.wordings.items()}
            for key, prompt in self.prompts.items()
        }

    def _prompt(self, key: str) -> Prompt:
        if key not in self.prompts:
            raise WordingError(f"there is no prompt {key}; add it to the prompts file")
        return self.prompts[key]

    @staticmethod
    def _in(prompt: Prompt, language: str) -> Wording:
        if language not in prompt.wordings:
            raise WordingError(
                f"prompt {prompt.key} has no wording in {language}; it has {', '.join(sorted(prompt.wordings))}"
            )
        return prompt.wordings[language]

    def _fill(self, prompt: Prompt, name: str, kind: str, language: str, values: Mapping[str, Value]) -> str:
        value = values.get(name)
        if value is None or value == "":
            raise WordingError(f"prompt {prompt.key} needs the value {name} ({kind}), and the call has none")
        if kind == "choice":
            chosen = self.said(f"{_CHOICE}{value}", language=language)
            return chosen.markup or chosen.text
        try:
            return (spoken.written if prompt.written else spoken.spoken)(value, kind, language)
        except spoken.NotSpeakableError as error:
            raise WordingError(f"prompt {prompt.key} cannot say {name} as {kind}: {error}") from None


def _as(value: str, is_markup: bool) -> str:  # noqa: FBT001 - one of two forms of a value
    return markup.escaped(value) if is_markup else value


@dataclass(frozen=True, kw_only=True)
class ReadPrompts:
    """What a prompts file says. With `problems` the catalogue has the prompts that could be read."""

    catalogue: Catalogue
    problems: tuple[Problem, ...]
    # `Catalogue.shape`, with None for a prompt that is there and cannot be read; None where the whole file cannot be.
    shape: Mapping[str, Mapping[str, int] | None] | None
    lines: Mapping[Place, int]  # of each part, from 1


def read_prompts(text: str, *, file: str) -> ReadPrompts:
    """Read a prompts file as far as it can be read."""
    reading = read(text, file=file, schema=SCHEMA, part="prompt")
    written = reading.document.get("prompts")
    if not isinstance(written, Mapping):
        return ReadPrompts(catalogue=Catalogue(company=""), problems=reading.problems, shape=None, lines=reading.lines)
    broken = {problem.place.removeprefix("prompt ") for problem in reading.problems}
    sound = {key: entry for key, entry in written.items() if key not in broken and isinstance(entry, Mapping)}
    catalogue = build({"company": str(reading.document.get("company")), "prompts": sound})
    shape = {**dict.fromkeys(written), **catalogue.shape()}
    found = (*reading.problems, *_problems(catalogue, reading))
    return ReadPrompts(
        catalogue=catalogue,
        problems=tuple(sorted(found, key=lambda problem: problem.line)),
        shape=shape,
        lines=reading.lines,
    )


def read_catalogue(text: str, *, file: str) -> tuple[Catalogue, tuple[Problem, ...]]:
    """Read a prompts file; with problems, the catalogue has what could be read."""
    prompts = read_prompts(text, file=file)
    return prompts.catalogue, prompts.problems


def build(document: Mapping[str, Any]) -> Catalogue:
    """Build the catalogue from a document that its schema has passed."""
    prompts = {key: _built(key, entry) for key, entry in document["prompts"].items()}
    return Catalogue(company=document["company"], prompts=MappingProxyType(prompts))


def _built(key: str, entry: Mapping[str, Any]) -> Prompt:
    wordings = {
        language: Wording(
            text=wording["text"],
            reprompts=tuple(wording.get("reprompts", ())),
            recording=wording.get("recording", ""),
            alternative=Alternative(**wording["alternative"]) if "alternative" in wording else None,
        )
        for language, wording in entry.items()
        if language != "written"
    }
    return Prompt(key=key, wordings=MappingProxyType(wordings), written=entry.get("written", False))


def _problems(catalogue: Catalogue, reading: Reading) -> Iterator[Problem]:
    for prompt in catalogue.prompts.values():
        found = [
            _problem(reading, place, Told("in %(language)s, %(message)s", language=language, message=message), remedy)
            for language, wording in prompt.wordings.items()
            for place, message, remedy in _wording_problems((prompt.key, language), wording, written=prompt.written)
        ]
        yield from found
        if not found:
            yield from _different_placeholders(prompt, reading)


def _different_placeholders(prompt: Prompt, reading: Reading) -> Iterator[Problem]:
    every = {language: frozenset(wording.placeholders.items()) for language, wording in prompt.wordings.items()}
    for language, placeholders in every.items():
        for other, theirs in every.items():
            if placeholders - theirs:
                name, kind = min(placeholders - theirs)
                yield _problem(
                    reading,
                    (prompt.key, other),
                    Told(
                        "its languages have different placeholders: %(placeholder)s stands in '%(language)s' "
                        "and not in '%(other)s'",
                        placeholder=f"{{{name}:{kind}}}",
                        language=language,
                        other=other,
                    ),
                    Told("Give every language the same placeholders of the same types, in its text or its reprompts"),
                )
                return


def _wording_problems(
    place: tuple[str, ...], wording: Wording, *, written: bool
) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    said: set[str] = set()
    for where, text in _placed(place, wording):
        words = " ".join(text.lower().split())
        if words in said:
            anew = Told("Word each reprompt anew: shorter, then an example, then the keypad")
            yield where, Told("the same words are said twice"), anew
        said.add(words)
        for message, remedy in (*_placeholder_problems(text), *_markup_problems(text, written=written)):
            yield where, message, remedy


def _placed(place: tuple[str, ...], wording: Wording) -> Iterator[tuple[tuple[str | int, ...], str]]:
    yield (*place, "text"), wording.text
    for number, text in enumerate(wording.reprompts):
        yield (*place, "reprompts", number), text
    if wording.alternative is not None:
        yield (*place, "alternative", "text"), wording.alternative.text


def _placeholder_problems(text: str) -> Iterator[tuple[str, str]]:
    for name, kind in PLACEHOLDER.findall(text):
        if kind not in spoken.KINDS:
            known = Told("Known types: %(known)s", known=", ".join(sorted(spoken.KINDS)))
            message = Told("the placeholder %(name)s is of the unknown type %(kind)s", name=name, kind=kind)
            yield message, did_you_mean(kind, spoken.KINDS, known)
    if _BRACES.search(PLACEHOLDER.sub("", text)):
        remedy = Told("Write placeholders as {name:type}, e.g. {order_number:digits}")
        yield Told("a brace is not part of a placeholder"), remedy


def _markup_problems(text: str, *, written: bool) -> Iterator[tuple[str, str]]:
    if written and markup.has_markup(text):
        yield Told("a text message has a tag, and tags are for the voice"), Told("Take the tags out")
        return
    for fault in markup.faults(text):
        message = Told(
            "at character %(position)s of «%(text)s», %(message)s",
            position=fault.position,
            text=text[:30],
            message=fault.message,
        )
        yield message, fault.remedy


def _problem(reading: Reading, place: tuple[str | int, ...], message: str, remedy: str) -> Problem:
    line = line_of(("prompts", *place), reading.lines)
    return Problem(file=reading.file, line=line, place=f"prompt {place[0]}", message=message, remedy=remedy)
