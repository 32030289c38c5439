"""From what came back to a question to the flow's event: keys, words with their meaning, or silence. Keeps nothing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, assert_never

from ivr.calls.open_question import OpenQuestion
from ivr.flow.events import Doubtful, Event, Keyed, NotUnderstood, Silent, Understood, Value
from ivr.intents import meaning
from ivr.intents.numbers import number_runs
from ivr.intents.understanding import Understanding
from ivr.intents.words import normalise
from ivr.speech.turn import Turn
from ivr.telephony.requests import VoiceRequest

# Below it a meaning is a guess, next to a number that was asked for and given: bare digits were taken for a wish for a person
# with up to 0.83 (measured on five spoken numbers), while the words for a person, which rules know, have 0.99.
SURE_OF_MEANING = 0.9
SPEECH, KEYS, SILENCE = "speech", "keys", "silence"
BY_CARRIER = "carrier"
# How our media socket says that it could not listen at all.
NOT_ADMITTED = "not_admitted"
# What stands in a record of hearing and is kept elsewhere in the turn.
_KEPT_APART = frozenset({"turn", "text", "keys"})


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What came back to a question, by whichever way of listening."""

    text: str = ""
    keys: str = ""
    confidence: float | None = None  # the recogniser's own
    hearing: Mapping[str, Any] = field(default_factory=dict)  # how it was heard, for whoever asks why

    @property
    def ended(self) -> str:
        """How the turn ended."""
        if self.keys:
            return KEYS
        return SPEECH if self.text else SILENCE


@dataclass(frozen=True, kw_only=True)
class Unheard:
    """Our own listening brought nothing, and the caller is not to blame: the carrier is to listen instead."""

    reason: str
    is_failure: bool  # whether it is broken, and not only busy: then the rest of the call is the carrier's
    was_asked: bool  # whether the caller has heard the question, and has not answered it in vain


def kept_of(turn: Turn) -> Mapping[str, Any]:
    """What is kept of a turn that our own media socket has heard."""
    return {
        "text": turn.text,
        "keys": turn.keys,
        "by": turn.heard_by,
        "confidence": turn.confidence,
        "words": [
            {
                "text": word.text,
                "begin": round(word.begin_seconds, 2),
                "end": round(word.end_seconds, 2),
                "confidence": round(word.confidence, 3),
            }
            for word in turn.words
        ],
        "alternatives": [{"text": one.text, "confidence": one.confidence, "by": one.by} for one in turn.alternatives],
        "seconds": turn.seconds,
        "speech_seconds": turn.speech_seconds,
        "first_word_seconds": turn.first_word_seconds,
        "ended": turn.ended.value,
        "interrupted_prompt": turn.interrupted_prompt,
        "late_messages": turn.late_messages,
        "lost_seconds": turn.lost_seconds,
        "refused_messages": turn.refused_messages,
        "failure": turn.failure,
    }


def heard_in(
    request: VoiceRequest, stored: str, turn: int, question: OpenQuestion, *, streamed: bool
) -> Heard | Unheard:
    """What the carrier recognised, or else what our own media socket stored for this turn; `streamed` while it listens."""
    if request.keys or request.speech:
        how = (
            {"by": BY_CARRIER, "confidence": request.confidence, "ended": SPEECH} if request.speech else {"ended": KEYS}
        )
        return Heard(
            text=request.speech, keys=request.keys, confidence=request.confidence, hearing=_after(question, how)
        )
    kept: Mapping[str, Any] = json.loads(stored) if stored else {}
    if kept.get("turn") != turn:
        kept = {}
    how = {name: value for name, value in kept.items() if name not in _KEPT_APART}
    text, keys = kept.get("text", ""), kept.get("keys", "")
    if streamed and not text and not keys:
        missing = _missing(kept, question)
        if missing is not None:
            return missing
    return Heard(text=text, keys=keys, confidence=kept.get("confidence"), hearing=_after(question, how))


def _missing(kept: Mapping[str, Any], question: OpenQuestion) -> Unheard | None:
    """Why nothing was heard though it might have been; None where the caller said nothing."""
    if not kept:
        # The carrier could not open the stream, or the worker that held it died.
        return Unheard(reason="no stream came about", is_failure=True, was_asked=not question.streams_prompts)
    reason = kept.get("failure", "")
    if kept.get("ended") == NOT_ADMITTED:
        return Unheard(reason=reason or NOT_ADMITTED, is_failure=False, was_asked=not question.streams_prompts)
    if reason:
        # Who has spoken and was not heard waits for a word of ours: the question tells them to say it again.
        was_asked = not question.streams_prompts or bool(kept.get("seconds"))
        return Unheard(reason=reason, is_failure=True, was_asked=was_asked and not kept.get("speech_seconds"))
    return None


def _after(question: OpenQuestion, how: Mapping[str, Any]) -> Mapping[str, Any]:
    """How it was heard, with why our own listening had given the question away."""
    return {**how, "failure": question.lost} if question.lost else how


def _is_number_alone(text: str, language: str) -> bool:
    words = normalise(text).split()
    return bool(words) and sum(run.end - run.start for run in number_runs(words, language)) == len(words)


def event_of(
    understanding: Understanding, heard: Heard, *, language: str, question: OpenQuestion, today: date
) -> Event:
    """The event for the flow; keys win over words, as in the carrier's Gather. `today` is the company's day, for "ieri"."""
    if heard.keys:
        return Keyed(keys=heard.keys)
    if not heard.text:
        return Silent()
    found = understanding.understand(
        heard.text, language, expected=question.intents, slot=question.slot, previous=question.previous, today=today
    )
    slots: Mapping[str, Value] = dict(found.slots)
    # Numbers have no meaning of their own for an intent, however sure a classifier is of one (measured on 300 times six digits:
    # a wish for a person in 27, beyond 0.9 in 6).
    is_answer = bool(slots.get(question.slot)) and _is_number_alone(heard.text, language)
    match found:
        case meaning.Intent() | meaning.Doubtful() if is_answer or (
            isinstance(found, meaning.Intent) and slots.get(question.slot) and found.confidence < SURE_OF_MEANING
        ):
            # What answers the question counts for more than a guess.
            return NotUnderstood(
                text=heard.text,
                reason="an answer to the question, without another meaning",
                slots=slots,
                heard_confidence=heard.confidence,
            )
        case meaning.Intent():
            return Understood(
                text=heard.text,
                intent=found.name,
                confidence=found.confidence,
                slots=slots,
                heard_confidence=heard.confidence,
            )
        case meaning.Doubtful():
            return Doubtful(
                text=heard.text, candidates=found.candidates, slots=slots, heard_confidence=heard.confidence
            )
        case meaning.NotUnderstood():
            return NotUnderstood(text=heard.text, reason=found.reason, slots=slots, heard_confidence=heard.confidence)
        case _:
            assert_never(found)
