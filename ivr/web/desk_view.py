"""What an agent's desk shows at one moment, as one record: it is compared with the last one, so nothing in it ticks by itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from urllib.parse import quote

from sqlalchemy.orm import Session

from ivr.calls import legs, store, story, timeline, voice_card
from ivr.calls.company import Company
from ivr.calls.context import CallContext, DoneLine
from ivr.calls.handed import Handed, handed_to
from ivr.calls.timeline import Moment
from ivr.calls.voice_card import VoiceCard
from ivr.web import desk_aids, desk_panel
from ivr.web.desk_aids import Aids
from ivr.web.desk_panel import Panel
from prompts.desk_book import Choice
from routing import figures, reports
from routing import store as routing_store
from routing.agents import AgentState, Presence
from routing.figures import AgentDay
from routing.outcomes import Assigned, Offered

# What the line has done for the caller, which an agent reads in the first seconds; what routing, colleagues and the talk itself
# brought about, and what only repeats the talk or the proof, stands in the story.
ON_TOP = frozenset(
    {"looked_up_order", "opened", "refused", "callback", "message", "language", "exhausted", "step_up", "code_sent"}
    | {
        "code_not_sent",
        "voice_learnt",
        "voice_being_learnt",
        "voice_locked",
        "record_broken",
        "line_lost",
        "transfer_failed",
    }
    | {"place_kept", "called_back", "callback_reached", "continues", "taken_up", "wait_too_long"}
)
MOST_DONE_ON_TOP = 4
BROWSER_PHONE = "client:"  # an agent's address on the carrier's or the local line's browser phone


class Phase(StrEnum):
    """What the agent has before them."""

    IDLE = "idle"
    OFFERED = "offered"
    CONNECTING = "connecting"  # accepted; the agent's telephone is being rung
    TALKING = "talking"
    WRAP_UP = "wrap_up"


@dataclass(frozen=True, kw_only=True)
class DeskView:
    """Everything on an agent's desk."""

    presence: Presence
    phase: Phase
    offer: Offered | None
    assignment: Assigned | None
    context: CallContext | None  # of the call that is offered, talked about or wrapped up
    voice: VoiceCard | None  # of the same call
    handed: Handed | None  # by whom, where a colleague hands it over or asks
    timeline: tuple[Moment, ...]  # of the customer, without this call
    panel: Panel | None  # in the talk
    aids: Aids | None  # from the acceptance on
    day: AgentDay
    effort: float | None  # the average score that callers of this agent gave today
    outcomes: tuple[Choice, ...]  # that the call may have
    receipt: tuple[str, ...]  # why this agent, in plain sentences, the decision first

    call_id: str  # the call in question, "" for none
    is_mine: bool  # whether it is the agent's own, and not one of which a colleague asks

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels of the timeline, as it shows them."""
        return tuple(dict.fromkeys(moment.channel for moment in self.timeline))

    @property
    def wish(self) -> str:
        """What the caller wants, in their own words: what led to the reason, else the longest they said; "" for nothing."""
        said = self.context.said if self.context is not None else ()
        reason = self.context.reason if self.context is not None else ""
        told = [turn.heard for turn in said if turn.heard and turn.intent == reason]
        return told[0] if told else max((turn.heard for turn in said), key=len, default="")

    @property
    def done(self) -> tuple[DoneLine, ...]:
        """The last things that the line did for the caller."""
        lines = self.context.done if self.context is not None else ()
        return tuple(line for line in lines if line.kind in ON_TOP)[-MOST_DONE_ON_TOP:]


def look(session: Session, company: Company, *, agent_id: str, language: str, now: datetime) -> DeskView | None:
    """The desk as it is now; none when the agent no longer exists."""
    presence = reports.state_of(session, agent_id)
    if presence is None:
        return None
    offer = _offer(session, presence, now)
    busy = presence.state in {AgentState.ON_CALL, AgentState.WRAP_UP}
    assignment = reports.current_assignment_of(session, agent_id) if busy else None
    work = offer or assignment
    call_id = legs.call_of(session, work.call_id) if work is not None else ""
    context = context_of(session, call_id, language=language, now=now) if call_id else None
    phase = _phase(presence, offer, assignment)
    return DeskView(
        presence=presence,
        phase=phase,
        offer=offer,
        assignment=assignment,
        call_id=call_id,
        is_mine=work is None or work.call_id == call_id,
        context=context,
        voice=card_of(session, company, call_id, language=language, now=now) if call_id else None,
        handed=_handed(session, call_id, agent_id, is_question=work is not None and work.call_id != call_id),
        timeline=_timeline(session, context, language, now),
        panel=_panel(session, context, agent_id, language) if phase is Phase.TALKING else None,
        aids=desk_aids.aids_of(
            session,
            company,
            call_id=call_id,
            agent_name=presence.name,
            reads=language,
            since=assignment.accepted_at,
            now=now,
        )
        if assignment is not None
        else None,
        day=figures.day_of_agent(session, agent_id, _midnight(company, now), _minute(now)),
        effort=store.effort_of_agent(session, agent_id, _midnight(company, now)),
        outcomes=company.desk_book.outcomes_of(
            intent=context.reason if context else "", queue=_queue(session, call_id)
        ),
        receipt=_receipt(session, work.call_id, agent_id, language) if work is not None else (),
    )


def _handed(session: Session, call_id: str, agent_id: str, *, is_question: bool) -> Handed | None:
    if not call_id:
        return None
    names = agent_names(session)
    return handed_to(session, call_id, agent_id=agent_id, is_question=is_question, names=names)


def _timeline(session: Session, context: CallContext | None, language: str, now: datetime) -> tuple[Moment, ...]:
    if context is None:
        return ()
    customer_id = context.who.customer_id
    return timeline.timeline_of(session, customer_id, but_call=context.call_id, language=language, now=now)


def _panel(session: Session, context: CallContext | None, agent_id: str, reads: str) -> Panel | None:
    if context is None:
        return None
    return desk_panel.panel_of(
        session, call_id=context.call_id, language=context.language, agent_id=agent_id, reads=reads
    )


def _queue(session: Session, call_id: str) -> str:
    row = routing_store.call_row(session, call_id) if call_id else None
    return row.queue if row is not None else ""


def _midnight(company: Company, now: datetime) -> datetime:
    return now.astimezone(company.zone).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def _minute(now: datetime) -> datetime:
    """The begun minute: figures of the day go on, but the desk is not drawn anew for every second of them."""
    return now.replace(second=0, microsecond=0) + timedelta(minutes=1)


def context_of(session: Session, call_id: str, *, language: str, now: datetime) -> CallContext | None:
    """The story of a call, its agents by name; none for an unknown call."""
    names = agent_names(session)
    return story.context_of(session, call_id, language=language, now=now, agent_names=names)


def card_of(session: Session, company: Company, call_id: str, *, language: str, now: datetime) -> VoiceCard | None:
    """The decision card of a call; none for an unknown call."""
    call = store.call(session, call_id)
    return None if call is None else voice_card.card_of(session, company, call, language=language, now=now)


def agent_names(session: Session) -> Mapping[str, str]:
    """Every agent's name by identifier."""
    return {one.agent_id: one.name for one in reports.agents(session)}


def phone_address(line_url: str, address: str) -> str:
    """The page of the agent's browser phone on the local line, "" for an agent with another telephone."""
    if not line_url or not address.startswith(BROWSER_PHONE):
        return ""
    name = address.removeprefix(BROWSER_PHONE)
    return f"{line_url}/agent-phone/{quote(name, safe='')}?answer=auto" if name else ""


def _offer(session: Session, presence: Presence, now: datetime) -> Offered | None:
    if presence.state is not AgentState.OFFERED:
        return None
    offer = reports.open_offer_of(session, presence.agent_id)
    # An offer whose time is over can no longer be accepted; the ticker closes it within a second.
    return offer if offer is not None and offer.expires_at > now else None


def _receipt(session: Session, call_id: str, agent_id: str, language: str) -> tuple[str, ...]:
    receipt = reports.receipt_of(session, call_id, agent_id)
    return receipt.in_words(language) if receipt is not None else ()


def _phase(presence: Presence, offer: Offered | None, assignment: Assigned | None) -> Phase:
    if offer is not None:
        return Phase.OFFERED
    if assignment is None:
        return Phase.IDLE
    if presence.state is AgentState.WRAP_UP or assignment.ended_at is not None:
        return Phase.WRAP_UP
    return Phase.TALKING if assignment.connected_at is not None else Phase.CONNECTING
