"""Reads the intents as data: `intents.yaml` and one file of phrases an intent and language.

It judges form, not meaning.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ivr.intents.words import normalise


class PhrasesError(ValueError):
    """The intents' files do not hold together; the message names file and fault."""


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


def _card(entry: Mapping[str, Any], languages: tuple[str, ...], source: Path) -> IntentCard:
    try:
        card = IntentCard(
            name=entry["name"],
            kind=entry["kind"],
            description=dict(entry["description"]),
            slots=tuple(entry["slots"]),
            skill=entry["skill"],
            self_service=entry["self_service"],
        )
    except KeyError as missing:
        raise PhrasesError(f"{source}: intent {entry.get('name', '?')!r} lacks {missing}") from missing
    if not isinstance(card.name, str):
        # YAML reads a bare yes or no as a truth value.
        raise PhrasesError(f"{source}: the intent name {card.name!r} must be quoted")
    if card.kind not in {"request", "answer", "command"}:
        raise PhrasesError(f"{source}: intent {card.name!r} has kind {card.kind!r}; wanted request, answer or command")
    lacking = [language for language in languages if language not in card.description]
    if lacking:
        raise PhrasesError(f"{source}: intent {card.name!r} has no description in {', '.join(lacking)}")
    return card


def _lines(file: Path) -> list[str]:
    if not file.is_file():
        raise PhrasesError(f"{file}: missing; every intent has phrases in every language")
    found = dict.fromkeys(
        normalise(line) for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#")
    )
    texts = [text for text in found if text]
    if not texts:
        raise PhrasesError(f"{file}: holds no phrase")
    return texts


def load_phrasebook(folder: Path) -> Phrasebook:
    """Read `intents.yaml` and `intents/LANGUAGE/NAME.txt` under a folder. Raises PhrasesError."""
    source = folder / "intents.yaml"
    try:
        content = yaml.safe_load(source.read_text(encoding="utf-8"))
        languages = tuple(content["languages"])
        out_of_scope = str(content["out_of_scope"])
        entries = list(content["intents"])
    except (OSError, yaml.YAMLError, KeyError, TypeError) as wrong:
        raise PhrasesError(f"{source}: cannot be read as languages, out_of_scope and intents: {wrong}") from wrong
    cards = {card.name: card for card in (_card(entry, languages, source) for entry in entries)}
    phrases: list[Phrase] = []
    for language in languages:
        owner: dict[str, str] = {}
        for name in (*cards, out_of_scope):
            file = folder / "intents" / language / f"{name}.txt"
            for text in _lines(file):
                if text in owner:
                    raise PhrasesError(f"{file}: {text!r} stands under {owner[text]!r} too")
                owner[text] = name
                phrases.append(Phrase(language=language, intent=name, text=text))
    return Phrasebook(languages=languages, out_of_scope=out_of_scope, cards=cards, phrases=tuple(phrases))
