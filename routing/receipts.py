"""The routing receipt: who was considered for a call, which rule each passed or failed, what decided; and its words.

Receipts hold codes and values, so that the words can be Italian or English whenever they are read. Making one is left
to `matching`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Rule(StrEnum):
    """What an agent must pass to be offered a call."""

    STATE = "state"
    SKILL = "skill"
    LEVEL = "level"
    LANGUAGES = "languages"
    NOT_JUST_REFUSED = "not_just_refused"


class TieBreak(StrEnum):
    """What decided between those who passed."""

    NOBODY = "nobody"
    ONLY_ONE = "only_one"
    PREFERRED = "preferred"
    NOT_REFUSED_BEFORE = "not_refused_before"
    NEAREST_LEVEL = "nearest_level"
    LONGEST_IDLE = "longest_idle"
    AGENT_ID = "agent_id"  # everything else equal: the same input gives the same receipt


@dataclass(frozen=True, kw_only=True)
class Check:
    """One rule, asked of one agent."""

    rule: Rule
    passed: bool
    wanted: str
    found: str


@dataclass(frozen=True, kw_only=True)
class Considered:
    """One agent, with every rule."""

    agent_id: str
    name: str
    checks: tuple[Check, ...]
    is_preferred: bool
    level_distance: int  # levels between what is asked and what the agent has
    idle_seconds: int

    @property
    def passed(self) -> bool:
        """Whether every rule was passed."""
        return all(check.passed for check in self.checks)


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """One decision, or the reason why there was none."""

    call_id: str
    at: datetime
    ring: int
    waited_seconds: int
    skill: str
    level: int
    considered: tuple[Considered, ...]
    chosen_agent_id: str | None
    tie_break: TieBreak

    def as_json(self) -> dict[str, Any]:
        """Return the receipt as JSON's own values."""
        return {
            "call_id": self.call_id,
            "at": self.at.isoformat(),
            "ring": self.ring,
            "waited_seconds": self.waited_seconds,
            "skill": self.skill,
            "level": self.level,
            "chosen_agent_id": self.chosen_agent_id,
            "tie_break": self.tie_break.value,
            "considered": [
                {
                    "agent_id": one.agent_id,
                    "name": one.name,
                    "is_preferred": one.is_preferred,
                    "level_distance": one.level_distance,
                    "idle_seconds": one.idle_seconds,
                    "checks": [
                        {"rule": check.rule.value, "passed": check.passed, "wanted": check.wanted, "found": check.found}
                        for check in one.checks
                    ],
                }
                for one in self.considered
            ],
        }

    def in_words(self, language: str) -> tuple[str, ...]:
        """Say it in plain sentences, the decision first; Italian for "it", English for anything else."""
        words = _WORDS["it" if language == "it" else "en"]
        return (self._decision(words), *(self._line(one, words) for one in self.considered))

    def _decision(self, words: Mapping[str, str]) -> str:
        names = {one.agent_id: one.name for one in self.considered}
        asked = words["asked"].format(skill=self.skill, level=self.level, waited=self.waited_seconds, ring=self.ring)
        if self.chosen_agent_id is None:
            return words["nobody"].format(asked=asked)
        return words["chosen"].format(name=names[self.chosen_agent_id], why=words[self.tie_break.value], asked=asked)

    def _line(self, one: Considered, words: Mapping[str, str]) -> str:
        failed = tuple(check for check in one.checks if not check.passed)
        if not failed:
            return words["fits"].format(name=one.name, distance=one.level_distance, idle=one.idle_seconds)
        reasons = "; ".join(_reason(check, words) for check in failed)
        return words["does_not_fit"].format(name=one.name, reasons=reasons)


def receipt_from_json(value: Mapping[str, Any]) -> Receipt:
    """Read the receipt that `as_json` wrote."""
    return Receipt(
        call_id=value["call_id"],
        at=datetime.fromisoformat(value["at"]),
        ring=value["ring"],
        waited_seconds=value["waited_seconds"],
        skill=value["skill"],
        level=value["level"],
        chosen_agent_id=value["chosen_agent_id"],
        tie_break=TieBreak(value["tie_break"]),
        considered=tuple(
            Considered(
                agent_id=one["agent_id"],
                name=one["name"],
                is_preferred=one["is_preferred"],
                level_distance=one["level_distance"],
                idle_seconds=one["idle_seconds"],
                checks=tuple(
                    Check(
                        rule=Rule(check["rule"]), passed=check["passed"], wanted=check["wanted"], found=check["found"]
                    )
                    for check in one["checks"]
                ),
            )
            for one in value["considered"]
        ),
    )


def _reason(check: Check, words: Mapping[str, str]) -> str:
    found = words.get(f"is_{check.found}", check.found or words["nothing"])
    return words[f"fails_{check.rule.value}"].format(wanted=check.wanted, found=found)


_WORDS: Mapping[str, Mapping[str, str]] = {
    "it": {
        "chosen": "{name} riceve la chiamata ({asked}): {why}.",
        "asked": "{skill}, livello {level}, in attesa da {waited} s, anello {ring}",
        "nobody": "Nessuno può prendere ora la chiamata ({asked}).",
        "only_one": "è l'unica persona che risponde a tutti i requisiti",
        "preferred": "è la persona preferita per questo cliente",
        "not_refused_before": "le altre persone adatte hanno già rifiutato o perso questa chiamata",
        "nearest_level": "ha il livello più vicino a quello richiesto",
        "longest_idle": "a parità di livello, aspetta una chiamata da più tempo",
        "agent_id": "a parità di tutto il resto, viene prima in ordine di codice",
        "fits": "{name}: risponde ai requisiti; livelli di distanza {distance}, in attesa di chiamate da {idle} s.",
        "does_not_fit": "{name}: {reasons}.",
        "fails_state": "ora {found}",
        "fails_skill": "non ha la competenza {wanted}",
        "fails_level": "ha il livello {found}, serve almeno {wanted}",
        "fails_languages": "lingue parlate: {found}, serve {wanted}",
        "fails_not_just_refused": "ha rifiutato o perso questa chiamata {found} s fa",
        "nothing": "nessuna indicata",
        "is_offline": "è fuori linea",
        "is_offered": "riceve già un'altra offerta",
        "is_on_call": "è in conversazione",
        "is_wrap_up": "è nel dopo chiamata",
        "is_away": "è assente",
        "is_missed": "non ha risposto all'ultima offerta",
    },
    "en": {
        "chosen": "{name} is offered the call ({asked}): {why}.",
        "asked": "{skill}, level {level}, waiting for {waited} s, ring {ring}",
        "nobody": "Nobody can take the call now ({asked}).",
        "only_one": "the only one who meets every requirement",
        "preferred": "the preferred agent of this customer",
        "not_refused_before": "the others who fit have already declined or missed this call",
        "nearest_level": "has the level nearest to what is asked",
        "longest_idle": "of those at the same level, has waited longest for a call",
        "agent_id": "everything else being equal, comes first by identifier",
        "fits": "{name}: fits; {distance} levels away, free for {idle} s.",
        "does_not_fit": "{name}: {reasons}.",
        "fails_state": "is {found} now",
        "fails_skill": "lacks the skill {wanted}",
        "fails_level": "has level {found}, at least {wanted} is needed",
        "fails_languages": "languages spoken: {found}, {wanted} is needed",
        "fails_not_just_refused": "declined or missed this call {found} s ago",
        "nothing": "none given",
        "is_offline": "offline",
        "is_offered": "being rung for another call",
        "is_on_call": "on a call",
        "is_wrap_up": "in wrap-up",
        "is_away": "away",
        "is_missed": "marked as not answering",
    },
}
