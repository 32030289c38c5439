"""What time takes away, on both databases: each kind at its own age and not before, and whatever lost its consent at once."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

from biometrics.vault import Vault
from ivr import database
from ivr.calls import retention, store
from ivr.calls.retention import Keeping
from tests.everything import ENCODER, GIULIA, MARIO, call, filled
from tests.keys import RING
from tests.telephone import MONDAY_TEN

DAY = timedelta(days=1)
KEEPING = Keeping(words=365 * DAY, voice=30 * DAY, voiceprints=730 * DAY)


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    filled(engine)
    return database.session_factory(engine)


def forget(sessions: sessionmaker[Session], at: datetime) -> Mapping[str, int]:
    with sessions.begin() as session:
        return retention.forget_what_is_over(session, KEEPING, at)


def test_each_kind_goes_at_its_own_age(sessions: sessionmaker[Session]) -> None:
    ages = {
        retention.CHALLENGES: {"voice_challenges"},
        KEEPING.voice: {"call_voices", "heard_fingerprints", "voice_decisions", "audio"},
        retention.ALERTS: {"voice_alerts"},
        KEEPING.words: {"words"},
        # With a voiceprint goes its place among the line's voices.
        KEEPING.voiceprints: {"voiceprints"},
    }
    for age, kinds in ages.items():
        assert set(forget(sessions, MONDAY_TEN + age - timedelta(seconds=1))) == set()
        # A consent to sound that is two minutes younger than the first answer lets it be kept two minutes longer.
        assert set(forget(sessions, MONDAY_TEN + age + timedelta(minutes=3))) == kinds
    with sessions() as session:
        assert not any(Vault(RING).rows(session).values())


def test_old_words_are_gone_and_the_call_is_still_counted(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        call(session, MARIO, "CAyoung", MARIO.customer_id, MONDAY_TEN + 300 * DAY, status=store.ENDED)
        call(session, MARIO, "CAlive", MARIO.customer_id, MONDAY_TEN, status=store.TALKING)
    assert forget(sessions, MONDAY_TEN + 366 * DAY)["words"] == 4
    with sessions() as session:
        for call_id in (*GIULIA.calls, *MARIO.calls):
            assert store.words_of(session, call_id) == ""
            assert {turn.prompt + turn.answer + turn.keys for turn in store.turns(session, call_id)} == {""}
        row = store.call(session, GIULIA.calls[0])
        assert row is not None
        assert (row.customer_id, row.reason, row.state) == (GIULIA.customer_id, "complaint", "")
        assert MARIO.words in store.words_of(session, "CAyoung")
        assert MARIO.words in store.words_of(session, "CAlive")


def test_many_old_calls_lose_their_words_in_several_goes(
    sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "MOST_CALLS", 3)
    late = MONDAY_TEN + 366 * DAY
    assert [forget(sessions, late).get("words", 0) for _ in range(3)] == [3, 1, 0]


def test_voice_whose_consent_is_gone_however_that_came_about_is_erased(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        session.execute(text("DELETE FROM consents WHERE customer_id = :id"), {"id": GIULIA.customer_id})
    assert forget(sessions, MONDAY_TEN)["voices_without_consent"] == 1
    with sessions() as session:
        assert not any(Vault(RING).rows(session, GIULIA.customer_id).values())
        assert any(Vault(RING).rows(session, MARIO.customer_id).values())
    assert "voices_without_consent" not in forget(sessions, MONDAY_TEN)


def test_code_that_was_sent_to_who_gave_no_consent_stays_while_it_holds(sessions: sessionmaker[Session]) -> None:
    vault = Vault(RING)
    with sessions.begin() as session:
        vault.keep_challenge(session, call_id="CA9", way="code", customer_id="K003", secret="1234", now=MONDAY_TEN)
        vault.block(session, "K003", MONDAY_TEN)
    assert "voices_without_consent" not in forget(sessions, MONDAY_TEN + timedelta(hours=1))
    with sessions() as session:
        assert vault.challenge_of(session, "CA9", "code", "K003") is not None
        assert vault.voiceprint_of(session, "K003", ENCODER) is not None


def test_what_a_shorter_time_would_erase_is_counted_and_nothing_is_gone(sessions: sessionmaker[Session]) -> None:
    shorter = Keeping(words=10 * DAY, voice=10 * DAY, voiceprints=730 * DAY, audio=10 * DAY)
    at = MONDAY_TEN + 11 * DAY
    with sessions.begin() as session:
        counted = retention.would_forget(session, shorter, at)
    assert {"words", "audio", "call_voices"} <= set(counted)
    assert forget(sessions, at).keys() == {"voice_challenges"}
    # What was counted is what goes, once the shorter time counts.
    with sessions.begin() as session:
        done = retention.forget_what_is_over(session, shorter, at)
    assert {kind: counted[kind] for kind in done} == done
