"""What a transaction changed, by topic: collected in its session, for whoever tells it once it is committed.

A topic is "agent:ID", "call:ID" or "queues". How it travels, and who waits for it, is left to whoever made the session.
"""

from sqlalchemy.orm import Session

QUEUES = "queues"
_KEY = "changed topics"


def agent(agent_id: str) -> str:
    """The topic of an agent: state, skills, what they are offered or talk in."""
    return f"agent:{agent_id}"


def call(call_id: str) -> str:
    """The topic of a call: where it stands, what was said, who has it."""
    return f"call:{call_id}"


def mark(session: Session, *topics: str) -> None:
    """Note that this transaction changes these topics; nothing is told before its commit, nor after a rollback."""
    session.info.setdefault(_KEY, set()).update(topics)


def marked(session: Session) -> frozenset[str]:
    """What has been marked so far."""
    return frozenset(session.info.get(_KEY, ()))


def take(session: Session) -> frozenset[str]:
    """What has been marked, which then counts as told (or, after a rollback, as never having happened)."""
    return frozenset(session.info.pop(_KEY, ()))
