"""A flow or prompts with errors never take a call: the service refuses to start and says file, line and what to do."""

import shutil
from pathlib import Path

import pytest

from ivr.app import make_company
from prompts.documents import HERE
from prompts.version import FLOW_FILE, PROMPTS_FILE, VersionError
from tests.telephone import settings_for, understanding


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (FLOW_FILE, PROMPTS_FILE):
        shutil.copy(HERE / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        (FLOW_FILE, "outcomes: {given: lookup_order}", "outcomes: {given: nowhere}", "nowhere"),
        (FLOW_FILE, "prompt: which_order\n", "prompt: which_ordre\n", "which_ordre"),
        (FLOW_FILE, "first: identify", "first: [", FLOW_FILE),
        (PROMPTS_FILE, "{order_number:digits}", "{order_number:digit}", "digit"),
        (PROMPTS_FILE, "  caller_gone:", "  caller_left:", "caller_gone"),
    ],
    ids=["dead_end", "unknown_prompt", "not_yaml", "unknown_type", "own_words"],
)
def test_what_is_wrong_is_refused_at_start(folder: Path, file: str, old: str, new: str, says: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(VersionError) as refused:
        make_company(settings_for("sqlite:///unused", prompts_folder=folder), understanding())
    assert says in str(refused.value)
    assert str(refused.value).startswith(file)


def test_sound_files_start(folder: Path) -> None:
    assert make_company(settings_for("sqlite:///unused", prompts_folder=folder), understanding()).live_version == 1
