"""Why people call, told by telephone: each of the five reasons by speech and by keys, to a sound end; Italian and English."""

import pytest

from ivr import trial
from ivr.line.script import Keys, ScriptedParty, Step
from tests.telephone import House, heard_once, talk

GOODBYE = talk("altro", "no grazie", "da 1", Keys("2"))
# A first call of a known customer asks one consent at the beginning and one at the end.
FIRST_CALL = talk("dalla voce", "sì va bene")


def told(house: House, caller: ScriptedParty) -> str:
    """What the agent's screen says that the line did."""
    caller.check()
    return "\n".join(line.text for line in house.context(house.only_call.call_id).done)


@pytest.mark.parametrize(
    "request_",
    [
        talk("aiutarla", "dov'è il mio ordine"),
        talk("aiutarla", Keys("1")),
        talk("aiutarla", "vorrei sapere a che punto è la mia spedizione"),
    ],
)
def test_order_status_is_answered_by_the_line_itself(house: House, request_: list[Step]) -> None:
    caller = house.whole_call([*request_, *GOODBYE], from_=trial.MARIO)
    assert "Ha cercato l'ordine 2358: spedito" in told(house, caller)
    assert heard_once(caller, "in viaggio con Corriere Espresso: arriva mercoledì venticinque novembre")
    assert heard_once(caller, "A presto")
    assert house.only_call.status == "ended"
    assert house.only_call.reason == "order_status"
    assert [row["score"] for row in house.rows("effort_scores")] == [2]
    assert [row["reason"] for row in house.rows("contacts") if row["call_id"]] == ["order_status"]


def test_late_order_is_told_before_anybody_asks(house: House) -> None:
    caller = house.whole_call(
        [
            *FIRST_CALL,
            *talk("uno zero, quattro due, che è in ritardo", "sì per quello"),
            *talk("altro", "no grazie", "ricordare questa chiamata", "no", "da 1", Keys("6")),
        ],
        from_=trial.GIULIA,
    )
    caller.check()
    assert heard_once(caller, "La nuova consegna è prevista mercoledì venticinque novembre")
    consents = {row["purpose"]: bool(row["granted"]) for row in house.rows("consents")}
    assert consents == {"voice_verification": True, "contact_history": False}
    assert {row["wording"] for row in house.rows("consents")} == {"consent_voice", "consent_history"}


@pytest.mark.parametrize(
    "order",
    [
        talk("reso", "due due nove zero"),
        talk("reso", Keys("2290#")),
        talk("reso", "è il duemiladuecentonovanta"),
    ],
)
@pytest.mark.parametrize("yes", ["sì va bene", Keys("1")])
def test_return_is_opened_by_the_line_and_its_number_texted(house: House, order: list[Step], yes: str | Step) -> None:
    caller = house.whole_call(
        [*talk("aiutarla", "vorrei fare un reso"), *order, *talk("due due, nove zero", yes), *GOODBYE],
        from_=trial.MARIO,
    )
    assert heard_once(caller, "Le ho mandato un SMS con il numero del reso")
    (opened,) = house.rows("returns")
    assert opened["order_number"] == "2290"
    (message,) = house.rows("messages")
    assert message["to_number"] == trial.MARIO
    assert message["status"] == "accepted"
    assert opened["return_number"] in message["text"]
    assert f"Ha aperto il reso {opened['return_number']}" in told(house, caller)


def test_return_of_what_has_not_arrived_is_explained_and_nothing_opened(house: House) -> None:
    caller = house.whole_call(
        talk("aiutarla", Keys("2"), "reso", Keys("2358#"), "va bene", "sì", *GOODBYE),
        from_=trial.MARIO,
    )
    assert heard_once(caller, "non risulta ancora consegnato")
    assert "Il reso non si può aprire: non ancora consegnato" in told(house, caller)
    assert house.rows("returns") == []


@pytest.mark.parametrize("request_", ["vorrei sapere se la lampada si può regolare", Keys("3")])
def test_product_question_goes_to_the_specialist(house: House, request_: str | Step) -> None:
    house.sign_in("anna")
    house.sign_in("luca")
    house.agent_phone("client:luca")
    caller, leg = house.call(talk("aiutarla", request_), from_=trial.MARIO)
    assert house.run_until(lambda: house.offer_to("luca") is not None), caller.heard
    assert house.offer_to("anna") is None
    assert house.context(leg.sid).reason == "product_question"


@pytest.mark.parametrize("request_", ["voglio fare un reclamo", Keys("4")])
def test_complaint_becomes_a_case_and_reaches_the_recovery_agent(house: House, request_: str | Step) -> None:
    house.agent_phone("client:anna")
    house.sign_in("anna")
    house.sign_in("luca")
    caller, leg = house.call(talk("aiutarla", request_), from_=trial.MARIO)
    assert house.run_until(lambda: house.offer_to("anna") is not None), caller.heard
    (case,) = house.rows("cases")
    assert case["kind"] == "complaint"
    assert case["customer_id"] == "K002"
    context = house.context(leg.sid)
    assert context.who.name == "Mario Bianchi"
    assert context.who.certainty == "likely"
    assert [one.case_id for one in context.cases] == [case["case_id"]]
    assert [order.number for order in context.orders] == ["2358", "2290"]
    assert [contact.reason for contact in context.contacts] == ["product_question"]
    if isinstance(request_, str):
        assert any(line.heard == request_ for line in context.said)
        assert case["summary"] == request_


def test_complaint_after_a_late_order_reaches_the_agent_with_the_whole_story(house: House) -> None:
    phones = house.agent_phone("client:anna")
    house.sign_in("anna")
    complaint = "voglio fare un reclamo è la terza volta che arriva tardi"
    caller, leg = house.call(
        [*FIRST_CALL, *talk("in ritardo?", "sì per quello", "altro", complaint, "quanto le è costato", Keys("2"))],
        from_=trial.GIULIA,
    )
    assert house.run_until(lambda: house.offer_to("anna") is not None), caller.heard
    offered = house.context(leg.sid)
    assert [line.heard for line in offered.said if line.heard] == ["sì va bene", "sì per quello", complaint]
    assert [order.number for order in offered.orders if order.is_late] == ["1042"]
    house.accept("anna")
    assert house.run_until(lambda: house.record(leg).status == "talking")
    house.wait(30)
    assert len(phones) == 1
    assert phones[0].reason is None
    house.act(lambda desk, session, _now: desk.hang_up(session, agent_id="anna", call_id=leg.sid))
    assert house.run_until(lambda: caller.reason is not None), caller.heard
    caller.check()
    assert [row["score"] for row in house.rows("effort_scores")] == [2]
    assert house.agent_state("anna") == "wrap_up"
    house.wait(2)
    told = [line.text for line in house.context(leg.sid).done]
    assert told[-5:] == [
        "Anna Ricci ha risposto.",
        "Il cliente parla con Anna Ricci.",
        "Anna Ricci ha chiuso la conversazione.",
        "Punteggio di sforzo: 2 su 7.",
        "Fine della chiamata.",
    ]


@pytest.mark.parametrize("request_", ["vorrei parlare con una persona", Keys("0")])
def test_person_is_given_at_once_to_who_asks(house: House, request_: str | Step) -> None:
    house.agent_phone("client:luca")
    house.sign_in("luca")
    caller, leg = house.call(talk("aiutarla", request_), from_=trial.MARIO)
    assert house.run_until(lambda: house.offer_to("luca") is not None), caller.heard
    assert house.record(leg).route_reason == "asked for a person"


def test_english_customer_is_greeted_and_answered_in_english(house: House) -> None:
    caller = house.whole_call(
        talk("your voice", "no thanks", "How can I help", "where is my order")
        + talk("anything else", "no thank you", "remember this call", "yes", "from 1", Keys("1")),
        from_=trial.EMILY,
    )
    caller.check()
    assert caller.heard[0] == "Good morning Emily Carter, this is Bottega Aurora."
    assert heard_once(caller, "three zero nine, one seven")
    assert house.only_call.language == "en"
    assert not any("grazie" in words.lower() for words in caller.heard)


def test_english_caller_who_asks_for_a_person_reaches_one_who_speaks_english(house: House) -> None:
    house.agent_phone("+390298765410")
    house.sign_in("luca")
    house.sign_in("grace")
    caller, _ = house.call(talk("How can I help", "I'd like to talk to a real person please"), from_="+447700900999")
    assert house.run_until(lambda: house.offer_to("grace") is not None), caller.heard
    assert house.offer_to("luca") is None
