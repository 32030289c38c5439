"""A talk by telephone, and what can be done with it: a caller, Anna who has the call, Luca who can be asked, and the acts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from ivr import database, trial
from ivr.calls import store
from ivr.calls.desk import Done, Refused
from ivr.calls.legs import LegView
from ivr.calls.talks import Talks, Target, ToAgent
from ivr.line.legs import Leg
from ivr.line.party import RingReply, Words
from ivr.line.script import Keys, ScriptedParty, Step
from routing import dispatch
from tests.telephone import House, heard_once, talk

PERSON = talk("aiutarla", Keys("0"), "persona")
COMPLAINT = talk("aiutarla", Keys("4"), "passo")
WAREHOUSE = "+390298765432"
LUCA = ToAgent(agent_id="luca")


def done(outcome: Any) -> Done:
    assert isinstance(outcome, Done), outcome
    return outcome


def refused(outcome: Any) -> str:
    assert isinstance(outcome, Refused), outcome
    return outcome.reason


@dataclass(kw_only=True)
class Talking:
    """A caller in a talk with Anna."""

    house: House
    caller: ScriptedParty
    leg: Leg
    phones: dict[str, list[ScriptedParty]] = field(default_factory=dict)

    @property
    def call_id(self) -> str:
        return self.leg.sid

    # --- Acts

    def act(self, deed: Callable[[Talks, Session, datetime], Any]) -> Any:
        """Do something in the talk as a view does: one transaction, then what must go out."""
        with self.house.app.app_context():
            doors = self.house.app.extensions["centralino"].doors
            with database.session_factory(self.house.engine).begin() as session:
                outcome = deed(doors.talks, session, self.house.clock.now())
            doors.carry_out(getattr(outcome, "effects", ()))
        return outcome

    def by_agent(self, name: str, agent_id: str = "anna", **given: Any) -> Any:
        """An act that an agent does now."""
        return self.act(
            lambda talks, session, now: getattr(talks, name)(
                session, agent_id=agent_id, call_id=self.call_id, now=now, **given
            )
        )

    def consult(self, target: Target, note: str = "") -> Any:
        return self.by_agent("consult", target=target, note=note)

    def transfer(self, target: Target, note: str = "") -> Any:
        return self.by_agent("transfer", target=target, note=note)

    def hang_up_at_the_desk(self, agent_id: str = "anna") -> Any:
        return self.house.act(
            lambda desk, session, _now: desk.hang_up(session, agent_id=agent_id, call_id=self.call_id)
        )

    def takes(self, agent_id: str) -> None:
        """An agent is offered something and takes it."""
        assert self.house.run_until(lambda: self.house.offer_to(agent_id) is not None, 60), self.happened()
        self.house.accept(agent_id)

    def consulting(self, agent_id: str = "luca") -> None:
        """Anna asks Luca, who is there now; the caller hears music."""
        done(self.consult(ToAgent(agent_id=agent_id)))
        self.takes(agent_id)
        assert self.house.run_until(lambda: self.is_in(agent_id), 30), self.legs()
        self.house.wait(12)

    def in_conference(self) -> None:
        self.consulting()
        done(self.by_agent("join_all"))
        self.house.wait(2)

    def hang_up(self, party: ScriptedParty) -> None:
        """Put a receiver down, and let the carrier tell of it."""
        self.house.line.run(party.handset.hang_up)
        self.house.wait(4)

    def cut(self, address: str) -> None:
        """Break the line to an address, as the network does."""
        leg = [leg for leg in self.house.line.legs.values() if leg.to == address and leg.is_live][-1]
        self.house.line.run(lambda: leg.end("failed"))
        self.house.wait(4)

    def close_desk(self, agent_id: str) -> None:
        """The agent's browser is gone: its desk tells of itself no more."""
        with database.session_factory(self.house.engine).begin() as session:
            dispatch.heartbeat(session, agent_id=agent_id, now=self.house.clock.now().replace(year=2020))

    # --- What is known

    def legs(self) -> tuple[LegView, ...]:
        with self.house.app.app_context(), self.house.reading() as session:
            talks: Talks = self.house.app.extensions["centralino"].doors.talks
            return talks.legs_of(session, self.call_id)

    def is_in(self, agent_id: str) -> bool:
        return any(leg.agent_id == agent_id and leg.state == "in" for leg in self.legs())

    @property
    def status(self) -> str:
        return self.house.record(self.leg).status

    @property
    def agent_id(self) -> str | None:
        return self.house.record(self.leg).agent_id

    @property
    def is_held(self) -> bool:
        return self.house.record(self.leg).on_hold

    def happened(self) -> list[str]:
        return [row["kind"] for row in self.house.rows("happenings")]

    def story(self, language: str = "it") -> str:
        return "\n".join(line.text for line in self.house.context(self.call_id, language).done)

    def hears(self, speaker: ScriptedParty, words: str) -> set[str]:
        """Say something, and tell who hears it: "caller", or an address."""
        for party in (self.caller, *self.all_phones()):
            party.transcript.clear()
        self.house.line.run(lambda: speaker.handset.finish_speaking(_words(words)))
        self.house.wait(1)
        heard = {address for address, rung in self.phones.items() if any(heard_once(one, words) for one in rung)}
        return heard | ({"caller"} if heard_once(self.caller, words) else set())

    def all_phones(self) -> list[ScriptedParty]:
        return [party for rung in self.phones.values() for party in rung]

    def phone(self, address: str) -> ScriptedParty:
        return self.phones[address][-1]

    def nobody_is_stuck(self) -> None:
        """No agent is left on a call that nobody has, and no leg is up that belongs to no one."""
        self.house.wait(8)
        live = {leg.sid for leg in self.house.line.legs.values() if leg.is_live}
        rows = [row for row in self.house.rows("call_legs") if row["state"] in {"ringing", "in", "leaving"}]
        callers = {row["call_id"] for row in self.house.rows("calls") if row["status"] != store.ENDED}
        assert {row["sid"] for row in rows} <= live, rows
        assert live <= {row["sid"] for row in rows} | callers, live
        for row in self.house.rows("routing_assignments"):
            if row["ended_at"] is None:
                assert any(one["agent_id"] == row["agent_id"] for one in rows), (row, rows)


def _words(text: str) -> Any:
    return Words(text=text)


def begin(
    house: House,
    steps: Sequence[Step] = PERSON,
    *,
    from_: str = trial.MARIO,
    others: Sequence[str] = ("luca",),
    rings: RingReply | None = None,
    number: RingReply | None = None,
    number_steps: Sequence[Step] = (),
) -> Talking:
    """A caller in a talk with Anna; the others are signed in, with telephones that answer as `rings` says."""
    phones = {"client:anna": house.agent_phone("client:anna")}
    phones |= {f"client:{other}": house.agent_phone(f"client:{other}", rings) for other in others}
    phones[WAREHOUSE] = house.agent_phone(WAREHOUSE, number, number_steps)
    house.sign_in("anna")
    caller, leg = house.call(steps, from_=from_)
    assert house.run_until(lambda: house.offer_to("anna") is not None, 90), caller.heard
    house.accept("anna")
    talking = Talking(house=house, caller=caller, leg=leg, phones=phones)
    assert house.run_until(lambda: "brought_to_agent" in talking.happened(), 30), talking.happened()
    for other in others:
        house.sign_in(other)
    house.wait(3)
    return talking
