"""Files that somebody brings: what is in them, what they would change in the draft, and what is wrong by line. No request here.

Files that are not among those brought stay as the draft has them, but for the phrases: a zip with the intents has all phrases.
"""

import base64
import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response

from ivr.editing.documents import Documents, Unreadable, from_files, to_files
from ivr.editing.findings import ERROR, findings
from ivr.editing.places import Change, difference
from ivr.flow.files import problems_of
from ivr.intents.phrases import CARDS_FILE
from prompts.problems import Problem
from prompts.version import FLOW_FILE, PROMPTS_FILE

# The shipped files have 200 kB; a large company's have some times that.
MOST_BYTES = 4 * 1024 * 1024
_MOST_FILES = 1000
_LONGEST_SHOWN = 160


class NotFilesError(Exception):
    """What was brought is neither a zip nor one of our files; `reason` is a code for the refusal."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What the files would do."""

    changes: tuple[Change, ...]
    problems: tuple[Problem, ...]  # with the lines of the files that were brought
    documents: Documents | None  # None where they cannot be read, and nothing can be taken over


def files_of(name: str, content: bytes) -> Mapping[str, str]:
    """The texts that were brought, by path. Raises NotFilesError."""
    if len(content) > MOST_BYTES:
        raise NotFilesError("files_too_large")
    if content[:2] == b"PK":
        return _unzipped(content)
    text = _text(content)
    return {_path(name, text): text}


def zipped(files: Mapping[str, str]) -> bytes:
    """Files as a zip: the same files, the same bytes."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(path, (2000, 1, 1, 0, 0, 0)), text.encode())
    return kept.getvalue()


def given(content: bytes, name: str, media_type: str) -> Response:
    """A file to keep."""
    response = Response(content, mimetype=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def zip_given(documents: Documents, name: str) -> Response:
    """Every file of the documents, in a zip to keep."""
    return given(zipped(to_files(documents)), name, "application/zip")


def packed(files: Mapping[str, str]) -> str:
    """Files as a text that a form carries from the preview to its confirmation."""
    return base64.b64encode(zlib.compress(json.dumps(files).encode(), 9)).decode()


def unpacked(text: str) -> Mapping[str, str]:
    """The files of a form. Raises NotFilesError for what no preview has made."""
    try:
        reader = zlib.decompressobj()
        content = reader.decompress(base64.b64decode(text, validate=True), MOST_BYTES)
        files = json.loads(content)
    except (ValueError, zlib.error) as error:
        raise NotFilesError("files_unreadable") from error
    if reader.unconsumed_tail or not isinstance(files, dict) or not all(isinstance(one, str) for one in files.values()):
        raise NotFilesError("files_unreadable")
    return files


def preview(brought: Mapping[str, str], stands: Documents) -> Preview:
    """What the files would change in a draft that says `stands`."""
    files = _with_the_rest(brought, to_files(stands))
    told = problems_of(files[FLOW_FILE], files[PROMPTS_FILE])
    documents = from_files(files)
    if isinstance(documents, Unreadable):
        others = (one for one in documents.problems if one.file not in {FLOW_FILE, PROMPTS_FILE})
        return Preview(changes=(), problems=(*told, *others) or documents.problems, documents=None)
    # What only the whole says: the service's own words, the intents.
    known = {(one.place, one.message) for one in told}
    others = (
        Problem(file=one.file, line=one.line, place=one.place, message=one.message, remedy=one.remedy)
        for one in findings(documents)
        if one.severity == ERROR and (one.place, one.message) not in known
    )
    return Preview(changes=difference(stands, documents), problems=(*told, *others), documents=documents)


def shown(value: Any) -> str:
    """A value of a change, short."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _with_the_rest(brought: Mapping[str, str], stands: Mapping[str, str]) -> Mapping[str, str]:
    fixed = {FLOW_FILE, PROMPTS_FILE, CARDS_FILE}
    has_all_phrases = CARDS_FILE in brought and brought.keys() - fixed
    kept = {path: text for path, text in stands.items() if path in fixed or not has_all_phrases}
    return {**kept, **brought}


def _unzipped(content: bytes) -> Mapping[str, str]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [one for one in archive.infolist() if not one.is_dir()]
            if len(entries) > _MOST_FILES or sum(one.file_size for one in entries) > MOST_BYTES:
                raise NotFilesError("files_too_large")
            read = {one.filename: _text(archive.read(one)) for one in entries}
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, zlib.error) as error:
        raise NotFilesError("files_unreadable") from error
    flow = next((path for path in read if path.rpartition("/")[2] == FLOW_FILE), FLOW_FILE)
    # A zip made of the folder has the folder before each path.
    folder = flow.removesuffix(FLOW_FILE)
    return {path.removeprefix(folder): text for path, text in read.items() if path.startswith(folder)}


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotFilesError("files_unreadable") from error


def _path(name: str, text: str) -> str:
    """Which of our files a single one is: by its name, else by what it says."""
    for path, suffix, sign in (
        (FLOW_FILE, "flow.yaml", "\nnodes:"),
        (PROMPTS_FILE, "prompts.yaml", "\nprompts:"),
        (CARDS_FILE, "intents.yaml", "\nintents:"),
    ):
        if name.endswith(suffix):
            return path
        if sign in f"\n{text}" and (path != PROMPTS_FILE or "\ncompany:" in f"\n{text}"):
            return path
    raise NotFilesError("files_not_ours")
