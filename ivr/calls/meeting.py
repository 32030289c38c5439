"""How a caller meets a person: the rounds of waiting, the agent's leg, the conference, and what the carrier reports of them.

Whatever the carrier tells is held against where the call stands by our own records, so a repeated, late or lost report does no
harm: each method changes only what its event can still change. Who takes which call is `routing`'s.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from ivr.calls import store
from ivr.calls.company import Company
from ivr.calls.conductor import Conductor, Reply
from ivr.calls.effects import BringCaller, Effect, EndLeg
from ivr.calls.tables import Call
from ivr.flow.events import Value
from ivr.telephony import twiml
from ivr.telephony.answers import LeaveQueue, Meet, Nothing, SayAndHangUp, Speak, WaitingRound
from ivr.telephony.requests import ENDED_STATUSES, ConferenceEvent, StatusCallback, VoiceRequest
from routing import dispatch, reports
from routing.outcomes import Requeued

CALLER, AGENT = "caller", "agent"
# What a caller presses while waiting to be rung back instead.
CALLBACK_KEY = "1"
# The place is told at the first round and then at each fourth: a round of music lasts some twenty seconds; judgement.
ROUNDS_BETWEEN_PLACES = 4

# Queue results (Enqueue page) after which the caller is still there and the flow must go on without a person.
_LEFT = {"leave": "left", "queue-full": "failed", "error": "failed", "system-error": "failed"}


class Meeting:
    """Answers the webhooks around the queue, the conference and the agent's leg; holds no state of any call."""

    def __init__(self, company: Company, conductor: Conductor) -> None:
        self._company = company
        self._conductor = conductor

    def waiting_round(self, session: Session, request: VoiceRequest, turn: int, round_: int, now: datetime) -> Reply:
        """One round of waiting: the place and the honest estimate, music, and a key for a callback."""
        call = store.call(session, request.call_id)
        if call is None or call.status == store.ENDED:
            return Reply(document=twiml.write(SayAndHangUp(prompts=())))
        if request.keys == CALLBACK_KEY:
            return Reply(document=twiml.write(LeaveQueue()))
        prompts: tuple[Speak, ...] = ()
        if round_ % ROUNDS_BETWEEN_PLACES == 0:
            prompts = self._place(session, call, now)
        return Reply(
            document=twiml.write(
                WaitingRound(
                    prompts=prompts,
                    music_url=self._company.addresses.voice("music.wav"),
                    round_path=self._company.addresses.voice(f"wait/{turn}/{round_ + 1}"),
                    language=call.language,
                )
            )
        )

    def left_queue(self, session: Session, request: VoiceRequest, turn: int, now: datetime) -> Reply:
        """The caller is out of the queue: redirected to the agent, gone, or back in the flow."""
        outcome = _LEFT.get(request.queue_result, "")
        call = store.call(session, request.call_id, lock=True)
        if call is None or not outcome:
            # Redirected or bridged: the new document has taken over. A hang-up is told by the status callback as well.
            if call is not None and (request.queue_result == "hangup" or request.status in ENDED_STATUSES):
                return Reply(document=twiml.write(Nothing()), effects=self._hung_up(session, call, now))
            return Reply(document=twiml.write(Nothing()))
        dispatch.withdraw(session, call_id=call.call_id, reason=outcome, now=now)
        return self._conductor.came_back(session, request, turn, outcome, now)

    def meet(self, session: Session, request: VoiceRequest, now: datetime) -> Reply:
        """The caller's side of the conference."""
        call = store.call(session, request.call_id, lock=True)
        if call is None or call.status == store.ENDED:
            return Reply(document=twiml.write(SayAndHangUp(prompts=())))
        store.note(session, call.call_id, "brought_to_agent", {"agent": call.agent_id}, now)
        return Reply(document=twiml.write(self._meet(call, CALLER)))

    def met(self, session: Session, request: VoiceRequest, turn: int, now: datetime) -> Reply:
        """The caller is still there after the conference: the talk is over, the flow goes on (the effort score)."""
        call = store.call(session, request.call_id, lock=True)
        if call is not None and request.status not in ENDED_STATUSES:
            dispatch.talk_ended(session, call_id=call.call_id, now=now, rules=self._company.routing_rules)
        return self._conductor.came_back(session, request, turn, "met", now)

    def agent_answered(self, session: Session, request: VoiceRequest, call_id: str, now: datetime) -> Reply:
        """The agent's leg was picked up: into the conference, and the caller is brought there."""
        call = store.call(session, call_id, lock=True)
        assignment = reports.assignment_of(session, call_id)
        if call is None or call.status == store.ENDED or assignment is None or assignment.ended_at is not None:
            words = self._company.version(self._company.live_version).catalogue.wording(
                "caller_gone", language=self._company.default_language
            )
            return Reply(
                document=twiml.write(
                    SayAndHangUp(prompts=(Speak(text=words, language=self._company.default_language),))
                )
            )
        effects: tuple[Effect, ...] = ()
        if call.status != store.TALKING:
            call.agent_leg, call.status = request.call_id, store.TALKING
            dispatch.connected(session, call_id=call_id, now=now)
            store.note(session, call_id, "agent_answered", {"agent": call.agent_id}, now)
            effects = (BringCaller(call_id=call_id),)
        return Reply(document=twiml.write(self._meet(call, AGENT)), effects=effects)

    def agent_status(
        self, session: Session, callback: StatusCallback, call_id: str, now: datetime
    ) -> tuple[Effect, ...]:
        """What became of the agent's leg: not answered puts the call back in its place, the end starts the wrap-up."""
        call = store.call(session, call_id, lock=True)
        if call is None or callback.status not in ENDED_STATUSES or call.agent_leg not in {None, callback.call_id}:
            return ()
        if call.status == store.TALKING or callback.status == "completed":
            dispatch.talk_ended(session, call_id=call_id, now=now, rules=self._company.routing_rules)
            call.agent_leg, call.on_hold = None, False
            store.note(session, call_id, "agent_left", {"agent": call.agent_id}, now)
            return ()
        self.agent_unreachable(session, call, callback.status, now)
        return ()

    def agent_unreachable(self, session: Session, call: Call, reason: str, now: datetime) -> None:
        """The agent accepted but the telephone was not picked up: the call goes back to its place, others are asked."""
        back = dispatch.agent_failed(session, call_id=call.call_id, now=now, rules=self._company.routing_rules)
        if isinstance(back, Requeued):
            store.note(session, call.call_id, "agent_unreachable", {"agent": back.agent_id, "reason": reason}, now)
            call.agent_id, call.agent_leg, call.status = None, None, store.WAITING
            self.offer_waiting(session, now)

    def status(self, session: Session, callback: StatusCallback, now: datetime) -> tuple[Effect, ...]:
        """The progress of a caller's leg, counted by what happened: an older report than the last one changes nothing."""
        call = store.call(session, callback.call_id, lock=True)
        if call is None or callback.sequence < call.sequence:
            return ()
        call.sequence = callback.sequence
        return self._hung_up(session, call, now) if callback.status in ENDED_STATUSES else ()

    def conference(self, session: Session, event: ConferenceEvent, now: datetime) -> None:
        """What happened in the conference of a call: its name for hold, and the end of a hold."""
        call = store.call(session, event.name, lock=True)
        if call is None:
            return
        if call.conference_id is None and event.event in {"conference-start", "participant-join"}:
            call.conference_id = event.conference_id
        if event.event in {"participant-hold", "participant-unhold"} and event.call_id == call.call_id:
            call.on_hold = event.event == "participant-hold"
            store.note(session, call.call_id, "held" if call.on_hold else "resumed", {}, now)

    def offer_waiting(self, session: Session, now: datetime) -> None:
        """Offer what waits to whoever is free, and keep that in each call's story."""
        for offer in dispatch.dispatch(session, now, self._company.routing_rules):
            store.note(session, offer.call_id, "offered", {"agent": offer.agent_id}, now)

    def _hung_up(self, session: Session, call: Call, now: datetime) -> tuple[Effect, ...]:
        if call.status == store.ENDED:
            return ()
        dispatch.withdraw(session, call_id=call.call_id, reason="the caller hung up", now=now)
        # A leg that still rings, or an agent alone in the conference, has nobody left to talk to.
        effects = (EndLeg(call_id=call.agent_leg),) if call.agent_leg else ()
        self._conductor.hung_up(session, call, now)
        self.offer_waiting(session, now)
        return effects

    def _meet(self, call: Call, label: str) -> Meet:
        addresses = self._company.addresses
        is_agent = label == AGENT
        return Meet(
            prompts=(),
            conference=call.call_id,
            label=label,
            starts_with_me=is_agent,
            ends_with_me=is_agent,
            left_path="" if is_agent else addresses.voice(f"met/{call.turn}"),
            events_path=addresses.voice("conference"),
            wait_path=addresses.voice("music"),
        )

    def _place(self, session: Session, call: Call, now: datetime) -> tuple[Speak, ...]:
        position = reports.position(session, call.call_id, now, self._company.routing_rules)
        if position is None:
            return ()
        values: dict[str, Value] = {"place": position.place}
        keys = ["queue_next" if position.place == 1 else "queue_place"]
        if position.estimate_seconds is not None:
            keys.append("queue_estimate")
            values["wait"] = position.estimate_seconds
        keys.append("queue_callback")
        catalogue = self._company.version(call.flow_version).catalogue
        return tuple(
            Speak(text=catalogue.wording(key, language=call.language, values=values), language=call.language)
            for key in keys
        )
