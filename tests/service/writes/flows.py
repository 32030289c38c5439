"""The page on the flow: files that are taken into the draft."""

from collections.abc import Mapping
from typing import Any

from ivr.editing import drafts
from ivr.editing.documents import to_files
from ivr.web.editing.flow_imports import packed
from prompts.version import PROMPTS_FILE
from tests.service.told_voices import ToldVoices
from tests.written import Write


def changed_files(voices: ToldVoices) -> Mapping[str, Any]:
    with voices.house.sessions() as session:
        draft = drafts.draft(session, now=voices.house.clock())
    text = to_files(draft.documents)[PROMPTS_FILE].replace("Grazie.", "Molte grazie.", 1)
    return {"files": packed({PROMPTS_FILE: text}), "revision": str(draft.revision)}


WRITES = (
    Write(
        endpoint="flow_files.take",
        act="prompt.changed",
        address="/admin/flows/files/take",
        form={"files": "{files}", "revision": "{revision}"},
        given=changed_files,
    ),
)
NO_CHANGES = {"flow_files.preview": "shows what files would change: nothing is taken"}
