"""Alerts on both databases: raised once, about who was claimed, sealed where they could tell a voice, and judged by a person."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session, sessionmaker

from biometrics import alerts, tables, watchlist
from biometrics.alerts import KeptAlert, Looked, Verdict
from biometrics.attacks import Alert, AlertKind, AttackRules
from biometrics.calibration import Calibration, Tail
from biometrics.countermeasure import Score, SpoofCalibration
from biometrics.decision import Liveness, NotTheVoice, Rejected
from biometrics.evidence import NotASample
from biometrics.fingerprint import Fingerprint, TooShort, fingerprint
from biometrics.other_voices import VoiceScales
from biometrics.tables import HeardFingerprint, WatchedVoice
from biometrics.vault import Vault
from biometrics.voiceprint import Sample
from biometrics.watchlist import NotWatched, Watched
from ivr.database import session_factory
from tests.keys import RING
from tests.voices import RATE_HZ, sample, speech_like, utterances, voice_of

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ENCODER = "line-ge2e:0123456789ab"
NO_SAMPLE = NotASample(reason="short")
NO_PRINT = TooShort(reason="short")
# Voices at right angles are ten of these deviations less alike than a voice with itself.
CALIBRATION = Calibration(
    encoder=ENCODER,
    made_on="directions",
    impostor_mean=0.0,
    impostor_deviation=0.1,
    intercept=-4.0,
    score_weight=2.0,
    seconds_weight=0.0,
    snr_weight=0.0,
    tail=Tail(begins_at=-4.0, scale=1.0, pairs=1000),
    reject_below=0.0,
    shortest_net_speech_seconds=3.0,
)
SCALES = VoiceScales(encoder=ENCODER, calibration=CALIBRATION)
SPOOFS = SpoofCalibration(countermeasure="aasist", made_on="test", callers=500, synthetic_below=-1.0)


def heard(seed: int) -> Fingerprint:
    print_ = fingerprint(speech_like(4.0, seed=seed), RATE_HZ)
    assert isinstance(print_, Fingerprint)
    return print_


@dataclass
class Line:
    """Alerts on a database, each act a transaction of its own."""

    sessions: sessionmaker[Session]
    vault: Vault
    now: datetime = NOW

    def look(
        self,
        customer_id: str,
        call_id: str,
        *,
        turn: int = 1,
        print_: Fingerprint | TooShort = NO_PRINT,
        sample: Sample | NotASample = NO_SAMPLE,
        **more: Any,
    ) -> Looked:
        """Look at an utterance and keep its sample, as the service does."""
        with self.sessions.begin() as session:
            looked = alerts.look_at(
                session,
                ring=RING,
                call_id=call_id,
                turn=turn,
                customer_id=customer_id,
                fingerprint=print_,
                sample=sample,
                now=self.now,
                **{"scales": SCALES, **more},
            )
            self.vault.keep_sample(
                session,
                call_id=call_id,
                turn=turn,
                customer_id=customer_id,
                sample=sample,
                encoder=ENCODER,
                channel="telephone",
                now=self.now,
            )
            return looked

    def reject(self, customer_id: str, call_id: str, voice: Sample, scales: VoiceScales = SCALES) -> tuple[str, ...]:
        """Keep a rejected voice and look at it; the kinds of the alerts."""
        with self.sessions.begin() as session:
            self.vault.keep_sample(
                session, call_id=call_id, turn=1, customer_id=customer_id, sample=voice, encoder=ENCODER,
                channel="telephone", now=self.now,
            )  # fmt: skip
            was_locked = self.vault.is_locked(session, customer_id)
            unlike = Rejected(reason=NotTheVoice.UNLIKE, measured=None)
            self.vault.keep_decision(
                session, call_id=call_id, turn=1, customer_id=customer_id, way="voice", decision=unlike, now=self.now
            )
            is_locked = self.vault.note_rejection(session, customer_id, self.now)
            raised = alerts.look_at_decision(
                session, ring=RING, call_id=call_id, customer_id=customer_id, scales=scales, was_locked=was_locked,
                is_locked=is_locked, now=self.now,
            )  # fmt: skip
        return kinds(raised)

    def says(self, act: Any, *given: Any, **named: Any) -> Any:
        """What a function of the stores answers."""
        with self.sessions.begin() as session:
            return act(session, *given, **named)


def kinds(raised: tuple[KeptAlert, ...]) -> tuple[str, ...]:
    return tuple(sorted(one.kind for one in raised))


@pytest.fixture
def line(engine: Engine) -> Iterator[Line]:
    tables.Base.metadata.create_all(engine)
    yield Line(sessions=session_factory(engine), vault=Vault(RING))
    tables.Base.metadata.drop_all(engine)


def test_a_recording_of_an_earlier_call_is_a_replay_and_told_once_a_call(line: Line) -> None:
    first = line.look("K001", "CA1", print_=heard(1))
    assert (first.liveness, first.replay, first.alerts) == (Liveness.UNKNOWN, None, ())
    again = line.look("K001", "CA2", print_=heard(1))
    assert again.liveness is Liveness.REPLAYED
    assert kinds(again.alerts) == ("replay",)
    assert (again.alerts[0].customer_id, again.alerts[0].details["heard_in"]) == ("K001", "CA1")
    third = line.look("K001", "CA2", turn=2, print_=heard(1))
    assert (third.liveness, third.alerts) == (Liveness.REPLAYED, ())
    assert line.says(alerts.liveness_in, "CA2") is Liveness.REPLAYED
    assert line.says(alerts.liveness_in, "CA1") is Liveness.UNKNOWN


def test_other_speech_the_same_call_and_another_customer_are_no_replay(line: Line) -> None:
    line.look("K001", "CA1", print_=heard(1))
    for customer_id, call_id, turn, seed in (("K001", "CA2", 1, 2), ("K001", "CA1", 2, 1), ("K002", "CA3", 1, 1)):
        looked = line.look(customer_id, call_id, turn=turn, print_=heard(seed))
        assert (looked.liveness, looked.alerts) == (Liveness.UNKNOWN, ())


def test_only_the_newest_fingerprints_are_compared(line: Line) -> None:
    rules = AttackRules(fingerprints=2)
    for seed in range(3):
        line.look("K001", f"CA{seed}", print_=heard(seed))
        line.now += timedelta(minutes=1)
    assert line.look("K001", "CA8", print_=heard(0), rules=rules).liveness is Liveness.UNKNOWN
    assert line.look("K001", "CA9", print_=heard(2), rules=rules).liveness is Liveness.REPLAYED


def test_a_turn_that_goes_on_has_one_fingerprint(line: Line) -> None:
    line.look("K001", "CA1", print_=heard(1))
    line.look("K001", "CA1", print_=heard(2))
    assert line.look("K001", "CA2", print_=heard(1)).liveness is Liveness.UNKNOWN
    assert line.look("K001", "CA3", print_=heard(2)).liveness is Liveness.REPLAYED


def test_a_forged_or_swapped_fingerprint_is_like_none(line: Line) -> None:
    line.look("K001", "CA1", print_=heard(1))
    line.look("K002", "CA2", print_=heard(2))
    with line.sessions.begin() as session:
        other = session.get_one(HeardFingerprint, ("CA2", 1)).sealed
        session.execute(update(HeardFingerprint).where(HeardFingerprint.call_id == "CA1").values(sealed=other))
        session.execute(update(HeardFingerprint).where(HeardFingerprint.call_id == "CA2").values(sealed=b"rubbish"))
    for customer_id in ("K001", "K002"):
        assert line.look(customer_id, f"CB{customer_id}", print_=heard(2)).replay is None


def test_what_a_fingerprint_holds_lies_sealed(line: Line) -> None:
    line.look("K001", "CA1", print_=heard(1))
    with line.sessions() as session:
        sealed = session.get_one(HeardFingerprint, ("CA1", 1)).sealed
    assert heard(1).rises[:16] not in sealed


def test_one_voice_that_claims_three_customers_within_a_day_is_told(line: Line) -> None:
    voices = utterances(1, 3)
    assert line.look("K001", "CA1", sample=voices[0]).alerts == ()
    assert line.look("K002", "CA2", sample=voices[1]).alerts == ()
    looked = line.look("K003", "CA3", sample=voices[2])
    assert kinds(looked.alerts) == ("many_claims",)
    assert looked.alerts[0].details["customers"] == ["K001", "K002"]
    assert looked.liveness is Liveness.UNKNOWN


def test_three_customers_with_voices_of_their_own_or_days_apart_are_not_told(line: Line) -> None:
    for speaker in range(4):
        assert line.look(f"K{speaker}", f"CA{speaker}", sample=sample(voice_of(speaker))).alerts == ()
    line.now += timedelta(days=2)
    for number, one in enumerate(utterances(9, 3)):
        assert line.look(f"L{number}", f"CB{number}", sample=one).alerts == ()
        line.now += timedelta(hours=13)


@pytest.mark.parametrize(
    "scales",
    [
        VoiceScales(encoder=ENCODER, calibration=None),
        VoiceScales(encoder="other", calibration=CALIBRATION),
    ],
)
def test_without_the_encoder_s_calibration_no_voices_are_compared(line: Line, scales: VoiceScales) -> None:
    for number, one in enumerate(utterances(1, 4)):
        assert line.look(f"K{number}", f"CA{number}", sample=one, scales=scales).alerts == ()
        assert "many_voices" not in line.reject("K9", f"CR{number}", sample(voice_of(number)), scales)


def test_a_short_utterance_is_compared_with_nobody(line: Line) -> None:
    for number, one in enumerate(utterances(1, 4, seconds=2.9)):
        assert line.look(f"K{number}", f"CA{number}", sample=one).alerts == ()


def test_three_strangers_on_one_claim_are_told_and_the_lock_with_the_third(line: Line) -> None:
    assert line.reject("K001", "CA1", sample(voice_of(1))) == ()
    assert line.reject("K001", "CA2", sample(voice_of(2))) == ()
    assert line.reject("K001", "CA3", sample(voice_of(3))) == ("locked", "many_voices")
    assert line.reject("K001", "CA4", sample(voice_of(4))) == ("many_voices",)


def test_one_stranger_who_tries_three_times_is_locked_and_not_many(line: Line) -> None:
    raised = [line.reject("K001", f"CA{number}", one) for number, one in enumerate(utterances(1, 3))]
    assert raised == [(), (), ("locked",)]


def test_a_countermeasure_decides_only_with_its_calibration(line: Line) -> None:
    score = Score(value=-2.0, countermeasure="aasist")
    assert line.look("K001", "CA1", score=score).liveness is Liveness.UNKNOWN
    calibrated = VoiceScales(encoder=ENCODER, calibration=None, spoof_calibration=SPOOFS)
    looked = line.look("K001", "CA2", score=score, scales=calibrated)
    assert looked.liveness is Liveness.SYNTHETIC
    assert kinds(looked.alerts) == ("synthetic",)
    assert line.says(alerts.liveness_in, "CA2") is Liveness.SYNTHETIC
    real = Score(value=0.0, countermeasure="aasist")
    assert line.look("K001", "CA3", score=real, scales=calibrated).liveness is Liveness.UNKNOWN


def test_a_watched_voice_is_told_when_it_calls_again(line: Line) -> None:
    voices = utterances(1, 2)
    line.look("K001", "CA1", sample=voices[0])
    watched = line.says(
        watchlist.watch, RING, watch_id="w1", call_id="CA1", label="il finto corriere", added_by="7", days=30, now=NOW
    )
    assert isinstance(watched, Watched)
    assert line.says(watchlist.watched, RING, NOW) == (watched,)
    assert line.look("K002", "CA2", sample=sample(voice_of(5))).alerts == ()
    looked = line.look("K003", "CA3", sample=voices[1])
    assert kinds(looked.alerts) == ("watched",)
    assert looked.alerts[0].details["watch_id"] == "w1"


def test_watching_ends_by_itself_and_by_hand(line: Line) -> None:
    voices = utterances(1, 3)
    line.look("K001", "CA1", sample=voices[0])
    for watch_id, days in (("w1", 1), ("w2", 30)):
        line.says(watchlist.watch, RING, watch_id=watch_id, call_id="CA1", label="x", added_by="7", days=days, now=NOW)
    line.now += timedelta(days=2)
    assert [one.watch_id for one in line.says(watchlist.watched, RING, line.now)] == ["w2"]
    assert line.says(watchlist.forget_ended, line.now) == 1
    assert line.says(watchlist.unwatch, "w2")
    assert not line.says(watchlist.unwatch, "w2")
    assert line.look("K002", "CA2", sample=voices[1]).alerts == ()


@pytest.mark.parametrize(
    ("call_id", "label", "days", "reason"),
    [
        ("CA1", " ", 30, "label"),
        ("CA1", "x" * 121, 30, "label"),
        ("CA1", "x", 0, "days"),
        ("CA1", "x", 91, "days"),
        ("CA404", "x", 30, "no_voice"),
    ],
)
def test_what_cannot_be_watched_is_told(line: Line, call_id: str, label: str, days: int, reason: str) -> None:
    line.look("K001", "CA1", sample=utterances(1, 1)[0])
    refused = line.says(
        watchlist.watch, RING, watch_id="w1", call_id=call_id, label=label, added_by="7", days=days, now=NOW
    )
    assert refused == NotWatched(reason=reason)
    assert line.says(watchlist.watched, RING, NOW) == ()


def test_a_watched_voice_and_its_label_lie_sealed(line: Line) -> None:
    line.look("K001", "CA1", sample=utterances(1, 1)[0])
    line.says(watchlist.watch, RING, watch_id="w1", call_id="CA1", label="Mario", added_by="7", days=9, now=NOW)
    with line.sessions.begin() as session:
        row = session.scalars(select(WatchedVoice)).one()
        assert b"Mario" not in row.sealed
        row.sealed = b"forged"
    assert [one.label for one in line.says(watchlist.watched, RING, NOW)] == [""]
    assert line.look("K002", "CA2", sample=utterances(1, 2)[1]).alerts == ()


def test_an_alert_is_judged_by_a_person_and_a_harmless_one_no_longer_counts(line: Line) -> None:
    line.look("K001", "CA1", print_=heard(1))
    alert_id = line.look("K001", "CA2", print_=heard(1)).alerts[0].alert_id
    assert line.says(alerts.count_open) == 1
    assert line.says(alerts.is_alerted, "K001", NOW)
    assert line.says(alerts.judge, alert_id, verdict=Verdict.HARMLESS, by="7", now=NOW)
    assert line.says(alerts.liveness_in, "CA2") is Liveness.UNKNOWN
    assert not line.says(alerts.is_alerted, "K001", NOW)
    assert line.says(alerts.count_open) == 0
    kept = line.says(alerts.alert, alert_id)
    assert (kept.verdict, kept.seen_by, kept.seen_at) == ("harmless", "7", NOW)
    assert line.says(alerts.judge, alert_id, verdict=Verdict.ATTACK, by="8", now=NOW)
    assert line.says(alerts.liveness_in, "CA2") is Liveness.REPLAYED
    assert not line.says(alerts.judge, 999, verdict=Verdict.ATTACK, by="8", now=NOW)
    assert line.says(alerts.alert, 999) is None


def test_old_alerts_say_nothing_of_a_number_any_more(line: Line) -> None:
    line.says(alerts.raise_alert, Alert(kind=AlertKind.LOCKED, customer_id="K001"), call_id="CA1", now=NOW)
    assert line.says(alerts.is_alerted, "K001", NOW + timedelta(days=29))
    assert not line.says(alerts.is_alerted, "K001", NOW + timedelta(days=31))


def test_what_nobody_has_looked_at_is_on_top_and_the_newest_first(line: Line) -> None:
    made = [
        line.says(
            alerts.raise_alert,
            Alert(kind=AlertKind.LOCKED, customer_id="K001"),
            call_id=f"CA{number}",
            now=NOW + timedelta(minutes=number),
        ).alert_id
        for number in range(4)
    ]
    line.says(alerts.judge, made[3], verdict=Verdict.HARMLESS, by="7", now=NOW)
    assert [one.alert_id for one in line.says(alerts.newest, most=10)] == [made[2], made[1], made[0], made[3]]
    assert len(line.says(alerts.newest, most=2)) == 2


def test_an_alert_of_no_call_comes_again_only_after_somebody_has_looked(line: Line) -> None:
    drift = Alert(kind=AlertKind.DRIFT, customer_id="", details={"before": 1.0, "now": 2.0})
    first = line.says(alerts.raise_alert, drift, call_id="", now=NOW)
    assert first is not None
    assert line.says(alerts.raise_alert, drift, call_id="", now=NOW) is None
    line.says(alerts.judge, first.alert_id, verdict=Verdict.HARMLESS, by="7", now=NOW)
    assert line.says(alerts.raise_alert, drift, call_id="", now=NOW) is not None


def test_an_erased_customer_stands_in_no_alert(line: Line) -> None:
    for number, one in enumerate(utterances(1, 3)):
        line.look(f"K00{number}", f"CA{number}", sample=one, print_=heard(number))
    line.says(line.vault.erase, "K000")
    kept = line.says(alerts.newest, most=9)[0]
    assert "K000" not in str(kept)
    assert "K001" in str(kept)
    line.says(line.vault.erase, "K002")
    assert line.says(alerts.newest, most=9)[0].customer_id == ""
