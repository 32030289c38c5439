"""What a caller hears and can do while waiting for a person: the place, the honest estimate, music, and keys.

Each round is one webhook of the wait. Who takes the call is `routing`'s, the estimate of the wait too; what happens once the
caller is out of the queue is the flow's.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from ivr.calls import own_words, speaking, store
from ivr.calls.company import Company
from ivr.calls.conductor import Reply
from ivr.calls.tables import Call
from ivr.flow.events import Value
from ivr.telephony import twiml
from ivr.telephony.answers import LeaveQueue, SayAndHangUp, Speak, WaitingRound
from ivr.telephony.requests import VoiceRequest
from routing import estimate_query, reports
from routing import store as routing_store

# What a caller presses while waiting to be rung back instead.
CALLBACK_KEY = "1"
# The place is told at the first round and then at each fourth: a round of music lasts some twenty seconds; judgement.
ROUNDS_BETWEEN_PLACES = 4


class WaitingRounds:
    """Answers the webhooks of the wait; holds no state of any call."""

    def __init__(self, company: Company) -> None:
        self._company = company

    def round(self, session: Session, request: VoiceRequest, turn: int, round_: int, now: datetime) -> Reply:
        """One round of waiting: the place and the honest estimate, music, and a key for a callback."""
        call = store.call(session, request.call_id)
        if call is None or call.status == store.ENDED:
            return Reply(document=twiml.write(SayAndHangUp(prompts=())))
        tells_place = round_ % ROUNDS_BETWEEN_PLACES == 0
        if request.keys == CALLBACK_KEY or (round_ and tells_place and _nobody_is_left(session, call)):
            return Reply(document=twiml.write(LeaveQueue()))
        return Reply(
            document=twiml.write(
                WaitingRound(
                    prompts=self._place(session, call, now) if tells_place else (),
                    music_url=self._company.addresses.voice("music.wav"),
                    round_path=self._company.addresses.voice(f"wait/{turn}/{round_ + 1}"),
                    language=call.language,
                )
            )
        )

    def why_left(self, session: Session, call: Call) -> str:
        """The flow's outcome for a caller who has left the queue and is still there."""
        return "nobody" if _nobody_is_left(session, call) else "left"

    def _place(self, session: Session, call: Call, now: datetime) -> tuple[Speak, ...]:
        position = reports.position(session, call.call_id, now, self._company.routing_rules)
        if position is None:
            return ()
        values: dict[str, Value] = {"place": position.place}
        keys = [own_words.QUEUE_NEXT if position.place == 1 else own_words.QUEUE_PLACE]
        if position.estimate_seconds is not None:
            keys.append(own_words.QUEUE_ESTIMATE)
            if position.estimate is not None:
                estimate_query.keep_told(session, call.call_id, position.estimate, now)
            # In whole minutes: seconds would promise what no estimate can keep.
            values["wait"] = 60 * max(1, round(position.estimate_seconds / 60))
        keys.append(own_words.QUEUE_CALLBACK)
        return tuple(speaking.own_words(self._company, call.flow_version, key, call.language, values) for key in keys)


def _nobody_is_left(session: Session, call: Call) -> bool:
    """Whether every agent who could ever take this waiting call has signed off since."""
    row = routing_store.call_row(session, call.call_id)
    return row is not None and not reports.anybody_for(session, routing_store.as_waiting_call(row).requirements)
