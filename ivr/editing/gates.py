"""What is asked before a version goes live: gates, each given the documents and those that are live, and what they say.

A gate is injected by `ivr.app`: the checker's findings, the accuracy of the intents, the scenarios. It may take its time, so it
runs outside of any writing transaction.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy.orm import Session

from ivr.editing.documents import Documents
from ivr.editing.findings import ERROR, findings
from prompts import told


@dataclass(frozen=True, kw_only=True)
class GateFinding:
    """What a gate says. Any `error` is a failure of the gate."""

    gate: str  # checker, intents, scenarios
    severity: str  # error, advice
    message: str
    remedy: str = ""
    # Where it stands: file, node, line or the scenario's name; as the gate words it.
    place: str = ""
    can_be_overruled: bool = True  # by an admin with a reason; never an error of the checker

    def as_json(self) -> dict[str, Any]:
        """The finding, to be kept."""
        return {**self.__dict__, "message": told.to_json(self.message), "remedy": told.to_json(self.remedy)}

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> "GateFinding":
        """The finding that was kept."""
        return cls(**{name: told.from_json(value) for name, value in kept.items()})


# Session (that only reads), the documents to be published, those that are live (None for the first).
Gate: TypeAlias = Callable[[Session, Documents, Documents | None], Sequence[GateFinding]]


def checker(_session: Session, documents: Documents, _base: Documents | None) -> Sequence[GateFinding]:
    """The findings of schema, checker, prompts and intents: the gate that nobody overrules."""
    return tuple(
        GateFinding(
            gate="checker",
            severity=one.severity,
            message=one.message,
            remedy=one.remedy,
            place=f"{one.file}:{one.line}" + (f" {one.place}" if one.place else ""),
            can_be_overruled=False,
        )
        for one in findings(documents)
        if one.severity == ERROR
    )
