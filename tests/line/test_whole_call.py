"""The main story: a caller says what is wanted, is identified, helped or handed to the right agent, whose screen tells it all."""

from ivr import trial
from ivr.line.script import Keys, Say
from tests.telephone import House, heard_once, until


def test_late_order_is_told_before_the_question_and_the_complaint_reaches_the_recovery_agent(house: House) -> None:
    phones = house.agent_phone("client:anna")
    house.sign_in("anna")
    caller, leg = house.call(
        [
            until("riconoscerla dalla voce"),
            Say("sì va bene"),
            until("1042"),
            Say("sì per quello"),
            until("altro"),
            Say("voglio fare un reclamo è la terza volta che arriva tardi"),
        ],
        from_=trial.GIULIA,
    )
    assert house.run_until(lambda: house.offer_to("anna") is not None), caller.heard
    offered = house.context(leg.sid)
    assert offered.who.name == "Giulia Conti"
    assert offered.who.certainty == "likely"
    assert any("terza volta" in line.heard for line in offered.said)
    assert offered.reason == "complaint"
    assert [order.number for order in offered.orders if order.is_late] == ["1042"]
    assert len(offered.cases) == 1
    house.accept("anna")
    assert house.run_until(lambda: house.record(leg).status == "talking"), house.line.log[-20:]
    house.wait(5)
    assert len(phones) == 1
    assert house.context(leg.sid).agent_id == "anna"
    house.act(lambda desk, session, _now: desk.hang_up(session, agent_id="anna", call_id=leg.sid))
    caller.steps = ()
    assert house.run_until(lambda: heard_once(caller, "quanto")), caller.heard
    house.line.run(lambda: caller.handset.press("2")) if hasattr(caller.handset, "press") else None
    assert house.run_until(lambda: caller.reason is not None), caller.heard
    assert house.agent_state("anna") == "wrap_up"


def test_order_status_is_answered_by_the_line_itself(house: House) -> None:
    caller = house.whole_call(
        [
            until("riconoscerla dalla voce") if False else until("aiutar"),
            Say("dov'è il mio ordine"),
            until("ordine"),
            until("altro"),
            Say("no grazie"),
            until("da 1"),
            Keys("2"),
        ],
        from_=trial.MARIO,
    )
    assert caller.done, (caller.failure, caller.heard)
