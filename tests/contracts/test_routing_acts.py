"""Whatever people do in whatever order: never two calls for one agent, never an agent without the musts, and rows that agree."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from routing import dispatch, reports
from routing.agents import AgentEvent
from routing.receipts import Receipt
from routing.skills import Requirements
from tests.contracts.routing_company import Company, company_on
from tests.databases import sqlite_database

# Anna, Bruno and Carla: level in orders, and languages.
STAFF = {"anna": (5, ("it",)), "bruno": (3, ("it", "en")), "carla": (1, ("en",))}
ASKED = (
    Requirements(skill="orders", level=4, languages=("it",)),
    Requirements(skill="orders", level=1, languages=("en",)),
    Requirements(skill="orders", level=3, languages=("it",), preferred_agent_id="bruno", preferred_seconds=30),
    Requirements(skill="orders", level=1, only_agent_id="carla"),
    Requirements(skill="orders", level=1, excluded_agent_ids=("anna",)),
)
CALLS = tuple(f"CA{number}" for number in range(len(ASKED)))

acts = st.tuples(
    st.sampled_from(["call", "dispatch", "accept", "decline", "later", "talk", "end", "hang up", "away", "ready"]),
    st.integers(0, 4),
)


class Story:
    """A company in which things happen, looked at after each of them."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.receipts: list[Receipt] = []
        for agent_id, (level, languages) in STAFF.items():
            company.hire(agent_id, level=level, languages=languages)

    def act(self, what: str, which: int) -> None:
        """One thing happens; what can't be done is refused and changes nothing."""
        agent_id, call_id = tuple(STAFF)[which % len(STAFF)], CALLS[which]
        acts: Mapping[str, Callable[[], object]] = {
            "call": lambda: self.call(which),
            "dispatch": self.dispatch,
            "accept": lambda: self.answer(agent_id, accepts=True),
            "decline": lambda: self.answer(agent_id, accepts=False),
            "later": lambda: self.company.later((1, 12, 25, 70, 200)[which]),
            "talk": lambda: self.on(dispatch.connected, call_id=call_id),
            "end": lambda: self.on(dispatch.talk_ended, call_id=call_id),
            "hang up": lambda: self.on(dispatch.withdraw, call_id=call_id, reason="hang-up"),
            "away": lambda: self.on(dispatch.set_state, agent_id=agent_id, event=AgentEvent.STEP_AWAY),
            "ready": lambda: self.on(dispatch.set_state, agent_id=agent_id, event=AgentEvent.READY),
        }
        acts[what]()
        self.company.assert_sound()

    def call(self, which: int) -> None:
        self.on(dispatch.enqueue, call_id=CALLS[which], requirements=ASKED[which], again=True)

    def dispatch(self) -> None:
        with self.company.transaction() as session:
            self.receipts += [one.receipt for one in dispatch.tick(session, self.company.now).offered]

    def answer(self, agent_id: str, *, accepts: bool) -> None:
        with self.company.transaction() as session:
            offer = reports.open_offer_of(session, agent_id)
            if offer is not None:
                act = dispatch.accept if accepts else dispatch.decline
                act(session, offer_id=offer.offer_id, agent_id=agent_id, now=self.company.now)

    def on(self, function: Callable[..., object], **values: object) -> None:
        with self.company.transaction() as session:
            function(session, now=self.company.now, **values)


def has_the_musts(receipt: Receipt) -> bool:
    asked = receipt.requirements
    assert asked is not None
    assert receipt.chosen_agent_id is not None
    if asked.only_agent_id is not None:
        return receipt.chosen_agent_id == asked.only_agent_id
    level, languages = STAFF[receipt.chosen_agent_id]
    needed = asked.level if receipt.waited_seconds < 60 else 1
    speaks = not asked.languages or not set(asked.languages).isdisjoint(languages)
    return level >= needed and speaks and receipt.chosen_agent_id not in asked.excluded_agent_ids


@settings(max_examples=12, deadline=None)
@given(happens=st.lists(acts, min_size=10, max_size=25))
def test_whatever_happens_nobody_has_two_calls_and_nobody_gets_one_without_the_musts(
    happens: list[tuple[str, int]],
) -> None:
    with tempfile.TemporaryDirectory() as folder, sqlite_database(Path(folder)) as engine:
        story = Story(company_on(engine))
        for which in range(len(ASKED)):
            story.act("call", which)
        story.act("dispatch", 0)
        for what, which in happens:
            story.act(what, which)
        assert story.receipts, "somebody fits at once"
        assert all(has_the_musts(receipt) for receipt in story.receipts)
