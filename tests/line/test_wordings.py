"""Two wordings tried by telephone: each call hears one of them, the same throughout; what came of them is counted by arm."""

import shutil
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

from ivr.calls import store, wording_arms
from ivr.database import session_factory
from ivr.line.script import HangUp, Keys
from prompts.arms import Arm, arm_of
from prompts.documents import HERE
from prompts.version import PROMPTS_FILE
from tests.telephone import House, talk

OURS, OTHER = "Mi dica, come posso aiutarla?", "Che cosa le serve?"
SHIPPED = f'      text: "{OURS}"\n'
TRIED = f'{SHIPPED}      alternative: {{text: "{OTHER}", share: 50}}\n'
MARKED = "      text: \"Mi dica,<break time='300ms'/> come posso <emphasis>aiutarla</emphasis>?\"\n"


def folder(place: Path, written: str) -> Path:
    shutil.copytree(HERE, place, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    file = place / PROMPTS_FILE
    text = file.read_text(encoding="utf-8")
    assert SHIPPED in text
    file.write_text(text.replace(SHIPPED, written, 1), encoding="utf-8")
    return place


def test_each_call_hears_one_wording_and_the_results_are_counted_by_arm(
    new_house: Callable[..., House], tmp_path: Path
) -> None:
    house = new_house(prompts_folder=folder(tmp_path / "prompts", TRIED), text_encoder="none")
    heard = {}
    for number in range(8):
        # Every second caller answers; the others hang up on the question.
        steps = talk("?", Keys("1"), "numero", HangUp()) if number % 2 else talk("?", HangUp())
        caller = house.whole_call(steps, from_=f"+3933355501{number:02d}")
        with house.reading() as session:
            newest = store.recent_calls(session)[0].call_id
        heard[newest] = OTHER if OTHER in caller.heard else OURS
    assert heard == {
        call_id: OTHER if arm_of(call_id, "how_can_we_help", share=50) is Arm.B else OURS for call_id in heard
    }
    assert set(heard.values()) == {OURS, OTHER}
    rows = {row["call_id"]: row for row in house.rows("wordings_heard")}
    assert {call_id: row["arm"] for call_id, row in rows.items()} == {
        call_id: "b" if words == OTHER else "a" for call_id, words in heard.items()
    }
    version = house.voice.company.version(1)
    trial = wording_arms.trial_of(version.catalogue.prompts["how_can_we_help"].wordings["it"])
    with session_factory(house.engine).begin() as session:
        some = next(iter(heard))
        store.record_effort(session, some, 6, house.clock.now())
    with house.reading() as session:
        a, b = wording_arms.samples(session, "how_can_we_help", "it", trial)
        assert wording_arms.samples(session, "how_can_we_help", "it", "another trial")[0].calls == 0
    assert (a.calls, b.calls) == (list(heard.values()).count(OURS), list(heard.values()).count(OTHER))
    assert a.asked + b.asked == 8
    assert a.efforts + b.efforts == (6,)
    facts = [row["facts"] for row in house.rows("turns") if row["turn"] == 1]
    assert all('"wording"' in told for told in facts)


def test_marks_in_a_prompt_reach_the_carrier_and_the_story_has_the_words(
    new_house: Callable[..., House], tmp_path: Path
) -> None:
    house = new_house(prompts_folder=folder(tmp_path / "prompts", MARKED), text_encoder="none")
    caller = house.whole_call(talk("aiutarla", Keys("5")))
    assert OURS in caller.heard
    (first, *_) = house.context(house.only_call.call_id).said
    assert OURS in first.prompt
    assert "<" not in first.prompt
    document = ET.fromstring(house.requests.sent[0][1].body)  # noqa: S314 - the document is our own
    marked = [say for say in document.iter("Say") if len(say)]
    assert [[child.tag for child in say] for say in marked] == [["break", "emphasis"]]
