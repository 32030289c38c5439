"""What time alone takes away: words, evidence of voices, voiceprints that nobody uses, and whatever lost the consent it rests on.

One function, called by the ticker; each kind says how long it is kept and why in `docs/privacy.md`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from biometrics import watchlist
from biometrics.vault import Blocked, Vault
from ivr.calls import audio, callbacks, forgetting
from ivr.company.values import CompanySettings
from ivr.connectors import store as connectors
from ivr.customers import ledger
from ivr.customers.ledger import VOICE_VERIFICATION
from sealing.columns import ring_of

# A voice that is being collected comes to nothing after so long without a word; whoever calls that seldom begins anew. Judgement.
UNFINISHED: Final = timedelta(days=90)
# Spoken digits and one-time codes hold for minutes; the day leaves time to look into a complaint.
CHALLENGES: Final = timedelta(days=1)
# Half a year: patterns of attacks on one customer come back within months. Judgement.
ALERTS: Final = timedelta(days=180)
# The tables that hold something of a voice itself, beside voiceprints.
_VOICES: Final = ("call_voices", "collected_voices", "background_voices", "heard_fingerprints")
# How many calls lose their words at once: some thousand statements, a second or two in which others wait on SQLite.
MOST_CALLS: Final = 200


@dataclass(frozen=True, kw_only=True)
class Keeping:
    """How long what is kept, as an admin has set it."""

    words: timedelta
    voice: timedelta  # evidence, fingerprints
    voiceprints: timedelta  # since they were used last
    audio: timedelta | None = None  # since the consent was given; None leaves each turn the time that it was kept for


def keeping_of(own: CompanySettings) -> Keeping:
    """How long things are kept by the company's settings."""
    return Keeping(
        words=own.words,
        voice=timedelta(days=own.voice_days),
        voiceprints=timedelta(days=own.voiceprint_days),
        audio=own.audio,
    )


def forget_what_is_over(session: Session, keeping: Keeping, now: datetime) -> Mapping[str, int]:
    """Erase everything whose time is over or whose consent no longer stands; how many of what, those that were none left out."""
    vault = Vault(ring_of(session.connection()))
    counts = {
        "audio": audio.erase_what_is_over(session, now, longest=keeping.audio),
        "words": forgetting.forget_old_words(session, now - keeping.words, most=MOST_CALLS),
        "callbacks": callbacks.forget_ended(session, now - keeping.words),
        "voices_without_consent": _erase_voices_without_consent(session, vault),
        **vault.forget_old(
            session, now, evidence=keeping.voice, fingerprints=keeping.voice, unfinished=UNFINISHED,
            voiceprints=keeping.voiceprints, challenges=CHALLENGES, alerts=ALERTS,
        ),
        "watched_voices": watchlist.forget_ended(session, now),
        "staged_imports": connectors.forget_staged(session, now),
    }  # fmt: skip
    return {kind: count for kind, count in counts.items() if count}


def would_forget(session: Session, keeping: Keeping, now: datetime) -> Mapping[str, int]:
    """What would be erased if things were kept for so long, and is not erased by this: it is done, counted and undone.

    Needs a session that may write. The words of calls are counted and not emptied: they may be those of years.
    """
    vault = Vault(ring_of(session.connection()))
    undone = session.begin_nested()
    try:
        counts = {
            "words": forgetting.count_old_words(session, now - keeping.words),
            "audio": audio.erase_what_is_over(session, now, longest=keeping.audio),
            **vault.forget_old(
                session, now, evidence=keeping.voice, fingerprints=keeping.voice, unfinished=UNFINISHED,
                voiceprints=keeping.voiceprints, challenges=CHALLENGES, alerts=ALERTS,
            ),
        }  # fmt: skip
    finally:
        undone.rollback()
        session.expire_all()
    return {kind: count for kind, count in counts.items() if count}


def _erase_voices_without_consent(session: Session, vault: Vault) -> int:
    consenting = ledger.who_consents(session, VOICE_VERIFICATION)
    without = [one for one in vault.customers(session) if one not in consenting and _has_voice(session, vault, one)]
    for customer_id in without:
        vault.erase(session, customer_id)
    return len(without)


def _has_voice(session: Session, vault: Vault, customer_id: str) -> bool:
    """Whether it is a voice that is kept, and not only that one was asked for, or is blocked."""
    is_voice = not isinstance(vault.voiceprint_of(session, customer_id, encoder=""), Blocked | None)
    rows = vault.rows(session, customer_id)
    return is_voice or any(rows.get(table, 0) for table in _VOICES)
