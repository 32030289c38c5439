"""What an utterance was found to mean: frozen records. They decide nothing; `ivr.intents.understanding` makes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

# What a slot may hold: JSON's own values, so that it travels in the flow's events as it is.
SlotValue: TypeAlias = str | int | float | bool | None


class Why(StrEnum):
    """Why an utterance got no intent."""

    EMPTY = "nothing was said"
    OUT_OF_SCOPE = "outside what this line knows"
    UNEXPECTED = "no answer to the question asked"


@dataclass(frozen=True, kw_only=True)
class Intent:
    """One meaning."""

    name: str
    confidence: float  # calibrated probability, 0-1
    slots: Mapping[str, SlotValue] = field(default_factory=dict)
    by: str = (
        "classifier"  # "rule", "phrase", "correction" or "classifier": what decided, for the bench and the receipt
    )


@dataclass(frozen=True, kw_only=True)
class Doubtful:
    """Two meanings too close to choose: worth one "did you mean"."""

    candidates: tuple[str, str]  # the likelier first
    confidences: tuple[float, float]
    slots: Mapping[str, SlotValue] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class NotUnderstood:
    """No meaning that this line knows. Slots may still have been heard: a bare order number is one."""

    reason: Why
    confidence: float = 1.0  # how sure it is that the utterance is outside, 0-1
    slots: Mapping[str, SlotValue] = field(default_factory=dict)


Meaning: TypeAlias = Intent | Doubtful | NotUnderstood
