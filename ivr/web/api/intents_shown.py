"""Answers, groups and comparisons as the API gives them."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from ivr.editing.intents_compared import Compared
from ivr.editing.phrases_heard import HeardGroup
from ivr.intents.accuracy import Change, Figures, Verdict
from ivr.intents.explaining import Explained
from ivr.intents.held_back_runs import Failed, NotBegun, Ready, Standing, Underway
from ivr.intents.meaning import Doubtful, Intent
from ivr.web.editing.intents_look import Judging


def answer_shown(made: Explained, out_of_scope: str) -> Mapping[str, Any]:
    """An answer with its reasons."""
    meaning = made.meaning
    told: dict[str, Any] = {"intent": out_of_scope, "other": "", "reason": ""}
    match meaning:
        case Intent():
            told.update(outcome="understood", intent=meaning.name, confidence=meaning.confidence)
        case Doubtful():
            told.update(
                outcome="asked_back",
                intent=meaning.candidates[0],
                other=meaning.candidates[1],
                confidence=meaning.confidences[0],
            )
        case _:
            told.update(outcome="not_understood", reason=meaning.reason.value, confidence=meaning.confidence)
    return {
        **told,
        "slots": dict(meaning.slots),
        "decided_by": made.decided_by,
        "whole_phrase": made.whole_phrase,
        "words": made.words,
        "chances": [{"intent": name, "chance": chance} for name, chance in made.chances],
        "boosted": list(made.boosted),
        "refuse_above": made.refuse_above,
        "ask_below": made.ask_below,
        "certain": made.certain,
        "examples": [asdict(one) for one in made.examples],
        "weights": [asdict(one) for one in made.weights],
    }


def group_shown(group: HeardGroup) -> Mapping[str, Any]:
    """A group of what was not understood."""
    return {**asdict(group), "phrases": [asdict(one) for one in group.phrases]}


def comparison_shown(
    found: Judging, compare: Callable[[Judging], Compared | None], *, allowed: float
) -> Mapping[str, Any]:
    """A comparison, or how far it is."""
    made = compare(found)
    shown: dict[str, Any] = {
        "state": _state(found),
        "done": _done(found.live) + _done(found.draft),
        "steps": _steps(found.live) + _steps(found.draft),
        "is_same": found.is_same,
        "allowed": allowed,
        "is_refused": False,
        "phrases": 0,
        "changes": [],
        "live": [],
        "draft": [],
    }
    if made is None:
        return shown
    return {
        **shown,
        "is_refused": made.verdict.is_refused,
        "phrases": made.phrases,
        "changes": [_change("", made.verdict.whole, made.verdict)]
        + [_change(name, one, made.verdict) for name, one in made.verdict.intents.items()],
        "live": [_figures(language, one) for language, one in made.live.items()],
        "draft": [_figures(language, one) for language, one in made.draft.items()],
    }


def _state(found: Judging) -> str:
    both = (found.live, found.draft)
    if any(isinstance(one, Failed) for one in both):
        return "failed"
    if all(isinstance(one, Ready) for one in both):
        return "ready"
    return "not_begun" if all(isinstance(one, NotBegun | Ready) for one in both) else "underway"


def _done(standing: Standing) -> int:
    return standing.done if isinstance(standing, Underway) else int(isinstance(standing, Ready))


def _steps(standing: Standing) -> int:
    return standing.steps if isinstance(standing, Underway) else 1


def _change(name: str, one: Change, verdict: Verdict) -> Mapping[str, Any]:
    said = "worse" if name in verdict.worse else "doubted" if name in verdict.doubted else "fine"
    return {"intent": name, **asdict(one), "verdict": said}


def _figures(language: str, one: Figures) -> Mapping[str, Any]:
    return {
        "language": language,
        "accuracy": asdict(one.accuracy),
        "labels": list(one.labels),
        "intents": [asdict(intent) for intent in one.intents],
        "matrix": [
            {"truth": truth, "answered": answered, "phrases": count}
            for (truth, answered), count in sorted(one.matrix.items())
        ],
    }
