"""Why nobody takes a call, in one line made of its routing receipt: a code with its values; the sentences are the templates'."""

from collections import Counter
from typing import Final

from routing.receipts import Check, Considered, Receipt, Rule

Why = tuple[str, str, str]
NOTHING: Final[Why] = ("", "", "")
MOST_NAMES: Final = 2
# What is told of whoever lacks only one thing, the nearest first.
_NEARNESS: Final = (
    Rule.NOT_KEPT,
    Rule.NOT_JUST_REFUSED,
    Rule.ONLY_AGENT,
    Rule.NOT_EXCLUDED,
    Rule.LEVEL,
    Rule.LANGUAGES,
    Rule.TEAM,
    Rule.SKILL,
)


def why_of(receipt: Receipt) -> Why:
    """What stands between the call and those who are nearest to taking it: (code, value, value)."""
    lacks = [(one, [check for check in one.checks if check.excludes]) for one in receipt.considered]
    busy = [one for one, missing in lacks if missing and all(check.rule is Rule.STATE for check in missing)]
    if busy:
        return ("busy", _names(busy), "")
    others = [[check for check in missing if check.rule is not Rule.STATE] for _, missing in lacks if missing]
    fewest = min((len(missing) for missing in others), default=0)
    nearest = Counter(missing[0].rule for missing in others if missing and len(missing) == fewest)
    rule = next((one for one in _NEARNESS if nearest[one]), None)
    if rule is None:
        return ("nobody", "", "") if not any(not missing for _, missing in lacks) else NOTHING
    check = next(missing[0] for missing in others if len(missing) == fewest and missing[0].rule is rule)
    return (rule.value, _wanted(check, receipt), check.skill or receipt.skill)


def _wanted(check: Check, receipt: Receipt) -> str:
    if check.rule in {Rule.ONLY_AGENT, Rule.NOT_KEPT}:
        return next((one.name for one in receipt.considered if one.agent_id == check.wanted), check.wanted)
    return check.wanted


def _names(people: list[Considered]) -> str:
    shown = ", ".join(one.name for one in people[:MOST_NAMES])
    return shown if len(people) <= MOST_NAMES else f"{shown} +{len(people) - MOST_NAMES}"
