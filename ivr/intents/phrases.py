"""The intents as data: what is known of each, and its phrases in each language.

As a document they are plain JSON: `{languages, out_of_scope, intents: [cards], phrases: {language: {intent: [text, ...]}}}`; as
files, `intents.yaml` and one file of phrases an intent and language, beside each other. It judges form, not meaning.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from ivr.intents.words import normalise
from prompts.told import Told

CARDS_FILE = "intents.yaml"
KINDS = frozenset({"request", "answer", "command"})
# Names and languages become names of files, and intents' names stand in flows.
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
# Nobody says more in answer to one question; what is longer is a slip of the clipboard.
LONGEST_PHRASE = 300

# Where a part stands in the document: the keys and indexes that lead to it.
Place: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that is wrong with a document of intents."""

    place: Place
    file: str  # where it stands in the file form: "intents.yaml" or "intents/LANGUAGE/NAME.txt"
    message: str


class PhrasesError(ValueError):
    """The intents do not hold together; the message names file and fault, `faults` has every one."""

    def __init__(self, faults: Sequence[Fault], *, folder: Path | None = None) -> None:
        """Take the faults, and the folder that the files stand in."""
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{folder / one.file if folder else one.file}: {one.message}" for one in faults))


@dataclass(frozen=True, kw_only=True)
class IntentCard:
    """What is known of an intent apart from its phrases."""

    name: str
    kind: str  # "request" is classified; "answer" and "command" are decided by rules and whole phrases first
    description: Mapping[str, str]  # language -> a line for admins and agents
    slots: tuple[str, ...]
    skill: str | None  # the skill an agent needs, None where no agent is needed
    self_service: str | None  # the part of the flow that answers it by itself


@dataclass(frozen=True, kw_only=True)
class Phrase:
    """One example."""

    language: str
    intent: str
    text: str  # normalised


@dataclass(frozen=True, kw_only=True)
class Phrasebook:
    """All intents and their examples."""

    languages: tuple[str, ...]
    out_of_scope: str
    cards: Mapping[str, IntentCard]
    phrases: tuple[Phrase, ...]

    @property
    def digest(self) -> str:
        """Return what changes with any phrase: part of the cache's name."""
        lines = "\n".join(f"{phrase.language}\t{phrase.intent}\t{phrase.text}" for phrase in self.phrases)
        return hashlib.sha256(lines.encode()).hexdigest()

    def whole(self, language: str, names: frozenset[str]) -> dict[str, str]:
        """Return whole phrase -> intent for the named intents: the language's own, and behind them the other languages'."""
        chosen = [phrase for phrase in self.phrases if phrase.intent in names]
        chosen.sort(key=lambda phrase: phrase.language == language)  # the own language is written last and wins
        return {phrase.text: phrase.intent for phrase in chosen}


def phrases_file(language: str, intent: str) -> str:
    """Return where the phrases of an intent stand in the file form."""
    return f"intents/{language}/{intent}.txt"


def phrasebook_of(document: Mapping[str, Any], *, folder: Path | None = None) -> Phrasebook:
    """Read a document of intents. Raises PhrasesError with every fault; `folder` is only named in it."""
    faults = faults_of(document)
    if faults:
        raise PhrasesError(faults, folder=folder)
    languages, out_of_scope = tuple(document["languages"]), document["out_of_scope"]
    cards = {entry["name"]: _card(entry) for entry in document["intents"]}
    phrases = tuple(
        Phrase(language=language, intent=name, text=text)
        for language in languages
        for name in (*cards, out_of_scope)
        for text in dict.fromkeys(normalise(one) for one in document["phrases"][language][name])
    )
    return Phrasebook(languages=languages, out_of_scope=out_of_scope, cards=cards, phrases=phrases)


def faults_of(document: Mapping[str, Any]) -> tuple[Fault, ...]:
    """Return everything that keeps a document of intents from being read; none for one that can be."""
    faults = tuple(_faults_of_shape(document))
    if faults:
        return faults
    names = [entry["name"] for entry in document["intents"]]
    return tuple(_faults_of_phrases(document, [*names, document["out_of_scope"]]))


def document_of(source: Phrasebook | Path) -> dict[str, Any]:
    """Return the document of a phrasebook, or of the files under a folder (raises PhrasesError where they cannot be read)."""
    if isinstance(source, Phrasebook):
        return _document_of_book(source)
    files = {}
    for file in (source / CARDS_FILE, *sorted(source.glob("intents/*/*.txt"))):
        try:
            files[file.relative_to(source).as_posix()] = file.read_text(encoding="utf-8")
        except (OSError, ValueError) as wrong:
            fault = Fault(
                place=(),
                file=file.relative_to(source).as_posix(),
                message=Told("cannot be read: %(error)s", error=str(wrong)),
            )
            raise PhrasesError([fault], folder=source) from wrong
    return document_of_files(files, folder=source)


def document_of_files(files: Mapping[str, str], *, folder: Path | None = None) -> dict[str, Any]:
    """Return the document that texts of files say, by path; others than those of intents are left. Raises PhrasesError."""
    try:
        content = yaml.safe_load(files[CARDS_FILE])
        document = {name: content[name] for name in ("languages", "out_of_scope", "intents")}
        names = [entry["name"] for entry in document["intents"]]
        languages = list(document["languages"])
    except (yaml.YAMLError, KeyError, TypeError) as wrong:
        message = Told("cannot be read as languages, out_of_scope and intents: %(error)s", error=str(wrong))
        raise PhrasesError([Fault(place=(), file=CARDS_FILE, message=message)], folder=folder) from wrong
    phrases: dict[str, dict[str, list[str]]] = {}
    for language in map(str, languages):
        found = {str(name): files.get(phrases_file(language, str(name))) for name in (*names, document["out_of_scope"])}
        phrases[language] = {name: _lines(text) for name, text in found.items() if text is not None}
    return {**document, "phrases": phrases}


def load_phrasebook(folder: Path) -> Phrasebook:
    """Read `intents.yaml` and `intents/LANGUAGE/NAME.txt` under a folder. Raises PhrasesError."""
    return phrasebook_of(document_of(folder), folder=folder)


def _lines(text: str) -> list[str]:
    lines = (line.strip() for line in text.splitlines() if not line.startswith("#"))
    return list(dict.fromkeys(line for line in lines if normalise(line)))


def _document_of_book(book: Phrasebook) -> dict[str, Any]:
    phrases: dict[str, dict[str, list[str]]] = {
        language: {name: [] for name in (*book.cards, book.out_of_scope)} for language in book.languages
    }
    for phrase in book.phrases:
        phrases[phrase.language][phrase.intent].append(phrase.text)
    cards = [
        {
            "name": card.name,
            "kind": card.kind,
            "description": dict(card.description),
            "slots": list(card.slots),
            "skill": card.skill,
            "self_service": card.self_service,
        }
        for card in book.cards.values()
    ]
    return {
        "languages": list(book.languages),
        "out_of_scope": book.out_of_scope,
        "intents": cards,
        "phrases": phrases,
    }


def _card(entry: Mapping[str, Any]) -> IntentCard:
    return IntentCard(
        name=entry["name"],
        kind=entry["kind"],
        description=dict(entry["description"]),
        slots=tuple(entry["slots"]),
        skill=entry["skill"],
        self_service=entry["self_service"],
    )


# --- What can be wrong


def _in_cards(place: Place, message: str) -> Fault:
    return Fault(place=place, file=CARDS_FILE, message=message)


def _faults_of_shape(document: Mapping[str, Any]) -> Iterator[Fault]:
    """Find what is wrong with all but the phrases."""
    lacking = [name for name in ("languages", "out_of_scope", "intents", "phrases") if name not in document]
    if lacking:
        yield _in_cards((), Told("lacks %(names)s", names=", ".join(lacking)))
        return
    languages, entries = document["languages"], document["intents"]
    if not _are(languages, _LANGUAGE) or not languages or len(set(languages)) < len(languages):
        yield _in_cards(("languages",), Told("languages must be a list of codes such as it and en, each once"))
        return
    if not _is(document["out_of_scope"], _NAME):
        yield _in_cards(("out_of_scope",), Told("out_of_scope must be a name of small letters, digits and _"))
    if not isinstance(entries, list):
        yield _in_cards(("intents",), Told("intents must be a list"))
        return
    taken = {document["out_of_scope"]} if isinstance(document["out_of_scope"], str) else set()
    for index, entry in enumerate(entries):
        place: Place = ("intents", index)
        if not isinstance(entry, Mapping):
            yield _in_cards(place, Told("%(value)s is no intent: it wants a name, a kind and more", value=repr(entry)))
            continue
        yield from _faults_of_card(entry, place, languages)
        name = entry.get("name")
        if isinstance(name, str):
            if name in taken:
                yield _in_cards((*place, "name"), Told("there is another intent %(intent)s", intent=repr(name)))
            taken.add(name)


def _faults_of_card(entry: Mapping[str, Any], place: Place, languages: Sequence[str]) -> Iterator[Fault]:
    name = entry.get("name", "?")
    for field in ("name", "kind", "description", "slots", "skill", "self_service"):
        if field not in entry:
            yield _in_cards(place, Told("intent %(intent)s lacks %(field)s", intent=repr(name), field=repr(field)))
    if "name" in entry and not isinstance(name, str):
        # YAML reads a bare yes or no as a truth value.
        yield _in_cards((*place, "name"), Told("the intent name %(intent)s must be quoted", intent=repr(name)))
    elif "name" in entry and not _is(name, _NAME):
        message = Told("the intent name %(intent)s must be of small letters, digits and _", intent=repr(name))
        yield _in_cards((*place, "name"), message)
    kind = entry.get("kind", "request")
    if not isinstance(kind, str) or kind not in KINDS:
        message = Told(
            "intent %(intent)s has kind %(kind)s; wanted request, answer or command", intent=repr(name), kind=repr(kind)
        )
        yield _in_cards((*place, "kind"), message)
    yield from _faults_of_details(entry, place, languages)


def _faults_of_details(entry: Mapping[str, Any], place: Place, languages: Sequence[str]) -> Iterator[Fault]:
    name = entry.get("name", "?")
    if "description" in entry:
        said = entry["description"] if isinstance(entry["description"], Mapping) else {}
        lacking = [language for language in languages if not isinstance(said.get(language), str)]
        if lacking:
            message = Told(
                "intent %(intent)s has no description in %(languages)s", intent=repr(name), languages=", ".join(lacking)
            )
            yield _in_cards((*place, "description"), message)
    slots = entry.get("slots", [])
    if not isinstance(slots, list | tuple) or not all(isinstance(one, str) for one in slots):
        yield _in_cards(
            (*place, "slots"), Told("the slots of intent %(intent)s must be a list of names", intent=repr(name))
        )
    for field in ("skill", "self_service"):
        if not isinstance(entry.get(field), str | None):
            message = Told(
                "%(field)s of intent %(intent)s must be a name, or empty for none", field=field, intent=repr(name)
            )
            yield _in_cards((*place, field), message)


def _faults_of_phrases(document: Mapping[str, Any], names: Sequence[str]) -> Iterator[Fault]:
    held = document["phrases"]
    for language in document["languages"]:
        of_language = held.get(language) if isinstance(held, Mapping) else None
        if not isinstance(of_language, Mapping):
            of_language = {}
        owner: dict[str, str] = {}
        for name in names:
            yield from _faults_of_intent(of_language.get(name), language, name, owner)
        for name in of_language:
            if name not in names:
                yield Fault(
                    place=("phrases", language, name),
                    file=phrases_file(language, name),
                    message=Told("phrases for %(intent)s, which is no intent", intent=repr(name)),
                )


def _faults_of_intent(texts: Any, language: str, name: str, owner: dict[str, str]) -> Iterator[Fault]:
    """Find what is wrong with one intent's phrases; `owner` learns whose each is."""
    place: Place = ("phrases", language, name)
    file = phrases_file(language, name)
    if not isinstance(texts, list | tuple):
        yield Fault(place=place, file=file, message=Told("missing; every intent has phrases in every language"))
        return
    if not texts:
        yield Fault(place=place, file=file, message=Told("holds no phrase"))
    for index, text in enumerate(texts):
        wrong = fault_of_phrase(text)
        words = "" if wrong else normalise(text)
        if not wrong and owner.setdefault(words, name) != name:
            wrong = Told("%(phrase)s stands under %(intent)s too", phrase=repr(words), intent=repr(owner[words]))
        if wrong:
            yield Fault(place=(*place, index), file=file, message=wrong)


def fault_of_phrase(text: Any) -> str:
    """Return why a text can be no phrase by itself, "" where it can."""
    if not isinstance(text, str):
        return Told("%(phrase)s is no text", phrase=repr(text))
    if not normalise(text):
        return Told("%(phrase)s has no word", phrase=repr(text))
    if len(text) > LONGEST_PHRASE:
        return Told("a phrase of %(count)s characters; %(most)s are the most", count=len(text), most=LONGEST_PHRASE)
    if text.startswith("#") or text != text.strip() or len(text.splitlines()) > 1:
        return Told("%(phrase)s must stand on one line, without # or a space before it", phrase=repr(text))
    return ""


def _is(value: Any, pattern: re.Pattern[str]) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _are(values: Any, pattern: re.Pattern[str]) -> bool:
    return isinstance(values, list | tuple) and all(_is(value, pattern) for value in values)
