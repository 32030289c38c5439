"""Many threads at once on one customer's voice, each act a transaction of its own: nothing lost, nothing counted twice."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from biometrics import tables
from biometrics.vault import Collected, Enrolled, NotCollected, Settled, Vault
from biometrics.vault_voiceprints import REJECTIONS_TO_LOCK
from ivr.database import session_factory
from tests.keys import RING
from tests.voices import accepted, sample, utterances, voice_of

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LINE = "line-ge2e:0123456789ab"
THREADS = 12
HEARD = {"customer_id": "c1", "encoder": LINE, "channel": "telephone", "now": NOW}


class Webhooks:
    """A vault, and acts on it that all begin at the same moment, each in its own transaction."""

    def __init__(self, engine: Engine) -> None:
        tables.Base.metadata.create_all(engine)
        self.sessions = session_factory(engine)
        self.vault = Vault(RING)

    def act(self, name: str, *args: Any, **named: Any) -> Any:
        with self.sessions.begin() as session:
            return getattr(self.vault, name)(session, *args, **named)

    def at_once(self, *acts: Callable[[], Any]) -> list[Any]:
        barrier = threading.Barrier(len(acts))

        def at_the_barrier(act: Callable[[], Any]) -> Any:
            barrier.wait()
            return act()

        with ThreadPoolExecutor(len(acts)) as pool:
            return list(pool.map(at_the_barrier, acts))

    def call(self, call_id: str, count: int, *, seed: int = 0) -> None:
        for turn, one in enumerate(utterances(0, count, seed=seed)):
            self.act("keep_sample", call_id=call_id, turn=turn, sample=one, **HEARD)


@pytest.fixture
def webhooks(engine: Engine) -> Webhooks:
    return Webhooks(engine)


def test_of_one_turn_looked_at_twelve_times_at_once_the_longest_look_stands(webhooks: Webhooks) -> None:
    looks = [sample(voice_of(0), 1.5 + number) for number in range(THREADS)]
    webhooks.at_once(
        *(
            lambda one=one: webhooks.act("keep_sample", call_id="CA1", turn=1, sample=one, **HEARD)  # type: ignore[misc]  # a lambda's default
            for one in looks
        )
    )
    assert webhooks.act("evidence_of", "CA1", "c1", LINE).net_speech_seconds == 1.5 + THREADS - 1
    assert webhooks.act("rows")["call_voices"] == 1


def test_a_call_collected_twelve_times_at_once_is_collected_once(webhooks: Webhooks) -> None:
    webhooks.call("CA1", 4)
    done = webhooks.at_once(*[lambda: webhooks.act("collect", "CA1", "c1", NOW)] * THREADS)
    assert all(isinstance(one, Collected) for one in done)
    assert webhooks.act("voiceprint_of", "c1", LINE).progress.net_seconds == pytest.approx(16.0)


def test_calls_of_one_customer_that_end_together_all_count(webhooks: Webhooks) -> None:
    for number in range(6):
        webhooks.call(f"CA{number}", 2, seed=number)
    done = webhooks.at_once(
        *(
            lambda call_id=f"CA{number}": webhooks.act("collect", call_id, "c1", NOW)  # type: ignore[misc]  # a lambda's default
            for number in range(6)
        )
    )
    # 30 seconds are reached by the fourth of them; what comes later finds a voice enrolled.
    assert sum(isinstance(one, Collected) and one.is_enrolled for one in done) == 1
    assert sum(isinstance(one, NotCollected) for one in done) == 2
    known = webhooks.act("voiceprint_of", "c1", LINE)
    assert isinstance(known, Enrolled)
    assert known.voiceprint.net_speech_seconds == pytest.approx(32.0)
    with webhooks.sessions() as session:
        went = select(tables.CallVoice.went_into, func.count()).group_by(tables.CallVoice.went_into)
        assert dict(map(tuple, session.execute(went))) == {"voiceprint": 8, "": 4}


@pytest.mark.parametrize("is_known", [True, False])
def test_every_rejection_is_counted_and_the_third_locks(webhooks: Webhooks, *, is_known: bool) -> None:
    if is_known:
        webhooks.act("begin_anew", "c1", NOW)
    answers = webhooks.at_once(*[lambda: webhooks.act("note_rejection", "c1", NOW)] * THREADS)
    assert Counter(answers) == {False: REJECTIONS_TO_LOCK - 1, True: THREADS - REJECTIONS_TO_LOCK + 1}
    with webhooks.sessions() as session:
        assert session.scalar(select(tables.VoiceprintRow.rejections)) == THREADS


def test_a_decision_delivered_twelve_times_at_once_is_new_once(webhooks: Webhooks) -> None:
    named = {"call_id": "CA1", "turn": 1, "customer_id": "c1", "way": "voice", "decision": accepted(), "now": NOW}
    answers = webhooks.at_once(*[lambda: webhooks.act("keep_decision", **named)] * THREADS)
    assert Counter(answers) == {True: 1, False: THREADS - 1}
    assert webhooks.act("rows")["voice_decisions"] == 1


def test_guesses_at_a_code_at_once_are_three_at_the_most(webhooks: Webhooks) -> None:
    asked = {"call_id": "CA1", "way": "code", "customer_id": "c1"}
    webhooks.at_once(*[lambda: webhooks.act("keep_challenge", **asked, secret="493021", now=NOW)] * THREADS)
    guess = [lambda: webhooks.act("settle_challenge", "CA1", "code", "c1", said="000000", now=NOW)] * THREADS
    assert Counter(webhooks.at_once(*guess)) == {Settled.WRONG: 3, Settled.USED_UP: THREADS - 3}


def test_a_lesson_learnt_by_twelve_at_once_is_learnt_once(webhooks: Webhooks) -> None:
    webhooks.call("CA1", 8)
    webhooks.act("collect", "CA1", "c1", NOW)
    webhooks.call("CA2", 2, seed=3)
    moved = webhooks.at_once(*[lambda: webhooks.act("adapt", "CA2", "c1", accepted(), NOW)] * THREADS)
    assert Counter(moved) == {True: 1, False: THREADS - 1}
    assert len(webhooks.act("voiceprint_of", "c1", LINE).voiceprint.samples) == 9


def test_a_background_voice_kept_by_many_at_once_is_one(webhooks: Webhooks) -> None:
    keep = [lambda: webhooks.act("keep_background", "c1", LINE, voice_of(1), NOW)] * THREADS
    webhooks.at_once(*keep)
    assert webhooks.act("background", LINE) == {"c1": voice_of(1)}
