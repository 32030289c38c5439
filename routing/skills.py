"""What a call requires of an agent, and what an agent can do: skills with levels, and languages.

Choosing is left to `matching`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeAlias

LOWEST_LEVEL = 1  # DESIGN.md 4: level (1-5)
HIGHEST_LEVEL = 5

# An agent's skills: the skill's name and the level the agent has in it.
Skills: TypeAlias = Mapping[str, int]


class Droppable(StrEnum):
    """What a ring may stop asking for as a call waits."""

    LEVEL = "level"  # of every must: the skill at any level will do
    LANGUAGES = "languages"
    PREFERRED_SKILLS = "preferred_skills"  # they no longer count
    SKILL = "skill"  # every must: any agent of the queue's team, as the last choice


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
class SkillWanted:
    """A skill beside the call's own: a must, or one that only counts in the choice."""

    skill: str
    level: int = LOWEST_LEVEL
    is_must: bool = True

    def __post_init__(self) -> None:
        """Refuse what no agent could ever satisfy."""
        checked_skill(self.skill)
        checked_level(self.level)


@dataclass(frozen=True, kw_only=True)
class Requirements:
    """What a call asks of the agent who takes it."""

    skill: str
    level: int = LOWEST_LEVEL
    also: tuple[SkillWanted, ...] = ()
    languages: tuple[str, ...] = ()  # ISO 639-1; the agent must speak one of them; empty: any
    preferred_agent_id: str | None = None  # first among those who fit: the last agent, or the account's
    preferred_seconds: int = 0  # so long the call is kept for that agent, while signed in; then for everybody
    # A transfer to one agent: somebody has chosen the person, so skills, level and languages are not asked.
    only_agent_id: str | None = None
    excluded_agent_ids: tuple[str, ...] = ()
    # Language is a must unless the caller waives it (DESIGN.md 7), so it is kept here until somebody takes it out.
    never_dropped: frozenset[Droppable] = frozenset({Droppable.LANGUAGES})

    def __post_init__(self) -> None:
        """Refuse what no agent could ever satisfy."""
        checked_skill(self.skill)
        checked_level(self.level)
        if self.preferred_seconds < 0:
            raise ValueError("preferred_seconds is 0 or more")

    @cached_property
    def musts(self) -> tuple[SkillWanted, ...]:
        """The call's own skill, and those that are as necessary."""
        own = SkillWanted(skill=self.skill, level=self.level)
        return (own, *(wanted for wanted in self.also if wanted.is_must))

    @cached_property
    def preferences(self) -> tuple[SkillWanted, ...]:
        """Skills that count in the choice and exclude nobody."""
        return tuple(wanted for wanted in self.also if not wanted.is_must)

    def as_json(self) -> dict[str, Any]:
        """Return the requirements as JSON's own values."""
        return {
            "skill": self.skill,
            "level": self.level,
            "also": [{"skill": one.skill, "level": one.level, "is_must": one.is_must} for one in self.also],
            "languages": list(self.languages),
            "preferred_agent_id": self.preferred_agent_id,
            "preferred_seconds": self.preferred_seconds,
            "only_agent_id": self.only_agent_id,
            "excluded_agent_ids": list(self.excluded_agent_ids),
            "never_dropped": sorted(self.never_dropped),
        }


def requirements_from_json(value: Mapping[str, Any]) -> Requirements:
    """Read the requirements that `as_json` wrote, today's or an earlier one's."""
    return Requirements(
        skill=value["skill"],
        level=value["level"],
        also=tuple(
            SkillWanted(skill=one["skill"], level=one["level"], is_must=one["is_must"]) for one in value.get("also", ())
        ),
        languages=tuple(value["languages"]),
        preferred_agent_id=value["preferred_agent_id"],
        preferred_seconds=value.get("preferred_seconds", 0),
        only_agent_id=value.get("only_agent_id"),
        excluded_agent_ids=tuple(value.get("excluded_agent_ids", ())),
        never_dropped=frozenset(Droppable(name) for name in value["never_dropped"]),
    )
