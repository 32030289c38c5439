"""From what came back to a question to the flow's event: keys, words with their meaning, or silence. Keeps nothing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, assert_never

from ivr.calls.company import Company
from ivr.flow.events import Doubtful, Event, Keyed, NotUnderstood, Silent, Understood, Value
from ivr.flow.steps import Ask
from ivr.intents import meaning
from ivr.telephony.requests import VoiceRequest

# Below it a meaning is a guess, next to a number that was asked for and given: bare digits were taken for a wish for a person
# with up to 0.83 (measured on five spoken numbers), while the words for a person, which rules know, have 0.99.
SURE_OF_MEANING = 0.9
SPEECH, KEYS, SILENCE = "speech", "keys", "silence"


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What came back to a question, by whichever way of listening."""

    text: str = ""
    keys: str = ""
    confidence: float | None = None  # the recogniser's own

    @property
    def ended(self) -> str:
        """How the turn ended."""
        if self.keys:
            return KEYS
        return SPEECH if self.text else SILENCE


def heard_in(request: VoiceRequest, stored: str, turn: int) -> Heard:
    """What the carrier recognised, or else what our own media socket stored for this turn."""
    if request.keys or request.speech:
        return Heard(text=request.speech, keys=request.keys, confidence=request.confidence)
    kept: Mapping[str, Any] = json.loads(stored) if stored else {}
    if kept.get("turn") == turn:
        return Heard(text=kept.get("text", ""), keys=kept.get("keys", ""), confidence=kept.get("confidence"))
    return Heard()


def expecting(ask: Ask) -> str:
    """What the open question waits for, kept until its answer comes, JSON."""
    return json.dumps({"intents": ask.intents, "slot": ask.slot, "expect": ask.expect.value, "max_keys": ask.max_keys})


def asked_kind(expecting: str) -> tuple[str, int]:
    """What kind of answer the open question waits for (a value of `Expect`), and how many keys are enough."""
    question: Mapping[str, Any] = json.loads(expecting) if expecting else {}
    return question.get("expect", "request"), question.get("max_keys", 1)


def event_of(company: Company, heard: Heard, *, language: str, expecting: str, today: date) -> Event:
    """The event for the flow; keys win over words, as in the carrier's Gather. `today` is the company's day, for "ieri"."""
    if heard.keys:
        return Keyed(keys=heard.keys)
    if not heard.text:
        return Silent()
    question: Mapping[str, Any] = json.loads(expecting) if expecting else {}
    found = company.understanding.understand(
        heard.text, language, expected=tuple(question.get("intents", ())), slot=question.get("slot", ""), today=today
    )
    slots: Mapping[str, Value] = dict(found.slots)
    match found:
        case meaning.Intent(confidence=confidence) if (
            slots.get(question.get("slot", "")) and confidence < SURE_OF_MEANING
        ):
            # Digits have no meaning of their own for an intent: what answers the question counts for more than a guess.
            return NotUnderstood(
                text=heard.text, reason="an answer to the question, without another meaning", slots=slots
            )
        case meaning.Intent():
            return Understood(text=heard.text, intent=found.name, confidence=found.confidence, slots=slots)
        case meaning.Doubtful():
            return Doubtful(text=heard.text, candidates=found.candidates, slots=slots)
        case meaning.NotUnderstood():
            return NotUnderstood(text=heard.text, reason=found.reason, slots=slots)
        case _:
            assert_never(found)
