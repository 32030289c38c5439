"""Which wording of a tried prompt a call heard: chosen here, kept as a fact of the turn and as a row, and counted by arm.

The rows say nothing of anybody but the call. Whether a difference is more than chance is `prompts.experiment`'s to tell.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session, aliased

from ivr.calls import store
from ivr.calls.open_question import Spoken
from ivr.calls.tables import Call, Effort, Turn, WordingHeard
from ivr.calls.work import Work
from ivr.flow.steps import Say
from ivr.flow.walk import Fact
from prompts.arms import Arm, arm_of
from prompts.catalogue import Wording
from prompts.experiment import Sample

FACT = "wording"
# How a turn ended that brought an answer (`Turn.ended`).
_ANSWERS = frozenset({"speech", "keys"})


def worded(work: Work, say: Say, language: str) -> tuple[Spoken, tuple[Fact, ...]]:
    """What a caller hears of a step, and the fact which of two wordings it is where two are tried."""
    catalogue, key = work.version.catalogue, say.prompt
    tried = None if say.variant else catalogue.alternative(key, language=language)
    arm = Arm.A if tried is None else arm_of(work.call.call_id, key, share=tried.share)
    said = catalogue.said(key, language=language, variant=say.variant, values=say.values, arm=arm)
    # A recording has the words of the prompt itself, not of its reprompts and not of its alternative.
    recording = key if say.variant == 0 and arm is Arm.A else ""
    spoken = Spoken(text=said.text, language=language, recording=recording, markup=said.markup)
    if tried is None:
        return spoken, ()
    trial = trial_of(catalogue.prompts[key].wordings[language])
    return spoken, (Fact(kind=FACT, values={"prompt": key, "language": language, "arm": arm.value, "trial": trial}),)


def keep(session: Session, call: Call, facts: Iterable[Fact], *, asked: bool, now: datetime) -> None:
    """Keep what this turn's facts say of tried wordings; of each prompt the first time in a call counts."""
    heard = {str(fact.values["prompt"]): fact.values for fact in facts if fact.kind == FACT}
    if not heard:
        return
    known = set(session.scalars(select(WordingHeard.key).where(WordingHeard.call_id == call.call_id)))
    for key, values in heard.items():
        if key in known:
            continue
        row = {
            "call_id": call.call_id, "key": key, "language": values["language"], "arm": values["arm"],
            "trial": values["trial"], "flow_version": call.flow_version, "turn": call.turn, "node": call.node,
            "asked": asked, "at": now,
        }  # fmt: skip
        session.connection().execute(insert(WordingHeard), row)


def trial_of(wording: Wording) -> str:
    """What two texts are tried against each other under: changing either of them begins anew. "" where nothing is tried."""
    if wording.alternative is None:
        return ""
    return hashlib.sha256(f"{wording.text}\0{wording.alternative.text}".encode()).hexdigest()[:16]


def samples(session: Session, key: str, language: str, trial: str) -> tuple[Sample, Sample]:
    """What the ended calls came to that heard one or the other of two texts."""
    answer = aliased(Turn)
    query = (
        select(
            WordingHeard.arm, WordingHeard.asked, WordingHeard.node, Call.route_reason, Call.agent_id,
            answer.node.label("next_node"), answer.ended, Effort.score,
        )
        .join(Call, Call.call_id == WordingHeard.call_id)
        .outerjoin(Effort, Effort.call_id == WordingHeard.call_id)
        .outerjoin(answer, (answer.call_id == WordingHeard.call_id) & (answer.turn == WordingHeard.turn + 1))
        .where(WordingHeard.key == key, WordingHeard.language == language, WordingHeard.trial == trial)
        .where(Call.status == store.ENDED)
    )  # fmt: skip
    rows = session.execute(query).all()

    def sample(arm: Arm) -> Sample:
        of_arm = [row for row in rows if row.arm == arm.value]
        asked = [row for row in of_arm if row.asked]
        return Sample(
            arm=arm,
            calls=len(of_arm),
            asked=len(asked),
            answered=sum(row.ended in _ANSWERS and row.next_node != row.node for row in asked),
            without_person=sum(not row.route_reason and row.agent_id is None for row in of_arm),
            efforts=tuple(row.score for row in of_arm if row.score is not None),
        )

    return sample(Arm.A), sample(Arm.B)
