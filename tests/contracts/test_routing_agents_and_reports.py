"""What agents do, and what is told of queue and agents, with equal results on SQLite and PostgreSQL."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from routing import dispatch, reports, store
from routing.agents import AgentEvent, AgentState, Refusal, Refused
from routing.queues import Queue
from routing.skills import Requirements
from routing.waiting import DEFAULT_RINGS
from tests.contracts.routing_company import Company, company_on


@pytest.fixture
def company(engine: Engine) -> Iterator[Company]:
    made = company_on(engine)
    yield made
    made.assert_sound()


class TestAgents:
    def test_nobody_leaves_a_caller_alone_by_a_click(self, company: Company) -> None:
        company.hire("anna")
        company.talks("anna", "CA1")
        for event in (AgentEvent.SIGN_OFF, AgentEvent.STEP_AWAY, AgentEvent.READY):
            with company.transaction() as session:
                outcome = dispatch.set_state(session, agent_id="anna", event=event, now=company.now)
            assert outcome == Refused(reason=Refusal.NOT_IN_THIS_STATE)

    def test_away_has_a_reason_that_goes_with_it(self, company: Company) -> None:
        company.hire("anna")
        assert company.wish("anna", AgentEvent.STEP_AWAY, "pausa").away_reason == "pausa"
        assert company.wish("anna", AgentEvent.READY).away_reason == ""

    def test_saying_ready_again_does_not_cost_the_turn(self, company: Company) -> None:
        company.hire("anna")
        company.later(1)
        company.hire("bruno")
        company.later(60)
        company.wish("anna", AgentEvent.READY)
        company.calls("CA1")
        assert company.dispatch() == {"CA1": "anna"}

    def test_a_forgotten_wrap_up_ends_by_itself(self, company: Company) -> None:
        company.hire("anna")
        company.talks("anna", "CA1")
        with company.transaction() as session:
            dispatch.talk_ended(session, call_id="CA1", now=company.now)
        company.later(179)
        with company.transaction() as session:
            assert dispatch.tick(session, company.now).wrapped_up == ()
        company.later(1)
        with company.transaction() as session:
            assert dispatch.tick(session, company.now).wrapped_up == ("anna",)
        assert company.state("anna") is AgentState.AVAILABLE

    @pytest.mark.parametrize("event", [AgentEvent.READY, AgentEvent.STEP_AWAY, AgentEvent.SIGN_OFF])
    def test_leaving_the_wrap_up_by_any_door_ends_it(self, company: Company, event: AgentEvent) -> None:
        company.hire("anna")
        company.talks("anna", "CA1")
        with company.transaction() as session:
            dispatch.talk_ended(session, call_id="CA1", now=company.now)
        company.wish("anna", event)
        with company.transaction() as session:
            assigned = reports.assignment_of(session, "CA1")
        assert assigned is not None
        assert assigned.wrap_up_ended_at == company.now

    def test_wrap_up_cannot_end_where_there_is_none(self, company: Company) -> None:
        company.hire("anna")
        with company.transaction() as session:
            here = dispatch.wrap_up_done(session, agent_id="anna", now=company.now)
            nowhere = dispatch.wrap_up_done(session, agent_id="nobody", now=company.now)
        assert here == Refused(reason=Refusal.NOT_IN_THIS_STATE)
        assert nowhere == Refused(reason=Refusal.AGENT_UNKNOWN)

    def test_a_desk_that_is_gone_signs_its_agent_off_and_passes_the_ringing_call_on(self, company: Company) -> None:
        company.hire("anna")
        company.later(1)
        company.hire("bruno")
        with company.transaction() as session:
            assert dispatch.heartbeat(session, agent_id="anna", now=company.now)
            assert not dispatch.heartbeat(session, agent_id="nobody", now=company.now)
        company.later(85)
        company.calls("CA1")
        assert company.dispatch() == {"CA1": "anna"}
        company.later(6)
        with company.transaction() as session:
            ticked = dispatch.tick(session, company.now)
        assert ticked.signed_off == ("anna",)
        assert [one.agent_id for one in ticked.offered] == ["bruno"]

    def test_a_desk_that_is_gone_in_the_talk_leaves_the_talk_alone(self, company: Company) -> None:
        company.hire("anna")
        with company.transaction() as session:
            dispatch.heartbeat(session, agent_id="anna", now=company.now)
        company.talks("anna", "CA1")
        company.later(1000)
        with company.transaction() as session:
            assert dispatch.tick(session, company.now).signed_off == ()
        assert company.state("anna") is AgentState.ON_CALL

    def test_only_wishes_can_be_wished(self, company: Company) -> None:
        company.hire("anna")
        with company.transaction() as session, pytest.raises(ValueError, match="happens to agents"):
            dispatch.set_state(session, agent_id="anna", event=AgentEvent.ACCEPTED, now=company.now)

    def test_saving_an_agent_again_changes_skills_and_keeps_the_state(self, company: Company) -> None:
        company.hire("anna")
        with company.transaction() as session:
            store.save_agent(
                session,
                agent_id="anna",
                name="Anna Bassi",
                address="+390612345678",
                languages=("it", "en"),
                skills={"orders": 5, "returns": 2},
                now=company.now,
            )
        with company.transaction() as session:
            found = reports.state_of(session, "anna")
        assert found is not None
        assert (found.name, found.address, found.languages) == ("Anna Bassi", "+390612345678", ("it", "en"))
        assert (found.skills, found.state) == ({"orders": 5, "returns": 2}, AgentState.AVAILABLE)

    def test_a_level_beyond_the_scale_is_refused(self, company: Company) -> None:
        with pytest.raises(ValueError, match="1 to 5"):
            company.hire("anna", level=6)


class TestReports:
    def test_the_position_counts_calls_for_the_same_skill(self, company: Company) -> None:
        for call_id in ("CA1", "CA2", "CA3"):
            company.calls(call_id)
            company.later(1)
        company.calls("other", Requirements(skill="returns"))
        with company.transaction() as session:
            found = reports.position(session, "CA2", company.now)
            assert reports.position(session, "CA9", company.now) is None
        assert found is not None
        assert (found.place, found.waiting, found.estimate_seconds) == (2, 3, None)

    def test_the_estimate_comes_from_what_talks_took_and_who_is_working(self, company: Company) -> None:
        company.hire("anna")
        for number in range(3):
            company.talks("anna", f"CA{number}")
            company.later(100)
            with company.transaction() as session:
                dispatch.talk_ended(session, call_id=f"CA{number}", now=company.now)
            company.later(20)
            with company.transaction() as session:
                dispatch.wrap_up_done(session, agent_id="anna", now=company.now)
        company.calls("CA7")
        company.calls("CA8")
        with company.transaction() as session:
            found = reports.position(session, "CA8", company.now)
        assert found is not None
        # CA7 stands before and takes Anna's next 120 s, as each of the three did.
        assert found.estimate_seconds == 120

    def test_somebody_for_a_call_is_somebody_signed_in_with_the_musts(self, company: Company) -> None:
        company.hire("anna", level=1)
        wanted = Requirements(skill="orders", level=4, languages=("it",))
        with company.transaction() as session:
            assert reports.anybody_for(session, wanted)
            assert not reports.anybody_for(session, Requirements(skill="orders", languages=("en",)))
            assert not reports.anybody_for(session, Requirements(skill="returns"))
            assert not reports.anybody_for(session, wanted, Queue(queue_id="orders", rings=DEFAULT_RINGS[:1]))
        company.wish("anna", AgentEvent.SIGN_OFF)
        with company.transaction() as session:
            assert not reports.anybody_for(session, wanted)

    def test_why_nobody_takes_a_call_can_be_asked_at_any_time(self, company: Company) -> None:
        company.hire("anna")
        company.wish("anna", AgentEvent.STEP_AWAY, "pausa")
        company.calls("CA1")
        with company.transaction() as session:
            receipt = reports.explain(session, "CA1", company.now)
            assert reports.explain(session, "CA9", company.now) is None
        assert receipt is not None
        assert receipt.in_words("it")[-1] == "Anna: ora è assente."

    def test_the_queue_shows_rank_ring_and_who_is_being_offered(self, company: Company) -> None:
        company.hire("anna")
        company.calls("CA1")
        company.dispatch()
        company.calls("CA2", priority=2)
        company.later(70)
        with company.transaction() as session:
            lines = reports.waiting_calls(session, company.now)
            names = [one.name for one in reports.agents(session)]
        assert [(one.call_id, one.is_offered, one.rank_seconds, one.ring) for one in lines] == [
            ("CA2", False, 190, 1),
            ("CA1", True, 70, 1),
        ]
        assert names == ["Anna"]

    def test_the_receipt_of_an_offer_can_be_read_after_the_acceptance(self, company: Company) -> None:
        company.hire("anna")
        company.calls("CA1")
        company.dispatch()
        receipt = company.offer_to("anna").receipt
        company.takes("anna")
        with company.transaction() as session:
            assert reports.receipt_of(session, "CA1", "anna") == receipt
            assert reports.receipt_of(session, "CA1", "bruno") is None

    def test_a_call_accepted_long_ago_and_never_connected_is_found(self, company: Company) -> None:
        company.hire("anna")
        company.calls("CA1")
        company.dispatch()
        company.takes("anna")
        accepted_at = company.now
        company.later(1)
        with company.transaction() as session:
            assert reports.never_connected(session, accepted_at) == ()
            assert reports.never_connected(session, company.now) == ("CA1",)
            dispatch.connected(session, call_id="CA1", now=company.now)
            assert reports.never_connected(session, company.now) == ()
