"""What a call requires of an agent, and what an agent can do: skills with levels, and languages.

Choosing is left to `matching`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

LOWEST_LEVEL = 1  # DESIGN.md 4: level (1-5)
HIGHEST_LEVEL = 5

# An agent's skills: the skill's name and the level the agent has in it.
Skills: TypeAlias = Mapping[str, int]


class Droppable(StrEnum):
    """What a ring may stop asking for as a call waits. The skill itself is never dropped."""

    LEVEL = "level"
    LANGUAGES = "languages"


def checked_level(level: int) -> int:
    """Return the level itself; raises `ValueError` outside 1-5."""
    if not LOWEST_LEVEL <= level <= HIGHEST_LEVEL:
        raise ValueError(f"a level is {LOWEST_LEVEL} to {HIGHEST_LEVEL}, not {level}")
    return level


def checked_skill(skill: str) -> str:
    """Return the skill itself; raises `ValueError` for an empty name."""
    if not skill.strip():
        raise ValueError("a skill needs a name, such as 'orders'")
    return skill


@dataclass(frozen=True, kw_only=True)
class Requirements:
    """What a call asks of the agent who takes it."""

    skill: str
    level: int = LOWEST_LEVEL
    languages: tuple[str, ...] = ()  # ISO 639-1; the agent must speak one of them; empty: any
    preferred_agent_id: str | None = None  # first among those who fit: the last agent, or the account's
    # Language is a must unless the caller waives it (DESIGN.md 7), so it is kept here until somebody takes it out.
    never_dropped: frozenset[Droppable] = frozenset({Droppable.LANGUAGES})

    def __post_init__(self) -> None:
        """Refuse what no agent could ever satisfy."""
        checked_skill(self.skill)
        checked_level(self.level)

    def as_json(self) -> dict[str, Any]:
        """Return the requirements as JSON's own values."""
        return {
            "skill": self.skill,
            "level": self.level,
            "languages": list(self.languages),
            "preferred_agent_id": self.preferred_agent_id,
            "never_dropped": sorted(self.never_dropped),
        }


def requirements_from_json(value: Mapping[str, Any]) -> Requirements:
    """Read the requirements that `as_json` wrote."""
    return Requirements(
        skill=value["skill"],
        level=value["level"],
        languages=tuple(value["languages"]),
        preferred_agent_id=value["preferred_agent_id"],
        never_dropped=frozenset(Droppable(name) for name in value["never_dropped"]),
    )
