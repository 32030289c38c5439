"""From a waiting call to an agent and back: who is offered what, and everything that can become of an offer.

Every function takes part in the transaction of the session that it is given and commits nothing; `now` is aware UTC.
Whatever is asked twice is answered twice and done once. Telephones are left to the caller of these functions, who acts
on what they answer. Here stands what time brings about; the rest stands by subject in the modules that this one names.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from routing import store
from routing.agents import AgentEvent, Presence
from routing.dispatch_agents import force_state, heartbeat, set_state, wrap_up_done
from routing.dispatch_agreed import InvariantBrokenError
from routing.dispatch_calls import enqueue, move_call_to, overflow, requeue, withdraw
from routing.dispatch_offers import accept, decline, expire
from routing.dispatch_round import dispatch
from routing.dispatch_talks import agent_failed, connected, force_off_call, talk_ended
from routing.outcomes import Ticked
from routing.waiting import DEFAULT_RULES, Rules

__all__ = [
    "InvariantBrokenError",
    "accept",
    "agent_failed",
    "connected",
    "decline",
    "dispatch",
    "enqueue",
    "expire",
    "force_off_call",
    "force_state",
    "heartbeat",
    "move_call_to",
    "overflow",
    "requeue",
    "set_state",
    "talk_ended",
    "tick",
    "withdraw",
    "wrap_up_done",
]


def tick(session: Session, now: datetime, rules: Rules = DEFAULT_RULES) -> Ticked:
    """Do everything that time alone brings about, then dispatch; call it once a second from any process."""
    missed = expire(session, now)
    wrapped_up = tuple(
        agent_id
        for agent_id in store.agents_whose_wrap_up_is_over(session, now)
        if isinstance(wrap_up_done(session, agent_id=agent_id, now=now), Presence)
    )
    signed_off = tuple(
        agent_id
        for agent_id in store.agents_with_lapsed_lease(session, now)
        if isinstance(set_state(session, agent_id=agent_id, event=AgentEvent.SIGN_OFF, now=now), Presence)
    )
    overflowed = overflow(session, now, rules)
    offered = dispatch(session, now, rules)
    return Ticked(missed=missed, wrapped_up=wrapped_up, signed_off=signed_off, offered=offered, overflowed=overflowed)
