"""The ledger of consents, on both databases: rows are added, the newest answer stands, and each row proves itself."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from ivr import database, trial
from ivr.customers import ledger, store
from ivr.customers.ledger import CALL_AUDIO, CONTACT_HISTORY, PURPOSES, VOICE_VERIFICATION, Answer, Asked, AskedBy
from sealing.keys import SealBrokenError
from tests.telephone import MONDAY_TEN, PASSWORD

GIULIA = "K001"
LINE = Asked(
    by=AskedBy.LINE, channel="phone", wording="consent_voice", wording_version=3, language="it", call_id="CA1", turn=4,
    heard="sì va bene",
)  # fmt: skip


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    database.upgrade(engine)
    with database.session_factory(engine).begin() as opened:
        trial.make_company(opened, password=PASSWORD, now=MONDAY_TEN, today=MONDAY_TEN.date())
        yield opened


def answer(
    session: Session, given: Answer, *, purpose: str = VOICE_VERIFICATION, minutes: int = 0, asked: Asked = LINE
) -> None:
    at = MONDAY_TEN + timedelta(minutes=minutes)
    ledger.record_answer(session, customer_id=GIULIA, purpose=purpose, answer=given, asked=asked, now=at)


def test_row_says_who_asked_what_in_which_words_and_what_was_heard(session: Session) -> None:
    answer(session, Answer.YES)
    (line,) = ledger.ledger_of(session, GIULIA)
    assert line.asked == LINE
    assert (line.purpose, line.answer, line.at, line.stands) == (VOICE_VERIFICATION, Answer.YES, MONDAY_TEN, True)
    assert line.sentence("it") == "Ha detto di sì: riconoscere dalla voce; lo ha chiesto la linea (phone)."
    assert line.sentence("en") == "Said yes: to be recognised by voice; asked by the line (phone)."


def test_withdrawal_is_a_row_of_its_own_and_takes_over(session: Session) -> None:
    answer(session, Answer.YES)
    answer(session, Answer.WITHDRAWN, minutes=1, asked=Asked(by=AskedBy.AGENT, channel="phone"))
    first, second = ledger.ledger_of(session, GIULIA)
    assert (first.answer, first.stands) == (Answer.YES, False)
    assert (second.answer, second.stands) == (Answer.WITHDRAWN, True)
    assert "un agente" in second.sentence("it")
    assert ledger.consents_of(session, GIULIA) == {VOICE_VERIFICATION: False}


def test_unclear_answer_grants_nothing_and_takes_nothing_back(session: Session) -> None:
    answer(session, Answer.UNCLEAR)
    assert ledger.consents_of(session, GIULIA) == {}
    answer(session, Answer.YES, minutes=1)
    answer(session, Answer.UNCLEAR, minutes=2)
    assert ledger.consents_of(session, GIULIA) == {VOICE_VERIFICATION: True}
    assert [line.stands for line in ledger.ledger_of(session, GIULIA)] == [False, True, False]


def test_unclear_answer_leaves_audio_that_may_be_kept(session: Session) -> None:
    answer(session, Answer.YES, purpose=CALL_AUDIO)
    kept = store.keep_audio(
        session, customer_id=GIULIA, call_id="CA1", turn=4, flac=b"fLaC", now=MONDAY_TEN, longest=timedelta(days=30)
    )
    assert kept
    answer(session, Answer.UNCLEAR, purpose=CALL_AUDIO, minutes=1)
    assert store.turns_with_audio(session, "CA1", MONDAY_TEN + timedelta(minutes=2)) == {4}
    assert store.audio_kept_until(session, GIULIA, longest=timedelta(days=30)) == MONDAY_TEN + timedelta(days=30)


def test_kept_sound_of_the_answer_is_its_proof_only_while_it_is_kept(session: Session) -> None:
    answer(session, Answer.YES, purpose=CALL_AUDIO)
    (line,) = ledger.ledger_of(session, GIULIA)
    assert line.audio_turn is None
    store.keep_audio(
        session, customer_id=GIULIA, call_id="CA1", turn=4, flac=b"fLaC", now=MONDAY_TEN, longest=timedelta(days=30)
    )
    (line,) = ledger.ledger_of(session, GIULIA)
    assert line.audio_turn == 4
    answer(session, Answer.WITHDRAWN, purpose=CALL_AUDIO, minutes=1)
    assert [line.audio_turn for line in ledger.ledger_of(session, GIULIA)] == [None, None]


def test_words_of_a_no_do_not_open_as_those_of_a_yes(session: Session) -> None:
    answer(session, Answer.NO)
    stored = session.scalar(text("SELECT heard FROM consents"))
    assert isinstance(stored, str)
    assert "va bene" not in stored
    session.execute(text("UPDATE consents SET answer = 'yes', granted = true"))
    session.expire_all()
    with pytest.raises(SealBrokenError):
        ledger.ledger_of(session, GIULIA)


_PURPOSES = st.sampled_from(PURPOSES)
_ANSWERS = st.lists(st.tuples(_PURPOSES, st.sampled_from(Answer), st.integers(0, 3)), max_size=12)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given_answers=_ANSWERS)
def test_whatever_is_answered_in_whatever_order_the_newest_answer_stands(
    sqlite_engine: Engine, given_answers: list[tuple[str, Answer, int]]
) -> None:
    database.upgrade(sqlite_engine)
    with database.session_factory(sqlite_engine)() as session:
        session.add(store.Customer(customer_id=GIULIA, name="Giulia Conti"))
        session.flush()
        minute, expected = 0, {}
        for purpose, given, later in given_answers:
            minute += later
            answer(session, given, purpose=purpose, minutes=minute)
            if given is not Answer.UNCLEAR:
                expected[purpose] = given is Answer.YES
        assert ledger.consents_of(session, GIULIA) == expected
        lines = ledger.ledger_of(session, GIULIA)
        assert [(line.purpose, line.answer) for line in lines] == [
            (purpose, given) for purpose, given, _ in given_answers
        ]
        assert {line.purpose: line.answer is Answer.YES for line in lines if line.stands} == expected
        session.rollback()


def test_each_purpose_has_words_in_both_languages() -> None:
    for language in ("it", "en"):
        words = {ledger.purpose_in_words(purpose, language) for purpose in PURPOSES}
        assert len(words) == len(PURPOSES)
        assert not words & set(PURPOSES)
    assert ledger.purpose_in_words("newsletter", "it") == "newsletter"
    assert CONTACT_HISTORY in PURPOSES
