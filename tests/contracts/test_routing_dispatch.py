"""The life of a call in routing, act by act, with equal results on SQLite and PostgreSQL."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from routing import dispatch, reports
from routing.agents import AgentEvent, AgentState, Presence, Refusal, Refused
from routing.outcomes import Accepted, Declined, Queued, Requeued, TalkEnded, Withdrawn
from routing.skills import Requirements
from tests.contracts.routing_company import ORDERS, Company, company_on


@pytest.fixture
def company(engine: Engine) -> Iterator[Company]:
    made = company_on(engine)
    yield made
    made.assert_sound()


class TestEnqueue:
    def test_a_call_waits_once_however_often_its_webhook_comes(self, company: Company) -> None:
        first = company.calls("CA1")
        company.later(5)
        again = company.calls("CA1")
        assert (first.is_repeat, again.is_repeat) == (False, True)
        assert again.enqueued_at == first.enqueued_at
        assert company.queue() == ["CA1"]

    def test_a_late_webhook_does_not_revive_a_call_that_has_ended(self, company: Company) -> None:
        company.calls("CA1")
        with company.transaction() as session:
            dispatch.withdraw(session, call_id="CA1", reason="hang-up", now=company.now)
        with company.transaction() as session:
            outcome = dispatch.enqueue(session, call_id="CA1", requirements=ORDERS, now=company.now)
        assert outcome == Refused(reason=Refusal.CALL_ENDED)

    def test_a_call_may_come_back_after_a_talk_when_it_says_so(self, company: Company) -> None:
        company.hire("anna")
        company.talks("anna", "CA1")
        with company.transaction() as session:
            dispatch.talk_ended(session, call_id="CA1", now=company.now)
        returns = Requirements(skill="returns")
        with company.transaction() as session:
            outcome = dispatch.enqueue(session, call_id="CA1", requirements=returns, now=company.now, again=True)
        assert outcome == Queued(call_id="CA1", enqueued_at=company.now, is_repeat=False)
        assert company.queue() == ["CA1"]

    def test_priority_goes_ahead_but_only_by_its_worth(self, company: Company) -> None:
        company.calls("early")
        company.later(59)
        company.calls("urgent", priority=1)
        company.later(2)
        company.calls("urgent too late", priority=1)
        assert company.queue() == ["urgent", "early", "urgent too late"]


class TestDispatch:
    def test_nobody_signed_in_offers_nothing_and_keeps_the_call(self, company: Company) -> None:
        company.hire("anna", ready=False)
        company.calls("CA1")
        assert company.dispatch() == {}
        assert company.queue() == ["CA1"]

    def test_the_longest_idle_agent_is_rung(self, company: Company) -> None:
        company.hire("bruno")
        company.later(10)
        company.hire("anna")
        company.calls("CA1")
        assert company.dispatch() == {"CA1": "bruno"}
        assert company.state("bruno") is AgentState.OFFERED

    def test_calls_behind_one_that_nobody_can_take_are_not_held_up(self, company: Company) -> None:
        company.hire("anna", languages=("it",))
        company.calls("german", Requirements(skill="orders", languages=("de",)))
        company.later(1)
        company.calls("italian")
        assert company.dispatch() == {"italian": "anna"}

    def test_one_round_gives_each_agent_one_call_in_the_order_of_the_queue(self, company: Company) -> None:
        for agent_id in ("anna", "bruno"):
            company.hire(agent_id)
            company.later(1)
        for call_id in ("CA1", "CA2", "CA3"):
            company.calls(call_id)
            company.later(1)
        assert company.dispatch() == {"CA1": "anna", "CA2": "bruno"}
        assert company.dispatch() == {}

    def test_the_level_is_waived_after_a_minute_and_the_receipt_names_the_ring(self, company: Company) -> None:
        company.hire("anna", level=2)
        company.calls("CA1", Requirements(skill="orders", level=4, languages=("it",)))
        assert company.dispatch() == {}
        company.later(60)
        assert company.dispatch() == {"CA1": "anna"}
        assert company.offer_to("anna").receipt.ring == 1

    def test_the_receipt_is_kept_with_the_offer_as_it_was_decided(self, company: Company) -> None:
        company.hire("anna")
        company.hire("bruno", languages=("en",))
        company.calls("CA1")
        with company.transaction() as session:
            (offered,) = dispatch.dispatch(session, company.now)
        assert company.offer_to("anna").receipt == offered.receipt
        assert company.offer_to("anna").receipt.in_words("it")[0].startswith("Anna riceve la chiamata")


class TestAccept:
    def test_an_accepted_call_is_assigned_to_the_address_of_the_agent(self, company: Company) -> None:
        company.hire("anna")
        company.calls("CA1")
        company.dispatch()
        taken = company.takes("anna")
        assert (taken.call_id, taken.address, taken.is_repeat) == ("CA1", "client:anna", False)
        assert company.state("anna") is AgentState.ON_CALL
        with company.transaction() as session:
            assigned = reports.assignment_of(session, "CA1")
            assert assigned == reports.current_assignment_of(session, "anna")
        assert assigned is not None
        assert (assigned.agent_id, assigned.connected_at) == ("anna", None)

    def test_a_second_click_gets_the_same_answer_marked_as_a_repeat(self, company: Company) -> None:
        company.hire("anna")
        company.calls("CA1")
        company.dispatch()
        first = company.takes("anna")
        with company.transaction() as session:
            again = dispatch.accept(session, offer_id=first.offer_id, agent_id="anna", now=company.now)
        assert isinstance(again, Accepted)
        assert again.is_repeat

    def test_another_agent_cannot_accept(self, company: Company) -> None:
        company.hire("anna")
        company.calls("CA1")
        company.dispatch()
        company.hire("bruno")
        offer_id = company.offer_to("anna").offer_id
        with company.transaction() as session:
            outcome = dispatch.accept(session, offer_id=offer_id, agent_id="bruno", now=company.now)
        assert outcome == Refused(reason=Refusal.OFFER_OF_ANOTHER_AGENT)

    def test_an_offer_that_never_was_is_refused(self, company: Company) -> None:
        company.hire("anna")
        with company.transaction() as session:
            accepted = dispatch.accept(session, offer_id=99, agent_id="anna", now=company.now)
            declined = dispatch.decline(session, offer_id=99, agent_id="anna", now=company.now)
        assert accepted == declined == Refused(reason=Refusal.OFFER_UNKNOWN)

    @pytest.mark.parametrize("already_expired", [False, True])
    def test_too_late_is_too_late_whether_or_not_the_offer_was_tidied_up(
        self, company: Company, *, already_expired: bool
    ) -> None:
        company.hire("anna")
        company.calls("CA1")
        company.dispatch()
        offer_id = company.offer_to("anna").offer_id
        company.later(20)
        with company.transaction() as session:
            if already_expired:
                dispatch.expire(session, company.now)
            outcome = dispatch.accept(session, offer_id=offer_id, agent_id="anna", now=company.now)
        assert outcome == Refused(reason=Refusal.OFFER_EXPIRED)

    def test_a_caller_who_has_hung_up_cannot_be_taken(self, company: Company) -> None:
        company.hire("anna")
        company.calls("CA1")
        company.dispatch()
        offer_id = company.offer_to("anna").offer_id
        with company.transaction() as session:
            dispatch.withdraw(session, call_id="CA1", reason="hang-up", now=company.now)
        with company.transaction() as session:
            outcome = dispatch.accept(session, offer_id=offer_id, agent_id="anna", now=company.now)
        assert outcome == Refused(reason=Refusal.OFFER_WITHDRAWN)


class TestDeclineAndMiss:
    def decline(self, company: Company, agent_id: str) -> Declined | Refused:
        offer_id = company.offer_to(agent_id).offer_id
        with company.transaction() as session:
            return dispatch.decline(session, offer_id=offer_id, agent_id=agent_id, now=company.now)

    def test_a_declined_call_keeps_its_place_and_rings_the_next_agent(self, company: Company) -> None:
        company.hire("anna")
        company.later(1)
        company.hire("bruno")
        company.calls("CA1")
        company.later(1)
        company.calls("CA2", Requirements(skill="orders", languages=("de",)))
        company.dispatch()
        assert isinstance(self.decline(company, "anna"), Declined)
        assert company.queue() == ["CA1", "CA2"]
        assert company.state("anna") is AgentState.AVAILABLE
        assert company.dispatch() == {"CA1": "bruno"}

    def test_who_declined_is_asked_again_after_a_pause_when_there_is_nobody_else(self, company: Company) -> None:
        company.hire("anna")
        company.calls("CA1")
        company.dispatch()
        self.decline(company, "anna")
        assert company.dispatch() == {}
        company.later(10)
        assert company.dispatch() == {"CA1": "anna"}

    def test_who_declined_one_call_is_rung_for_another_at_once(self, company: Company) -> None:
        company.hire("anna")
        company.calls("CA1")
        company.dispatch()
        self.decline(company, "anna")
        company.calls("CA2")
        assert company.dispatch() == {"CA2": "anna"}

    def test_declining_twice_is_declining_once(self, company: Company) -> None:
        company.hire("anna")
        company.calls("CA1")
        company.dispatch()
        offer_id = company.offer_to("anna").offer_id
        with company.transaction() as session:
            first = dispatch.decline(session, offer_id=offer_id, agent_id="anna", now=company.now)
            assert dispatch.decline(session, offer_id=offer_id, agent_id="anna", now=company.now) == first

    def test_what_was_accepted_cannot_be_declined(self, company: Company) -> None:
        company.hire("anna")
        company.calls("CA1")
        company.dispatch()
        offer_id = company.takes("anna").offer_id
        with company.transaction() as session:
            outcome = dispatch.decline(session, offer_id=offer_id, agent_id="anna", now=company.now)
        assert outcome == Refused(reason=Refusal.OFFER_ACCEPTED)

    def test_a_missed_offer_rings_the_next_agent_and_marks_the_first_as_missed(self, company: Company) -> None:
        company.hire("anna")
        company.later(1)
        company.hire("bruno")
        company.calls("CA1")
        company.dispatch()
        company.later(19.9)
        with company.transaction() as session:
            assert dispatch.expire(session, company.now) == ()
        company.later(0.1)
        with company.transaction() as session:
            (missed,) = dispatch.expire(session, company.now)
        assert (missed.agent_id, missed.call_id) == ("anna", "CA1")
        assert company.state("anna") is AgentState.MISSED
        assert company.dispatch() == {"CA1": "bruno"}

    def test_who_missed_is_not_rung_before_saying_ready(self, company: Company) -> None:
        company.hire("anna")
        company.calls("CA1")
        company.dispatch()
        company.later(20)
        with company.transaction() as session:
            dispatch.tick(session, company.now)
        company.later(300)
        assert company.dispatch() == {}
        company.wish("anna", AgentEvent.READY)
        assert company.dispatch() == {"CA1": "anna"}

    @pytest.mark.parametrize(
        ("event", "state"), [(AgentEvent.STEP_AWAY, AgentState.AWAY), (AgentEvent.SIGN_OFF, AgentState.OFFLINE)]
    )
    def test_leaving_while_being_rung_passes_the_call_on(
        self, company: Company, event: AgentEvent, state: AgentState
    ) -> None:
        company.hire("anna")
        company.later(1)
        company.hire("bruno")
        company.calls("CA1")
        company.dispatch()
        company.wish("anna", event)
        assert company.state("anna") is state
        assert company.dispatch() == {"CA1": "bruno"}


class TestHangUp:
    def withdraw(self, company: Company) -> Withdrawn | Refused:
        with company.transaction() as session:
            return dispatch.withdraw(session, call_id="CA1", reason="hang-up", now=company.now)

    def test_while_waiting_leaves_nothing_behind(self, company: Company) -> None:
        company.calls("CA1")
        assert self.withdraw(company) == Withdrawn(call_id="CA1", agent_id=None, agent_state=None, offer_id=None)
        assert company.queue() == []

    def test_while_ringing_frees_the_agent_who_keeps_the_turn(self, company: Company) -> None:
        company.hire("anna")
        company.later(30)
        company.hire("bruno")
        company.calls("CA1")
        company.dispatch()
        company.later(5)
        outcome = self.withdraw(company)
        assert isinstance(outcome, Withdrawn)
        assert (outcome.agent_id, outcome.agent_state) == ("anna", AgentState.AVAILABLE)
        company.calls("CA2")
        assert company.dispatch() == {"CA2": "anna"}

    def test_after_the_acceptance_but_before_they_met_frees_the_agent_without_wrap_up(self, company: Company) -> None:
        company.hire("anna")
        company.calls("CA1")
        company.dispatch()
        company.takes("anna")
        outcome = self.withdraw(company)
        assert isinstance(outcome, Withdrawn)
        assert outcome.agent_state is AgentState.AVAILABLE
        assert company.state("anna") is AgentState.AVAILABLE

    def test_in_the_talk_begins_the_wrap_up(self, company: Company) -> None:
        company.hire("anna")
        company.talks("anna", "CA1")
        outcome = self.withdraw(company)
        assert isinstance(outcome, Withdrawn)
        assert outcome.agent_state is AgentState.WRAP_UP
        assert company.state("anna") is AgentState.WRAP_UP

    def test_reported_twice_is_refused_the_second_time(self, company: Company) -> None:
        company.calls("CA1")
        self.withdraw(company)
        assert self.withdraw(company) == Refused(reason=Refusal.CALL_ENDED)

    def test_of_a_call_that_never_waited_is_refused(self, company: Company) -> None:
        assert self.withdraw(company) == Refused(reason=Refusal.CALL_UNKNOWN)


class TestTalk:
    def test_its_end_begins_the_wrap_up_and_the_wrap_up_ends_available(self, company: Company) -> None:
        company.hire("anna")
        company.talks("anna", "CA1")
        company.later(100)
        with company.transaction() as session:
            ended = dispatch.talk_ended(session, call_id="CA1", now=company.now)
        assert isinstance(ended, TalkEnded)
        assert company.state("anna") is AgentState.WRAP_UP
        company.later(30)
        with company.transaction() as session:
            outcome = dispatch.wrap_up_done(session, agent_id="anna", now=company.now)
            assigned = reports.assignment_of(session, "CA1")
        assert isinstance(outcome, Presence)
        assert outcome.state is AgentState.AVAILABLE
        assert assigned is not None
        assert assigned.wrap_up_ended_at == company.now

    def test_its_end_told_twice_changes_nothing_the_second_time(self, company: Company) -> None:
        company.hire("anna")
        company.talks("anna", "CA1")
        with company.transaction() as session:
            dispatch.talk_ended(session, call_id="CA1", now=company.now)
            dispatch.wrap_up_done(session, agent_id="anna", now=company.now)
        with company.transaction() as session:
            assert dispatch.talk_ended(session, call_id="CA1", now=company.now) == Refused(reason=Refusal.CALL_ENDED)
        assert company.state("anna") is AgentState.AVAILABLE

    def test_the_first_moment_of_meeting_counts(self, company: Company) -> None:
        company.hire("anna")
        company.talks("anna", "CA1")
        met_at = company.now
        company.later(9)
        with company.transaction() as session:
            dispatch.connected(session, call_id="CA1", now=company.now)
            assigned = reports.assignment_of(session, "CA1")
        assert assigned is not None
        assert assigned.connected_at == met_at

    def test_an_agent_whose_telephone_does_not_answer_loses_the_call_to_the_next(self, company: Company) -> None:
        company.hire("anna")
        company.later(1)
        company.hire("bruno")
        company.calls("CA1")
        company.dispatch()
        company.takes("anna")
        with company.transaction() as session:
            outcome = dispatch.agent_failed(session, call_id="CA1", now=company.now)
        assert outcome == Requeued(call_id="CA1", agent_id="anna", goes_first=False)
        assert company.state("anna") is AgentState.MISSED
        company.wish("anna", AgentEvent.READY)
        assert company.dispatch() == {"CA1": "bruno"}

    def test_a_line_that_breaks_in_the_talk_puts_the_caller_first(self, company: Company) -> None:
        company.hire("anna")
        company.calls("older", Requirements(skill="orders", languages=("de",)))
        company.later(600)
        company.talks("anna", "CA1")
        with company.transaction() as session:
            outcome = dispatch.agent_failed(session, call_id="CA1", now=company.now)
        assert isinstance(outcome, Requeued)
        assert outcome.goes_first
        assert company.queue() == ["CA1", "older"]

    def test_a_leg_that_fails_after_the_end_changes_nothing(self, company: Company) -> None:
        company.hire("anna")
        company.talks("anna", "CA1")
        with company.transaction() as session:
            dispatch.talk_ended(session, call_id="CA1", now=company.now)
            assert dispatch.agent_failed(session, call_id="CA1", now=company.now) == Refused(reason=Refusal.CALL_ENDED)
            assert dispatch.agent_failed(session, call_id="CA9", now=company.now) == Refused(
                reason=Refusal.CALL_UNKNOWN
            )

    def test_a_call_can_be_offered_again_and_taken_by_another_after_a_failed_leg(self, company: Company) -> None:
        company.hire("anna")
        company.later(1)
        company.hire("bruno")
        company.calls("CA1")
        company.dispatch()
        company.takes("anna")
        with company.transaction() as session:
            dispatch.agent_failed(session, call_id="CA1", now=company.now)
        company.dispatch()
        assert company.takes("bruno").address == "client:bruno"
