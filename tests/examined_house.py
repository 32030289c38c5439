"""The house that schemathesis examines: with something behind every address, and with nothing slow behind any.

What begins minutes of work (checks of a version, runs of scenarios, judging of phrases) is asked like everything else; the work
itself is not done here: other tests do it.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy.orm import Session

from ivr.audit.store import Actor
from ivr.editing import drafts, recording_sound, recordings, scenarios, submitting
from ivr.editing.checks import Checks
from ivr.editing.drafts import Change, Edited
from ivr.editing.scenarios import DONE, SCENARIOS, TEXT, Run
from ivr.editing.versions import Submitted
from ivr.intents.held_back_runs import HeldBackRuns
from ivr.trials.scenario_runs import ScenarioRuns
from tests.service import desks
from tests.service.desks import CALL, House
from tests.telephone import understanding
from tests.unit.test_recording_sound import file, tone

# Faster than anybody asks: what is looked at is what the API answers, not how it slows who asks too much.
RATE = "100000 per second"
# So many runs may go on at once here, since none of them ever ends.
ANY_NUMBER = 100_000
RUN, SCENARIO, NODE, PROMPT = "0" * 32, "product_question", "greeting", ("prompts", "prompts", "greeting", "it", "text")
SOMEBODY = Actor(account_id=None, name="Paolo Riva")
SOUND = recording_sound.read(file(tone()))
assert isinstance(SOUND, recording_sound.Sound)
# Things that are there, by the name of the part of an address or of a query.
KNOWN: Mapping[str, tuple[Any, ...]] = {
    "queue_id": ("general",),
    "agent_id": ("giulia", "luca"),
    "call_id": (CALL,),
    "customer_id": ("K0007",),
    "account_id": (1, 2),
    "kind": ("orders", "customers"),
    "number": (1, 2),
    "publication_id": (1,),
    "run_id": (RUN,),
    "name": (SCENARIO,),
    "digest": (hashlib.sha256(SOUND.wav).hexdigest(),),
    "key": (NODE,),
    "base": (1, 2),
    "version": (1, 2),
    "node": (NODE,),
    "language": ("it", "en"),
}


@contextmanager
def examined_house(folder: Path) -> Iterator[House]:
    """A house in which everything that the API does can be done."""
    quiet = (
        patch.object(Checks, "carry_on", lambda *_: None),
        patch.object(HeldBackRuns, "begin", HeldBackRuns.standing),
        patch.object(ScenarioRuns, "go_on", lambda *_, **__: None),
        patch("ivr.web.api.scenarios.MOST_AT_ONCE", ANY_NUMBER),
    )
    with ExitStack() as stack:
        for one in quiet:
            stack.enter_context(one)
        house = stack.enter_context(
            desks.open_house(folder, understanding=understanding(), text_encoder="none", api_rate=RATE)
        )
        with house.sessions.begin() as session:
            _furnish(session, house)
        yield house


def known_body(house: House, operation: str) -> Any:
    """A content that an operation takes as the house stands now; None where no content of ours is better than a generated one."""
    made = BODIES.get(operation)
    return None if made is None else made(house)


def run_that_ended(session: Session, house: House) -> None:
    """A run of scenarios that is over."""
    now = house.clock()
    run = Run(
        run_id=RUN, kind=SCENARIOS, mode=TEXT, against="version:1", digest="", by="", at=now, state=DONE, done=0, total=0,
        failures=0,
    )  # fmt: skip
    scenarios.begin_run(session, run, by=SOMEBODY)
    scenarios.end_run(session, RUN, state=DONE, result=[], failures=0, now=now)


def _furnish(session: Session, house: House) -> None:
    now = house.clock()
    run_that_ended(session, house)
    assert isinstance(SOUND, recording_sound.Sound)
    recordings.keep(session, SOUND, name="tone.wav", by=SOMEBODY, now=now)
    # A second version, so that there is something to compare, to publish and to go back from.
    draft = drafts.draft(session, now=now)
    change = Change(place=PROMPT, before=_text_of(draft), after=_text_of(draft) + " Dica pure.")
    assert isinstance(drafts.edit(session, [change], by=SOMEBODY, now=now), Edited)
    assert isinstance(submitting.submit(session, note="Dica pure", by=SOMEBODY, now=now), Submitted)


def _text_of(draft: drafts.Draft) -> str:
    text: str = draft.documents.prompts["prompts"][NODE]["it"]["text"]
    return text


def _draft(house: House) -> drafts.Draft:
    with house.sessions.begin() as session:
        return drafts.draft(session, now=house.clock())


def _change(house: House) -> Mapping[str, Any]:
    text = _text_of(_draft(house))
    return {"label": "x", "changes": [{"place": [*PROMPT], "before": text, "after": text[:80] + "." * (len(text) % 7)}]}


def _submission(house: House) -> Mapping[str, Any]:
    with house.sessions.begin() as session:
        draft = drafts.draft(session, now=house.clock())
        changed = Change(place=PROMPT, before=_text_of(draft), after=f"{_text_of(draft)[:80]} {draft.revision}.")
        done = drafts.edit(session, [changed], by=SOMEBODY, now=house.clock())
        return {"note": "x", "revision": done.revision if isinstance(done, Edited) else draft.revision}


BODIES: Mapping[str, Callable[[House], Any]] = {
    "PATCH /api/v1/draft": _change,
    "POST /api/v1/draft/submission": _submission,
    "POST /api/v1/scenario-runs": lambda _: {"against": "live", "names": [SCENARIO]},
    "POST /api/v1/publications": lambda _: {"version": 2, "reason": "x"},
    "POST /api/v1/publications/rollback": lambda _: {"version": 1, "reason": "x"},
    "POST /api/v1/versions/{number}/approval": lambda _: {"approved": True, "reason": "x"},
}
