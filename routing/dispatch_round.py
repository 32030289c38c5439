"""One round of dispatch: waiting calls, first come by rank, are offered to the agents who fit. Nothing here commits.

One process does it at a time, whoever has the baton, so that calls are served in their order however many processes there
are. Choosing reads without locks; then the chosen calls and agents are locked, and where one has slipped away meanwhile the
round is chosen again without it. Whoever is locked by somebody else is left out, and nobody is waited for.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from routing import dispatch_explaining, store_offering, store_rounds
from routing.dispatch_pool import Pool, Ranking, levels_in_order
from routing.dispatch_rows import call_of
from routing.matching import decided, match
from routing.outcomes import Offered, WorkKind
from routing.queues import DEFAULT_QUEUE, AgentOrder, Queue
from routing.receipts import SHOWN, Considered, Receipt, compact
from routing.skills import Droppable
from routing.store_queues import queues as queues_in
from routing.store_rounds import Queuing
from routing.waiting import DEFAULT_RULES, Rules, WaitingCall, ring_at

# What one transaction offers at the most: a fraction of a second's work, after which the next process has its turn.
AT_MOST = 500
# With so many signed in a receipt names everybody; with more, those who come first.
SMALL_SITE = SHOWN
# Whom a receipt of a large site lists: who was chosen, and the next one, by whom the tie-break was decided.
_LISTED = 2
# So many calls are read at once: at first some for each skill that somebody free has.
_PAGE, _EACH = 400, 10
# Each time somebody has slipped away the rest is chosen again; this often there are enough who have not.
_CHOICES = 5
_NOBODY: Mapping[str, datetime] = {}


def dispatch(
    session: Session, now: datetime, rules: Rules = DEFAULT_RULES, *, at_most: int = AT_MOST
) -> tuple[Offered, ...]:
    """Offer waiting calls, first come by rank, to agents who fit; nothing while another process is doing so.

    Callbacks whose turn has come begin to be called. Who waits on gets a receipt when the reason is a new one.
    """
    if not store_rounds.take_baton(session):
        return ()
    queues = queues_in(session)
    here = store_rounds.signed_in(session, SMALL_SITE + 1)
    skills = store_rounds.free_skills(session) if here else set()
    offered: tuple[Offered, ...] = ()
    if skills:
        offered = _offer(session, now, rules, queues=queues, here=here, skills=skills, at_most=at_most)
    is_small = len(here) <= SMALL_SITE
    dispatch_explaining.explain(session, now, rules, queues=queues, here=here if is_small else None)
    return offered


@dataclass(kw_only=True)
class Chosen:
    """What a round has decided, before it is locked and written."""

    offers: list[tuple[Queuing, Receipt, str]] = field(default_factory=list)
    callbacks: list[Queuing] = field(default_factory=list)


def _offer(
    session: Session,
    now: datetime,
    rules: Rules,
    *,
    queues: Mapping[str, Queue],
    here: Sequence[str],
    skills: set[str],
    at_most: int,
) -> tuple[Offered, ...]:
    gone_calls: set[str] = set()
    gone_agents: set[str] = set()
    for _ in range(_CHOICES):
        choosing = _Choosing(session, now, rules, queues, here)
        choosing.pool.taken |= gone_agents
        chosen = choosing.choose(set(skills), gone_calls, at_most)
        if not chosen.offers and not chosen.callbacks:
            return ()
        call_ids = {row.call_id for row in chosen.callbacks} | {row.call_id for row, _, _ in chosen.offers}
        idle_since = {agent_id: choosing.pool.idle_since(agent_id) for _, _, agent_id in chosen.offers}
        lost_calls = call_ids - store_offering.lock_calls(session, call_ids)
        lost_agents = idle_since.keys() - store_offering.lock_agents(session, idle_since)
        if not lost_calls and not lost_agents:
            return _write(session, chosen, choosing.pool, now, rules)
        gone_calls |= lost_calls
        gone_agents |= lost_agents
    # Whoever slips away as fast as this has a reason; the next tick comes within a second.
    return ()


def _write(session: Session, chosen: Chosen, pool: Pool, now: datetime, rules: Rules) -> tuple[Offered, ...]:
    if chosen.callbacks:
        store_offering.begin_calling(session, [row.call_id for row in chosen.callbacks])
    if not chosen.offers:
        return ()
    expires_at = now + timedelta(seconds=rules.offer_seconds)
    to_offer = [
        store_offering.ToOffer(
            call_id=row.call_id,
            stay_id=row.stay_id,
            agent_id=agent_id,
            idle_since=pool.idle_since(agent_id),
            ring=receipt.ring,
            receipt=receipt.as_json(),
        )
        for row, receipt, agent_id in chosen.offers
    ]
    offer_ids = store_offering.open_offers(session, to_offer, now=now, expires_at=expires_at)
    return tuple(
        Offered(
            offer_id=offer_id,
            call_id=row.call_id,
            agent_id=agent_id,
            offered_at=now,
            expires_at=expires_at,
            receipt=receipt,
        )
        for offer_id, (row, receipt, agent_id) in zip(offer_ids, chosen.offers, strict=True)
    )


class _Choosing:
    """Goes through the waiting calls in their order and gives each the agent whom the matcher names."""

    def __init__(
        self, session: Session, now: datetime, rules: Rules, queues: Mapping[str, Queue], here: Sequence[str]
    ) -> None:
        self._session = session
        self._now = now
        self._rules = rules
        self._queues = queues
        self._is_small = len(here) <= SMALL_SITE
        counts_calls = any(queue.order is AgentOrder.FEWEST_CALLS for queue in queues.values())
        self.pool = Pool(session, now, rules, calls_since=_midnight(now, rules) if counts_calls else None)
        if self._is_small:
            self.pool.load_everybody(here)
        self._rankings: dict[object, Ranking] = {}
        # Whom callbacks are just being rung for: no further callback is, and no call has to wait for that.
        self._spoken_for: set[str] = set()

    def choose(self, skills: set[str], gone_calls: set[str], at_most: int) -> Chosen:
        """Decide on waiting calls until there are enough, or no more calls or agents."""
        chosen = Chosen()
        for row in store_rounds.calling(self._session):
            self._speak_for(row)
        after: tuple[datetime, str] | None = None
        # Little where few are free: often it is one agent, and one call gets one.
        size = _EACH * len(skills)
        while skills and len(chosen.offers) < at_most:
            size = min(_PAGE, size, max(_EACH, at_most - len(chosen.offers)))
            page = store_rounds.waiting_page(
                self._session, skills=skills, queues=self._open_to(skills), now=self._now, after=after, limit=size
            )
            if not self._is_small:
                self._read_ahead(page)
            refusals = store_rounds.refusals_of(self._session, [row.call_id for row in page])
            for row in page:
                if row.call_id not in gone_calls and len(chosen.offers) < at_most:
                    self._decide(row, refusals.get(row.call_id, _NOBODY), chosen)
            if len(page) < size:
                break
            after, size = (page[-1].ranked_at, page[-1].call_id), 4 * size
            skills -= {skill for skill in skills if self.pool.is_used_up(skill)}
        return chosen

    def _decide(self, row: Queuing, refused: Mapping[str, datetime], chosen: Chosen) -> None:
        if row.kind == WorkKind.CALLBACK.value:
            if self._speak_for(row):
                chosen.callbacks.append(row)
            return
        call, queue = call_of(row), self._queues.get(row.queue, DEFAULT_QUEUE)
        first = self._ranking(row, call, queue, refused).first(_LISTED, beside=refused)
        if not first and not refused and call.requirements.only_agent_id is None:
            return
        receipt = self._receipt(call, queue, first, refused)
        if receipt.chosen_agent_id is not None:
            self.pool.taken.add(receipt.chosen_agent_id)
            chosen.offers.append((row, receipt, receipt.chosen_agent_id))

    def _receipt(
        self, call: WaitingCall, queue: Queue, first: Sequence[Considered], refused: Mapping[str, datetime]
    ) -> Receipt:
        now, rules, pool = self._now, self._rules, self.pool
        if self._is_small:
            return match(call, pool.agents(pool.everybody(), refused), now, rules, queue)
        wanted = call.requirements
        named = {one for one in (wanted.preferred_agent_id, wanted.only_agent_id) if one is not None}
        first_ids = [one.agent_id for one in first]
        if not refused and not named:
            # What the ranking found of these agents is found of them for every call that asks the same.
            agents = {one.agent_id: one for one in pool.agents(first_ids, _NOBODY)}
            receipt = decided(call, first, agents=agents, now=now, rules=rules, queue=queue)
        else:
            pool.load(refused)
            receipt = match(call, pool.agents({*first_ids, *refused, *named}, refused), now, rules, queue)
        return replace(compact(receipt), is_partial=True)

    def _speak_for(self, row: Queuing) -> bool:
        call, queue = call_of(row), self._queues.get(row.queue, DEFAULT_QUEUE)
        if queue.hours is not None and not queue.hours.is_open(self._now):
            return False
        first = self._ranking(row, call, queue, _NOBODY).first(1, beside=self._spoken_for)
        self._spoken_for.update(one.agent_id for one in first)
        return bool(first)

    def _ranking(self, row: Queuing, call: WaitingCall, queue: Queue, refused: Mapping[str, datetime]) -> Ranking:
        asked = call.requirements
        kept = asked.preferred_seconds > int((self._now - call.enqueued_at).total_seconds())
        has_refused = refused.get(asked.preferred_agent_id or "")
        key = (row.requirements, queue.queue_id, ring_at(call, self._now, queue.rings), kept, has_refused)
        found = self._rankings.get(key)
        if found is None:
            found = self._rankings[key] = Ranking(self.pool, call, queue, refused)
        return found

    def _open_to(self, skills: set[str]) -> list[str]:
        """Queues where a ring offers calls to any agent of the team, and somebody of it is free."""
        return [
            queue_id
            for queue_id, queue in self._queues.items()
            if not skills.isdisjoint(queue.team) and any(Droppable.SKILL in ring.drops for ring in queue.rings)
        ]

    def _read_ahead(self, page: Sequence[Queuing]) -> None:
        """Read for the whole page what its calls will ask for first."""
        wanted: Counter[tuple[str, int]] = Counter()
        for row in page:
            call, queue = call_of(row), self._queues.get(row.queue, DEFAULT_QUEUE)
            wanted[row.skill, levels_in_order(call.requirements, call.requirements.level, queue.order)[0]] += 1
        self.pool.read_ahead(wanted)


def _midnight(now: datetime, rules: Rules) -> datetime:
    zone = ZoneInfo(rules.time_zone)
    return datetime.combine(now.astimezone(zone).date(), time(), zone)
