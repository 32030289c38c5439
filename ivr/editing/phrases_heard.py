"""What callers said that was not understood, as an admin may read it: redacted, grouped, counted, with an intent to add it to.

Words of somebody who is not known to want them remembered are shown only where several calls said alike: what one caller alone
has said, in their way, is theirs. What has been added to the draft, or put aside, is shown no more.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.audit.store import Actor, note
from ivr.calls.not_understood import Unheard, not_understood
from ivr.editing.phrases_tables import PhraseDismissed
from ivr.intents.grouping import grouped
from ivr.intents.phrases import Phrasebook
from ivr.intents.redaction import filled, is_redacted, redacted
from ivr.intents.understanding import Understanding
from ivr.intents.words import normalise
from routing.figures_periods import Period

# So many calls must have said alike where nobody has consented: the least that hides one. Judgement.
FEWEST_CALLS: Final = 2
# Up to so many phrases are compared by the encoder, a second or two; more by their words.
FEW: Final = 60
# Where nothing but placeholders is left, there is nothing to learn.
_FEWEST_WORDS: Final = 1
# For so many groups an intent is proposed: each takes the encoder some 25 ms.
PROPOSED: Final = 30


@dataclass(kw_only=True)
class _Said:
    """One phrase, over all calls."""

    text: str
    calls: set[str] = field(default_factory=set)
    nodes: Counter[str] = field(default_factory=Counter)
    whys: Counter[str] = field(default_factory=Counter)
    times: int = 0
    is_consented: bool = False
    last_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class HeardPhrase:
    """A phrase as it is shown."""

    text: str  # redacted
    example: str  # what it would be added as: with something made up in place of each placeholder
    times: int


@dataclass(frozen=True, kw_only=True)
class HeardGroup:
    """Phrases that say much the same."""

    language: str
    phrases: tuple[HeardPhrase, ...]  # the most typical first
    times: int
    calls: int
    nodes: tuple[str, ...]  # where it was said, the most often first
    whys: Mapping[str, int]
    last_at: datetime
    intent: str  # where it may belong, "" where nothing is proposed
    chance: float | None


def heard_groups(
    session: Session, period: Period, *, book: Phrasebook, understanding: Understanding, language: str = ""
) -> tuple[HeardGroup, ...]:
    """The groups of a period, those that were said most often first; `book` is the draft's, the understanding what is live."""
    put_aside = dismissed(session)
    known = words_of(book)
    by_language: dict[str, dict[str, _Said]] = defaultdict(dict)
    for one in not_understood(session, period):
        if one.language in book.languages and (not language or one.language == language):
            _gather(by_language[one.language], one, known.get(one.language, frozenset()))
    found: list[HeardGroup] = []
    for spoken, said in by_language.items():
        own = {phrase.text for phrase in book.phrases if phrase.language == spoken}
        left = [
            one
            for one in said.values()
            if key_of(spoken, one.text) not in put_aside and normalise(filled(one.text, spoken)) not in own
        ]
        found.extend(_groups(left, spoken, understanding))
    found.sort(key=lambda group: (-group.times, group.phrases[0].text))
    return tuple(_proposed(group, understanding) if place < PROPOSED else group for place, group in enumerate(found))


def dismiss(session: Session, phrases: Sequence[str], language: str, *, by: Actor, now: datetime) -> int:
    """Put phrases aside, as they were shown; how many were not aside before."""
    added = 0
    for text in dict.fromkeys(phrases):
        key = key_of(language, text)
        if session.get(PhraseDismissed, key) is None:
            session.add(PhraseDismissed(phrase=key, by_name=by.name[:120], at=now))
            added += 1
    if added:
        # How many, and not which: what stands in the trail can never be taken out of it.
        note(session, by=by, act="phrases.dismissed", subject=f"phrases {language}", after={"phrases": added}, now=now)
    return added


def dismissed(session: Session) -> frozenset[str]:
    """What has been put aside, by `key_of`."""
    return frozenset(session.scalars(select(PhraseDismissed.phrase)))


def key_of(language: str, text: str) -> str:
    """What a phrase is put aside by."""
    return hashlib.sha256(f"{language}\n{normalise(text)}".encode()).hexdigest()


def words_of(book: Phrasebook) -> Mapping[str, Collection[str]]:
    """The words of the examples, by language: nobody's names."""
    found: dict[str, set[str]] = defaultdict(set)
    for phrase in book.phrases:
        found[phrase.language].update(phrase.text.split())
    return found


def _gather(said: dict[str, _Said], one: Unheard, known: Collection[str]) -> None:
    text = redacted(one.words, one.language, names=one.names, known=known)
    plain = normalise(filled(text, one.language))
    has_words = any(not is_redacted(word) and normalise(word) for word in text.split())
    if not plain or not has_words or len(plain.split()) < _FEWEST_WORDS:
        return
    entry = said.setdefault(plain, _Said(text=text))
    entry.calls.add(one.call_id)
    entry.nodes[one.node] += 1
    entry.whys[one.why] += 1
    entry.times += 1
    entry.is_consented = entry.is_consented or one.is_consented
    entry.last_at = one.at if entry.last_at is None else max(entry.last_at, one.at)


def _groups(said: Sequence[_Said], language: str, understanding: Understanding) -> list[HeardGroup]:
    plain = [normalise(filled(one.text, language)) for one in said]
    encoder = understanding.encoder
    vectors = encoder.encode(plain) if encoder is not None and 1 < len(plain) <= FEW else None
    made = []
    for group in grouped(plain, vectors):
        members = [said[place] for place in group.members]
        calls = {call for one in members for call in one.calls}
        shown = members if len(calls) >= FEWEST_CALLS else [one for one in members if one.is_consented]
        if shown:
            made.append(_group(shown, language))
    return made


def _group(members: Sequence[_Said], language: str) -> HeardGroup:
    nodes: Counter[str] = Counter()
    whys: Counter[str] = Counter()
    for one in members:
        nodes.update(one.nodes)
        whys.update(one.whys)
    return HeardGroup(
        language=language,
        phrases=tuple(
            HeardPhrase(text=one.text, example=normalise(filled(one.text, language)), times=one.times)
            for one in members
        ),
        times=sum(one.times for one in members),
        calls=len({call for one in members for call in one.calls}),
        nodes=tuple(node for node, _ in nodes.most_common(3)),
        whys=dict(whys),
        last_at=max(one.last_at for one in members if one.last_at is not None),
        intent="",
        chance=None,
    )


def _proposed(group: HeardGroup, understanding: Understanding) -> HeardGroup:
    chances = understanding.scores(group.phrases[0].example)
    inside = {name: chance for name, chance in chances.items() if name != understanding.book.out_of_scope}
    if not inside:
        return group
    likeliest = max(inside, key=lambda name: inside[name])
    return HeardGroup(**{**group.__dict__, "intent": likeliest, "chance": inside[likeliest]})
