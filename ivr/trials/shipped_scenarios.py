"""Reads the scenarios that lie beside an installation's prompts: `scenarios/*.yaml` (or .yml, .json), one a file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ivr.trials.scenario_settings import SITUATIONS, TROUBLES
from ivr.trials.scenarios import Read, Scenario, read_scenario, scenario_of
from prompts.problems import Problem
from prompts.told import Told

FOLDER: Final = "scenarios"
_ENDINGS: Final = frozenset({".yaml", ".yml", ".json"})


class ScenarioFilesError(Exception):
    """Files that are no scenarios; `problems` has all that is wrong, one a line in the message."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


def read(text: str, *, file: str) -> Read:
    """Read one scenario, holding what agents do and what goes wrong to what a trial knows."""
    return read_scenario(text, file=file, agents=SITUATIONS, faults=TROUBLES)


def files_in(folder: Path) -> tuple[Path, ...]:
    """The files of scenarios of a folder of prompts, by name."""
    inside = folder / FOLDER
    return tuple(sorted(file for file in inside.glob("*") if file.suffix in _ENDINGS)) if inside.is_dir() else ()


@dataclass(frozen=True, kw_only=True)
class Found:
    """What some files hold: the scenarios that can be run, by name, and all that is wrong in the other ones."""

    documents: Mapping[str, Mapping[str, Any]]
    problems: tuple[Problem, ...] = ()


def documents_of(files: Sequence[Path]) -> Mapping[str, Mapping[str, Any]]:
    """The scenarios of some files by name, as documents. Raises `ScenarioFilesError` with every problem."""
    found = found_in(files)
    if found.problems:
        raise ScenarioFilesError(found.problems)
    return found.documents


def found_in(files: Sequence[Path]) -> Found:
    """Read some files; one that is wrong keeps none of the others away."""
    found: dict[str, Mapping[str, Any]] = {}
    problems: list[Problem] = []
    for file in files:
        try:
            given = read(file.read_text(encoding="utf-8"), file=str(file))
        except (OSError, UnicodeDecodeError) as error:
            remedy = Told("Give a file of text in UTF-8")
            problems.append(
                Problem(
                    file=str(file),
                    line=0,
                    place="",
                    message=Told("cannot be read: %(error)s", error=str(error)),
                    remedy=remedy,
                )
            )
            continue
        problems.extend(given.problems)
        if given.scenario is None:
            continue
        if given.scenario.name in found:
            message = Told("there are two scenarios named %(name)s", name=given.scenario.name)
            remedy = Told("Give one another name")
            problems.append(Problem(file=str(file), line=1, place="", message=message, remedy=remedy))
            continue
        found[given.scenario.name] = given.document
    return Found(documents=found, problems=tuple(problems))


def scenarios_of(documents: Mapping[str, Mapping[str, Any]]) -> tuple[Scenario, ...]:
    """The scenarios of documents in which nothing is wrong, by name."""
    return tuple(scenario_of(document) for _, document in sorted(documents.items()))
