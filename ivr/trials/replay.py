"""How a past call goes through a draft, held against how it goes through the version that answers now. Pure.

Both ways are made with the same customer's records and the same hour, so that what differs is the draft's doing and not the
world's. Nothing of what was said is in the result: nodes, prompts' keys and outcomes alone.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

SAME, WORDS, PROMPT, NODE, END = "same", "words", "prompt", "node", "end"
# A question that no answer is known for: the past call never came there.
LOST = "lost"
BROKEN = "broken"
_MOST_CALLS_NAMED: Final = 20


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One turn of a way: where the call stood behind it, and what was said on the way there."""

    node: str
    path: tuple[str, ...]
    prompts: tuple[str, ...]
    said: str = field(default="", repr=False)  # compared, never kept


@dataclass(frozen=True, kw_only=True)
class Way:
    """A replayed call."""

    visits: tuple[Visit, ...]
    end: str  # served, agent, waiting, hung_up, lost (no answer known), failed
    skill: str = ""
    cases: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()  # prompts' keys


@dataclass(frozen=True, kw_only=True)
class TurnDiff:
    """One turn, now and in the draft; "" where one of them is not so long."""

    kind: str  # same, words (other wording), prompt (other prompts), node (elsewhere), end
    node: str
    draft_node: str
    prompts: tuple[str, ...] = ()
    draft_prompts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CallDiff:
    """One call, now and in the draft."""

    call_id: str
    kind: str  # of the first turn that differs, "end", "same", or "broken"
    at: str  # the first node that differs, "" for none
    end: str
    draft_end: str
    turns: tuple[TurnDiff, ...] = ()
    reason: str = ""  # why it could not be replayed


@dataclass(frozen=True, kw_only=True)
class Group:
    """Calls that differ first in the same way at the same node."""

    at: str
    kind: str
    calls: int
    call_ids: tuple[str, ...]  # some of them


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """What became of all calls."""

    calls: tuple[CallDiff, ...]

    @property
    def same(self) -> int:
        """How many went as now."""
        return sum(one.kind == SAME for one in self.calls)

    @property
    def broken(self) -> int:
        """How many could not be replayed."""
        return sum(one.kind == BROKEN for one in self.calls)

    @property
    def differ(self) -> int:
        """How many went otherwise."""
        return len(self.calls) - self.same - self.broken

    @property
    def groups(self) -> tuple[Group, ...]:
        """The calls that differ, by the first node that differs, the most frequent first."""
        counted = Counter((one.at, one.kind) for one in self.calls if one.kind not in {SAME, BROKEN})
        return tuple(
            Group(
                at=at, kind=kind, calls=calls,
                call_ids=tuple(one.call_id for one in self.calls if (one.at, one.kind) == (at, kind))[:_MOST_CALLS_NAMED],
            )
            for (at, kind), calls in counted.most_common()
        )  # fmt: skip

    def as_json(self) -> list[dict[str, Any]]:
        """Return the calls as JSON's own values."""
        return [asdict(one) for one in self.calls]


def replayed_from_json(value: Sequence[Mapping[str, Any]]) -> Replayed:
    """Read what `as_json` wrote."""
    return Replayed(
        calls=tuple(
            CallDiff(
                **{
                    **one,
                    "turns": tuple(
                        TurnDiff(
                            **{
                                **turn,
                                "prompts": tuple(turn["prompts"]),
                                "draft_prompts": tuple(turn["draft_prompts"]),
                            }
                        )
                        for turn in one["turns"]
                    ),
                }
            )
            for one in value
        )
    )


def diff(call_id: str, now: Way, draft: Way) -> CallDiff:
    """Hold one way against the other, turn by turn."""
    turns = tuple(_turn(*pair) for pair in _paired(now.visits, draft.visits))
    first = next((turn for turn in turns if turn.kind != SAME), None)
    if first is not None:
        kind, at = first.kind, first.node or first.draft_node
    elif _ending(now) != _ending(draft):
        kind, at = END, draft.visits[-1].node if draft.visits else ""
    else:
        kind, at = SAME, ""
    return CallDiff(
        call_id=call_id, kind=kind, at=at, end=_end_in_words(now), draft_end=_end_in_words(draft), turns=turns
    )


def broken(call_id: str, reason: str) -> CallDiff:
    """A call that could not be replayed."""
    return CallDiff(call_id=call_id, kind=BROKEN, at="", end="", draft_end="", reason=reason)


def _paired(now: Sequence[Visit], draft: Sequence[Visit]) -> list[tuple[Visit | None, Visit | None]]:
    longest = max(len(now), len(draft))
    return [(now[at] if at < len(now) else None, draft[at] if at < len(draft) else None) for at in range(longest)]


def _turn(now: Visit | None, draft: Visit | None) -> TurnDiff:
    if now is None or draft is None or now.node != draft.node:
        kind = NODE
    elif now.prompts != draft.prompts:
        kind = PROMPT
    elif now.said != draft.said:
        kind = WORDS
    elif now.path != draft.path:
        kind = NODE
    else:
        kind = SAME
    return TurnDiff(
        kind=kind,
        node="" if now is None else now.node,
        draft_node="" if draft is None else draft.node,
        prompts=() if now is None else now.prompts,
        draft_prompts=() if draft is None else draft.prompts,
    )


def _ending(way: Way) -> tuple[Any, ...]:
    return way.end, way.skill, tuple(sorted(way.cases)), tuple(sorted(way.messages))


def _end_in_words(way: Way) -> str:
    return " ".join(part for part in (way.end, way.skill, *way.cases, *way.messages) if part)
