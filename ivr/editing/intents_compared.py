"""The draft's phrases against the live ones, on phrases that neither model has seen; and the gate that a version must pass.

Every phrase of either is asked of both: each answers its own while they are held back, and the other's without having them. What
a phrase means is what the draft says, where the draft has it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy.orm import Session

from ivr.editing.documents import Documents
from ivr.editing.findings import ADVICE, ERROR
from ivr.editing.gates import Gate, GateFinding
from ivr.intents.accuracy import LEVEL, Change, Figures, Verdict, figures, verdict
from ivr.intents.held_back import rows_of
from ivr.intents.held_back_runs import Failed, HeldBackRuns, Ready
from ivr.intents.phrases import Phrasebook, PhrasesError, phrasebook_of
from prompts.told import Told

GATE = "intents"


@dataclass(frozen=True, kw_only=True)
class Compared:
    """How the draft fares beside what is live."""

    live: Mapping[str, Figures]  # by language, "" for all together
    draft: Mapping[str, Figures]
    verdict: Verdict
    phrases: int  # that both were asked


def compared(runs: HeldBackRuns, live: Ready, draft: Ready, *, allowed: float) -> Compared:
    """Compare two judged phrasebooks. New phrases are encoded, some 20 ms each."""
    rows = rows_of_both(live.understanding.book, draft.understanding.book)
    return Compared(
        live=of_languages(live),
        draft=of_languages(draft),
        verdict=verdict(runs.answers_to(live, rows), runs.answers_to(draft, rows), allowed=allowed),
        phrases=len(rows),
    )


def rows_of_both(live: Phrasebook, draft: Phrasebook) -> Sequence[tuple[str, str, str]]:
    """Every phrase of either whose intent the draft has: language, text, intent as the draft has it."""
    intents = {intent for _, _, intent in rows_of(draft)}
    meant = {(language, text): intent for language, text, intent in rows_of(live) if intent in intents}
    meant.update({(language, text): intent for language, text, intent in rows_of(draft)})
    return tuple((language, text, intent) for (language, text), intent in meant.items())


def of_languages(ready: Ready) -> Mapping[str, Figures]:
    """Count a judged phrasebook's answers, for each language and for all."""
    book = ready.understanding.book
    labels = (*book.cards, book.out_of_scope)
    return MappingProxyType(
        {language: figures(ready.answers, labels, book.out_of_scope, language) for language in ("", *book.languages)}
    )


def intents_gate(runs: HeldBackRuns, allowed: Callable[[], float]) -> Gate:
    """Make the gate; `allowed` is the share of phrases by which a version may be worse, as it is set now."""

    def gate(_session: Session, documents: Documents, base: Documents | None) -> Sequence[GateFinding]:
        if base is None or base.intents == documents.intents:
            return ()
        try:
            live, draft = phrasebook_of(base.intents), phrasebook_of(documents.intents)
        except PhrasesError:
            # The checker says so.
            return ()
        if live.digest == draft.digest:
            return ()
        judged = runs.result(live), runs.result(draft)
        if isinstance(judged[0], Failed) or isinstance(judged[1], Failed):
            return (
                _finding(
                    ERROR, Told("the phrases could not be judged on held-back examples"), Told("Look into the log")
                ),
            )
        return findings(compared(runs, judged[0], judged[1], allowed=allowed()).verdict)

    return gate


def findings(found: Verdict) -> tuple[GateFinding, ...]:
    """What a verdict says of a version, in words."""
    lost = tuple(_lost(found, name, ERROR) for name in found.worse)
    doubted = tuple(_lost(found, name, ADVICE) for name in found.doubted)
    return (*lost, *doubted)


def _lost(found: Verdict, name: str, severity: str) -> GateFinding:
    one: Change = found.intents[name] if name else found.whole
    sure = (
        Told("chance alone brings that %(chance)s of the time", chance=f"{one.chance:.2%}")
        if severity == ERROR
        else Told(
            "that may be chance (%(chance)s of the time; %(level)s is the bound)",
            chance=f"{one.chance:.0%}",
            level=f"{LEVEL:.0%}",
        )
    )
    message = Told(
        "%(worse)s %(whose)s held back are no longer understood (%(lost)s lost, %(won)s won of %(phrases)s); "
        "allowed are %(allowed)s, for one intent five times as much; %(sure)s",
        worse=f"{one.worse_by:.1%}",
        whose=Told("of the phrases of %(intent)s", intent=name) if name else Told("of all phrases"),
        lost=one.lost,
        won=one.won,
        phrases=one.phrases,
        allowed=f"{found.allowed:.1%}",
        sure=sure,
    )
    remedy = Told("Look at the confusion matrix, and at what was moved or removed")
    return _finding(severity, message, remedy, name)


def _finding(severity: str, message: str, remedy: str, intent: str = "") -> GateFinding:
    return GateFinding(
        gate=GATE, severity=severity, message=message, remedy=remedy, place=f"intent {intent}" if intent else ""
    )
