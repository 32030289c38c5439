"""The decision card: every state of a voice, what a call has shown of it, what to make of it, and words for all of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from itertools import product
from typing import Any

import pytest
from babel.support import Translations
from sqlalchemy import update

from biometrics.attacks import AlertKind
from biometrics.decision import Accepted, Decision, Inconclusive, Missing, NotTheVoice, Rejected
from biometrics.encoders import NoEncoder
from biometrics.enrolment import RENEW_AFTER
from biometrics.risk import Asked
from biometrics.tables import VoiceprintRow
from ivr.calls import store as calls
from ivr.calls import voice_card
from ivr.calls.voice_acts import BLOCK_REASONS
from ivr.calls.voice_card import Advice, HowSure, VoiceAct, VoiceCard, VoiceStatus
from ivr.calls.wording import term
from ivr.customers.ledger import Answer
from ivr.web import words
from ivr.web.languages import TRANSLATIONS
from tests.service import told_voices
from tests.service.desks import CALL
from tests.service.told_voices import ACCEPTED, CUSTOMER, REJECTED, TOO_SHORT, UNCLEAR, ToldVoices, measured

OTHER = "another-encoder"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ToldVoices]:
    with told_voices.open_house(tmp_path_factory.mktemp("voices")) as voices:
        yield voices


@pytest.fixture
def voices(opened: ToldVoices) -> ToldVoices:
    opened.begin_again()
    return opened


def company(voices: ToldVoices) -> Any:
    return voices.house.app.extensions["centralino"].doors.company


def card(voices: ToldVoices, of: Any = None, **changed: Any) -> VoiceCard:
    """The card of the call, some columns of which are otherwise."""
    with voices.house.sessions() as session:
        call = calls.call(session, CALL)
        assert call is not None
        for name, value in changed.items():
            setattr(call, name, value)
        with session.no_autoflush:
            return voice_card.card_of(session, of or company(voices), call, language="it", now=voices.house.clock())


def broken(voices: ToldVoices) -> None:
    voices.enrolled()
    with voices.house.sessions.begin() as session:
        session.execute(update(VoiceprintRow).values(sealed=b"somebody was here"))


def blocked(voices: ToldVoices) -> None:
    voices.enrolled()
    with voices.house.sessions.begin() as session:
        voices.vault.block(session, CUSTOMER, voices.house.clock())


def locked(voices: ToldVoices) -> None:
    voices.enrolled()
    voices.locked()


def renewing(voices: ToldVoices) -> None:
    voices.enrolled()
    with voices.house.sessions.begin() as session:
        assert voices.vault.renew(session, CUSTOMER, voices.house.clock())


STATES: Mapping[VoiceStatus, Any] = {
    VoiceStatus.NOT_ASKED: lambda _: None,
    VoiceStatus.REFUSED: lambda voices: voices.answered(Answer.NO),
    VoiceStatus.WITHDRAWN: lambda voices: voices.answered(Answer.WITHDRAWN),
    VoiceStatus.COLLECTING: lambda voices: voices.collected(2),
    VoiceStatus.ENROLLED: lambda voices: voices.enrolled(),
    VoiceStatus.OLD: lambda voices: voices.enrolled(days_ago=RENEW_AFTER.days + 1),
    VoiceStatus.RENEWING: renewing,
    VoiceStatus.OTHER_ENCODER: lambda voices: voices.enrolled(encoder=OTHER),
    VoiceStatus.UNREADABLE: broken,
    VoiceStatus.LOCKED: locked,
    VoiceStatus.BLOCKED: blocked,
}


@pytest.mark.parametrize("status", STATES)
def test_the_card_tells_how_it_stands_with_the_voice(voices: ToldVoices, status: VoiceStatus) -> None:
    STATES[status](voices)
    assert card(voices).status is status


def test_the_card_tells_when_there_is_no_voice_to_speak_of(voices: ToldVoices) -> None:
    whole = company(voices)
    assert card(voices, replace(whole, voice=None)) == VoiceCard(status=VoiceStatus.OFF)
    assert card(voices, customer_id=None).status is VoiceStatus.NOBODY
    voices.enrolled()
    away = replace(whole.voice, encoder_now=lambda: NoEncoder(reason="not loaded"))
    assert card(voices, replace(whole, voice=away)).status is VoiceStatus.NO_ENCODER


def test_what_was_collected_and_what_is_missing_is_told(voices: ToldVoices) -> None:
    voices.collected(2)
    shown = card(voices)
    assert (shown.net_speech_seconds, shown.seconds_missing) == (pytest.approx(12), pytest.approx(18))


@pytest.mark.parametrize(
    ("decision", "outcome", "how_sure"),
    [
        (ACCEPTED, "accepted", HowSure.VERY_SURE),
        (Accepted(measured=measured(7.0)), "accepted", HowSure.SURE),
        (UNCLEAR, "inconclusive", HowSure.LEANS_TO),
        (Inconclusive(reason=Missing.CERTAINTY, measured=measured(-1.0)), "inconclusive", HowSure.LEANS_AWAY),
        (Rejected(reason=NotTheVoice.UNLIKE, measured=measured(-4.2)), "rejected", HowSure.ANOTHER),
        (REJECTED, "rejected", HowSure.SURELY_ANOTHER),
        (TOO_SHORT, "inconclusive", None),
    ],
)
def test_what_the_call_has_shown_is_told_with_how_sure_it_is(
    voices: ToldVoices, decision: Decision, outcome: str, how_sure: HowSure | None
) -> None:
    voices.enrolled()
    voices.decided(decision)
    heard = card(voices).heard
    assert heard is not None
    assert (heard.outcome, heard.how_sure) == (outcome, how_sure)


def test_a_decision_about_somebody_else_is_not_this_customer_s(voices: ToldVoices) -> None:
    voices.enrolled()
    voices.decided(ACCEPTED)
    assert card(voices, customer_id="K0008").heard is None


@pytest.mark.parametrize(
    ("prepare", "reason", "advice", "against"),
    [
        (lambda voices: voices.decided(ACCEPTED), "return", Advice.GO_ON, False),
        (lambda voices: voices.decided(REJECTED), "order_status", Advice.ASK_POSTCODE, True),
        (lambda voices: voices.decided(REJECTED), "return", Advice.ASK_CODE, True),
        (lambda voices: voices.locked(), "return", Advice.ASK_CODE, True),
        (lambda voices: voices.alerted(AlertKind.REPLAY), "order_status", Advice.ASK_CODE, True),
        (lambda voices: voices.alerted(AlertKind.MANY_CLAIMS), "return", Advice.ASK_POSTCODE, False),
        (lambda _: None, "return", Advice.GO_ON, False),
    ],
)
def test_the_advice_fits_what_is_asked_and_what_was_shown(
    voices: ToldVoices, prepare: Any, reason: str, advice: Advice, *, against: bool
) -> None:
    voices.enrolled()
    prepare(voices)
    shown = card(voices, reason=reason)
    assert (shown.advice, shown.speaks_against) == (advice, against)


def test_a_voice_alone_is_never_enough_for_what_risks_most(voices: ToldVoices) -> None:
    voices.enrolled()
    voices.decided(ACCEPTED)
    assert dict(card(voices).advice_by_risk)[Asked.HIGH] is not Advice.GO_ON


def test_alerts_and_step_ups_of_the_call_are_on_the_card(voices: ToldVoices) -> None:
    voices.enrolled()
    voices.alerted(AlertKind.WATCHED)
    with voices.house.sessions.begin() as session:
        for outcome, why in (("rejected", "the digits are wrong"), ("accepted", "")):
            details = {"proof": "digits", "outcome": outcome, "reason": why}
            calls.note(session, CALL, "proof", details, voices.house.clock() + timedelta(seconds=1))
    shown = card(voices)
    assert [(one.kind, one.verdict) for one in shown.alerts] == [("watched", "")]
    assert [(one.proof, one.outcome, one.reason) for one in shown.step_ups] == [("digits", "accepted", "")]


@pytest.mark.parametrize(
    ("status", "acts"),
    [
        (VoiceStatus.NOT_ASKED, {VoiceAct.ASK, VoiceAct.BLOCK}),
        (VoiceStatus.COLLECTING, {VoiceAct.GO_ON, VoiceAct.BLOCK, VoiceAct.ERASE}),
        (VoiceStatus.ENROLLED, {VoiceAct.RENEW, VoiceAct.BLOCK, VoiceAct.ERASE}),
        (VoiceStatus.UNREADABLE, {VoiceAct.BLOCK, VoiceAct.ERASE}),
        (VoiceStatus.LOCKED, {VoiceAct.UNLOCK, VoiceAct.BLOCK, VoiceAct.ERASE}),
        (VoiceStatus.BLOCKED, {VoiceAct.UNBLOCK, VoiceAct.ERASE}),
    ],
)
def test_each_state_offers_what_can_be_done(voices: ToldVoices, status: VoiceStatus, acts: set[VoiceAct]) -> None:
    STATES[status](voices)
    assert card(voices).acts == acts


def test_nobody_is_asked_for_a_voice_before_it_is_shown_who_calls(voices: ToldVoices) -> None:
    shown = card(voices, from_number="")
    assert not shown.is_caller_shown
    assert VoiceAct.ASK not in shown.acts


def test_the_question_is_asked_in_the_language_of_the_call(voices: ToldVoices) -> None:
    for language, wanted in (("it", "riconoscerla dalla voce"), ("en", "recognise you by your voice")):
        wording = card(voices, language=language).wording
        assert wording is not None
        assert wanted in wording.text
    assert card(voices, flow_version=99).wording is None


TABLES: Iterable[tuple[str, Iterable[str]]] = (
    ("voice_status", VoiceStatus),
    ("voice_badge", VoiceStatus),
    ("how_sure", HowSure),
    ("advice", Advice),
    ("advice_against", Advice),
    ("risk", Asked),
    ("alert", AlertKind),
    ("block_reason", BLOCK_REASONS),
    ("voice_outcome", ("accepted", "rejected", "inconclusive")),
    ("voice_number", voice_card.NUMBERS),
)


@pytest.mark.parametrize(("table", "codes"), TABLES)
def test_every_code_of_the_card_has_words_in_both_languages(table: str, codes: Iterable[str]) -> None:
    italian = Translations.load(TRANSLATIONS, ["it"])
    for code in codes:
        english = words.TABLES[table][code]._args[0]
        assert italian.gettext(english) != english, (table, code)
    assert set(words.VOICE_COLOURS) == set(VoiceStatus)


@pytest.mark.parametrize("reasons", [Missing, NotTheVoice])
def test_every_reason_of_a_decision_has_italian_words(reasons: type[StrEnum]) -> None:
    for reason in reasons:
        assert term(reason.value, "it") != reason.value


def test_every_reason_to_rule_a_voice_out_can_be_told() -> None:
    for reason, language in product(BLOCK_REASONS, ("it", "en")):
        assert term(reason, language) != reason
