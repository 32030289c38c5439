"""Adding, removing and moving examples as changes of the draft: what is asked by phrase, said by the place that holds it. Pure.

Two admins who teach the same intent at once both succeed: each change is made from what stands at that moment.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from ivr.editing.places import Change
from ivr.intents.phrases import fault_of_phrase
from ivr.intents.redaction import is_redacted
from ivr.intents.words import normalise

ADD, REMOVE, MOVE = "add", "remove", "move"
ACTS = (ADD, REMOVE, MOVE)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """One phrase to add to an intent, to remove from it, or to move to another."""

    act: str
    language: str
    intent: str
    text: str
    to: str = ""  # the intent that it moves to


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """A wish that cannot be met."""

    index: int
    reason: str  # a code
    detail: str = ""


def changes_of(document: Mapping[str, Any], wishes: Sequence[Wish]) -> tuple[tuple[Change, ...], tuple[Wrong, ...]]:
    """The changes of the draft's intents that meet all wishes, or why they cannot be met; one of the two is empty.

    A phrase that is added stands nowhere else in its language afterwards only if it did not before: then it is wrong, and says
    where it stands. Adding what is there, and removing what is not, changes nothing.
    """
    phrases = deepcopy({language: dict(by_intent) for language, by_intent in document["phrases"].items()})
    wrong: list[Wrong] = []
    for index, wish in enumerate(wishes):
        found = _meet(phrases, wish)
        if found is not None:
            wrong.append(Wrong(index=index, reason=found[0], detail=found[1]))
    if wrong:
        return (), tuple(wrong)
    return tuple(
        Change(
            place=("intents", "phrases", language, intent), before=document["phrases"][language][intent], after=texts
        )
        for language, by_intent in phrases.items()
        for intent, texts in by_intent.items()
        if texts != document["phrases"][language][intent]
    ), ()


def _meet(phrases: dict[str, dict[str, list[str]]], wish: Wish) -> tuple[str, str] | None:
    by_intent = phrases.get(wish.language)
    if by_intent is None:
        return "language_unknown", wish.language
    for name in (wish.intent, *([wish.to] if wish.act == MOVE else [])):
        if name not in by_intent:
            return "intent_unknown", name
    words = normalise(wish.text)
    match wish.act:
        case "add":
            return _add(by_intent, wish.intent, wish.text.strip(), words)
        case "remove":
            return _remove(by_intent, wish.intent, words)
        case _:
            return _remove(by_intent, wish.intent, words) or _add(by_intent, wish.to, wish.text.strip(), words)


def _add(by_intent: dict[str, list[str]], intent: str, text: str, words: str) -> tuple[str, str] | None:
    wrong = fault_of_phrase(text)
    if wrong:
        return "phrase_unusable", wrong
    if is_redacted(text):
        return "phrase_with_placeholder", text
    for name, texts in by_intent.items():
        if name != intent and any(normalise(one) == words for one in texts):
            return "phrase_elsewhere", name
    if not any(normalise(one) == words for one in by_intent[intent]):
        by_intent[intent] = [*by_intent[intent], text]
    return None


def _remove(by_intent: dict[str, list[str]], intent: str, words: str) -> tuple[str, str] | None:
    left = [one for one in by_intent[intent] if normalise(one) != words]
    if not left:
        return "last_phrase", intent
    by_intent[intent] = left
    return None
