"""Many threads at once on one queue, each act a transaction of its own: no call to two agents, no agent with two calls."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, func, select, text

from routing import dispatch, reports, store, tables
from routing.agents import AgentEvent, AgentState, Presence, Refused
from routing.outcomes import Accepted, Offered, Withdrawn
from tests.contracts.routing_company import Company, company_on
from tests.databases import PostgresqlServer

THREADS = 20
CALLS = 200
AGENTS = 8


@pytest.fixture
def company(engine: Engine) -> Iterator[Company]:
    made = company_on(engine)
    yield made
    made.assert_sound()


def together(*acts: Callable[[], object]) -> list[object]:
    """Start all acts at the same moment, each in its own thread; what they return, in their order."""
    barrier = threading.Barrier(len(acts))

    def at_the_barrier(act: Callable[[], object]) -> object:
        barrier.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(at_the_barrier, acts))


class Afternoon:
    """Two hundred calls and whoever picks up, declines, hangs up or leaves; it notes what became of each call."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.taken: Counter[str] = Counter()
        self.gone: Counter[str] = Counter()
        self._tally = threading.Lock()

    def work(self, seed: int) -> None:
        """Dispatch and play whichever agent the dice name, until every call has had its end."""
        chance = random.Random(seed)  # noqa: S311  # a test's dice, the same every run
        acts = (self.accept, self.decline, self.hang_up, self.leave)
        for _ in range(3 * CALLS):
            if len(self.taken) + len(self.gone) >= CALLS:
                return
            self.company.dispatch()
            agent_id = f"agent{chance.randrange(AGENTS)}"
            with self.company.transaction() as session:
                offer = reports.open_offer_of(session, agent_id)
            if offer is not None:
                # Another thread may be doing the same with the same offer: only one of them may get it.
                act = chance.choices(acts, (70, 10, 15, 5))[0]
                act(offer)
                self.be_ready(agent_id)
            with self._tally:
                # Time goes on, so that who declined is asked again: slowly where nothing happens, else every offer would
                # be over before anybody has looked at it.
                self.company.later(0.05 if offer is None else 0.5)

    def accept(self, offer: Offered) -> None:
        now, call_id, agent_id = self.company.now, offer.call_id, offer.agent_id
        with self.company.transaction() as session:
            outcome = dispatch.accept(session, offer_id=offer.offer_id, agent_id=agent_id, now=now)
        if isinstance(outcome, Refused) or outcome.is_repeat:
            return
        with self._tally:
            self.taken[call_id] += 1
        with self.company.transaction() as session:
            dispatch.connected(session, call_id=call_id, now=now)
        with self.company.transaction() as session:
            dispatch.talk_ended(session, call_id=call_id, now=now)
        with self.company.transaction() as session:
            dispatch.wrap_up_done(session, agent_id=agent_id, now=now)

    def decline(self, offer: Offered) -> None:
        with self.company.transaction() as session:
            dispatch.decline(session, offer_id=offer.offer_id, agent_id=offer.agent_id, now=self.company.now)

    def hang_up(self, offer: Offered) -> None:
        with self.company.transaction() as session:
            outcome = dispatch.withdraw(session, call_id=offer.call_id, reason="hang-up", now=self.company.now)
        if isinstance(outcome, Refused):
            return
        # An agent without an open offer had answered meanwhile: that call has been counted as taken.
        if outcome.agent_id is None or outcome.offer_id is not None:
            with self._tally:
                self.gone[offer.call_id] += 1

    def leave(self, offer: Offered) -> None:
        with self.company.transaction() as session:
            dispatch.set_state(session, agent_id=offer.agent_id, event=AgentEvent.STEP_AWAY, now=self.company.now)

    def be_ready(self, agent_id: str) -> None:
        with self.company.transaction() as session:
            dispatch.set_state(session, agent_id=agent_id, event=AgentEvent.READY, now=self.company.now)


def test_twenty_threads_hand_two_hundred_calls_to_eight_agents_each_call_once(company: Company) -> None:
    for number in range(AGENTS):
        company.hire(f"agent{number}")
    for number in range(CALLS):
        company.calls(f"CA{number}")
    afternoon = Afternoon(company)
    together(*(lambda seed=seed: afternoon.work(seed) for seed in range(THREADS)))
    assert max(afternoon.taken.values()) == 1
    assert not set(afternoon.taken) & set(afternoon.gone)
    assert len(afternoon.taken) + len(afternoon.gone) == CALLS
    assert len(afternoon.taken) > CALLS / 2
    with company.transaction() as session:
        assignments = session.scalar(select(func.count()).select_from(tables.Assignment))
        calls_assigned = session.scalar(select(func.count(tables.Assignment.call_id.distinct())))
        states = Counter(session.scalars(select(tables.Waiting.state)))
    assert assignments == calls_assigned == len(afternoon.taken)
    assert states == {"ended": CALLS}


def test_twenty_dispatchers_at_once_ring_each_agent_for_one_call_and_each_call_at_one_agent(company: Company) -> None:
    for number in range(AGENTS):
        company.hire(f"agent{number}")
    for number in range(CALLS):
        company.calls(f"CA{number:03}")
        company.later(0.1)
    rounds = together(*([company.dispatch] * THREADS))
    offers = [pair for one in rounds if isinstance(one, dict) for pair in one.items()]
    assert sorted(agent_id for _, agent_id in offers) == [f"agent{number}" for number in range(AGENTS)]
    assert len({call_id for call_id, _ in offers}) == AGENTS


@pytest.mark.parametrize("round_number", range(5))
def test_hang_up_and_acceptance_at_the_same_moment_agree_on_one_story(company: Company, round_number: int) -> None:
    company.hire("anna")
    company.calls("CA1")
    company.dispatch()
    offer = company.offer_to("anna")

    def accept() -> object:
        with company.transaction() as session:
            return dispatch.accept(session, offer_id=offer.offer_id, agent_id="anna", now=company.now)

    def hang_up() -> object:
        with company.transaction() as session:
            return dispatch.withdraw(session, call_id="CA1", reason="hang-up", now=company.now)

    del round_number  # the threads differ from run to run, not the story
    accepted, withdrawn = together(accept, hang_up)
    assert isinstance(withdrawn, Withdrawn), "a hang-up always gets through"
    assert isinstance(accepted, Accepted | Refused)
    assert company.state("anna") is AgentState.AVAILABLE
    assert company.queue() == []


def test_a_double_click_in_two_workers_rings_the_agent_s_telephone_once(company: Company) -> None:
    company.hire("anna")
    company.calls("CA1")
    company.dispatch()
    offer = company.offer_to("anna")

    def accept() -> object:
        with company.transaction() as session:
            return dispatch.accept(session, offer_id=offer.offer_id, agent_id="anna", now=company.now)

    outcomes = together(*([accept] * 8))
    assert Counter(one.is_repeat for one in outcomes if isinstance(one, Accepted)) == {False: 1, True: 7}


def test_the_same_webhook_in_eight_workers_puts_the_call_in_the_queue_once(company: Company) -> None:
    outcomes = together(*([lambda: company.calls("CA1").is_repeat] * 8))
    assert Counter(outcomes) == {False: 1, True: 7}


def test_leaving_and_being_rung_at_the_same_moment_strands_no_call(company: Company) -> None:
    for number in range(AGENTS):
        company.hire(f"agent{number}")
        company.calls(f"CA{number}")

    def leave(agent_id: str) -> Presence:
        return company.wish(agent_id, AgentEvent.SIGN_OFF)

    leaving = [lambda number=number: leave(f"agent{number}") for number in range(AGENTS)]
    together(*leaving, *([company.dispatch] * 8))
    assert {company.state(f"agent{number}") for number in range(AGENTS)} == {AgentState.OFFLINE}
    assert len(company.queue()) == AGENTS


def test_four_tickers_at_once_miss_each_offer_once(company: Company) -> None:
    for number in range(AGENTS):
        company.hire(f"agent{number}")
        company.calls(f"CA{number}")
    company.dispatch()
    company.later(20)

    def tick() -> tuple[str, ...]:
        with company.transaction() as session:
            return tuple(one.call_id for one in dispatch.tick(session, company.now).missed)

    missed = [call_id for one in together(*([tick] * 4)) if isinstance(one, tuple) for call_id in one]
    assert sorted(missed) == [f"CA{number}" for number in range(AGENTS)]


def test_only_what_is_still_free_can_be_held(company: Company) -> None:
    company.hire("anna")
    company.hire("bruno")
    company.calls("CA1")
    company.calls("CA2")
    company.wish("bruno", AgentEvent.STEP_AWAY)
    with company.transaction() as session:
        dispatch.withdraw(session, call_id="CA2", reason="hang-up", now=company.now)
    with company.transaction() as session:
        assert (store.hold_call(session, "CA1"), store.hold_call(session, "CA2")) == (True, False)
        assert (store.hold_agent(session, "anna"), store.hold_agent(session, "bruno")) == (True, False)


@pytest.mark.postgresql
def test_a_second_dispatcher_neither_waits_for_the_first_nor_takes_what_it_holds(postgresql: PostgresqlServer) -> None:
    with postgresql.fresh_database() as engine:
        company = company_on(engine)
        for number in range(2):
            company.hire(f"agent{number}")
            company.calls(f"CA{number}")
            company.later(1)
        with company.transaction() as first:
            assert store.hold_agent(first, "agent0")
            assert store.hold_call(first, "CA0")
            with company.transaction() as second:
                # Waiting for the first one's locks would be the end of this test.
                second.execute(text("SET LOCAL lock_timeout = '500ms'"))
                (offered,) = dispatch.dispatch(second, company.now)
        assert (offered.call_id, offered.agent_id) == ("CA1", "agent1")
        company.assert_sound()
