"""The agents of a trial: people who follow a script, on the desks and telephones of the production code."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy.orm import Session, sessionmaker

from ivr.calls.company import FlowVersion
from ivr.calls.desk import Desk, Done
from ivr.calls.effects import Effect
from ivr.flow.definition import RouteNode
from ivr.intents.phrases import Phrasebook
from ivr.line.exchange import Voice
from ivr.line.legs import Leg
from ivr.line.line import Line
from ivr.line.party import Answer, Handset
from ivr.line.script import HangUp, Say, ScriptedParty, Silence, Step
from ivr.trials.situations import Situation
from routing import dispatch, reports
from routing import store as routing_store
from routing.agents import AgentEvent
from routing.hours import Hours
from routing.queues import DEFAULT_QUEUE, Queue
from routing.skills import HIGHEST_LEVEL, Requirements

# How long an agent takes to see an offer and to decide.
DECIDES_AFTER: Final = timedelta(seconds=2)
TALK_SECONDS: Final = 20.0
# In the middle of the first sentence that the caller says.
VANISHES_AFTER_SECONDS: Final = 6.0
NAMES: Final = {"trial-anna": "Anna", "trial-luca": "Luca"}
_GREETINGS: Final = {
    "it": "Buongiorno, sono {name}, un agente di prova: la ascolto.",
    "en": "Hello, I am {name}, a trial agent: how can I help you?",
}


CarryOut = Callable[[Iterable[Effect]], None]


@dataclass(frozen=True, kw_only=True)
class Room:
    """Where agents work: the desk of the trial's service, and what their acts leave to be done."""

    desk: Desk
    carry_out: CarryOut
    sessions: sessionmaker[Session]
    line: Line
    voice: Voice | None  # None: nobody listens to sound


class TrialAgents:
    """Everybody who could take the trial's call; `act` once a second."""

    def __init__(self, room: Room, situation: Situation, language: str) -> None:
        self._room = room
        self._situation = situation
        self._language = language
        self._talks: list[_Talk] = []

    def come_in(self, *, skills: Iterable[str], queues: Iterable[Queue], hours: Hours, now: datetime) -> None:
        """Put everybody where the situation has them, and the company's queues beside them."""
        wanted = dict.fromkeys(skills, HIGHEST_LEVEL)
        with self._room.sessions.begin() as session:
            for queue in queues:
                routing_store.save_queue(session, self._as_open(queue, hours), by="", version=0, now=now)
            for agent_id, name in NAMES.items():
                routing_store.save_agent(
                    session,
                    agent_id=agent_id,
                    name=name,
                    address=f"client:{agent_id}",
                    languages=("it", "en"),
                    skills=wanted,
                    now=now,
                )
                self._room.line.register(f"client:{agent_id}", partial(self._rung, name))
        if self._situation is not Situation.NOBODY:
            self._sign_in(now)
        if self._situation is Situation.BUSY:
            with self._room.sessions.begin() as session:
                for agent_id in NAMES:
                    _keep_busy(session, agent_id, skill=next(iter(wanted)), now=now)

    def act(self, now: datetime) -> None:
        """Take or decline what is offered; a line that is to drop drops."""
        if self._situation in {Situation.ANSWER, Situation.VANISH, Situation.DECLINE}:
            for agent_id in NAMES:
                self._decide(agent_id, now)
        for talk in self._talks:
            talk.act(now)

    def _as_open(self, queue: Queue, hours: Hours) -> Queue:
        return replace(queue, hours=replace(hours, open_days=())) if self._situation is Situation.CLOSED else queue

    def _sign_in(self, now: datetime) -> None:
        for agent_id in NAMES:
            with self._room.sessions.begin() as session:
                done = self._room.desk.set_state(session, agent_id=agent_id, event=AgentEvent.READY, now=now)
            self._carry_out(done)

    def _decide(self, agent_id: str, now: datetime) -> None:
        desk = self._room.desk
        with self._room.sessions.begin() as session:
            offer = reports.open_offer_of(session, agent_id)
            if offer is None or now - offer.offered_at < DECIDES_AFTER:
                return
            decide = desk.decline if self._situation is Situation.DECLINE else desk.accept
            done = decide(session, agent_id=agent_id, offer_id=offer.offer_id, now=now)
        self._carry_out(done)

    def _carry_out(self, done: object) -> None:
        if isinstance(done, Done):
            self._room.carry_out(done.effects)

    def _rung(self, name: str) -> ScriptedParty:
        greeting = _GREETINGS.get(self._language, _GREETINGS["en"]).format(name=name)
        steps: tuple[Step, ...] = (Say(greeting), Silence(TALK_SECONDS), HangUp())
        party = ScriptedParty(
            clock=self._room.line.clock,
            steps=steps,
            language=f"{self._language}-{'IT' if self._language == 'it' else 'GB'}",
            voice=self._room.voice,
            on_ring=Answer(after_seconds=1.0),
        )
        if self._situation is Situation.VANISH and not self._talks:
            # Whoever takes the call after that stays.
            self._talks.append(_Talk(line=self._room.line, party=party))
        return party


@dataclass(kw_only=True)
class _Talk:
    """A talk whose line is to drop."""

    line: Line
    party: ScriptedParty
    began_at: datetime | None = None

    def act(self, now: datetime) -> None:
        handset = self._handset()
        leg = None if handset is None else self.line.legs.get(handset.sid)
        if not isinstance(leg, Leg) or not leg.is_up:
            return
        self.began_at = self.began_at or now
        if (now - self.began_at).total_seconds() >= VANISHES_AFTER_SECONDS:
            self.line.run(partial(leg.end, "failed"))

    def _handset(self) -> Handset | None:
        try:
            return self.party.handset
        except RuntimeError:
            return None


def skills_of(version: FlowVersion, book: Phrasebook) -> tuple[str, ...]:
    """Every skill that a version may ask of an agent."""
    routed = {node.skill for node in version.flow.nodes.values() if isinstance(node, RouteNode)}
    carded = {card.skill for card in book.cards.values() if card.skill}
    return tuple(sorted({skill for skill in routed | carded | {DEFAULT_QUEUE.queue_id} if skill}))


def _keep_busy(session: Session, agent_id: str, *, skill: str, now: datetime) -> None:
    """Let an agent be in a talk with somebody else, which goes on for as long as the trial does."""
    work_id = f"trial-other-{agent_id}"
    wanted = Requirements(skill=skill, only_agent_id=agent_id)
    dispatch.enqueue(session, call_id=work_id, requirements=wanted, now=now)
    dispatch.dispatch(session, now)
    offer = reports.open_offer_of(session, agent_id)
    if offer is not None:
        dispatch.accept(session, offer_id=offer.offer_id, agent_id=agent_id, now=now)
        dispatch.connected(session, call_id=work_id, now=now)
