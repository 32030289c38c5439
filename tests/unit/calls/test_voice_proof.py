"""Proofs on the company's records, on both databases: what stands without voices, codes, digits, counting, learning."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from biometrics import alerts
from biometrics.attacks import Alert, AlertKind
from biometrics.encoders import NoEncoder, SpeakerEncoder
from biometrics.vault import Enrolled, Vault
from biometrics.voiceprint import Embedding, Sample
from ivr import database, trial
from ivr.app import make_company
from ivr.calls import store, voice_learning, voice_proof, withdrawal
from ivr.calls.call_proofs import CODE_NOT_SENT
from ivr.calls.company import Company
from ivr.calls.effects import SendMessage
from ivr.calls.tables import Call
from ivr.calls.voice_evidence import CHANNEL
from ivr.calls.voice_parts import VoiceParts
from ivr.calls.work import Work
from ivr.customers import ledger
from ivr.customers.ledger import VOICE_VERIFICATION, Answer, Asked, AskedBy
from ivr.customers.tables import Customer, CustomerNumber
from ivr.flow.events import Done
from tests.keys import RING
from tests.line.proving import CALIBRATION, CLEAN, ENCODER, LIKE, OTHER, OWN
from tests.telephone import MONDAY_TEN, settings_for, understanding

MARIO = "K002"
VAULT = Vault(RING)
EARLIER = "CAearlier"
ASKED = Asked(by=AskedBy.LINE, channel=ledger.PHONE)


@pytest.fixture(scope="module")
def silent() -> Company:
    """A company that looks at no voices; its digits are always the same."""
    made = make_company(settings_for("sqlite:///unused"), understanding())
    return replace(made, draw_digits=lambda count: "4719035"[:count])


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    database.upgrade(engine)
    with database.session_factory(engine)() as made, made.begin():
        for customer_id, number in (("K001", trial.GIULIA), (MARIO, trial.MARIO)):
            made.add(Customer(customer_id=customer_id, name="", language="it", preferred_channel="phone", email=""))
            made.flush()
            made.add(CustomerNumber(customer_id=customer_id, number=number))
        made.flush()
        yield made


def listening(company: Company, encoder: Callable[[], SpeakerEncoder | NoEncoder] = lambda: ENCODER) -> Company:
    parts = VoiceParts(encoder_now=encoder, calibration=CALIBRATION, vault=VAULT, ring=RING)
    return replace(company, voice=parts)


def working(
    session: Session,
    company: Company,
    *,
    call_id: str = "CA1",
    from_: str = trial.MARIO,
    customer_id: str | None = MARIO,
) -> Work:
    call = Call(
        call_id=call_id, from_number=from_, to_number="+390210420000", flow="shop", flow_version=1, listening="carrier",
        language="it", status=store.IN_LINE, started_at=MONDAY_TEN, turn=1, customer_id=customer_id,
    )  # fmt: skip
    store.add(session, call)
    return Work(
        session=session, company=company, version=company.version(company.live_version), call=call, now=MONDAY_TEN
    )


def consents(session: Session, answer: Answer = Answer.YES) -> None:
    ledger.record_answer(
        session, customer_id=MARIO, purpose=VOICE_VERIFICATION, answer=answer, asked=ASKED, now=MONDAY_TEN
    )


def speaks(work: Work, voice: Embedding, seconds: float = 5.0, call_id: str = "") -> None:
    """The turn that stands has been heard in this voice."""
    VAULT.keep_sample(
        work.session,
        call_id=call_id or work.call.call_id,
        turn=work.call.turn,
        customer_id=MARIO,
        sample=Sample(embedding=voice, net_speech_seconds=seconds, quality=CLEAN),
        encoder=ENCODER.name,
        channel=CHANNEL,
        now=work.now,
    )


def enrolled(session: Session) -> None:
    consents(session)
    for turn in range(1, 6):
        sample = Sample(embedding=OWN, net_speech_seconds=8.0, quality=CLEAN)
        VAULT.keep_sample(
            session, call_id=EARLIER, turn=turn, customer_id=MARIO, sample=sample, encoder=ENCODER.name, channel=CHANNEL,
            now=MONDAY_TEN - timedelta(days=9),
        )  # fmt: skip
    VAULT.collect(session, EARLIER, MARIO, MONDAY_TEN - timedelta(days=9))


def rejections(session: Session) -> int:
    known = VAULT.voiceprint_of(session, MARIO, ENCODER.name)
    assert isinstance(known, Enrolled)
    return known.rejections


def by_voice(work: Work, asks: str = "medium") -> Done:
    return voice_proof.verify(work, {"what": "voice", "asks": asks})


def kinds(work: Work) -> list[str]:
    return [row.kind for row in store.happenings(work.session, work.call.call_id)]


# --- Without voices


def test_without_voices_what_sufficed_before_suffices_and_the_code_still_works(
    session: Session, silent: Company
) -> None:
    work = working(session, silent)
    assert by_voice(work).outcome == "accepted"
    assert by_voice(work, "high") == Done(
        outcome="inconclusive",
        values={"reason": "the request asks more than one kind of proof", "step_up": "code", "voice": "not_enrolled"},
    )
    assert voice_proof.challenge(work, {"what": "digits"}).outcome == "unavailable"
    assert voice_learning.enrol(work).outcome == "unavailable"
    assert voice_proof.challenge(work, {"what": "code", "prompt": "code_text"}).outcome == "sent"
    given = voice_proof.verify(work, {"what": "code", "asks": "high", "code_digits": "471903"})
    assert given.outcome == "accepted"
    assert "proof" in kinds(work)


def test_nobody_known_is_nobody_proved(session: Session, silent: Company) -> None:
    work = working(session, listening(silent), customer_id=None)
    for what in ("voice", "digits", "code"):
        assert voice_proof.verify(work, {"what": what}).values["step_up"] == "person"
    assert voice_proof.challenge(work, {"what": "digits"}).outcome == "unavailable"
    assert voice_proof.challenge(work, {"what": "code", "prompt": "code_text"}).outcome == "no_number"
    assert voice_learning.enrol(work).outcome == "unavailable"
    assert not work.effects


def test_encoder_that_is_not_there_rejects_nobody(session: Session, silent: Company) -> None:
    enrolled(session)
    work = working(session, listening(silent, lambda: NoEncoder(reason="still loading")))
    assert by_voice(work).values["voice"] == "not_enrolled"
    assert by_voice(work).outcome == "accepted"
    assert voice_proof.challenge(work, {"what": "digits"}).outcome == "unavailable"
    assert voice_learning.enrol(work).outcome == "unavailable"


# --- Codes


def sent(work: Work) -> SendMessage:
    (effect,) = work.effects
    assert isinstance(effect, SendMessage)
    return effect


def test_second_request_for_a_code_that_still_holds_sends_no_second_message(session: Session, silent: Company) -> None:
    work = working(session, silent)
    for _ in range(2):
        assert voice_proof.challenge(work, {"what": "code", "prompt": "code_text"}).outcome == "sent"
    assert "471903" in sent(work).text
    assert "471903" not in repr(sent(work))
    work.now += timedelta(minutes=6)
    assert voice_proof.challenge(work, {"what": "code", "prompt": "code_text"}).outcome == "sent"
    assert len(work.effects) == 2


def test_code_goes_to_a_number_of_the_customer_alone(session: Session, silent: Company) -> None:
    work = working(session, silent, from_="+393409998877")
    voice_proof.challenge(work, {"what": "code", "prompt": "code_text"})
    assert sent(work).to_number == trial.MARIO


def test_number_that_others_share_is_sent_no_code(session: Session, silent: Company) -> None:
    session.add(CustomerNumber(customer_id="K001", number=trial.MARIO))
    session.flush()
    work = working(session, silent)
    assert voice_proof.challenge(work, {"what": "code", "prompt": "code_text"}).outcome == "no_number"
    assert kinds(work) == [CODE_NOT_SENT]
    assert by_voice(work, "high").values["step_up"] == "person"


def test_code_of_another_customer_s_part_of_the_call_is_no_proof(session: Session, silent: Company) -> None:
    work = working(session, silent)
    voice_proof.challenge(work, {"what": "code", "prompt": "code_text"})
    work.call.customer_id = "K001"
    assert voice_proof.verify(work, {"what": "code", "code_digits": "471903"}).outcome == "inconclusive"


def test_proofs_of_before_the_call_became_another_customer_s_do_not_count(session: Session, silent: Company) -> None:
    work = working(session, silent)
    work.note("proof", proof="code", outcome="accepted")
    assert by_voice(work, "high").outcome == "accepted"
    work.call.customer_id = "K001"
    work.note("proof", proof="order_and_postcode", outcome="accepted")
    assert by_voice(work, "high").outcome == "inconclusive"


@pytest.mark.parametrize(("given", "outcome"), [("471903", "accepted"), ("471904", "rejected"), ("", "rejected")])
def test_code_is_right_or_wrong(session: Session, silent: Company, given: str, outcome: str) -> None:
    work = working(session, silent)
    voice_proof.challenge(work, {"what": "code", "prompt": "code_text"})
    assert voice_proof.verify(work, {"what": "code", "code_digits": given}).outcome == outcome


def test_code_is_good_once(session: Session, silent: Company) -> None:
    work = working(session, silent)
    voice_proof.challenge(work, {"what": "code", "prompt": "code_text"})
    assert [voice_proof.verify(work, {"what": "code", "code_digits": "471903"}).outcome for _ in range(2)] == [
        "accepted",
        "inconclusive",
    ]


# --- Voices


@pytest.mark.parametrize(
    ("heard", "asks", "expected"),
    [
        ((OWN, 5.0), "medium", ("accepted", "")),
        ((OWN, 5.0), "high", ("step_up", "code")),
        ((OTHER, 5.0), "medium", ("rejected", "digits")),
        ((OTHER, 5.0), "low", ("rejected", "digits")),
        # Too little to say anything of the voice: the number is enough as before.
        ((OTHER, 2.0), "medium", ("accepted", "")),
        ((LIKE, 5.0), "high", ("inconclusive", "code")),
    ],
)
def test_what_the_voice_and_the_request_come_to(
    session: Session, silent: Company, heard: tuple[Embedding, float], asks: str, expected: tuple[str, str]
) -> None:
    enrolled(session)
    work = working(session, listening(silent))
    speaks(work, *heard)
    done = by_voice(work, asks)
    assert (done.outcome, done.values["step_up"]) == expected


def test_alerts_on_the_claim_ask_more_than_the_number(session: Session, silent: Company) -> None:
    alerts.raise_alert(
        session,
        Alert(kind=AlertKind.MANY_VOICES, customer_id=MARIO),
        call_id=EARLIER,
        now=MONDAY_TEN - timedelta(days=2),
    )
    work = working(session, silent)
    assert by_voice(work).values["step_up"] == "code"
    assert by_voice(work, "low").outcome == "accepted"


def test_one_call_counts_one_rejection_and_three_in_a_row_lock(session: Session, silent: Company) -> None:
    enrolled(session)
    for number in (1, 2, 3):
        work = working(session, listening(silent), call_id=f"CA{number}")
        for turn in (1, 2, 3):
            work.call.turn = turn
            speaks(work, OTHER)
            outcome = by_voice(work).outcome
            by_voice(work)
        assert rejections(session) == number
        assert outcome == ("locked" if number == 3 else "rejected")
    assert "voice_locked" in kinds(work)
    assert [one.kind for one in alerts.newest(session, most=9)] == [AlertKind.LOCKED]


def test_acceptance_in_between_breaks_the_row(session: Session, silent: Company) -> None:
    enrolled(session)
    for number, voice in enumerate((OTHER, OTHER, OWN, OTHER, OTHER)):
        work = working(session, listening(silent), call_id=f"CA{number}")
        speaks(work, voice)
        by_voice(work)
    assert rejections(session) == 2


@pytest.mark.parametrize(
    ("voice", "said", "outcome"),
    [
        (OWN, "471903", "accepted"),
        (OTHER, "471903", "rejected"),
        (OWN, "471904", "rejected"),
        (LIKE, "471903", "accepted"),
    ],
)
def test_digits_count_if_they_are_right_and_their_voice_speaks_for_the_customer(
    session: Session, silent: Company, voice: Embedding, said: str, outcome: str
) -> None:
    enrolled(session)
    work = working(session, listening(silent))
    speaks(work, OTHER)
    by_voice(work)
    assert voice_proof.challenge(work, {"what": "digits"}).values["challenge_digits"] == "471903"
    work.call.turn = 2
    # Two seconds are less than a voice is verified from.
    speaks(work, voice, 2.0)
    done = voice_proof.verify(work, {"what": "digits", "asks": "medium", "spoken_digits": said})
    assert done.outcome == outcome


def test_digits_that_nothing_was_heard_of_are_inconclusive_and_lead_on_to_a_code(
    session: Session, silent: Company
) -> None:
    enrolled(session)
    work = working(session, listening(silent))
    speaks(work, OTHER)
    by_voice(work)
    voice_proof.challenge(work, {"what": "digits"})
    work.call.turn = 2
    done = voice_proof.verify(work, {"what": "digits", "asks": "medium", "spoken_digits": "471903"})
    assert (done.outcome, done.values["step_up"]) == ("inconclusive", "code")


# --- Learning


def test_nothing_is_learnt_without_consent(session: Session, silent: Company) -> None:
    work = working(session, listening(silent))
    speaks(work, OWN)
    assert voice_learning.enrol(work).outcome == "declined"
    consents(session, Answer.NO)
    assert voice_learning.enrol(work).outcome == "declined"


def test_learning_tells_what_is_missing_and_says_nothing_where_nothing_is_new(
    session: Session, silent: Company
) -> None:
    consents(session)
    work = working(session, listening(silent))
    assert voice_learning.enrol(work).outcome == "unavailable"
    speaks(work, OWN, 12.0)
    assert voice_learning.enrol(work) == Done(outcome="more_needed", values={"seconds_missing": 20})
    assert voice_learning.enrol(work).outcome == "unavailable"
    for turn, seconds in ((2, 12.0), (3, 12.0)):
        work.call.turn = turn
        speaks(work, OWN, seconds)
    assert voice_learning.enrol(work) == Done(
        outcome="enrolled", values={"newly_enrolled": True, "voice_enrolled": True}
    )
    assert VAULT.background(session, ENCODER.name).keys() == {MARIO}
    assert voice_learning.enrol(work).values["newly_enrolled"] is False


def test_hidden_number_teaches_nothing_before_something_is_proved(session: Session, silent: Company) -> None:
    consents(session)
    work = working(session, listening(silent), from_="")
    speaks(work, OWN, 12.0)
    assert voice_learning.enrol(work).outcome == "unavailable"
    work.note("proof", proof="order_and_postcode", outcome="accepted")
    assert voice_learning.enrol(work).outcome == "more_needed"


def test_withdrawal_leaves_nothing_to_be_learnt_or_compared(session: Session, silent: Company) -> None:
    enrolled(session)
    work = working(session, listening(silent))
    assert voice_learning.what_is_known(work, first_call=False)["voice_enrolled"] is True
    withdrawal.answered(
        session, customer_id=MARIO, purpose=withdrawal.ALL, answer=Answer.WITHDRAWN, asked=ASKED, now=MONDAY_TEN
    )
    assert voice_learning.what_is_known(work, first_call=False) == voice_learning.NOTHING_KNOWN
    assert by_voice(work).values["voice"] == "not_enrolled"
    voice_learning.learn_at_end(work)
    assert not VAULT.rows(session, MARIO) or not any(VAULT.rows(session, MARIO).values())
