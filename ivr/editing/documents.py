"""What a version or a draft is: three plain JSON documents, exactly of the shapes of the files, and their way to files and back.

The file form is canonical: the order of keys is kept, no anchors, a line for each prompt's wording. Comments are the one thing
that it does not carry.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from ivr.intents.phrases import CARDS_FILE, PhrasesError, document_of, document_of_files, phrases_file
from prompts import catalogue, flows
from prompts.documents import HERE, Reading, read
from prompts.problems import Problem
from prompts.told import Told
from prompts.version import FLOW_FILE, PROMPTS_FILE, VersionError

# Where a part of the documents stands: "flow", "prompts" or "intents", and the keys and indexes that lead on from there.
Place: TypeAlias = tuple[str | int, ...]
PARTS = ("flow", "prompts", "intents")
# libyaml's writer is some ten times as quick (measured); both write the same.
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
# Nothing is folded: a wording is one line, as in the shipped files.
_WIDTH = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Documents:
    """The flow file's document, the prompts file's, and the intents with their phrases."""

    flow: Mapping[str, Any]
    prompts: Mapping[str, Any]  # {company, prompts}
    intents: Mapping[str, Any]  # {languages, out_of_scope, intents: [cards], phrases: {language: {intent: [text]}}}

    @cached_property
    def digest(self) -> str:
        """What changes with any content, and not with the order of keys."""
        return hashlib.sha256(json.dumps([self.flow, self.prompts, self.intents], sort_keys=True).encode()).hexdigest()

    def part(self, name: str) -> Mapping[str, Any]:
        """One of the three, by its name in places."""
        found: Mapping[str, Any] = {"flow": self.flow, "prompts": self.prompts, "intents": self.intents}[name]
        return found


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """Files that are no documents, with every problem."""

    problems: tuple[Problem, ...]


def shipped(folder: Path | None = None) -> Documents:
    """The documents of a folder of files, by default of the shipped ones. Raises VersionError with every problem."""
    chosen = folder or HERE
    lacking = [name for name in (FLOW_FILE, PROMPTS_FILE) if not (chosen / name).is_file()]
    if lacking:
        raise VersionError(tuple(_lacking(str(chosen / name)) for name in lacking))
    flow = flows.read_flow((chosen / FLOW_FILE).read_text(encoding="utf-8"), file=FLOW_FILE)
    prompts = read(
        (chosen / PROMPTS_FILE).read_text(encoding="utf-8"), file=PROMPTS_FILE, schema=catalogue.SCHEMA, part="prompt"
    )
    if flow.problems or prompts.problems:
        raise VersionError((*flow.problems, *prompts.problems))
    # A company may have a flow and wordings of its own with the shipped intents.
    intents = document_of(chosen if (chosen / CARDS_FILE).is_file() else HERE)
    return Documents(flow=flow.document, prompts=prompts.document, intents=intents)


def to_files(documents: Documents) -> Mapping[str, str]:
    """The files of these documents, by path."""
    cards = {name: documents.intents[name] for name in documents.intents if name != "phrases"}
    files = {
        FLOW_FILE: written(documents.flow),
        PROMPTS_FILE: written(documents.prompts),
        CARDS_FILE: written(cards),
    }
    for language, by_intent in documents.intents.get("phrases", {}).items():
        for name, texts in by_intent.items():
            files[phrases_file(language, name)] = "".join(f"{text}\n" for text in texts)
    return files


def from_files(files: Mapping[str, str]) -> Documents | Unreadable:
    """The documents that files say, by path; what they say may still be wrong, as `findings` tells."""
    problems = [_lacking(name) for name in (FLOW_FILE, PROMPTS_FILE, CARDS_FILE) if name not in files]
    if problems:
        return Unreadable(problems=tuple(problems))
    flow = flows.read_flow(files[FLOW_FILE], file=FLOW_FILE)
    prompts = read(files[PROMPTS_FILE], file=PROMPTS_FILE, schema=catalogue.SCHEMA, part="prompt")
    problems = [*_losing(flow), *_losing(prompts)]
    intents: Mapping[str, Any] = {}
    try:
        intents = document_of_files(files)
    except PhrasesError as error:
        problems.extend(
            Problem(file=fault.file, line=0, place="", message=fault.message, remedy=Told("Correct the file"))
            for fault in error.faults
        )
    if problems:
        return Unreadable(problems=tuple(problems))
    return Documents(flow=flow.document, prompts=prompts.document, intents=intents)


def written(document: Mapping[str, Any]) -> str:
    """A document as YAML: what holds only plain values stands on one line."""
    # A copy through JSON: one list that stands at two places would be written as an anchor.
    plain = json.loads(json.dumps(document))
    text: str = yaml.dump(
        plain, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH, default_flow_style=None
    )
    return text


def _losing(reading: Reading) -> tuple[Problem, ...]:
    """The problems by which a file says less than was written in it; what it says wrongly is for the findings."""
    return tuple(one for one in reading.problems if not reading.document or one.code == "twice")


def _lacking(name: str) -> Problem:
    return Problem(
        file=name,
        line=0,
        place="",
        message=Told("there is no such file"),
        remedy=Told("Write it, or name another folder"),
    )
