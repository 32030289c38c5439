"""How good a phrasebook is on held-back phrases, and whether another is worse by more than may be: counts, intervals, a verdict.

Two phrasebooks are compared on the same phrases, pair by pair: McNemar's exact test tells a loss from the noise of a lot. Pure.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb, sqrt
from typing import Final

from ivr.intents.held_back import Judged

# The 97.5th percentile of the normal distribution.
_DEVIATE: Final = 1.959963984540054
# A loss that chance alone would bring more often than one time in twenty is no loss; the usual level.
LEVEL: Final = 0.05
# One intent may lose more than all together: so many more times, since it has so many fewer phrases; judgement.
INTENT_LOSS_TIMES: Final = 5.0


@dataclass(frozen=True, kw_only=True)
class Rate:
    """A share with the interval that holds the true one 95 times in 100 (Wilson 1927); all None of nothing."""

    part: int
    whole: int
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, kw_only=True)
class IntentFigures:
    """How one intent fares."""

    intent: str
    recall: Rate  # of its phrases, those answered with it
    precision: Rate  # of the phrases answered with it, those that are its own
    asked_back: int  # of its phrases
    refused: int  # of its phrases, as out of scope


@dataclass(frozen=True, kw_only=True)
class Figures:
    """How a phrasebook fares on held-back phrases."""

    labels: tuple[str, ...]  # intents in the cards' order, out of scope last
    matrix: Mapping[tuple[str, str], int]  # (truth, answered): phrases; answered may be ASKED_BACK
    accuracy: Rate
    intents: tuple[IntentFigures, ...]


@dataclass(frozen=True, kw_only=True)
class Change:
    """What became of the same phrases from the live phrasebook to the draft."""

    phrases: int
    lost: int  # answered rightly by the live one alone
    won: int  # answered rightly by the draft alone
    worse_by: float  # share of phrases; below 0 where the draft is better
    low: float  # where the true difference lies, 95 times in 100
    high: float
    chance: float  # that a draft just as good would lose so much or more


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether a draft may be published."""

    allowed: float  # share of phrases by which it may be worse
    whole: Change
    intents: Mapping[str, Change]
    worse: tuple[str, ...]  # what is worse by more than may be: intents, and "" for all together
    doubted: tuple[str, ...]  # what seems so, and may be noise

    @property
    def is_refused(self) -> bool:
        """Whether it is worse by more than may be, beyond noise."""
        return bool(self.worse)


def rate(part: int, whole: int) -> Rate:
    """Return a share with Wilson's interval."""
    if not whole:
        return Rate(part=part, whole=whole, value=None, low=None, high=None)
    share, square = part / whole, _DEVIATE**2
    middle = (share + square / (2 * whole)) / (1 + square / whole)
    half = _DEVIATE / (1 + square / whole) * sqrt(share * (1 - share) / whole + square / (4 * whole**2))
    low = 0.0 if part == 0 else max(0.0, middle - half)
    return Rate(part=part, whole=whole, value=share, low=low, high=1.0 if part == whole else min(1.0, middle + half))


def figures(answers: Sequence[Judged], labels: Sequence[str], out_of_scope: str, language: str = "") -> Figures:
    """Count held-back answers, of one language or of all."""
    chosen = [one for one in answers if not language or one.language == language]
    matrix = Counter((one.truth, one.answered) for one in chosen)
    by_truth = Counter(one.truth for one in chosen)
    by_answer = Counter(one.answered for one in chosen)
    used = tuple(label for label in labels if by_truth[label] or by_answer[label])
    intents = tuple(
        IntentFigures(
            intent=label,
            recall=rate(matrix[label, label], by_truth[label]),
            precision=rate(matrix[label, label], by_answer[label]),
            asked_back=by_truth[label]
            - sum(count for (truth, answer), count in matrix.items() if truth == label and answer in labels),
            refused=0 if label == out_of_scope else matrix[label, out_of_scope],
        )
        for label in used
    )
    return Figures(
        labels=used,
        matrix=dict(matrix),
        accuracy=rate(sum(one.is_right for one in chosen), len(chosen)),
        intents=intents,
    )


def change(live: Sequence[Judged], draft: Sequence[Judged]) -> Change:
    """Compare answers to the same phrases, in the same order, with the same truth."""
    pairs = list(zip(live, draft, strict=True))
    lost = sum(before.is_right and not after.is_right for before, after in pairs)
    won = sum(after.is_right and not before.is_right for before, after in pairs)
    low, high = _interval(lost, won, len(pairs))
    return Change(
        phrases=len(pairs),
        lost=lost,
        won=won,
        worse_by=(lost - won) / len(pairs) if pairs else 0.0,
        low=low,
        high=high,
        chance=_chance(lost, won),
    )


def verdict(live: Sequence[Judged], draft: Sequence[Judged], *, allowed: float) -> Verdict:
    """Tell whether a draft is worse by more than `allowed`, over all phrases or for an intent, beyond what chance brings.

    Intents are held to their multiple of it (`INTENT_LOSS_TIMES`), and to Holm's correction, since many are looked at.
    """
    whole = change(live, draft)
    names = list(dict.fromkeys(one.truth for one in live))
    intents = {}
    for name in names:
        pairs = [(before, after) for before, after in zip(live, draft, strict=True) if before.truth == name]
        intents[name] = change([before for before, _ in pairs], [after for _, after in pairs])
    beyond = {name for name, one in intents.items() if one.worse_by > allowed * INTENT_LOSS_TIMES}
    sure = beyond & _beyond_noise({name: one.chance for name, one in intents.items()})
    is_worse = whole.worse_by > allowed
    return Verdict(
        allowed=allowed,
        whole=whole,
        intents=intents,
        worse=(*([""] if is_worse and whole.chance < LEVEL else []), *(name for name in names if name in sure)),
        doubted=(
            *([""] if is_worse and whole.chance >= LEVEL else []),
            *(name for name in names if name in beyond - sure),
        ),
    )


def _beyond_noise(chances: Mapping[str, float]) -> set[str]:
    """Holm's step-down procedure (Holm 1979)."""
    found: set[str] = set()
    for rank, name in enumerate(sorted(chances, key=lambda name: chances[name])):
        if chances[name] >= LEVEL / (len(chances) - rank):
            break
        found.add(name)
    return found


def _chance(lost: int, won: int) -> float:
    """McNemar's exact test, one-sided: as many or more of the phrases that changed were lost, where each way is as likely."""
    changed = lost + won
    ways: int = 2**changed
    return sum(comb(changed, k) for k in range(lost, changed + 1)) / ways


def _interval(lost: int, won: int, phrases: int) -> tuple[float, float]:
    """The interval of a difference of paired shares, half a count added to each cell (Agresti and Min 2005)."""
    if not phrases:
        return 0.0, 0.0
    more, less, all_ = lost + 0.5, won + 0.5, phrases + 2.0
    middle = (more - less) / all_
    half = _DEVIATE * sqrt(max(0.0, (more + less) - (more - less) ** 2 / all_)) / all_
    return max(-1.0, middle - half), min(1.0, middle + half)
