"""Who calls and how they speak: strangers, hidden and foreign numbers, silence, nonsense, wrong numbers, keys at any moment."""

import pytest

from ivr import trial
from ivr.calls import store
from ivr.customers.tables import Customer, CustomerNumber
from ivr.database import session_factory
from ivr.line.script import HangUp, Keys, Say, Silence
from tests.telephone import House, heard_once, talk

BYE = talk("altro", Keys("5"), "da 1", Keys("2"))


def test_stranger_is_helped_without_a_name(house: House) -> None:
    caller = house.whole_call(
        talk("aiutarla", Keys("1"), "numero dell'ordine", "due tre cinque otto", "CAP", "zero zero uno otto quattro")
        + BYE
    )
    caller.check()
    assert caller.heard[0] == "Buongiorno, è in linea con Bottega Aurora."
    assert heard_once(caller, "in viaggio con Corriere Espresso")
    who = house.context(house.only_call.call_id).who
    assert (who.customer_id, who.certainty) == ("K002", "proved")
    assert [proof.outcome for proof in who.proofs] == ["accepted"]


@pytest.mark.parametrize("hidden", ["anonymous", "Restricted", "unknown", "+266696687", "", "private"])
def test_hidden_number_is_nobodys(house: House, hidden: str) -> None:
    caller = house.whole_call(
        talk("aiutarla", Keys("1"), "numero", Keys("2358#"), "CAP", Keys("00184")) + BYE, from_=hidden
    )
    caller.check()
    assert house.only_call.from_number == ""
    assert heard_once(caller, "in viaggio")


def test_number_of_two_customers_names_nobody(house: House) -> None:
    with session_factory(house.engine).begin() as session:
        session.add(Customer(customer_id="K009", name="Paolo Bianchi", language="it"))
        session.flush()
        session.add(CustomerNumber(customer_id="K009", number=trial.MARIO))
    caller = house.whole_call(
        talk("aiutarla", Keys("1"), "numero dell'ordine", Keys("2358#"), "CAP", Keys("00184")) + BYE, from_=trial.MARIO
    )
    caller.check()
    assert not any("Bianchi" in words for words in caller.heard)
    assert house.context(house.only_call.call_id).who.name == "Mario Bianchi"


def test_foreign_number_of_an_english_speaking_country_hears_english_first(house: House) -> None:
    caller = house.whole_call(
        talk(
            "How can I help",
            "italiano",
            "aiutarla",
            Keys("1"),
            "numero dell'ordine",
            Keys("2358#"),
            "CAP",
            Keys("00184"),
        )
        + BYE,
        from_="+442079460000",
    )
    caller.check()
    assert caller.heard[0].startswith("Good morning")
    assert house.only_call.language == "it"


def test_other_foreign_numbers_hear_the_companys_language(house: House) -> None:
    caller = house.whole_call(
        talk("aiutarla", Keys("9"), "How can I help", Keys("1"), "order number"), from_="+4930123456"
    )
    assert caller.heard[0].startswith("Buongiorno")
    assert house.only_call.language == "en"


def test_language_is_switched_by_word_in_the_middle(house: House) -> None:
    caller = house.whole_call(
        talk(
            "aiutarla", "english please", "How can I help", Keys("1"), "anything else", Keys("5"), "from 1", Keys("1")
        ),
        from_=trial.MARIO,
    )
    caller.check()
    assert heard_once(caller, "is on its way with Corriere Espresso")
    assert house.only_call.language == "en"


def test_silence_throughout_ends_in_a_callback_and_never_in_a_hang_up(house: House) -> None:
    caller = house.whole_call([], from_=trial.MARIO)
    asked = [
        words
        for words in caller.heard
        if "aiut" in words or "«dov'è" in words or "Mi dica" in words or "Prema 1" in words
    ]
    assert len(asked) == len(set(asked)) == 4
    assert heard_once(caller, "la richiamiamo entro")
    assert [row["kind"] for row in house.rows("cases")] == ["callback"]
    assert house.only_call.status == store.ENDED


def test_nonsense_three_times_reaches_a_person(house: House) -> None:
    house.sign_in("luca")
    caller, _ = house.call(
        talk(
            "aiutarla",
            "che tempo fa domani a roma",
            "Mi dica pure",
            "mi canti una canzone",
            "per esempio",
            "chi ha vinto la partita",
        ),
        from_=trial.MARIO,
    )
    assert house.run_until(lambda: house.offer_to("luca") is not None, 90), caller.heard


def test_noise_without_words_counts_as_silence(house: House) -> None:
    caller = house.whole_call(
        talk("aiutarla", Say("khhh", heard_as=""), "Mi dica pure", Keys("1")) + BYE, from_=trial.MARIO
    )
    caller.check()


def test_wrong_order_number_three_times_reaches_a_person_with_the_story(house: House) -> None:
    house.sign_in("luca")
    caller, leg = house.call(
        talk(
            "aiutarla",
            Keys("1"),
            "numero dell'ordine",
            Keys("9991#"),
            "Non trovo",
            Keys("9992#"),
            "Non lo trovo",
            Keys("9993#"),
        )
    )
    assert house.run_until(lambda: house.offer_to("luca") is not None, 90), caller.heard
    assert house.run_until(lambda: heard_once(caller, "ci pensa un collega"), 10), caller.heard
    assert [line.keys for line in house.context(leg.sid).said if line.keys] == ["1", "9991", "9992", "9993"]
    assert house.record(leg).route_reason == "order not found by the line"


def test_wrong_postcode_is_no_proof_and_the_right_one_is(house: House) -> None:
    caller = house.whole_call(
        talk("aiutarla", Keys("1"), "numero", Keys("2358#"), "CAP", Keys("20100"), "non corrisponde", Keys("00184"))
        + BYE
    )
    caller.check()
    who = house.context(house.only_call.call_id).who
    assert [proof.outcome for proof in who.proofs] == ["rejected", "accepted"]


def test_wrong_postcode_three_times_tells_nothing(house: House) -> None:
    caller = house.whole_call(
        talk(
            "aiutarla",
            Keys("1"),
            "numero",
            Keys("2358#"),
            "CAP",
            Keys("11111"),
            "non corris",
            Keys("22222"),
            "corris",
            Keys("33333"),
        )
    )
    assert not heard_once(caller, "in viaggio")
    assert not heard_once(caller, "Mario")
    assert house.only_call.customer_id is None


def test_keys_in_the_middle_of_a_prompt_are_taken_at_once(house: House) -> None:
    caller = house.whole_call([Silence(4), Keys("1"), *BYE], from_=trial.MARIO)
    caller.check()
    assert heard_once(caller, "in viaggio")


def test_repeat_says_the_answer_again(house: House) -> None:
    caller = house.whole_call(
        talk("aiutarla", Keys("1"), "altro", "può ripetere", "altro", Keys("5"), "da 1", Keys("2")), from_=trial.MARIO
    )
    caller.check()
    assert sum("in viaggio con Corriere Espresso" in words for words in caller.heard) == 2


def test_use_of_data_is_told_in_the_call(house: House) -> None:
    caller = house.whole_call(
        talk("aiutarla", "come usate i miei dati", "Ecco come usiamo i suoi dati", Silence(0.1))
        + talk("aiutarla", Keys("1"))
        + BYE,
        from_=trial.MARIO,
    )
    caller.check()


def test_consent_is_withdrawn_by_voice(house: House) -> None:
    house.whole_call(
        talk("dalla voce", "sì", "in ritardo?", "revoco il consenso", "sono revocati", Silence(2)), from_=trial.GIULIA
    )
    standing = {row["purpose"]: bool(row["granted"]) for row in house.rows("consents")}
    assert standing["voice_verification"] is False
    assert next(bool(row["granted"]) for row in house.rows("consents"))


def test_unclear_answer_to_a_consent_is_kept_as_none(house: House) -> None:
    caller = house.whole_call(talk("dalla voce", "boh non saprei forse", "?", Silence(1)), from_=trial.GIULIA)
    assert not [row for row in house.rows("consents") if row["granted"]], caller.heard


def test_a_state_that_cannot_be_read_begins_the_flow_anew_and_ends_soundly(house: House) -> None:
    caller, leg = house.call([*talk("aiutarla", Keys("1"), "aiutarla", Keys("0")), Silence(5), HangUp()])
    house.wait(1)
    with session_factory(house.engine).begin() as session:
        call = store.call(session, leg.sid)
        assert call is not None
        call.state = '{"form": 0}'
    assert house.run_until(lambda: caller.reason is not None), caller.heard
    assert sum("aiutarla" in text for text in caller.heard) == 2
    house.wait(1)
    assert house.record(leg).status == "ended"
