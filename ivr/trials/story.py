"""What became of a trial call: its turns with their nodes, prompts and facts, what was heard, where it went, what it left.

Pure records with their JSON, and one function that reads them from the trial's own database.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from ivr.calls import store, story
from ivr.calls.context import DoneLine
from ivr.calls.tables import Call, Turn
from ivr.customers import trial_records
from ivr.line.script import HeardAt
from ivr.trials.wording_noted import Noted
from routing import reports
from routing import store as routing_store


@dataclass(frozen=True, kw_only=True)
class TrialTurn:
    """One prompt of the line, why it was said, and what came back to it."""

    turn: int
    at_seconds: float  # since the call began
    node: str  # that the call stands at
    path: tuple[str, ...]  # nodes that this webhook entered, the last one is `node`
    said: str  # to the caller
    prompts: tuple[str, ...]  # keys of what was said
    facts: tuple[Mapping[str, Any], ...]  # {kind, values}
    answered: str = ""  # the words that came back; "" while none have
    keys: str = ""
    intent: str = ""
    confidence: float | None = None
    ended: str = ""  # how: speech, keys, silence, hang-up; "" while it is open
    why: tuple[str, ...] = ()  # what led to it and happened until the next, in plain sentences


@dataclass(frozen=True, kw_only=True)
class HeardLine:
    """Something that the caller heard: of the line, of an agent, of music."""

    at_seconds: float
    text: str
    source: str  # a value of HeardFrom
    prompt: str = ""  # key, where the words are a prompt's


@dataclass(frozen=True, kw_only=True)
class Routed:
    """A stay in a queue, and who took the call."""

    skill: str
    queue: str
    level: int
    outcome: str  # of the stay; "" while it waits
    agent: str = ""  # the name of who took it


@dataclass(frozen=True, kw_only=True)
class TrialStory:
    """The whole of a trial call, so far or to its end."""

    call_id: str
    status: str  # in_line, waiting, talking, ended
    ended: str  # how: a value of the line's Ended; "" while it is up
    language: str
    reason: str  # the topic that brought the caller here
    turns: tuple[TrialTurn, ...] = ()
    heard: tuple[HeardLine, ...] = ()
    routed: tuple[Routed, ...] = ()
    messages: tuple[trial_records.LeftMessage, ...] = ()
    cases: tuple[trial_records.LeftCase, ...] = ()
    effort: int | None = None
    has_hung_up: bool = False  # the caller did, and not the line
    why: tuple[str, ...] = field(default=())  # what happened, in plain sentences

    @property
    def path(self) -> tuple[str, ...]:
        """The nodes that the call entered, in order."""
        return tuple(node for turn in self.turns for node in turn.path)

    @property
    def node(self) -> str:
        """Where the call stands, or stood last."""
        return self.turns[-1].node if self.turns else ""

    def as_json(self) -> dict[str, Any]:
        """Return the story as JSON's own values."""
        return {**asdict(self), "path": list(self.path), "node": self.node}


NOTHING = TrialStory(call_id="", status="", ended="", language="", reason="")


def story_of(
    session: Session,
    call_id: str,
    *,
    noted: Noted,
    transcript: Sequence[HeardAt],
    ended: str,
    has_hung_up: bool,
    now: datetime,
    names: Mapping[str, str],
    language: str = "it",
) -> TrialStory:
    """Read a call's story; an unknown call has none yet."""
    call = store.call(session, call_id)
    if call is None:
        return NOTHING
    context = story.context_of(session, call_id, language=language, now=now, agent_names=names)
    return TrialStory(
        call_id=call_id,
        status=call.status,
        ended=ended,
        language=call.language,
        reason=call.reason,
        turns=_turns(call, store.turns(session, call_id), noted, () if context is None else context.done),
        heard=_heard(transcript, noted),
        routed=_routed(session, call_id, names),
        messages=trial_records.messages_of(session, call_id),
        cases=trial_records.cases_of(session, call_id),
        effort=store.effort(session, call_id),
        has_hung_up=has_hung_up,
        why=() if context is None else tuple(line.text for line in context.done),
    )


def _turns(call: Call, rows: Sequence[Turn], noted: Noted, done: Sequence[DoneLine]) -> tuple[TrialTurn, ...]:
    turns = []
    for position, row in enumerate(rows):
        answer = rows[position + 1] if position + 1 < len(rows) else None
        until = None if answer is None else answer.at
        why = tuple(one.text for one in done if row.at <= one.at and (until is None or one.at < until))
        turns.append(
            TrialTurn(
                turn=row.turn,
                at_seconds=round((row.at - call.started_at).total_seconds(), 2),
                node=row.node,
                path=_path(row),
                said=row.prompt,
                prompts=noted.keys_in(row.prompt),
                facts=tuple(json.loads(row.facts or "[]")),
                answered=answer.heard if answer else "",
                keys=answer.keys if answer else "",
                intent=answer.intent if answer else "",
                confidence=answer.confidence if answer else None,
                ended=answer.ended if answer else "",
                why=why,
            )
        )
    return tuple(turns)


def _path(row: Turn) -> tuple[str, ...]:
    kept = getattr(row, "path", "")
    return tuple(json.loads(kept)) if kept else (row.node,)


def _heard(transcript: Sequence[HeardAt], noted: Noted) -> tuple[HeardLine, ...]:
    """What was heard; several prompts that came as one sound stand beside each other."""
    lines: list[HeardLine] = []
    for line in transcript:
        at, source = round(line.at_seconds, 2), line.heard.source.value
        pieces = noted.pieces(line.heard.text) or (("", ""),)
        lines.extend(HeardLine(at_seconds=at, text=text, source=source, prompt=key) for text, key in pieces)
    return tuple(lines)


def _routed(session: Session, call_id: str, names: Mapping[str, str]) -> tuple[Routed, ...]:
    return tuple(
        Routed(
            skill=stay.skill,
            queue=stay.queue,
            level=stay.level,
            outcome=stay.outcome,
            agent=names.get(stay.agent_id or "", stay.agent_id or ""),
        )
        for stay in routing_store.stays_of(session, call_id)
    )


def names_in(session: Session) -> Mapping[str, str]:
    """The agents' names by their ids."""
    return {agent.agent_id: agent.name for agent in reports.agents(session)}
