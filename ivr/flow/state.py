"""Where a call stands in its flow: one frozen record that goes through JSON and back without loss. The machine makes new ones."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from ivr.flow.events import Value

# The form of the JSON below; a state of another form is refused, not guessed at.
FORM = 2


class StateError(ValueError):
    """A stored state that this version cannot read; the call goes on from the start of its flow or to a person."""


class Waiting(StrEnum):
    """What the call waits for."""

    ANSWER = "answer"  # the caller's, to the node's question
    CHOICE = "choice"  # the caller's, to "did you mean"
    CONFIRMATION = "confirmation"  # the caller's, to a value that was read back
    OUTCOME = "outcome"  # the conductor's, to what the node has done
    WITHDRAWAL = "withdrawal"  # the conductor's, to a consent withdrawn in the middle of a question
    NOTHING = "nothing"  # the call is over


@dataclass(frozen=True, kw_only=True)
class State:
    """A call's place in its flow. Everything is data of JSON; `to_json` and `from_json` are exact."""

    node: str
    language: str
    waiting: Waiting = Waiting.NOTHING
    attempts: int = 0  # failed answers to the question that stands
    variant: int = 0  # wording of the question that stands: 0 the prompt itself, n its n-th reprompt
    values: Mapping[str, Value] = field(default_factory=dict)
    topic: str = ""  # the request that the call is about, "" until one is known
    said: tuple[
        tuple[str, int], ...
    ] = ()  # prompts and variants since the caller last spoke: the way back for "repeat"
    candidates: tuple[str, ...] = ()  # the intents of a "did you mean" that stands
    doubted: bool = False  # "did you mean" was asked at this question: it is asked once
    read_back: Value = None  # the value of the question's slot that the caller is asked to confirm; None for none
    corrections: int = 0  # values read back at this question that the caller did not agree to
    fresh: tuple[str, ...] = ()  # values that the answers to this question have brought: it does not forget these
    then: str = ""  # node to go to after the outcome, in place of the node's own; "" for none
    visits: Mapping[str, int] = field(default_factory=dict)  # how often each question was come to
    tries: Mapping[str, int] = field(default_factory=dict)  # misses at each node that counts them
    failures: int = 0  # outcomes that no node knew

    @property
    def ended(self) -> bool:
        """Whether the call is over."""
        return self.waiting == Waiting.NOTHING

    def to_json(self) -> str:
        """Write the state as JSON text."""
        # Field by field: `asdict` copies every value first and takes longer than the rest of the step (bench webhook).
        document = {name: getattr(self, name) for name in _FIELDS}
        document["values"], document["visits"], document["tries"] = (
            dict(self.values),
            dict(self.visits),
            dict(self.tries),
        )
        return json.dumps({"form": FORM, **document}, ensure_ascii=False, allow_nan=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "State":
        """Read what `to_json` wrote; StateError says what is unknown, missing or of the wrong type."""
        try:
            document = json.loads(text)
        except ValueError as error:
            raise StateError(f"the stored state is not JSON: {error}") from None
        if not isinstance(document, dict) or document.pop("form", None) != FORM:
            raise StateError(f"the stored state is not of form {FORM}: it was written by another version")
        if document.keys() != _FIELDS:
            raise StateError(
                f"the stored state has missing or unknown fields: {', '.join(sorted(document.keys() ^ _FIELDS))}"
            )
        for name, value in document.items():
            if not _fits(name, value):
                raise StateError(f"the stored state's {name} is {value!r}, which it cannot be")
        return cls(
            **{
                **document,
                "waiting": Waiting(document["waiting"]),
                "said": tuple((prompt, variant) for prompt, variant in document["said"]),
                "candidates": tuple(document["candidates"]),
                "fresh": tuple(document["fresh"]),
            }
        )


_FIELDS = frozenset(one.name for one in fields(State))
_COUNTS = frozenset({"attempts", "variant", "failures", "corrections"})
_MAPS_OF_COUNTS = frozenset({"visits", "tries"})


def _fits(name: str, value: Any) -> bool:
    if name in _COUNTS:
        return type(value) is int and value >= 0
    if name in _MAPS_OF_COUNTS:
        return isinstance(value, dict) and all(type(count) is int for count in value.values())
    checks: Mapping[str, bool] = {
        "waiting": value in set(Waiting) if isinstance(value, str) else False,
        "values": isinstance(value, dict) and all(_is_value(one) for one in value.values()),
        "read_back": _is_value(value),
        "said": isinstance(value, list) and all(_is_said(one) for one in value),
        "candidates": _are_texts(value),
        "fresh": _are_texts(value),
        "doubted": isinstance(value, bool),
    }
    return checks.get(name, isinstance(value, str))


def _is_value(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_said(value: Any) -> bool:
    return isinstance(value, list) and [type(part) for part in value] == [str, int]
