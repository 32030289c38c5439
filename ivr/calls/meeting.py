"""How a caller meets a person: the way out of the queue, the agent's leg, the conference, and what the carrier reports of them.

Whatever the carrier tells is held against where the call stands by our own records, so a repeated, late or lost report does no
harm: each method changes only what its event can still change. Who takes which call is `routing`'s, the wait `waiting_rounds`'.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from ivr.calls import own_words, speaking, store, waiting_rounds
from ivr.calls.company import QUEUE, Company
from ivr.calls.conductor import Conductor, Reply
from ivr.calls.effects import BringCaller, Effect, EndLeg
from ivr.calls.ringing_back import RingingBack
from ivr.calls.tables import Call
from ivr.calls.waiting_rounds import WaitingRounds
from ivr.telephony import twiml
from ivr.telephony.answers import Continue, Meet, Nothing, SayAndHangUp, WaitInQueue
from ivr.telephony.requests import ENDED_STATUSES, ConferenceEvent, StatusCallback, VoiceRequest
from routing import dispatch, reports
from routing.outcomes import Requeued, TalkEnded

CALLER, AGENT = "caller", "agent"
# How long the caller's way back waits for what became of the agent's leg, where that has not been told yet; judgement.
HEARSAY_SECONDS = 1

# Queue results (Enqueue page) after which the caller is still there and the flow must go on without a person.
_LEFT = {"leave": "left", "queue-full": "failed", "error": "failed", "system-error": "failed"}


class Meeting:
    """Answers the webhooks around the queue, the conference and the agent's leg; holds no state of any call."""

    def __init__(self, company: Company, conductor: Conductor) -> None:
        self._company = company
        self._conductor = conductor
        self._rounds = WaitingRounds(company)
        self.ringing_back = RingingBack(company, conductor)

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
            dispatch.withdraw(session, call_id=call.call_id, reason=outcome, now=now, outcome=counted)
            effects = self._without_agent(call)
            self.offer_waiting(session, now)
        reply = self._conductor.came_back(session, request, turn, outcome, now)
        return replace(reply, effects=(*effects, *reply.effects))

    def meet(self, session: Session, request: VoiceRequest, now: datetime) -> Reply:
        """The caller's side of the conference."""
        call = store.call(session, request.call_id, lock=True)
        if call is None or call.status == store.ENDED:
            return Reply(document=twiml.write(SayAndHangUp(prompts=())))
        if call.status == store.WAITING:
            return self._back_in_queue(session, call, now)
        if call.status == store.IN_LINE:
            # The caller left the queue just before; the question that stands is asked again.
            return Reply(document=self._conductor.standing(session, call))
        if not self._is_brought(session, call):
            store.note(session, call.call_id, "brought_to_agent", {"agent": call.agent_id}, now)
        return Reply(document=twiml.write(self._meet(call, CALLER)))

    def met(self, session: Session, request: VoiceRequest, turn: int, round_: int, now: datetime) -> Reply:
        """The caller is still there after the conference: back in the queue if the line was lost, else the flow goes on."""
        call = store.call(session, request.call_id, lock=True)
        if call is not None and request.status in ENDED_STATUSES:
            return Reply(document=twiml.write(Nothing()), effects=self.caller_gone(session, call, now))
        effects: tuple[Effect, ...] = ()
        if call is not None and turn == call.turn:
            if call.status == store.WAITING:
                return self._back_in_queue(session, call, now)
            if call.status == store.TALKING and call.agent_leg is not None:
                if round_ == 0:
                    again = self._company.addresses.voice(f"met/{turn}/1")
                    return Reply(document=twiml.write(Continue(pause_seconds=HEARSAY_SECONDS, answer_path=again)))
                # The carrier has not told what became of the agent's leg: nobody must be left alone in a conference.
                effects = (EndLeg(call_id=call.agent_leg),)
            self._end_talk(session, call, now)
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
        dispatch.withdraw(session, call_id=call.call_id, reason="the caller hung up", now=now)
        # A leg that still rings, or an agent alone in the conference, has nobody left to talk to.
        effects = (EndLeg(call_id=call.agent_leg),) if call.agent_leg else ()
        self._conductor.hung_up(session, call, now)
        self.offer_waiting(session, now)
        return effects

    # --- The agent's leg

    def agent_answered(
        self, session: Session, request: VoiceRequest, call_id: str, agent_id: str, now: datetime
    ) -> Reply:
        """The agent's leg was picked up: into the conference, and the caller is brought there."""
        call = store.call(session, call_id, lock=True)
        assignment = reports.assignment_of(session, call_id)
        is_wanted = (
            call is not None
            and call.status in {store.WAITING, store.TALKING}
            and call.agent_id == agent_id
            and call.agent_leg in {None, request.call_id}
            and assignment is not None
            and assignment.ended_at is None
        )
        if call is None or not is_wanted:
            language = self._company.default_language
            words = speaking.own_words(self._company, self._company.live_version, own_words.CALLER_GONE, language)
            return Reply(document=twiml.write(SayAndHangUp(prompts=(words,))))
        effects: tuple[Effect, ...] = ()
        if call.status == store.WAITING:
            call.agent_leg, call.status = request.call_id, store.TALKING
            dispatch.connected(session, call_id=call_id, now=now)
            store.note(session, call_id, "agent_answered", {"agent": call.agent_id}, now)
            effects = (BringCaller(call_id=call_id),)
        return Reply(document=twiml.write(self._meet(call, AGENT)), effects=effects)

    def agent_status(
        self, session: Session, callback: StatusCallback, call_id: str, agent_id: str, now: datetime
    ) -> tuple[Effect, ...]:
        """What became of the agent's leg: not answered or lost puts the call back, an end after a talk starts the wrap-up."""
        call = store.call(session, call_id, lock=True)
        if (
            call is None
            or callback.status not in ENDED_STATUSES
            or call.status not in {store.WAITING, store.TALKING}
            or call.agent_id != agent_id
            or call.agent_leg not in {None, callback.call_id}
        ):
            return ()
        if call.status == store.TALKING and callback.status == "completed" and self._is_brought(session, call):
            self._end_talk(session, call, now)
            return ()
        self.agent_unreachable(session, call, callback.status, now)
        return ()

    def agent_unreachable(self, session: Session, call: Call, reason: str, now: datetime) -> tuple[Effect, ...]:
        """The agent's leg was not picked up or broke: the call goes back, first of all if they were talking; others are asked."""
        back = dispatch.agent_failed(session, call_id=call.call_id, now=now, rules=self._company.routing_rules)
        if not isinstance(back, Requeued):
            return ()
        kind = "line_lost" if call.status == store.TALKING else "agent_unreachable"
        store.note(session, call.call_id, kind, {"agent": back.agent_id, "reason": reason}, now)
        effects = self._without_agent(call)
        call.status = store.WAITING
        self.offer_waiting(session, now)
        return effects

    # --- Both

    def conference(self, session: Session, event: ConferenceEvent, now: datetime) -> None:
        """What happened in the conference of a call: its name for hold, and the end of a hold."""
        call = store.call(session, event.name, lock=True)
        if call is None:
            return
        if call.status == store.TALKING and call.conference_id is None:
            call.conference_id = event.conference_id
        if event.event in {"participant-hold", "participant-unhold"} and event.call_id == call.call_id:
            is_held = event.event == "participant-hold"
            if is_held != call.on_hold and call.status == store.TALKING:
                call.on_hold = is_held
                store.note(session, call.call_id, "held" if is_held else "resumed", {}, now)

    def offer_waiting(self, session: Session, now: datetime) -> None:
        """Offer what waits to whoever is free, and keep that in each call's story."""
        for offer in dispatch.dispatch(session, now, self._company.routing_rules):
            store.note(session, offer.call_id, "offered", {"agent": offer.agent_id}, now)

    def _end_talk(self, session: Session, call: Call, now: datetime) -> None:
        ended = dispatch.talk_ended(session, call_id=call.call_id, now=now, rules=self._company.routing_rules)
        call.agent_leg, call.on_hold = None, False
        if isinstance(ended, TalkEnded):
            store.note(session, call.call_id, "agent_left", {"agent": call.agent_id}, now)

    @staticmethod
    def _without_agent(call: Call) -> tuple[Effect, ...]:
        """Take the agent off the call; the leg that may still ring or wait is to be ended."""
        effects = (EndLeg(call_id=call.agent_leg),) if call.agent_leg else ()
        call.agent_id, call.agent_leg, call.conference_id, call.on_hold = None, None, None, False
        return effects

    @staticmethod
    def _is_brought(session: Session, call: Call) -> bool:
        """Whether the caller came into the conference with the agent who answered last."""
        happened = store.times_happened(session, call.call_id)
        return happened.get("brought_to_agent", 0) >= happened.get("agent_answered", 0)

    def _back_in_queue(self, session: Session, call: Call, now: datetime) -> Reply:
        addresses = self._company.addresses
        happened = store.times_happened(session, call.call_id)
        if happened.get("line_lost", 0) > happened.get("back_in_queue", 0):
            store.note(session, call.call_id, "back_in_queue", {}, now)
        return Reply(
            document=twiml.write(
                WaitInQueue(
                    prompts=(speaking.own_words(self._company, call.flow_version, own_words.LINE_LOST, call.language),),
                    queue=QUEUE,
                    wait_path=addresses.voice(f"wait/{call.turn}/0"),
                    left_path=addresses.voice(f"left/{call.turn}"),
                )
            )
        )

    def _meet(self, call: Call, label: str) -> Meet:
        addresses = self._company.addresses
        is_agent = label == AGENT
        return Meet(
            prompts=(),
            conference=call.call_id,
            label=label,
            starts_with_me=is_agent,
            ends_with_me=is_agent,
            left_path="" if is_agent else addresses.voice(f"met/{call.turn}/0"),
            events_path=addresses.voice("conference"),
            wait_path=addresses.voice("music"),
        )
