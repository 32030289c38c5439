"""How a caller meets a person: the way out of the queue, to the conference and back, and what the carrier reports of them.

Whatever the carrier tells is held against where the call stands by our own records, so a repeated, late or lost report does no
harm: each method changes only what its event can still change. Who takes which call is `routing`'s, the wait `waiting_rounds`',
the other legs' coming and going `talks_comings`' and `talks_goings`'.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from sqlalchemy.orm import Session

from ivr.calls import legs, offering, own_words, speaking, store, talks_routing, waiting_rounds
from ivr.calls.company import QUEUE, Company
from ivr.calls.conductor import Conductor, Reply
from ivr.calls.effects import Effect, EndLeg
from ivr.calls.ringing_back import RingingBack
from ivr.calls.tables import Call
from ivr.calls.talks_comings import Comings
from ivr.calls.talks_goings import HUNG_UP, PATIENCE, Goings
from ivr.calls.talks_table import first_of
from ivr.calls.waiting_rounds import WaitingRounds
from ivr.telephony import twiml
from ivr.telephony.answers import Continue, Meet, Nothing, SayAndHangUp, Speak, WaitInQueue
from ivr.telephony.requests import ENDED_STATUSES, ConferenceEvent, StatusCallback, VoiceRequest
from routing import dispatch

# How long the caller's way back waits for what became of the agent's leg, where that has not been told yet: so many rounds of
# so many seconds, a silence that is still short for somebody who has just been talking; judgement.
HEARSAY_SECONDS, HEARSAY_ROUNDS = 1, 3

# Queue results (Enqueue page) after which the caller is still there and the flow must go on without a person.
_LEFT = {"leave": "left", "queue-full": "failed", "error": "failed", "system-error": "failed"}
# What a caller is told who comes back from a person to the queue, by what brought them there.
_WHY_BACK: Mapping[str, str] = MappingProxyType(
    {
        "line_lost": own_words.LINE_LOST,
        "transferred": own_words.TRANSFER_WAIT,
        "taken_off": own_words.TRANSFER_WAIT,
        "transfer_failed": own_words.TRANSFER_FAILED,
    }
)


class Meeting:
    """Answers the webhooks around the queue and the conference; holds no state of any call."""

    def __init__(self, company: Company, conductor: Conductor) -> None:
        self._company = company
        self._conductor = conductor
        self._rounds = WaitingRounds(company)
        self.ringing_back = RingingBack(company, conductor)
        self.goings = Goings(company)
        self.comings = Comings(company, self.goings)

    # --- The caller's leg

    def waiting_round(self, session: Session, request: VoiceRequest, turn: int, round_: int, now: datetime) -> Reply:
        """One round of waiting, as `ivr.calls.waiting_rounds` has it."""
        return self._rounds.round(session, request, turn, round_, now)

    def left_queue(self, session: Session, request: VoiceRequest, turn: int, now: datetime) -> Reply:
        """The caller is out of the queue: redirected to the agent, gone, or back in the flow."""
        outcome = _LEFT.get(request.queue_result, "")
        call = store.call(session, request.call_id, lock=True)
        if call is not None and (request.queue_result == "hangup" or request.status in ENDED_STATUSES):
            # A hang-up is told by the status callback as well.
            return Reply(document=twiml.write(Nothing()), effects=self.caller_gone(session, call, now))
        if not outcome:
            # Redirected or bridged: the new document has taken over.
            return Reply(document=twiml.write(Nothing()))
        effects: tuple[Effect, ...] = ()
        if call is not None and turn == call.turn and call.status in {store.WAITING, store.TALKING}:
            if outcome == "left":
                outcome = self._rounds.why_left(session, call)
            counted = waiting_rounds.counts_as(outcome)
            rules = self._company.routing_rules
            dispatch.withdraw(session, call_id=call.call_id, reason=outcome, now=now, outcome=counted, rules=rules)
            effects = self.goings.without_first(session, call, outcome, now)
            self.offer_waiting(session, now)
        reply = self._conductor.came_back(session, request, turn, outcome, now)
        return replace(reply, effects=(*effects, *reply.effects))

    def meet(self, session: Session, request: VoiceRequest, now: datetime) -> Reply:
        """The caller goes where the call stands: the conference, the queue, or the flow's open question."""
        call = store.call(session, request.call_id, lock=True)
        if call is None or call.status == store.ENDED:
            return Reply(document=twiml.write(SayAndHangUp(prompts=())))
        if call.status == store.WAITING:
            return self._back_in_queue(session, call, now)
        if call.status == store.IN_LINE:
            # The caller left the queue just before; the question that stands is asked again.
            return Reply(document=self._conductor.standing(session, call))
        first = first_of(legs.live(session, call.call_id))
        if first is not None and first.met_at is None:
            first.met_at = now
            if first.agent_id is not None:
                store.note(session, call.call_id, "brought_to_agent", {"agent": first.agent_id}, now)
        rings = first is not None and first.state == legs.RINGING
        words = (self._words(call, own_words.PASSING),) if rings else ()
        return Reply(document=twiml.write(self._meet(call, words)))

    def met(self, session: Session, request: VoiceRequest, turn: int, round_: int, now: datetime) -> Reply:
        """The caller is still there after the conference: back in the queue if the line was lost, else the flow goes on."""
        call = store.call(session, request.call_id, lock=True)
        if call is not None and request.status in ENDED_STATUSES:
            return Reply(document=twiml.write(Nothing()), effects=self.caller_gone(session, call, now))
        effects: tuple[Effect, ...] = ()
        if call is not None and turn == call.turn:
            if call.status == store.TALKING and call.agent_leg is not None and round_ < HEARSAY_ROUNDS:
                again = self._company.addresses.voice(f"met/{turn}/{round_ + 1}")
                return Reply(document=twiml.write(Continue(pause_seconds=HEARSAY_SECONDS, answer_path=again)))
            if call.status == store.TALKING:
                effects = self._parted(session, call, now)
            if call.status == store.WAITING or first_of(legs.live(session, call.call_id)) is not None:
                # There is something better for the caller than the end of the talk (`ivr.calls.talks_table`).
                reply = self.meet(session, request, now)
                return replace(reply, effects=(*effects, *reply.effects))
        reply = self._conductor.came_back(session, request, turn, "met", now)
        return replace(reply, effects=(*effects, *reply.effects))

    def status(self, session: Session, callback: StatusCallback, now: datetime) -> tuple[Effect, ...]:
        """The progress of a caller's leg, counted by what happened and not by arrival: its end counts whenever it comes."""
        call = store.call(session, callback.call_id, lock=True)
        if call is None:
            return ()
        call.sequence = max(call.sequence, callback.sequence)
        return self.caller_gone(session, call, now) if callback.status in ENDED_STATUSES else ()

    def caller_gone(self, session: Session, call: Call, now: datetime) -> tuple[Effect, ...]:
        """The caller's leg is over, at whatever point it was: offers are withdrawn, nobody is left talking to no one."""
        if call.status == store.ENDED:
            return ()
        dispatch.withdraw(
            session, call_id=call.call_id, reason="the caller hung up", now=now, rules=self._company.routing_rules
        )
        # A leg that still rings, or an agent alone in the conference, has nobody left to talk to.
        effects = self.goings.end_all(session, call, "the caller hung up", now)
        self._conductor.hung_up(session, call, now)
        self.offer_waiting(session, now)
        return effects

    # --- The conference

    def conference(self, session: Session, event: ConferenceEvent, now: datetime) -> tuple[Effect, ...]:
        """What happened in the conference of a call: its name, holds, mutes, and that somebody beside the first one left."""
        call = store.call(session, event.name, lock=True)
        if call is None or call.status != store.TALKING:
            return ()
        if call.conference_id is None:
            call.conference_id = event.conference_id
        if event.call_id == call.call_id:
            if event.event in {"participant-hold", "participant-unhold"}:
                self.hold_is(session, call, on=event.event == "participant-hold", now=now)
            return ()
        leg = legs.of_sid(session, call.call_id, event.call_id) if event.call_id else None
        if leg is None or event.conference_id != call.conference_id:
            return ()
        if event.event in {"participant-mute", "participant-unmute"} and leg.mode == legs.TALK:
            leg.muted = event.event == "participant-mute"
        if event.event != "participant-leave":
            return ()
        if leg.role == legs.AGENT and leg.state == legs.IN:
            # Whether they hung up or the line broke, the status alone says; it is waited for no longer than a moment.
            leg.due_at = now + PATIENCE
            return ()
        return self.goings.gone(session, call, leg, HUNG_UP, now)

    def hold_is(self, session: Session, call: Call, *, on: bool, now: datetime) -> None:
        """The carrier has put the caller on hold, or back; what contradicts the last wish is an old report."""
        if on == call.on_hold or on != call.hold_wanted or call.status != store.TALKING:
            return
        call.on_hold = on
        if not on:
            talks_routing.was_held(session, call.call_id, store.last_happened(session, call.call_id, "held"), now)
        store.note(session, call.call_id, "held" if on else "resumed", {}, now)

    def offer_waiting(self, session: Session, now: datetime) -> None:
        """Offer what waits to whoever is free, and keep that in each call's story."""
        offering.offer_waiting(session, self._company.routing_rules, now)

    def _parted(self, session: Session, call: Call, now: datetime) -> tuple[Effect, ...]:
        """The caller is out of the conference, and of the first one nothing was told: they are let go."""
        first = first_of(legs.live(session, call.call_id))
        if first is None or first.state != legs.IN:
            return ()
        ended = (EndLeg(call_id=first.sid),) if first.sid else ()
        return (*ended, *self.goings.first_gone(session, call, first, HUNG_UP, now=now, lost=first.met_at is None))

    def _back_in_queue(self, session: Session, call: Call, now: datetime) -> Reply:
        addresses = self._company.addresses
        if store.is_on_the_way_back(session, call.call_id):
            store.note(session, call.call_id, "back_in_queue", {}, now)
        why = _WHY_BACK.get(store.last_way_back(session, call.call_id), own_words.LINE_LOST)
        return Reply(
            document=twiml.write(
                WaitInQueue(
                    prompts=(self._words(call, why),),
                    queue=QUEUE,
                    wait_path=addresses.voice(f"wait/{call.turn}/0"),
                    left_path=addresses.voice(f"left/{call.turn}"),
                )
            )
        )

    def _meet(self, call: Call, words: tuple[Speak, ...]) -> Meet:
        addresses = self._company.addresses
        return Meet(
            prompts=words,
            conference=call.call_id,
            label=legs.CALLER,
            starts_with_me=False,
            ends_with_me=False,
            left_path=addresses.voice(f"met/{call.turn}/0"),
            events_path=addresses.voice("conference"),
            wait_path=addresses.voice("music"),
        )

    def _words(self, call: Call, key: str) -> Speak:
        return speaking.own_words(self._company, call.flow_version, key, call.language)
