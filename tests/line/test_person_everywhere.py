"""At every question of the shipped flow a person is given at once, by word and by key, and a hang-up there loses nothing."""

import pytest

from ivr import trial
from ivr.calls import store
from ivr.line.script import HangUp, Keys, Say, Step
from tests.telephone import House, heard_once, talk

# The way to each question, and who calls. Questions that only speak in closed hours stand in test_closed_hours.py.
WAYS: dict[str, tuple[str, list[Step]]] = {
    "consent_voice": (trial.GIULIA, talk("dalla voce")),
    "ask_late_order": (trial.GIULIA, talk("dalla voce", "no", "in ritardo?")),
    "ask_other_request": (trial.GIULIA, talk("dalla voce", "no", "in ritardo?", "no", "bisogno")),
    "ask_request": (trial.MARIO, talk("aiutarla")),
    "anything_else": (trial.MARIO, talk("aiutarla", Keys("1"), "altro")),
    "ask_order_number": (trial.STRANGER, talk("aiutarla", Keys("1"), "numero dell'ordine")),
    "ask_order_again": (trial.STRANGER, talk("aiutarla", Keys("1"), "numero", Keys("9999#"), "Non trovo")),
    "ask_postcode": (trial.STRANGER, talk("aiutarla", Keys("1"), "numero", Keys("2358#"), "CAP")),
    "ask_postcode_again": (
        trial.STRANGER,
        talk("aiutarla", Keys("1"), "numero", Keys("2358#"), "CAP", Keys("11111"), "non corrisponde"),
    ),
    "ask_return_order": (trial.MARIO, talk("aiutarla", Keys("2"), "reso")),
    "ask_return_order_again": (trial.MARIO, talk("aiutarla", Keys("2"), "reso", Keys("9999#"), "Non trovo")),
    "ask_return_postcode": (trial.STRANGER, talk("aiutarla", Keys("2"), "reso", Keys("2290#"), "CAP")),
    "ask_return_postcode_again": (
        trial.STRANGER,
        talk("aiutarla", Keys("2"), "reso", Keys("2290#"), "CAP", Keys("11111"), "non corrisponde"),
    ),
    "confirm_return": (trial.MARIO, talk("aiutarla", Keys("2"), "reso", Keys("2290#"), "va bene")),
    "consent_history": (
        trial.GIULIA,
        talk("dalla voce", "no", "in ritardo?", "no", "bisogno", Say("è tutto grazie"), "ricordare"),
    ),
    "survey_line": (trial.MARIO, talk("aiutarla", Keys("1"), "altro", Keys("5"), "da 1")),
}


@pytest.mark.parametrize("asks", [Keys("0"), Say("operatore"), Say("vorrei una persona")], ids=["key", "word", "wish"])
@pytest.mark.parametrize("node", WAYS)
def test_a_person_is_given_at_once(house: House, node: str, asks: Step) -> None:
    house.sign_in("anna")
    from_, way = WAYS[node]
    caller, leg = house.call([*way, asks], from_=from_)
    assert house.run_until(lambda: house.offer_to("anna") is not None, 90), caller.heard
    caller.check()
    turns = house.context(leg.sid).said
    assert turns[-2].node == node
    assert house.record(leg).route_reason == "asked for a person"
    assert house.run_until(lambda: heard_once(caller, "le passo subito una persona"), 10), caller.heard


@pytest.mark.parametrize("node", WAYS)
def test_a_hang_up_ends_the_call_and_loses_nothing(house: House, node: str) -> None:
    from_, way = WAYS[node]
    house.whole_call([*way, HangUp()], from_=from_)
    call = house.only_call
    assert call.status == store.ENDED
    assert call.ended_at is not None
    assert call.node == node
    assert house.context(call.call_id).done[-1].text == "Fine della chiamata."
    contacts = [row for row in house.rows("contacts") if row["call_id"] == call.call_id]
    assert len(contacts) == (call.customer_id is not None)


def test_every_question_of_the_flow_is_among_the_ways(house: House) -> None:
    flow = house.voice.company.version(1).flow
    asking = {name for name, node in flow.nodes.items() if node.kind.value in {"ask", "consent", "survey"}}
    told_elsewhere = {
        "offer_callback",  # test_closed_hours.py
        "ask_callback_number",  # test_closed_hours.py
        "ask_open_return",  # below
        "ask_open_case",  # below
        "ask_about_case",  # below
        "survey_agent",  # test_agents.py
        "ask_digits",  # test_proofs.py
        "ask_code",  # test_proofs.py
        "ask_code_again",  # test_proofs.py
        "offer_voice",  # test_proofs.py
        "confirm_callback_number",  # waiting/test_callbacks.py
        "ask_kept_number",  # waiting/test_callbacks.py
    }
    assert asking == set(WAYS) | told_elsewhere


def test_second_call_about_an_open_return_is_met_with_it(house: House) -> None:
    house.whole_call(
        talk("aiutarla", Keys("2"), "reso", Keys("2290#"), "va bene", Keys("1"), "altro", Keys("5"), "da 1", Keys("1")),
        from_=trial.MARIO,
    )
    again = house.whole_call(talk("Chiama per il reso", "sì", "altro", Keys("5"), "da 1", Keys("2")), from_=trial.MARIO)
    again.check()
    assert heard_once(again, "Aspettiamo il suo pacco")


def test_second_call_about_an_open_case_offers_a_person_at_once(house: House) -> None:
    house.sign_in("anna")
    house.whole_call([*talk("aiutarla", Keys("4"), "passo"), HangUp()], from_=trial.MARIO)
    caller, leg = house.call(talk("segnalazione", "sì", "un collega?", Keys("1")), from_=trial.MARIO)
    assert house.run_until(lambda: house.record(leg).status == store.WAITING if caller.done else False, 90), (
        caller.heard
    )
    assert house.record(leg).route_reason == "complaint"
    assert [case.kind for case in house.context(leg.sid).cases] == ["complaint"]


def test_person_in_english_too(house: House) -> None:
    house.sign_in("grace")
    caller, _ = house.call(talk("your voice", "operator"), from_=trial.EMILY)
    assert house.run_until(lambda: house.offer_to("grace") is not None, 90), caller.heard
