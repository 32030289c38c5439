"""What the admin's pages show of live calls and of flows: records made of what the calls' store and the company know."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from ivr.calls import store
from ivr.calls.company import Company, FlowVersion
from ivr.calls.context import CallContext
from ivr.calls.story import STATUS_WORDS
from ivr.calls.voice_card import VoiceCard
from ivr.customers import store as customers
from ivr.flow.definition import Node
from ivr.web import desk_view
from ivr.web.desk_view import agent_names
from prompts.catalogue import Catalogue
from routing import reports
from routing import store as routing_store
from routing.store import KeptReceipt
from sealing.columns import if_it_opens


@dataclass(frozen=True, kw_only=True)
class LiveCall:
    """A call that is going on."""

    call_id: str
    started_at: datetime
    status: str  # CallContext.status
    flow: str
    flow_version: int
    node: str
    language: str
    caller: str  # the customer's name, else the number, "" when hidden
    reason: str
    waiting_since: datetime | None  # for a person; none while it does not wait
    agent: str  # name of the agent who takes or talks, "" if none
    words_so_far: str  # what the caller is just saying, "" between turns


@dataclass(frozen=True, kw_only=True)
class WatchedCall:
    """One call, live or ended, for whoever watches."""

    context: CallContext
    voice: VoiceCard | None
    receipts: tuple[KeptReceipt, ...]


@dataclass(frozen=True, kw_only=True)
class ShownNode:
    """A node of a flow, for people who read."""

    name: str
    kind: str
    says: str  # in the reader's language, its placeholders as they are written; "" if nothing
    goes_to: tuple[tuple[str, str], ...]  # outcome, node


@dataclass(frozen=True, kw_only=True)
class ShownFlow:
    """One version of a flow, for people who read."""

    name: str
    version: int
    is_live: bool
    author: str
    note: str
    nodes: tuple[ShownNode, ...]


def calls_now(session: Session, now: datetime) -> tuple[LiveCall, ...]:
    """Every call that is not over, the oldest first."""
    names = agent_names(session)
    waiting = {line.call_id: line.enqueued_at for line in reports.waiting_calls(session, now)}
    return tuple(_live_call(session, one, names, waiting) for one in store.live_calls(session))


def watched_call(
    session: Session, company: Company, call_id: str, *, language: str, now: datetime
) -> WatchedCall | None:
    """The story of one call with its decision card; none for an unknown call."""
    context = desk_view.context_of(session, call_id, language=language, now=now)
    if context is None:
        return None
    card = desk_view.card_of(session, company, call_id, language=language, now=now)
    return WatchedCall(context=context, voice=card, receipts=routing_store.receipts_of(session, call_id))


def live_flow(session: Session, company: Company, now: datetime, *, language: str) -> ShownFlow:
    """The flow that calls begin with now, to read."""
    return _flow(company.version(company.live(session, now)), is_live=True, language=language)


def _live_call(
    session: Session, one: store.LiveCall, names: Mapping[str, str], waiting: Mapping[str, datetime]
) -> LiveCall:
    customer = customers.customer(session, one.customer_id)
    return LiveCall(
        call_id=one.call_id,
        started_at=one.started_at,
        status=STATUS_WORDS[one.status],
        flow=one.flow,
        flow_version=one.flow_version,
        node=one.node,
        language=one.language,
        caller=one.from_number if customer is None else if_it_opens(customer, "name", one.from_number),
        reason=one.reason,
        waiting_since=waiting.get(one.call_id),
        agent=names.get(one.agent_id or "", ""),
        words_so_far=one.words_so_far,
    )


def _flow(version: FlowVersion, *, is_live: bool, language: str) -> ShownFlow:
    return ShownFlow(
        name=version.flow.name,
        version=version.number,
        is_live=is_live,
        author=version.author,
        note=version.note,
        nodes=tuple(_node(node, version.catalogue, language) for node in version.flow.nodes.values()),
    )


def _node(node: Node, catalogue: Catalogue, language: str) -> ShownNode:
    key: str = getattr(node, "prompt", "")
    prompt = catalogue.prompts.get(key)
    wording = prompt.wordings.get(language) if prompt is not None else None
    says = wording.text if wording is not None else key
    return ShownNode(name=node.name, kind=node.kind.value, says=says, goes_to=tuple(node.outcomes.items()))
