"""What is kept of voices, on both databases: counted once, sealed, locked, following its voice, and gone when it is erased."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session, sessionmaker

from biometrics import tables, vault
from biometrics.decision import Decision, Inconclusive, Missing, NotTheVoice, Rejected
from biometrics.enrolment import RENEW_AFTER
from biometrics.evidence import NotASample
from biometrics.vault import (
    Blocked,
    Collected,
    Collecting,
    Enrolled,
    NotCollected,
    OtherEncoder,
    Settled,
    Unreadable,
    Vault,
    WhyNotCollected,
)
from biometrics.voiceprint import Sample, similarity, together
from ivr.database import session_factory
from sealing.keys import KeyRing
from tests.keys import DATA_KEYS, RING, key
from tests.voices import accepted, at_cosine, sample, utterances, voice_of

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LINE = "line-ge2e:0123456789ab"
REJECTED = Rejected(reason=NotTheVoice.UNLIKE, measured=None)
KEPT_FOR = {
    "evidence": timedelta(days=30),
    "fingerprints": timedelta(days=30),
    "unfinished": timedelta(days=90),
    "voiceprints": timedelta(days=730),
    "challenges": timedelta(days=1),
    "alerts": timedelta(days=180),
}


class Line:
    """A vault on a database, each act a transaction of its own, and a clock."""

    def __init__(self, engine: Engine) -> None:
        self.sessions: sessionmaker[Session] = session_factory(engine)
        self.vault = Vault(RING)
        self.now = NOW
        self.calls = 0

    def says(self, act: str, *args: Any, **named: Any) -> Any:
        """What the vault answers to one of its methods."""
        with self.sessions.begin() as session:
            return getattr(self.vault, act)(session, *args, **named)

    def heard(
        self, call_id: str, turn: int, one: Sample | NotASample, *, customer_id: str = "c1", encoder: str = LINE
    ) -> bool:
        named = {"sample": one, "encoder": encoder, "channel": "telephone", "now": self.now}
        kept: bool = self.says("keep_sample", call_id=call_id, turn=turn, customer_id=customer_id, **named)
        return kept

    def call(self, *samples: Sample | NotASample, customer_id: str = "c1", encoder: str = LINE) -> str:
        """A call whose turns were heard so."""
        self.calls += 1
        call_id = f"CA{self.calls}"
        for turn, one in enumerate(samples):
            self.heard(call_id, turn, one, customer_id=customer_id, encoder=encoder)
        return call_id

    def collect(self, call_id: str, customer_id: str = "c1") -> Any:
        return self.says("collect", call_id, customer_id, self.now)

    def enrol(self, speaker: int = 0, *, customer_id: str = "c1", encoder: str = LINE) -> str:
        call_id = self.call(*utterances(speaker, 8), customer_id=customer_id, encoder=encoder)
        done = self.collect(call_id, customer_id)
        assert isinstance(done, Collected)
        assert done.is_enrolled
        return call_id

    def known(self, customer_id: str = "c1", *, encoder: str = LINE) -> Any:
        return self.says("voiceprint_of", customer_id, encoder)

    def decided(self, call_id: str, turn: int, decision: Decision | Settled, *, way: str = "voice") -> bool:
        named = {"customer_id": "c1", "way": way, "decision": decision, "now": self.now}
        kept: bool = self.says("keep_decision", call_id=call_id, turn=turn, **named)
        return kept

    def rows(self, customer_id: str = "c1") -> dict[str, int]:
        counts: dict[str, int] = self.says("rows", customer_id)
        return {name: count for name, count in counts.items() if count}


@pytest.fixture
def line(engine: Engine) -> Iterator[Line]:
    tables.Base.metadata.create_all(engine)
    return Line(engine)


class TestSamples:
    def test_a_call_gives_as_evidence_every_turn_that_counts(self, line: Line) -> None:
        one, two = utterances(0, 2)
        call_id = line.call(one, NotASample(reason="noisy", net_speech_seconds=5.0), two)
        evidence = line.says("evidence_of", call_id, "c1", LINE)
        assert [kept.net_speech_seconds for kept in evidence.samples] == [4.0, 4.0]
        assert evidence.samples[1].embedding == pytest.approx(two.embedding, abs=1e-6)
        assert line.says("refusals_of", call_id, "c1") == ((1, "noisy"),)
        assert line.says("evidence_of", call_id, "c1", LINE, turn=2).net_speech_seconds == 4.0

    def test_of_a_turn_the_look_that_heard_most_stands_whichever_comes_last(self, line: Line) -> None:
        short, longer = sample(voice_of(0), 2.0), sample(voice_of(0), 4.0)
        assert line.heard("CA1", 0, short)
        assert line.heard("CA1", 0, longer)
        assert not line.heard("CA1", 0, longer)
        assert not line.heard("CA1", 0, short)
        assert line.says("evidence_of", "CA1", "c1", LINE).net_speech_seconds == 4.0

    def test_a_refusal_that_heard_more_overrules_the_sample_before(self, line: Line) -> None:
        line.heard("CA1", 0, sample(voice_of(0), 4.0))
        assert line.heard("CA1", 0, NotASample(reason="several_speakers", net_speech_seconds=6.0))
        assert line.says("evidence_of", "CA1", "c1", LINE) is None

    def test_of_two_looks_at_the_same_speech_the_one_that_refuses_stands(self, line: Line) -> None:
        refusal = NotASample(reason="replayed", net_speech_seconds=4.0)
        line.heard("CA1", 0, sample(voice_of(0), 4.0))
        assert line.heard("CA1", 0, refusal)
        assert not line.heard("CA1", 0, refusal)
        assert not line.heard("CA1", 0, sample(voice_of(0), 4.0))
        assert line.says("refusals_of", "CA1", "c1") == ((0, "replayed"),)

    def test_nothing_counts_for_another_customer_call_or_encoder(self, line: Line) -> None:
        call_id = line.call(*utterances(0, 1))
        assert line.says("evidence_of", call_id, "c2", LINE) is None
        assert line.says("evidence_of", "CA99", "c1", LINE) is None
        assert line.says("evidence_of", call_id, "c1", "ecapa:folder") is None

    def test_a_voice_is_no_proof_of_the_voiceprint_that_was_made_of_it(self, line: Line) -> None:
        enrolled_by = line.enrol()
        assert line.says("evidence_of", enrolled_by, "c1", LINE) is None
        line.heard(enrolled_by, 20, utterances(0, 1, seed=4)[0])
        assert line.says("evidence_of", enrolled_by, "c1", LINE).net_speech_seconds == 4.0


class TestEnrolment:
    def test_collecting_over_several_calls_adds_up(self, line: Line) -> None:
        missing = [line.collect(line.call(*utterances(0, 2, seed=call))).progress.seconds_missing for call in range(3)]
        assert missing == pytest.approx([22.0, 14.0, 6.0])
        known = line.known()
        assert isinstance(known, Collecting)
        assert known.progress.seconds_missing == pytest.approx(6.0)
        done = line.collect(line.call(*utterances(0, 2, seed=9)))
        assert done.is_enrolled
        known = line.known()
        assert isinstance(known, Enrolled)
        assert known.voiceprint.net_speech_seconds == pytest.approx(32.0)
        assert known.voiceprint.enrolled_at == NOW
        assert line.rows() == {"voiceprints": 1, "call_voices": 8}

    def test_a_webhook_that_comes_again_collects_nothing_twice(self, line: Line) -> None:
        call_id = line.call(*utterances(0, 2))
        assert line.collect(call_id) == line.collect(call_id)
        assert line.known().progress.net_seconds == pytest.approx(8.0)

    def test_a_call_without_a_voice_begins_nothing(self, line: Line) -> None:
        done = line.collect(line.call(NotASample(reason="short")))
        assert done.progress.seconds_missing == 30.0
        assert line.known() is None
        assert line.rows() == {"call_voices": 1}

    def test_an_enrolled_young_voice_is_not_collected_again(self, line: Line) -> None:
        line.enrol()
        again = line.collect(line.call(*utterances(1, 8)))
        assert again == NotCollected(reason=WhyNotCollected.ENROLLED)

    def test_somebody_elses_utterance_is_left_out(self, line: Line) -> None:
        done = line.collect(line.call(*utterances(0, 7), *utterances(1, 1)))
        assert done.progress.odd == (7,)
        assert not done.is_enrolled

    def test_an_old_voice_is_renewed_by_calls_that_it_accepted(self, line: Line) -> None:
        line.enrol()
        line.now += RENEW_AFTER
        unproved = line.collect(line.call(*utterances(0, 8, seed=2)))
        assert unproved == NotCollected(reason=WhyNotCollected.NOT_PROVED)
        call_id = line.call(*utterances(0, 4, seed=3))
        line.decided(call_id, 1, accepted())
        assert not line.collect(call_id).is_enrolled
        assert line.known().voiceprint.enrolled_at == NOW
        call_id = line.call(*utterances(0, 4, seed=4))
        line.decided(call_id, 1, accepted())
        assert line.collect(call_id).is_enrolled
        assert line.known().voiceprint.enrolled_at == line.now

    def test_a_renewal_by_another_voice_is_thrown_away(self, line: Line) -> None:
        line.enrol()
        before = line.known().voiceprint
        line.now += RENEW_AFTER
        call_id = line.call(*utterances(1, 8))
        line.decided(call_id, 1, accepted())
        assert line.collect(call_id) == NotCollected(reason=WhyNotCollected.OTHER_VOICE)
        assert line.known().voiceprint == before
        assert "collected_voices" not in line.rows()

    def test_beginning_anew_forgets_the_voice_and_not_the_lock(self, line: Line) -> None:
        line.enrol()
        for _ in range(3):
            line.says("note_rejection", "c1", NOW)
        line.says("begin_anew", "c1", NOW)
        assert line.known() is None
        assert line.says("is_locked", "c1")
        assert line.collect(line.call(*utterances(0, 8, seed=2))) == NotCollected(reason=WhyNotCollected.LOCKED)
        assert line.says("unlock", "c1")
        assert line.collect(line.call(*utterances(0, 8, seed=3))).is_enrolled


class TestAnotherEncoder:
    def test_a_voiceprint_of_another_encoder_is_never_compared_and_serves_until_the_new_one_is_whole(
        self, line: Line
    ) -> None:
        line.enrol(encoder="ecapa:folder")
        assert line.known() == OtherEncoder(encoder="ecapa:folder")
        assert not line.collect(line.call(*utterances(0, 4))).is_enrolled
        assert line.known() == OtherEncoder(encoder="ecapa:folder")
        assert isinstance(line.known(encoder="ecapa:folder"), Enrolled)
        assert line.collect(line.call(*utterances(0, 4, seed=1))).is_enrolled
        assert isinstance(line.known(), Enrolled)
        assert line.known(encoder="ecapa:folder") == OtherEncoder(encoder=LINE)

    def test_kept_sound_enrols_anew_and_done_again_comes_to_the_same(self, line: Line) -> None:
        line.enrol(encoder="ecapa:folder")
        named = {"encoder": LINE, "channel": "telephone", "now": NOW}
        for _ in range(2):
            done = line.says("re_enrol_from", "c1", utterances(0, 4), **named)
            assert done.progress.net_seconds == pytest.approx(16.0)
        assert line.says("re_enrol_from", "c1", utterances(0, 8), **named).is_enrolled
        again = line.says("re_enrol_from", "c1", utterances(1, 8), **named)
        assert again == NotCollected(reason=WhyNotCollected.ENROLLED)

    def test_a_collection_of_another_encoder_begins_anew(self, line: Line) -> None:
        line.collect(line.call(*utterances(0, 4), encoder="ecapa:folder"))
        assert line.known().progress.seconds_missing == 30.0
        assert line.collect(line.call(*utterances(0, 2))).progress.net_seconds == pytest.approx(8.0)

    def test_samples_of_other_sizes_under_one_name_are_refused(self, line: Line) -> None:
        line.collect(line.call(*utterances(0, 2)))
        assert line.collect(line.call(sample((1.0, 0.0)))).reason is WhyNotCollected.UNREADABLE


class TestAdaptation:
    def test_a_surely_accepted_call_moves_the_voiceprint_once(self, line: Line) -> None:
        line.enrol()
        line.now += timedelta(days=1)
        call_id = line.call(*utterances(0, 2, seed=3))
        assert line.says("adapt", call_id, "c1", accepted(), line.now)
        assert not line.says("adapt", call_id, "c1", accepted(), line.now)
        known = line.known()
        assert (known.enrolled, len(known.voiceprint.samples)) == (8, 9)
        assert (known.voiceprint.heard_at, known.voiceprint.enrolled_at) == (line.now, NOW)
        assert line.says("evidence_of", call_id, "c1", LINE) is None

    @pytest.mark.parametrize("decision", [accepted(surely=False), REJECTED, Inconclusive(reason=Missing.CERTAINTY)])
    def test_any_other_call_moves_nothing(self, line: Line, decision: Decision) -> None:
        line.enrol()
        assert not line.says("adapt", line.call(*utterances(0, 2, seed=3)), "c1", decision, NOW)
        assert len(line.known().voiceprint.samples) == 8

    def test_an_impostor_who_is_always_accepted_never_takes_the_voiceprint_over(self, line: Line) -> None:
        line.enrol()
        enrolled = line.known().voiceprint.samples
        centre = together(enrolled)
        for cosine in (0.99, 0.95, 0.93, *[0.9301] * 12, 0.89, 0.5, 0.0):
            line.says("adapt", line.call(sample(at_cosine(centre, cosine, towards=1), 3.0)), "c1", accepted(), NOW)
        moved = line.known()
        assert moved.voiceprint.samples[: moved.enrolled] == enrolled
        assert similarity(together(moved.voiceprint.samples), centre) > 0.97

    def test_a_locked_claim_learns_nothing(self, line: Line) -> None:
        line.enrol()
        for _ in range(3):
            line.says("note_rejection", "c1", NOW)
        assert not line.says("adapt", line.call(*utterances(0, 2, seed=3)), "c1", accepted(), NOW)


class TestDecisionsAndLock:
    def test_a_decision_is_kept_once_a_turn_and_way(self, line: Line) -> None:
        assert line.decided("CA1", 1, REJECTED)
        assert not line.decided("CA1", 1, accepted())
        assert line.decided("CA1", 1, accepted(), way="digits")
        assert line.decided("CA1", 2, Inconclusive(reason=Missing.SPEECH, detail="1.0 of 3.0 seconds"))
        assert line.decided("CA1", 2, Settled.WRONG, way="code")
        kept = line.says("decisions_of", "CA1")
        assert [(one.turn, one.way, one.outcome) for one in kept] == [
            (1, "voice", "rejected"),
            (1, "digits", "accepted"),
            (2, "voice", "inconclusive"),
            (2, "code", "rejected"),
        ]
        assert kept[1].measured["similarity"] == pytest.approx(0.95)
        assert kept[2].reason == "too little speech: 1.0 of 3.0 seconds"

    def test_three_rejections_in_a_row_lock_and_an_acceptance_between_them_begins_anew(self, line: Line) -> None:
        line.enrol()
        answers = [line.says("note_rejection", "c1", NOW) for _ in range(2)]
        line.says("note_acceptance", "c1", NOW)
        answers += [line.says("note_rejection", "c1", NOW) for _ in range(3)]
        assert answers == [False, False, False, False, True]
        assert line.known().locked_at == NOW

    @settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(st.lists(st.sampled_from("ranbuc"), max_size=15))
    def test_no_sequence_of_acts_unlocks_but_the_unlocking(self, line: Line, acts: list[str]) -> None:
        customer_id = f"c{line.calls}"
        line.enrol(customer_id=customer_id)
        locked, rejections, blocked = False, 0, False
        for act in acts:
            match act:
                case "r":
                    rejections += 1
                    locked = locked or rejections >= 3
                    assert line.says("note_rejection", customer_id, NOW) == locked
                case "a":
                    rejections = rejections if locked else 0
                    line.says("note_acceptance", customer_id, NOW)
                case "n":
                    line.says("begin_anew", customer_id, NOW)
                case "b":
                    blocked = True
                    line.says("block", customer_id, NOW)
                case "u":
                    assert line.says("unblock", customer_id) == blocked
                    blocked = False
                case _:
                    collected = line.collect(line.call(*utterances(0, 8, seed=7), customer_id=customer_id), customer_id)
                    assert isinstance(collected, NotCollected) or not (locked or blocked)
            assert line.says("is_locked", customer_id) == locked
            assert isinstance(line.known(customer_id), Blocked) == blocked
        assert line.says("unlock", customer_id) == locked
        assert not line.says("is_locked", customer_id)

    def test_a_blocked_customer_is_proved_by_no_voice_and_collects_none(self, line: Line) -> None:
        line.says("block", "c1", NOW)
        assert line.known() == Blocked()
        assert line.collect(line.call(*utterances(0, 8))) == NotCollected(reason=WhyNotCollected.BLOCKED)
        assert line.says("unblock", "c1")
        assert line.known() is None


class TestChallenges:
    def ask(self, line: Line, secret: str = "493021") -> None:  # noqa: S107 - it opens nothing
        line.says("keep_challenge", call_id="CA1", way="code", customer_id="c1", secret=secret, now=line.now)

    def answer(self, line: Line, said: str, customer_id: str = "c1") -> Settled:
        settled: Settled = line.says("settle_challenge", "CA1", "code", customer_id, said=said, now=line.now)
        return settled

    def test_the_right_answer_passes_once(self, line: Line) -> None:
        self.ask(line)
        assert line.says("challenge_of", "CA1", "code", "c1").secret == "493021"
        assert [self.answer(line, said) for said in ("493022", "493021", "493021")] == ["wrong", "passed", "none"]
        assert line.says("challenge_of", "CA1", "code", "c1") is None

    def test_three_wrong_answers_are_all_and_a_new_code_gives_no_new_ones(self, line: Line) -> None:
        self.ask(line)
        assert [self.answer(line, "000000") for _ in range(3)] == ["wrong"] * 3
        assert self.answer(line, "493021") == "used_up"
        self.ask(line, "111111")
        assert self.answer(line, "111111") == "used_up"

    def test_another_customers_answer_an_old_one_and_none_at_all_pass_nothing(self, line: Line) -> None:
        assert self.answer(line, "") == "none"
        self.ask(line)
        assert self.answer(line, "493021", "c2") == "none"
        line.now += timedelta(minutes=11)
        assert self.answer(line, "493021") == "expired"
        line.now -= timedelta(minutes=12)
        assert self.answer(line, "493021") == "expired"

    def test_an_empty_secret_is_never_answered_rightly(self, line: Line) -> None:
        self.ask(line, "")
        assert self.answer(line, "") == "wrong"


class TestBackground:
    def test_it_holds_the_voices_of_one_encoder_without_the_one_in_question(self, line: Line) -> None:
        for number, encoder in enumerate((LINE, LINE, "ecapa:folder")):
            line.says("keep_background", f"c{number}", encoder, voice_of(number), NOW)
        line.says("keep_background", "c1", LINE, voice_of(5), NOW)
        assert line.says("background", LINE, leave_out="c0") == {"c1": voice_of(5)}
        assert set(line.says("background", LINE)) == {"c0", "c1"}
        line.says("erase", "c1")
        assert set(line.says("background", LINE)) == {"c0"}


SEALED_TABLES = ("voiceprints", "collected_voices", "call_voices", "background_voices", "voice_challenges")


def fill(line: Line) -> None:
    """Something of two customers in every table that is sealed."""
    for speaker, customer_id in enumerate(("c1", "c2")):
        line.enrol(speaker, customer_id=customer_id)
        line.call(*utterances(speaker, 1), customer_id=customer_id)
        line.says("keep_background", customer_id, LINE, voice_of(speaker), NOW)
        named = {"call_id": f"CB{speaker}", "way": "code", "customer_id": customer_id, "secret": "493021"}
        line.says("keep_challenge", **named, now=NOW)
        line.says("re_enrol_from", customer_id, utterances(0, 3), encoder="another", channel="telephone", now=NOW)


class TestSeals:
    def opened(self, line: Line) -> list[object]:
        """What everything that is sealed of the first customer comes to."""
        return [
            line.known(),
            line.says("collect", "CA9", "c1", NOW + timedelta(days=1)),
            line.says("evidence_of", "CA2", "c1", LINE),
            line.says("background", LINE, leave_out="c2"),
            line.says("challenge_of", "CB0", "code", "c1"),
        ]

    @pytest.mark.parametrize("forgery", ["swapped", "empty", "rubbish", "shortened", "flipped"])
    def test_a_forged_or_swapped_seal_never_yields_a_voice_and_never_raises(self, line: Line, forgery: str) -> None:
        fill(line)
        with line.sessions.begin() as session:
            for table in (tables.Base.metadata.tables[name] for name in SEALED_TABLES):
                for row in session.execute(select(table)).mappings().all():
                    others = [
                        one["sealed"]
                        for one in session.execute(select(table)).mappings()
                        if one["customer_id"] != row["customer_id"]
                    ]
                    sealed = row["sealed"]
                    forged = {
                        "swapped": others[0],
                        "empty": b"",
                        "rubbish": b"\x01" * 80,
                        "shortened": sealed[:-1],
                        "flipped": sealed[:-1] + bytes([sealed[-1] ^ 1]),
                    }[forgery]
                    is_row = (column == row[column.name] for column in table.primary_key)
                    session.execute(update(table).where(*is_row).values(sealed=forged))
        known, _, evidence, background, challenge = self.opened(line)
        assert isinstance(known, Unreadable)
        assert evidence is None
        assert background == {}
        assert isinstance(challenge, Unreadable)
        assert line.says("settle_challenge", "CB0", "code", "c1", said="493021", now=NOW) is Settled.UNREADABLE
        assert not line.says("adapt", "CA2", "c1", accepted(), NOW)
        assert line.says("export", "c1")["voiceprint"]["samples"] == []
        with line.sessions.begin() as session:
            session.execute(update(tables.VoiceprintRow).values(status="collecting"))
        assert isinstance(line.known(), Unreadable)

    def test_a_row_that_claims_another_encoder_is_unreadable(self, line: Line) -> None:
        line.enrol(encoder="ecapa:folder")
        with line.sessions.begin() as session:
            session.execute(update(tables.VoiceprintRow).values(encoder=LINE))
        assert isinstance(line.known(), Unreadable)
        assert line.collect(line.call(*utterances(0, 1))).reason is WhyNotCollected.UNREADABLE

    def test_the_database_alone_shows_no_embedding_and_no_code(self, line: Line, engine: Engine) -> None:
        fill(line)
        with engine.connect() as connection:
            for table in tables.Base.metadata.sorted_tables:
                for row in connection.execute(text(f"SELECT * FROM {table.name}")):  # noqa: S608 - our own names
                    shown = repr(tuple(row)).encode()
                    assert b"493021" not in shown
                    assert b"embedding" not in shown

    def test_resealing_moves_everything_to_the_newest_key(self, line: Line) -> None:
        fill(line)
        before = line.known()
        rotated = KeyRing.read(f"{key('newerkey')},{DATA_KEYS}")
        with line.sessions.begin() as session:
            session.execute(
                update(tables.BackgroundVoice)
                .where(tables.BackgroundVoice.customer_id == "c2")
                .values(sealed=b"rubbish")
            )
        went = list(vault.reseal(line.sessions, rotated))
        assert sum(one.broken for one in went) == 1
        assert sum(one.resealed for one in went) == sum(one.rows for one in went) - 1
        assert not any(one.resealed for one in vault.reseal(line.sessions, rotated))
        with line.sessions.begin() as session:
            assert set(vault.sealed_by(session)) == {"newerkey", ""}
        line.vault = Vault(KeyRing.read(key("newerkey")))
        assert line.known() == before


class TestGoing:
    def test_after_erasing_nothing_of_the_customer_is_in_any_table(self, line: Line, engine: Engine) -> None:
        fill(line)
        line.decided("CA1", 1, accepted())
        with line.sessions.begin() as session:
            fingerprint = {"call_id": "CA1", "turn": 0, "at": NOW, "sealed": b"x"}
            session.add(tables.HeardFingerprint(customer_id="c1", **fingerprint))
            of_both = json.dumps({"claims": ["c1", "c2"], "by": {"c1": 3}, "score": 0.5})
            session.add(tables.VoiceAlert(kind="many_claims", call_id="CA1", customer_id="c2", at=NOW, details=of_both))
            session.add(tables.VoiceAlert(kind="replay", call_id="CA1", customer_id="c1", at=NOW, details="{}"))
        before = line.rows("c2")
        assert line.says("rows", "c1")["voice_alerts"] == 2
        erased = line.says("erase", "c1")
        assert erased["voiceprints"] == erased["heard_fingerprints"] == 1
        assert line.rows("c1") == {}
        assert line.rows("c2") == before
        with engine.connect() as connection:
            for table in tables.Base.metadata.sorted_tables:
                for row in connection.execute(text(f"SELECT * FROM {table.name}")):  # noqa: S608 - our own names
                    assert "'c1'" not in repr(tuple(row))
                    assert '"c1"' not in repr(tuple(row))
        assert line.known() is None
        assert line.says("customers") == ("c2",)
        assert line.says("erase", "c1") == {}

    def test_what_is_old_goes_each_in_its_time(self, line: Line) -> None:
        fill(line)
        line.decided("CA1", 1, accepted())
        gone = line.says("forget_old", NOW + timedelta(days=31), **KEPT_FOR)
        assert {name for name, count in gone.items() if count} == {"call_voices", "voice_decisions", "voice_challenges"}
        assert isinstance(line.known(), Enrolled)
        line.says("note_acceptance", "c2", NOW + timedelta(days=700))
        gone = line.says("forget_old", NOW + timedelta(days=731), **KEPT_FOR)
        # What was being collected of an unused voice goes with it.
        assert (gone["voiceprints"], gone["collected_voices"], gone["background_voices"]) == (1, 1, 1)
        assert line.rows("c1") == {}
        assert isinstance(line.known("c2"), Enrolled)

    def test_an_unused_voice_goes_and_the_lock_on_it_stays(self, line: Line) -> None:
        line.enrol()
        for _ in range(3):
            line.says("note_rejection", "c1", NOW)
        line.says("forget_old", NOW + timedelta(days=731), **KEPT_FOR)
        assert line.known() is None
        assert line.says("is_locked", "c1")
        assert line.says("forget_old", NOW + timedelta(days=1500), **KEPT_FOR)["voiceprints"] == 0

    def test_a_customer_is_handed_everything_as_plain_values(self, line: Line) -> None:
        assert line.says("export", "c1")["voiceprint"] is None
        fill(line)
        line.decided("CA1", 1, accepted())
        handed = json.loads(json.dumps(line.says("export", "c1")))
        assert handed["voiceprint"]["status"] == "enrolled"
        assert len(handed["voiceprint"]["samples"]) == 8
        assert handed["being_collected"]["net_speech_seconds"] == 12.0
        assert len(handed["heard_in_calls"]) == 9
        assert [one["outcome"] for one in handed["decisions"]] == ["accepted"]
        assert "493021" not in json.dumps(handed)
