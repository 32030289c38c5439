"""A version of what the line does and says: flow and prompts together, immutable. The shipped files are version 1."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prompts.catalogue import Catalogue, read_catalogue
from prompts.documents import HERE, Place
from prompts.flows import read_flow
from prompts.problems import Problem
from prompts.told import Told

FLOW_FILE = "shop.flow.yaml"
PROMPTS_FILE = "shop.prompts.yaml"


class VersionError(Exception):
    """Files that make no version; `problems` has all that is wrong, one a line in the message."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class Version:
    """What a call keeps from its first moment to its last."""

    number: int
    flow: Mapping[str, Any]  # the flow's document, as the service's flow engine builds it
    flow_file: str
    lines: Mapping[Place, int]  # line of each part of the flow's document
    catalogue: Catalogue
    author: str
    note: str


def load(folder: Path = HERE, *, number: int = 1, author: str = "Centralino", note: str = "As shipped") -> Version:
    """Load a folder's flow and prompts files (by default the shipped company's). Raises VersionError with every problem.

    Whether the flow leads anywhere is the flow engine's check; here is only what each file says by itself.
    """
    flow_file, prompts_file = folder / FLOW_FILE, folder / PROMPTS_FILE
    missing = tuple(
        Problem(
            file=str(file),
            line=0,
            place="",
            message=Told("there is no such file"),
            remedy=Told("Write it, or name another folder"),
        )
        for file in (flow_file, prompts_file)
        if not file.is_file()
    )
    if missing:
        raise VersionError(missing)
    reading = read_flow(flow_file.read_text(encoding="utf-8"), file=FLOW_FILE)
    catalogue, problems = read_catalogue(prompts_file.read_text(encoding="utf-8"), file=PROMPTS_FILE)
    if reading.problems or problems:
        raise VersionError((*reading.problems, *problems))
    return Version(
        number=number,
        flow=reading.document,
        flow_file=FLOW_FILE,
        lines=reading.lines,
        catalogue=catalogue,
        author=author,
        note=note,
    )
