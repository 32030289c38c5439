"""What a caller hears and can do while waiting for a person: the place, the honest estimate, music, announcements, and keys.

Each round is one webhook of the wait; a key may be pressed at any moment of it. Who takes the call is `routing`'s, the estimate
of the wait too, when to tell it again `place_told`'s; what happens once the caller is out of the queue is the flow's.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from ivr.calls import own_words, queueing, speaking, store
from ivr.calls.company import Company
from ivr.calls.conductor import Reply
from ivr.calls.place_told import Telling, Told, Word, telling
from ivr.calls.tables import Call, Happening
from ivr.flow.events import Value
from ivr.telephony import twiml
from ivr.telephony.answers import LeaveQueue, SayAndHangUp, Speak, WaitingRound
from ivr.telephony.requests import VoiceRequest
from routing import estimate_query, reports
from routing import store as routing_store
from routing.outcomes import StayOutcome
from sealing.columns import if_it_opens

# What a caller presses while waiting: to be rung back, to leave a message, for a person.
CALLBACK_KEY, MESSAGE_KEY, PERSON_KEY = "1", "2", "0"
# Rounds between two announcements: a round of music lasts some twenty seconds; judgement.
ROUNDS_BETWEEN_ANNOUNCEMENTS = 3
# How often it is looked whether anybody is left who could take the call.
ROUNDS_BETWEEN_LOOKS = 2

# What happened to a waiting call, as it stands in its story.
TOLD, WISH, TOO_LONG = "told_place", "waiting_wish", "wait_too_long"
# Why a caller left the queue, as the flow's outcome, and what the stay counts as.
LEFT, MESSAGE, NOBODY, CLOSED = "left", "message", "nobody", "closed"
_COUNTS_AS = {
    LEFT: StayOutcome.CALLBACK,
    MESSAGE: StayOutcome.MESSAGE,
    NOBODY: StayOutcome.CLOSED,
    CLOSED: StayOutcome.CLOSED,
    "failed": StayOutcome.FAILED,
}
_WISHES = {CALLBACK_KEY: LEFT, MESSAGE_KEY: MESSAGE}
_WORDS = {
    Word.STILL: own_words.QUEUE_STILL,
    Word.OVERTAKEN: own_words.QUEUE_OVERTAKEN,
}
_Notes = dict[str, list[tuple[datetime, dict[str, Any]]]]


def counts_as(outcome: str) -> StayOutcome:
    """What the stay of a caller who left the queue with this outcome counts as."""
    return _COUNTS_AS.get(outcome, StayOutcome.ABANDONED)


class WaitingRounds:
    """Answers the webhooks of the wait; holds no state of any call."""

    def __init__(self, company: Company) -> None:
        self._company = company

    def round(self, session: Session, request: VoiceRequest, turn: int, round_: int, now: datetime) -> Reply:
        """One round of waiting: what there is to be told, music, and keys at any moment."""
        call = store.call(session, request.call_id, lock=True)
        if call is None or call.status == store.ENDED:
            return Reply(document=twiml.write(SayAndHangUp(prompts=())))
        wish = self._wish(session, call, request.keys, round_, now)
        if wish:
            wishes = _notes(store.happenings(session, call.call_id)).get(WISH, [])
            if {"turn": turn, "wish": wish} not in [one for _, one in wishes]:
                store.note(session, call.call_id, WISH, {"turn": turn, "wish": wish}, now)
            return Reply(document=twiml.write(LeaveQueue()))
        return Reply(
            document=twiml.write(
                WaitingRound(
                    prompts=self._prompts(session, call, request.keys, round_, now),
                    music_url=self._company.addresses.voice("music.wav"),
                    round_path=self._company.addresses.voice(f"wait/{turn}/{round_ + 1}"),
                    language=call.language,
                )
            )
        )

    def why_left(self, session: Session, call: Call) -> str:
        """The flow's outcome for a caller who has left the queue and is still there."""
        wishes = _notes(store.happenings(session, call.call_id)).get(WISH, [])
        wish = wishes[-1][1] if wishes else {}
        return str(wish["wish"]) if wish.get("turn") == call.turn else LEFT

    def _wish(self, session: Session, call: Call, keys: str, round_: int, now: datetime) -> str:
        """Why this caller leaves the queue in this round; "" to stay."""
        if keys in _WISHES:
            return _WISHES[keys]
        if not round_ or round_ % ROUNDS_BETWEEN_LOOKS or not _nobody_is_left(session, call):
            return ""
        return NOBODY if queueing.is_open(session, self._company, call, now) else CLOSED

    def _prompts(self, session: Session, call: Call, keys: str, round_: int, now: datetime) -> tuple[Speak, ...]:
        said: list[tuple[str, dict[str, Value]]] = []
        if keys == PERSON_KEY:
            said.append((own_words.QUEUE_STAYS, {}))
        elif keys:
            said.append((own_words.QUEUE_WRONG_KEY, {}))
        notes = _notes(store.happenings(session, call.call_id))
        said.extend(self._place(session, call, notes, round_, now))
        if not said and round_ and round_ % ROUNDS_BETWEEN_ANNOUNCEMENTS == 0:
            said.extend(self._announcement(session, call, round_))
        return tuple(
            speaking.own_words(self._company, call.flow_version, key, call.language, values) for key, values in said
        )

    def _place(
        self, session: Session, call: Call, notes: _Notes, round_: int, now: datetime
    ) -> list[tuple[str, dict[str, Value]]]:
        """Where the caller stands, if it is to be told now; a round that is asked for again gets what it got."""
        position = reports.position(session, call.call_id, now, self._company.routing_rules)
        row = routing_store.call_row(session, call.call_id)
        if position is None or row is None:
            return []
        before = [one for one in notes.get(TOLD, []) if one[1].get("turn") == call.turn]
        given = next((one for _, one in before if one["round"] == round_), None)
        if given is not None:
            return _words_of(given)
        if before and before[-1][1]["round"] > round_:
            return []
        told = [Told(at=at, place=one["place"], wait_seconds=one["wait_seconds"]) for at, one in before]
        new = telling(told[-1] if told else None, position.place, position.estimate_seconds, now)
        is_too_long = len(notes.get(TOO_LONG, [])) > sum(bool(one.get("too_long")) for _, one in notes.get(TOLD, []))
        is_moved = bool(before) and before[-1][1]["queue"] != row.queue
        if new is None and not (is_too_long or is_moved):
            return []
        new = new or Telling(word=Word.BETTER, place=position.place, wait_seconds=None)
        details = {
            "turn": call.turn,
            "round": round_,
            "queue": row.queue,
            "word": new.word.value,
            "place": new.place,
            "said_seconds": new.wait_seconds,
            # What is promised from now on: what was said, or what is left of what was said before.
            "wait_seconds": _left_of(told[-1], now) if new.wait_seconds is None and told else new.wait_seconds,
            "too_long": is_too_long,
            "moved": is_moved,
        }
        store.note(session, call.call_id, TOLD, details, now)
        if new.wait_seconds is not None and position.estimate is not None:
            estimate_query.keep_told(session, call.call_id, position.estimate, now)
        return _words_of(details)

    def _announcement(self, session: Session, call: Call, round_: int) -> list[tuple[str, dict[str, Value]]]:
        """A short announcement of the queue, another one each time; of no particular queue where it has none of its own."""
        row = routing_store.call_row(session, call.call_id)
        catalogue = self._company.version(call.flow_version).catalogue
        own = own_words.announcements(catalogue, "" if row is None else row.queue, call.language)
        return [(own[(round_ // ROUNDS_BETWEEN_ANNOUNCEMENTS - 1) % len(own)], {})] if own else []


def _words_of(details: Mapping[str, Any]) -> list[tuple[str, dict[str, Value]]]:
    """The prompts that tell what was noted, with their values: the same each time that a round is asked for."""
    word, values = Word(details["word"]), {"place": details["place"], "wait": details["said_seconds"]}
    place = own_words.QUEUE_NEXT if details["place"] == 1 else own_words.QUEUE_PLACE
    keys = [
        *((own_words.QUEUE_MOVED,) if details["moved"] else ()),
        *((own_words.QUEUE_TOO_LONG,) if details["too_long"] else ()),
        *(() if word is Word.LONGER else (_WORDS.get(word, place),)),
    ]
    if details["said_seconds"] is not None:
        keys.append(own_words.QUEUE_LONGER if word is Word.LONGER else own_words.QUEUE_ESTIMATE)
    if details["too_long"] or word in {Word.FIRST, Word.LONGER, Word.STILL}:
        keys.append(own_words.QUEUE_CALLBACK)
    return [(key, values) for key in keys]


def _left_of(told: Told, now: datetime) -> int | None:
    """What is left of a promise that is not told again."""
    if told.wait_seconds is None:
        return None
    return max(0, told.wait_seconds - int((now - told.at).total_seconds()))


def _notes(happenings: Sequence[Happening]) -> _Notes:
    """What was told and wished while waiting, by kind, in order."""
    found: _Notes = {}
    for row in happenings:
        if row.kind in {TOLD, WISH, TOO_LONG}:
            found.setdefault(row.kind, []).append((row.at, json.loads(if_it_opens(row, "details", "") or "{}")))
    return found


def _nobody_is_left(session: Session, call: Call) -> bool:
    """Whether every agent who could ever take this waiting call has signed off since."""
    row = routing_store.call_row(session, call.call_id)
    return row is not None and not reports.anybody_for(session, routing_store.as_waiting_call(row).requirements)
