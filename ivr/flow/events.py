"""What can happen in a call, as the flow sees it: frozen records with no way back to the carrier or the database.

The conductor makes them; the machine only reads them. Words have been understood before they get here: `ivr.intents` turns an
utterance into an intent, and the conductor hands the result in as `Understood`, `Doubtful` or `NotUnderstood`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

# What a slot, an outcome or a variable of a call may hold: JSON's own values, so that a state survives any worker.
Value: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, kw_only=True)
class Started:
    """The carrier hands over a call: the first event of its life."""

    language: str
    # Values the flow may branch on from the start: `number` (E.164, or "" when hidden), `open_hours` (bool), `daytime`
    # ("morning", "afternoon", "evening"; the greeting is a plain one without it).
    values: Mapping[str, Value] = field(default_factory=dict)
    # The line itself has placed this call, to ring somebody back: it begins at the flow's `called_back`.
    called_back: bool = False
    topic: str = ""  # the request of the call that this one goes on with


@dataclass(frozen=True, kw_only=True)
class Understood:
    """An utterance with one meaning."""

    text: str
    intent: str
    confidence: float  # calibrated probability of the meaning, 0-1
    slots: Mapping[str, Value] = field(default_factory=dict)
    heard_confidence: float | None = None  # the recogniser's own, 0-1 and not calibrated; None where it gave none


@dataclass(frozen=True, kw_only=True)
class Doubtful:
    """An utterance with two meanings too close to choose: worth one "did you mean"."""

    text: str
    candidates: tuple[str, str]  # intents, the likelier first
    slots: Mapping[str, Value] = field(default_factory=dict)
    heard_confidence: float | None = None


@dataclass(frozen=True, kw_only=True)
class NotUnderstood:
    """An utterance outside everything the flow knows."""

    text: str
    reason: str
    slots: Mapping[str, Value] = field(default_factory=dict)
    heard_confidence: float | None = None


@dataclass(frozen=True, kw_only=True)
class Keyed:
    """Keys pressed: 0-9, * and #, in order, without the finishing key."""

    keys: str


@dataclass(frozen=True, kw_only=True)
class Silent:
    """The caller said and pressed nothing until the time was over."""


@dataclass(frozen=True, kw_only=True)
class Done:
    """The answer to a `Perform` or `Route` step: one of the outcomes that the step's kind documents."""

    outcome: str
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TakenUp:
    """The caller is back after the line has dropped; the state that comes with this event is the dropped call's."""

    # Whether who calls is known as well as it was then: if not, the request begins anew, and with it what proves who calls.
    is_known: bool


@dataclass(frozen=True, kw_only=True)
class HungUp:
    """The caller's leg ended."""


Event: TypeAlias = Started | Understood | Doubtful | NotUnderstood | Keyed | Silent | Done | TakenUp | HungUp
