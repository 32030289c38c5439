"""The routing receipt: who was considered for a call, which rule each passed or failed, what decided; and its JSON.

Receipts hold codes and values, so that the words (`receipts_words`) can be Italian or English whenever they are read.
Making one is left to `matching`.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from routing.queues import AgentOrder
from routing.receipts_words import Words, words_of
from routing.skills import Droppable, Requirements, requirements_from_json
from routing.waiting import Part

# More than anybody reads, and few enough to be stored with every offer of a site of thousands; judgement.
SHOWN = 50


class Rule(StrEnum):
    """What an agent must pass to be offered a call."""

    STATE = "state"
    ONLY_AGENT = "only_agent"  # the call goes to one agent
    NOT_EXCLUDED = "not_excluded"
    SKILL = "skill"
    LEVEL = "level"
    LANGUAGES = "languages"
    TEAM = "team"  # in place of the skill, where a ring offers the call to any agent of the queue
    PREFERRED_SKILL = "preferred_skill"  # counts in the choice, excludes nobody
    NOT_KEPT = "not_kept"  # kept for the preferred agent for a time
    NOT_JUST_REFUSED = "not_just_refused"


class Bearing(StrEnum):
    """What failing a rule means for the agent."""

    MUST = "must"
    DROPPED = "dropped"  # the ring no longer asks for it
    PREFERRED = "preferred"


class TieBreak(StrEnum):
    """What decided between those who passed."""

    NOBODY = "nobody"
    ONLY_ONE = "only_one"
    PREFERRED = "preferred"
    NOT_REFUSED_BEFORE = "not_refused_before"
    HAS_THE_SKILL = "has_the_skill"  # any other agent of the queue is the last choice
    MEETS_MORE = "meets_more"  # of what the ring no longer asks for
    PREFERRED_SKILLS = "preferred_skills"
    NEAREST_LEVEL = "nearest_level"
    MOST_SKILLED = "most_skilled"
    FEWEST_CALLS = "fewest_calls"
    LONGEST_IDLE = "longest_idle"
    AGENT_ID = "agent_id"  # everything else equal: the same input gives the same receipt


@dataclass(frozen=True, kw_only=True)
class Check:
    """One rule, asked of one agent."""

    rule: Rule
    passed: bool
    wanted: str
    found: str
    skill: str = ""  # of a level, when it is not the call's own skill
    bearing: Bearing = Bearing.MUST

    @property
    def excludes(self) -> bool:
        """Whether the agent can't be offered the call for this."""
        return not self.passed and self.bearing is Bearing.MUST


@dataclass(frozen=True, kw_only=True)
class Considered:
    """One agent, with every rule and the scores of the fit."""

    agent_id: str
    name: str
    checks: tuple[Check, ...]
    is_preferred: bool
    level_distance: int  # levels between what is asked and what the agent has, over all musts
    idle_seconds: int
    refused_before: bool = False
    lacks_skill: bool = False  # fits only as any agent of the queue
    unmet: int = 0  # rules that the ring no longer asks for and that the agent fails
    preferred_met: int = 0  # preferred skills that the agent has
    levels: int = 0  # the agent's levels in the musts, added up
    calls_today: int = 0

    @cached_property
    def passed(self) -> bool:
        """Whether the agent may take the call."""
        return not any(check.excludes for check in self.checks)


@dataclass(frozen=True, kw_only=True)
class Rest:
    """How many agents beyond those shown fail the same rule first; without a rule, how many more fit."""

    rule: Rule | None
    agents: int


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """One decision, or the reason why there was none; fields with a default are not in the oldest ones."""

    call_id: str
    at: datetime
    ring: int
    waited_seconds: int
    skill: str
    level: int
    considered: tuple[Considered, ...]  # those who fit in the order of the choice, then the others by identifier
    chosen_agent_id: str | None
    tie_break: TieBreak
    queue: str = ""
    order: AgentOrder = AgentOrder.BEST_FIT
    requirements: Requirements | None = None
    dropped: tuple[Droppable, ...] = ()  # what this ring no longer asks for
    rank: tuple[Part, ...] = ()
    rest: tuple[Rest, ...] = ()
    is_partial: bool = False  # of a large site: whoever is not listed comes after those who are

    def as_json(self) -> dict[str, Any]:
        """Return the receipt as JSON's own values."""
        return {
            "call_id": self.call_id,
            "at": self.at.isoformat(),
            "queue": self.queue,
            "ring": self.ring,
            "dropped": [one.value for one in self.dropped],
            "waited_seconds": self.waited_seconds,
            "skill": self.skill,
            "level": self.level,
            "requirements": None if self.requirements is None else self.requirements.as_json(),
            "rank": [{"name": part.name, "seconds": part.seconds} for part in self.rank],
            "order": self.order.value,
            "chosen_agent_id": self.chosen_agent_id,
            "tie_break": self.tie_break.value,
            "considered": [_considered_as_json(one) for one in self.considered],
            "rest": [{"rule": one.rule.value if one.rule else None, "agents": one.agents} for one in self.rest],
            **({"is_partial": True} if self.is_partial else {}),
        }

    def in_words(self, language: str) -> tuple[str, ...]:
        """Say it in plain sentences, the decision first; Italian for "it", English for anything else."""
        words = words_of(language)
        return (
            self._decision(words),
            *self._asked(words),
            *self._widened(words),
            *self._ranked(words),
            *(self._line(one, words) for one in self.considered),
            *(self._rest(one, words) for one in self.rest),
            *((words["is_partial"],) if self.is_partial else ()),
        )

    def _decision(self, words: Words) -> str:
        asked = words["asked"].format(skill=self.skill, level=self.level, waited=self.waited_seconds, ring=self.ring)
        if self.chosen_agent_id is None:
            return words["nobody"].format(asked=asked)
        name = self._name(self.chosen_agent_id)
        why = self.tie_break.value
        if self.tie_break is TieBreak.LONGEST_IDLE and self.order is not AgentOrder.BEST_FIT:
            why = "longest_idle_first"
        return words["chosen"].format(name=name, why=words[why], asked=asked)

    def _asked(self, words: Words) -> tuple[str, ...]:
        asked = self.requirements
        if asked is None or asked.only_agent_id is not None:
            return ()
        said = [words["must"].format(skill=one.skill, level=one.level) for one in asked.musts[1:]]
        said += [words["would_like"].format(skill=one.skill, level=one.level) for one in asked.preferences]
        if asked.languages:
            said.append(words["languages"].format(languages=", ".join(asked.languages)))
        return (words["also_asked"].format(asked="; ".join(said)),) if said else ()

    def _widened(self, words: Words) -> tuple[str, ...]:
        if not self.dropped:
            return ()
        dropped = "; ".join(words[f"drops_{one.value}"] for one in self.dropped)
        return (words["dropped"].format(ring=self.ring, dropped=dropped),)

    def _ranked(self, words: Words) -> tuple[str, ...]:
        parts = [part for part in self.rank if part.seconds or part.name == "ageing"]
        if not parts:
            return ()
        said = " + ".join(
            words["part"].format(name=words.get(one.name, one.name), seconds=one.seconds) for one in parts
        )
        return (words["rank"].format(sum=said, total=sum(part.seconds for part in parts)),)

    def _line(self, one: Considered, words: Words) -> str:
        excluding = [check for check in one.checks if check.excludes]
        if excluding:
            reasons = "; ".join(self._reason(check, words) for check in excluding)
            return words["does_not_fit"].format(name=one.name, reasons=reasons)
        although = [self._reason(check, words) for check in one.checks if not check.passed]
        if one.refused_before:
            although.append(words["refused_before"])
        if one.preferred_met:
            although.append(words["preferred_met"].format(met=one.preferred_met))
        if self.order is AgentOrder.FEWEST_CALLS:
            although.append(words["calls_today"].format(calls=one.calls_today))
        fits = words["fits_although" if although else "fits"]
        said = "; ".join(although)
        return fits.format(name=one.name, although=said, distance=one.level_distance, idle=one.idle_seconds)

    def _rest(self, one: Rest, words: Words) -> str:
        if one.rule is None:
            return words["rest_fit"].format(agents=one.agents)
        return words["rest"].format(rule=words[f"rule_{one.rule.value}"], agents=one.agents)

    def _reason(self, check: Check, words: Words) -> str:
        found = words.get(f"is_{check.found}", check.found or words["nothing"])
        is_agent = check.rule in {Rule.ONLY_AGENT, Rule.NOT_KEPT}
        wanted = self._name(check.wanted) if is_agent else check.wanted
        sentence = f"fails_{check.rule.value}"
        if check.rule is Rule.LEVEL and check.skill:
            sentence = "fails_level_of"
        return words[sentence].format(wanted=wanted, found=found, skill=check.skill)

    def _name(self, agent_id: str) -> str:
        return next((one.name for one in self.considered if one.agent_id == agent_id), agent_id)


def receipt_from_json(value: Mapping[str, Any]) -> Receipt:
    """Read the receipt that `as_json` wrote, today's or an earlier one's."""
    asked = value.get("requirements")
    return Receipt(
        call_id=value["call_id"],
        at=datetime.fromisoformat(value["at"]),
        queue=value.get("queue", ""),
        ring=value["ring"],
        dropped=tuple(Droppable(name) for name in value.get("dropped", ())),
        waited_seconds=value["waited_seconds"],
        skill=value["skill"],
        level=value["level"],
        requirements=None if asked is None else requirements_from_json(asked),
        rank=tuple(Part(name=one["name"], seconds=one["seconds"]) for one in value.get("rank", ())),
        order=AgentOrder(value.get("order", AgentOrder.BEST_FIT.value)),
        chosen_agent_id=value["chosen_agent_id"],
        tie_break=TieBreak(value["tie_break"]),
        considered=tuple(_considered_from_json(one) for one in value["considered"]),
        rest=tuple(
            Rest(rule=Rule(one["rule"]) if one["rule"] else None, agents=one["agents"]) for one in value.get("rest", ())
        ),
        is_partial=value.get("is_partial", False),
    )


def compact(receipt: Receipt, shown: int = SHOWN) -> Receipt:
    """Keep the first candidates in order, and of the others how many fail which rule first."""
    if len(receipt.considered) <= shown:
        return receipt
    counted = Counter({one.rule: one.agents for one in receipt.rest})
    for one in receipt.considered[shown:]:
        counted[next((check.rule for check in one.checks if check.excludes), None)] += 1
    rest = tuple(Rest(rule=rule, agents=counted[rule]) for rule in (None, *Rule) if counted[rule])
    return replace(receipt, considered=receipt.considered[:shown], rest=rest)


# The scores that the first receipts did not have: written only where they say something.
_SCORES = ("refused_before", "lacks_skill", "unmet", "preferred_met", "levels", "calls_today")


def _considered_as_json(one: Considered) -> dict[str, Any]:
    scores = {name: getattr(one, name) for name in _SCORES if getattr(one, name)}
    return {
        "agent_id": one.agent_id,
        "name": one.name,
        "is_preferred": one.is_preferred,
        "level_distance": one.level_distance,
        "idle_seconds": one.idle_seconds,
        **scores,
        "checks": [_check_as_json(check) for check in one.checks],
    }


def _check_as_json(check: Check) -> dict[str, Any]:
    written: dict[str, Any] = {
        "rule": check.rule.value,
        "passed": check.passed,
        "wanted": check.wanted,
        "found": check.found,
    }
    if check.skill:
        written["skill"] = check.skill
    if check.bearing is not Bearing.MUST:
        written["bearing"] = check.bearing.value
    return written


def _considered_from_json(one: Mapping[str, Any]) -> Considered:
    return Considered(
        agent_id=one["agent_id"],
        name=one["name"],
        is_preferred=one["is_preferred"],
        level_distance=one["level_distance"],
        idle_seconds=one["idle_seconds"],
        **{name: one[name] for name in _SCORES if name in one},
        checks=tuple(
            Check(
                rule=Rule(check["rule"]),
                passed=check["passed"],
                wanted=check["wanted"],
                found=check["found"],
                skill=check.get("skill", ""),
                bearing=Bearing(check.get("bearing", Bearing.MUST.value)),
            )
            for check in one["checks"]
        ),
    )
