"""Who calls, proved by telephone: silently by voice, else by digits, a code, a person; and how a voice is learnt."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from biometrics.evidence import NotASample
from biometrics.tables import Challenge
from biometrics.vault import Vault
from ivr import database, trial
from ivr.calls import store
from ivr.calls.conductor import WITHHELD
from ivr.customers.ledger import Answer
from ivr.customers.tables import Contact
from ivr.line.faults import Faults, WebhookFault
from ivr.line.script import HangUp, Keys, Say, Silence, Step, WaitFor
from tests.line.proving import LIKE, OTHER, OWN, Talk, Voices, voice_settings
from tests.telephone import House, digits_in, heard_once, talk

Houses = Callable[..., House]
MARIO = "K002"
WISH = "vorrei fare un reso per un tappeto che non mi piace"
ORDER = "dov'è il mio ordine per favore, lo aspetto da giorni"
BYE = talk("altro", Keys("5"), "da 1", Keys("2"))
RETURN = talk("aiutarla", WISH, "quale ordine", Keys("2290#"), "Apro il reso", "sì")
NAMES = ("zero", "uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove")


@pytest.fixture
def house(new_house: Houses, tmp_path: Path) -> House:
    return new_house(**voice_settings(tmp_path))


@pytest.fixture
def voices(house: House) -> Voices:
    return Voices(house=house)


def proofs(house: House, call_id: str = "") -> list[tuple[str, str]]:
    who = house.context(call_id or house.only_call.call_id).who
    return [(proof.kind, proof.outcome) for proof in who.proofs]


def certainty(house: House, call_id: str = "") -> str:
    return house.context(call_id or house.only_call.call_id).who.certainty


def asked_for(prompt: str) -> str:
    """The digits that a prompt asks to be said."""
    return "".join(str(NAMES.index(word)) for word in re.findall(r"\w+", prompt) if word in NAMES)


def spoken(digits: str) -> str:
    return " ".join(NAMES[int(digit)] for digit in digits)


def other_digits(digits: str) -> str:
    return "".join(str((int(digit) + 1) % 10) for digit in digits)


def messages(house: House) -> list[tuple[str, str]]:
    """What came by text message: to whom, and what."""
    return [(one.to, one.body) for one in house.line.exchange.messages.values()]


def returns(house: House) -> int:
    return len(house.rows("returns"))


def rejections(house: House) -> int:
    return int(next((row["rejections"] for row in house.rows("voiceprints")), 0))


def wants_return(house: House, *, from_: str = trial.MARIO, then: str) -> tuple[Talk, str]:
    """Mario's number asks for a return and agrees to it; what is heard then."""
    call = Talk(house=house, from_=from_, steps=[*RETURN, WaitFor(then)])
    return call, call.hears(then)


# --- The voice alone


def test_voice_is_verified_while_the_request_is_said_and_nothing_more_is_asked(house: House, voices: Voices) -> None:
    voices.is_enrolled(MARIO)
    caller = house.whole_call(talk("aiutarla", ORDER) + BYE, from_=trial.MARIO)
    caller.check()
    assert proofs(house) == [("number_on_file", "accepted"), ("voice", "accepted")]
    assert certainty(house) == "proved"
    (decision,) = house.rows("voice_decisions")
    assert (decision["way"], decision["outcome"]) == ("voice", "accepted")
    said = house.context(house.only_call.call_id).said
    assert [line.node for line in said] == ["ask_request", "anything_else", "survey_line", "goodbye"]


def test_return_is_opened_for_the_enrolled_voice_as_for_whoever_has_none(house: House, voices: Voices) -> None:
    voices.is_enrolled(MARIO)
    house.whole_call(RETURN + BYE, from_=trial.MARIO).check()
    assert returns(house) == 1


@pytest.mark.parametrize("answer", [None, Answer.NO, Answer.UNCLEAR], ids=["never asked", "refused", "unclear"])
def test_whoever_has_no_voice_enrolled_is_asked_nothing_more_and_nothing_of_the_voice_is_kept(
    house: House, voices: Voices, answer: Answer | None
) -> None:
    if answer is not None:
        voices.has_answered(MARIO, answer)
    caller = house.whole_call(RETURN + BYE, from_=trial.MARIO)
    caller.check()
    assert returns(house) == 1
    assert certainty(house) == "likely"
    assert ("voice", "inconclusive") in proofs(house)
    assert not house.rows("call_voices")
    assert not house.rows("voice_decisions")


def test_voice_that_is_neither_like_nor_unlike_is_no_rejection(house: House, voices: Voices) -> None:
    voices.is_enrolled(MARIO)
    voices.speaks = LIKE
    house.whole_call(RETURN + BYE, from_=trial.MARIO).check()
    assert (returns(house), rejections(house)) == (1, 0)
    assert certainty(house) == "likely"


def test_order_is_told_to_another_voice_on_the_customers_number_and_the_agent_knows(
    house: House, voices: Voices
) -> None:
    voices.is_enrolled(MARIO)
    voices.speaks = OTHER
    caller = house.whole_call(talk("aiutarla", ORDER) + BYE, from_=trial.MARIO)
    caller.check()
    assert heard_once(caller, "in viaggio")
    assert certainty(house) == "claimed"
    assert rejections(house) == 1


def test_house_without_voices_goes_on_as_before(new_house: Houses) -> None:
    house = new_house()
    house.whole_call(RETURN + BYE, from_=trial.MARIO).check()
    assert returns(house) == 1
    assert proofs(house) == [("number_on_file", "accepted")]


# --- Digits said after us


def test_rejected_voice_says_digits_and_the_return_is_opened(house: House, voices: Voices) -> None:
    voices.is_enrolled(MARIO)
    voices.speaks = OTHER
    call, prompt = wants_return(house, then="queste cifre")
    asked = asked_for(prompt)
    assert len(asked) == 6
    voices.says = {spoken(asked): OWN}
    call.goes_on(Say(spoken(asked)), *BYE)
    call.is_over()
    assert returns(house) == 1
    assert proofs(house)[-1] == ("digits", "accepted")
    assert certainty(house) == "proved"
    assert rejections(house) == 0
    assert not messages(house) or all("reso" in text for _, text in messages(house))


@pytest.mark.parametrize("asks", [Keys("0"), Say("operatore")], ids=["key", "word"])
def test_a_person_is_given_at_once_in_place_of_digits(house: House, voices: Voices, asks: Step) -> None:
    voices.is_enrolled(MARIO)
    voices.speaks = OTHER
    house.sign_in("anna")
    call, _ = wants_return(house, then="queste cifre")
    call.goes_on(asks)
    assert house.run_until(lambda: house.offer_to("anna") is not None, 90)
    assert returns(house) == 0


def test_digits_are_others_each_time(house: House, voices: Voices) -> None:
    voices.is_enrolled(MARIO)
    voices.speaks = OTHER
    call, first = wants_return(house, then="queste cifre")
    call.goes_on(Say(spoken(other_digits(asked_for(first)))), WaitFor("ripete queste"))
    second = call.hears("ripete queste")
    assert asked_for(second) != asked_for(first)
    call.goes_on(HangUp())
    call.is_over()


@pytest.mark.parametrize("by", ["another voice", "keys", "a voice too faint to tell"])
def test_right_digits_that_the_enrolled_voice_was_not_heard_saying_prove_nothing(
    house: House, voices: Voices, by: str
) -> None:
    voices.is_enrolled(MARIO)
    voices.speaks = OTHER
    call, prompt = wants_return(house, then="queste cifre")
    asked = asked_for(prompt)
    if by == "a voice too faint to tell":
        voices.speaks = NotASample(reason="quiet", net_speech_seconds=2.0)
    then = "ripete queste" if by == "another voice" else "codice per SMS"
    call.goes_on(Keys(f"{asked}#") if by == "keys" else Say(spoken(asked)), WaitFor(then), HangUp())
    call.hears(then)
    call.is_over()
    assert returns(house) == 0
    assert proofs(house)[-1] == ("digits", "rejected" if by == "another voice" else "inconclusive")


# --- A code by text message


def is_sent_a_code(house: House, voices: Voices) -> tuple[Talk, str]:
    """Digits wrong twice: a code is sent to Mario; the call, and the code."""
    voices.is_enrolled(MARIO)
    voices.speaks = OTHER
    call, first = wants_return(house, then="queste cifre")
    call.goes_on(Say(spoken(other_digits(asked_for(first)))), WaitFor("ripete queste"))
    second = call.hears("ripete queste")
    call.goes_on(Say(spoken(other_digits(asked_for(second)))), WaitFor("codice per SMS"))
    call.hears("codice per SMS")
    house.wait(2)
    ((number, text),) = messages(house)
    assert number == trial.MARIO
    code = digits_in(text)
    assert len(code) == 6
    return call, code


def test_digits_wrong_twice_lead_to_a_code_and_the_right_one_opens_the_return(house: House, voices: Voices) -> None:
    call, code = is_sent_a_code(house, voices)
    call.goes_on(Keys(f"{other_digits(code)}#"), WaitFor("non è quello che le ho mandato"), Say(spoken(code)), *BYE)
    call.is_over()
    assert returns(house) == 1
    assert proofs(house)[-4:] == [("digits", "rejected")] * 2 + [("code", "rejected"), ("code", "accepted")]
    assert certainty(house) == "proved"


def test_code_is_kept_readable_nowhere(house: House, voices: Voices, caplog: pytest.LogCaptureFixture) -> None:
    call, code = is_sent_a_code(house, voices)
    call.goes_on(Say(spoken(code)), *BYE)
    call.is_over()
    for kept in (str(house.dump()), repr(house.context(house.only_call.call_id)), caplog.text):
        assert code not in kept
        assert spoken(code) not in kept
    assert [line.heard for line in house.context(house.only_call.call_id).said if line.node == "ask_code"] == [WITHHELD]
    assert returns(house) == 1


def test_three_wrong_codes_are_for_a_person_and_a_fourth_is_not_looked_at(house: House, voices: Voices) -> None:
    house.sign_in("luca")
    call, code = is_sent_a_code(house, voices)
    wrong = Keys(f"{other_digits(code)}#")
    call.goes_on(
        wrong,
        WaitFor("non è quello che le ho mandato"),
        wrong,
        WaitFor("Non corrisponde ancora"),
        wrong,
        WaitFor("si occupa un collega"),
    )
    assert house.run_until(lambda: house.offer_to("luca") is not None, 90), call.caller.heard
    assert returns(house) == 0
    assert house.record(call.leg).route_reason == "identity not proved"
    (challenge,) = (row for row in house.rows("voice_challenges") if row["way"] == "code")
    assert challenge["tries"] == 3


def test_code_that_is_too_old_is_no_proof(house: House, voices: Voices) -> None:
    call, code = is_sent_a_code(house, voices)
    # Nobody is silent at a question for five minutes: the code is made as old instead.
    with database.session_factory(house.engine).begin() as session:
        challenge = session.get_one(Challenge, (call.leg.sid, "code"))
        challenge.at -= timedelta(minutes=6)
    call.goes_on(Keys(f"{code}#"), WaitFor("si occupa un collega"), HangUp())
    call.hears("si occupa un collega")
    assert returns(house) == 0
    assert proofs(house)[-1] == ("code", "inconclusive")


def test_code_goes_to_the_number_on_file_and_never_to_the_one_that_calls(house: House, voices: Voices) -> None:
    voices.is_enrolled(MARIO)
    with database.session_factory(house.engine).begin() as session:
        Vault(house.settings.key_ring).block(session, MARIO, house.clock.now())
    steps = talk(
        "aiutarla", WISH, "quale ordine", Keys("2290#"), "CAP", Keys("00184"), "Apro il reso", "sì", "codice per SMS"
    )
    call = Talk(house=house, from_="+393409998877", steps=steps)
    call.hears("codice per SMS")
    house.wait(2)
    assert [number for number, _ in messages(house)] == [trial.MARIO]
    call.goes_on(Keys(f"{digits_in(messages(house)[0][1])}#"), *BYE)
    call.is_over()
    assert returns(house) == 1


# --- Three rejections in a row


def test_three_calls_with_another_voice_lock_the_claim_and_a_person_decides(house: House, voices: Voices) -> None:
    voices.is_enrolled(MARIO)
    voices.speaks = OTHER
    for count in (1, 2):
        house.whole_call([*RETURN, WaitFor("queste cifre"), HangUp()], from_=trial.MARIO)
        assert rejections(house) == count
    house.sign_in("luca")
    call, _ = wants_return(house, then="si occupa un collega")
    assert house.run_until(lambda: house.offer_to("luca") is not None, 90), call.caller.heard
    assert rejections(house) == 3
    assert any("tre chiamate di fila" in line.text for line in house.context(call.leg.sid).done)
    assert returns(house) == 0
    call.goes_on(HangUp())
    house.close()


def test_lock_outlives_the_call_and_the_customers_own_voice(house: House, voices: Voices) -> None:
    voices.is_enrolled(MARIO)
    with database.session_factory(house.engine).begin() as session:
        for _ in range(3):
            voices.vault.note_rejection(session, MARIO, house.clock.now())
    call, _ = wants_return(house, then="si occupa un collega")
    assert ("voice", "inconclusive") in proofs(house, call.leg.sid)
    assert certainty(house, call.leg.sid) == "likely"
    call.goes_on(HangUp())


def test_recording_that_was_heard_before_is_for_a_person(house: House, voices: Voices) -> None:
    voices.is_enrolled(MARIO)
    call = Talk(house=house, from_=trial.MARIO, steps=[*talk("aiutarla", WISH), WaitFor("quale ordine")])
    call.hears("quale ordine")
    voices.were_heard_before()
    call.goes_on(Keys("2290#"), *talk("Apro il reso", "sì", "si occupa un collega"))
    call.hears("si occupa un collega")
    assert proofs(house, call.leg.sid)[-1] == ("voice", "rejected")
    assert returns(house) == 0
    call.goes_on(HangUp())


# --- Learning the voice


@pytest.mark.usefixtures("voices")
def test_first_call_with_consent_learns_the_voice_and_says_how_far_it_has_come(house: House) -> None:
    steps = talk("dalla voce", "sì", "in ritardo?", "sì", "altro", Keys("5"), "non deve ripetere", Keys("1"))
    caller = house.whole_call([*steps, *talk("da 1", Keys("2"))], from_=trial.GIULIA)
    caller.check()
    # One utterance of five seconds came after the consent.
    assert heard_once(caller, "Mi servono ancora venticinque secondi della sua voce: la prossima volta la riconoscerò.")
    assert sum("Mi servono ancora" in words for words in caller.heard) == 1
    assert not house.rows("voiceprints") or house.rows("voiceprints")[0]["status"] == "collecting"


def test_voice_is_enrolled_over_two_calls_told_once_and_verified_in_the_third(house: House, voices: Voices) -> None:
    voices.seconds = 10.0
    bye = talk("altro", Keys("5"), "da 1", Keys("2"))
    first = talk("dalla voce", "sì", "in ritardo?", "sì", "altro", "no grazie, è tutto", "non deve ripetere", Keys("1"))
    caller = house.whole_call([*first, *talk("da 1", Keys("2"))], from_=trial.GIULIA)
    assert heard_once(caller, "Mi servono ancora"), caller.heard
    caller = house.whole_call(talk("in ritardo?", "sì", "altro", "no grazie", "da 1", Keys("2")), from_=trial.GIULIA)
    assert heard_once(caller, "Da adesso la riconosco dalla voce."), caller.heard
    caller = house.whole_call([*talk("in ritardo?", "sì"), *bye], from_=trial.GIULIA)
    caller.check()
    assert not heard_once(caller, "della sua voce")
    assert not heard_once(caller, "Da adesso")
    with house.reading() as session:
        last = store.recent_calls(session)[0].call_id
    assert certainty(house, last) == "proved"
    assert house.rows("background_voices")


def test_caller_who_hangs_up_early_has_been_learnt_from_as_well(house: House, voices: Voices) -> None:
    voices.has_answered(MARIO)
    house.whole_call(talk("aiutarla", ORDER, "altro", HangUp()), from_=trial.MARIO)
    (collected,) = house.rows("collected_voices")
    assert collected["net_speech_seconds"] == 5.0


def test_nothing_is_learnt_where_only_the_voice_would_say_who_calls(house: House, voices: Voices) -> None:
    voices.is_enrolled(MARIO)
    before = house.rows("voiceprints")
    voices.speaks = OTHER
    house.whole_call(talk("aiutarla", ORDER) + BYE, from_=trial.MARIO)
    assert [row["sealed"] for row in house.rows("voiceprints")] == [row["sealed"] for row in before]
    assert not house.rows("collected_voices")


def calls_before(house: House, count: int) -> None:
    """So many calls of Mario, without a word about his voice."""
    with database.session_factory(house.engine).begin() as session:
        session.execute(update(Contact).where(Contact.customer_id == MARIO).values(channel="email"))
        for _ in range(count):
            session.add(
                Contact(
                    customer_id=MARIO,
                    at=house.clock.now(),
                    channel="phone",
                    reason="",
                    outcome="in_line",
                    note="",
                    call_id=None,
                )
            )


OFFER = "la prossima volta la riconosciamo dalla voce"


@pytest.mark.usefixtures("voices")
@pytest.mark.parametrize(("calls", "is_offered"), [(1, False), (2, False), (3, True)])
def test_enrolment_is_offered_in_every_few_calls_and_only_after_something_was_done(
    house: House,
    calls: int,
    is_offered: bool,  # noqa: FBT001 - one column of the table
) -> None:
    calls_before(house, calls)
    end: list[Step] = talk(OFFER, "sì", "da 1", Keys("2")) if is_offered else talk("da 1", Keys("2"))
    caller = house.whole_call([*talk("aiutarla", ORDER, "altro", Keys("5")), *end], from_=trial.MARIO)
    caller.check()
    assert heard_once(caller, OFFER) is is_offered
    assert len(house.rows("consents")) == is_offered


@pytest.mark.usefixtures("voices")
@pytest.mark.parametrize("answer", ["no grazie", "boh non saprei"])
def test_refusal_is_remembered_and_an_unclear_answer_waits_some_calls(house: House, answer: str) -> None:
    calls_before(house, 3)
    way = talk("aiutarla", ORDER, "altro", Keys("5"))
    house.whole_call([*way, *talk(OFFER, answer, "da 1", Keys("2"))], from_=trial.MARIO).check()
    house.wait(60)
    again = house.whole_call([*way, *talk("da 1", Keys("2"))], from_=trial.MARIO)
    again.check()
    assert not heard_once(again, OFFER)
    assert [row["granted"] for row in house.rows("consents")] == [0]


def test_voice_is_erased_by_a_word_and_proves_nothing_from_then_on(house: House, voices: Voices) -> None:
    voices.is_enrolled(MARIO)
    caller = house.whole_call(
        [*talk("aiutarla", ORDER, "altro", "cancellate la mia voce", "sono revocati", Silence(0.1)), *BYE],
        from_=trial.MARIO,
    )
    caller.check()
    for table in ("voiceprints", "call_voices", "collected_voices", "voice_decisions", "background_voices"):
        assert not house.rows(table), table
    house.whole_call(talk("aiutarla", ORDER) + BYE, from_=trial.MARIO).check()
    assert not house.rows("call_voices")


# --- Webhooks that come twice


def test_repeated_webhooks_send_no_second_message_and_count_nothing_twice(new_house: Houses, tmp_path: Path) -> None:
    twice = Faults(webhooks=[WebhookFault(duplicate=True, times=10_000)])
    house = new_house(faults=twice, **voice_settings(tmp_path))
    voices = Voices(house=house)
    call, code = is_sent_a_code(house, voices)
    assert rejections(house) == 1
    call.goes_on(Keys(f"{other_digits(code)}#"), WaitFor("non è quello"), Say(spoken(code)), *BYE)
    call.is_over()
    assert returns(house) == 1
    assert len([text for _, text in messages(house) if code in text]) == 1
    assert [row["outcome"] for row in house.rows("voice_decisions")].count("accepted") == 1
