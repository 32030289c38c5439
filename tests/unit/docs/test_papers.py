"""The papers name files that exist, and every word of the map has its sentence in the glossary."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
NAMED_FILE = re.compile(r"`([\w./-]+\.(?:py|md|toml|yaml|json))`")
# DESIGN.md, 4: the words of the project.
WORDS = """
call, leg, turn, utterance, intent, slot, flow, node, step, event, prompt, contact, case, customer, agent, supervisor, admin,
skill, level, requirement, ring, queue, offer, assignment, wrap-up, callback, routing receipt, voiceprint, enrolment,
verification, evidence, claim, similarity, consent, purpose, effort score
"""


@pytest.mark.parametrize("paper", ["security-properties.md", "operations.md"])
def test_every_file_that_a_paper_names_exists(paper: str) -> None:
    named = NAMED_FILE.findall((ROOT / "docs" / paper).read_text(encoding="utf-8"))
    from_root = [name for name in named if "/" in name or name.endswith(".conf.py")]
    assert from_root
    assert [name for name in from_root if not (ROOT / name).exists()] == []


def test_every_word_has_one_sentence_and_its_italian() -> None:
    glossary = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", glossary, re.MULTILINE)
    entries = [row for row in rows if row[0] not in {"word", "---"}]
    words = [word for word, _, _ in entries]
    assert {word.strip() for word in WORDS.split(",")} <= set(words)
    assert len(words) == len(set(words))
    assert all(italian.strip() and meaning.endswith(".") for _, italian, meaning in entries)
