"""`centralino scenarios`: calls as they must go, run against the draft, a version or the files; and past calls replayed."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from ivr.app import create_app
from ivr.commands.terminal import Trouble, at_the_keyboard, chosen_settings, console
from ivr.editing import scenarios as kept
from ivr.trials import judging_words, replay
from ivr.trials.judging import Result
from ivr.trials.running_here import runs_here
from ivr.trials.scenario_runs import Against, ScenarioRuns, UnusableError, failures_of
from ivr.trials.scenarios import Scenario, about_in, scenario_of
from ivr.trials.shipped_scenarios import ScenarioFilesError, documents_of
from ivr.web.wiring import EXTENSION, Wiring

_LANGUAGES = ("it", "en")
_COLOURS = {"passed": "green", "failed": "red", "broken": "red", "skipped": "yellow"}


class _Unless(click.Group):
    """A group whose own arguments may be names and files: only a command's own name is taken for a command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Run scenarios where the first word is no command."""
        first = next((one for one in args if not one.startswith("-")), "")
        if first not in self.commands and not {"-h", "--help"} & set(args):
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Unless)
def scenarios() -> None:
    r"""Run calls as they must go, and replay past ones.

    \b
      centralino scenarios                        all of them, against the version that is live
      centralino scenarios --draft complaint      one of them, against the draft
      centralino scenarios mine.yaml --audio      a file, spoken and heard
      centralino scenarios replay --days 7        past calls of customers who agree, against the draft
    """


@scenarios.command()
@click.argument("which", nargs=-1, metavar="[NAMES or FILES]")
@click.option("--draft", "is_draft", is_flag=True, help="Against the draft.")
@click.option("--version", "number", type=int, help="Against this version; the live one without it.")
@click.option("--audio", is_flag=True, help="Spoken by the synthesiser (or the WAV), heard by our recognition.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
@click.option("--language", type=click.Choice(_LANGUAGES), default="en", show_default=True)
@click.pass_obj
def run(
    file: Path | None,
    *,
    which: tuple[str, ...],
    is_draft: bool,
    number: int | None,
    audio: bool,
    as_json: bool,
    language: str,
) -> None:
    """Run scenarios by NAME or from FILES, all without any; exit code 1 where one does not pass."""
    files = [Path(one) for one in which if one.endswith((".yaml", ".yml", ".json"))]
    runs = _runs(file, folder=None)
    mode = kept.AUDIO if audio else kept.TEXT
    try:
        with runs.sessions.begin() as session:
            against = _against(runs, session, is_draft=is_draft, number=number)
            found = _scenarios(runs, session, names=[one for one in which if Path(one) not in files], files=files)
            run_id = runs.begin(session, against, found, by=at_the_keyboard(), mode=mode)
        table = Table("scenario", "", "why", title=f"{against.name}, {mode}")
        results = runs.run_now(
            run_id, against, found, mode=mode, told=lambda one: None if as_json else _row(table, one, language)
        )
    except SQLAlchemyError as error:
        raise Trouble(f"the database does not answer: {type(error).__name__}") from None
    except (UnusableError, ScenarioFilesError) as error:
        raise Trouble(str(error)) from None
    if as_json:
        click.echo(json.dumps([one.as_json() for one in results], ensure_ascii=False, indent=2))
    else:
        console.print(table)
        console.print(_sum(results))
    # What is named is what is wanted; who names nothing wants every file.
    faults = () if which else runs.faults()
    for problem in faults:
        click.echo(str(problem), err=True)
    if failures_of(results) or faults:
        raise click.exceptions.Exit(1)


@scenarios.command(name="replay")
@click.option("--days", type=click.IntRange(1, 365), default=7, show_default=True, help="Calls of the last days.")
@click.option("--json", "as_json", is_flag=True, help="Print the differences as JSON.")
@click.pass_obj
def replay_command(file: Path | None, *, days: int, as_json: bool) -> None:
    """Replay past calls of customers who agree that they are remembered, against the draft; what differs, by node."""
    runs = _runs(file, folder=None)
    try:
        with runs.sessions.begin() as session:
            now, draft = runs.live(session), runs.draft(session)
            run_id, calls = runs.begin_replay(session, draft, days=days, by=at_the_keyboard())
        told = runs.replay_now(run_id, now, draft, calls)
    except SQLAlchemyError as error:
        raise Trouble(f"the database does not answer: {type(error).__name__}") from None
    except UnusableError as error:
        raise Trouble(str(error)) from None
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    replayed = replay.replayed_from_json(told)
    console.print(f"{replayed.same} the same, {replayed.differ} differ, {replayed.broken} could not be replayed")
    if replayed.groups:
        table = Table("calls", "first differs at", "how")
        for group in replayed.groups:
            table.add_row(str(group.calls), escape(group.at), group.kind)
        console.print(table)


def _runs(file: Path | None, *, folder: Path | None) -> ScenarioRuns:
    settings = chosen_settings(file)
    # Calls of trials go wrong on purpose: their warnings are no news here.
    logging.getLogger("ivr").setLevel(logging.CRITICAL)
    app = create_app(settings, tick=False)
    wiring: Wiring = app.extensions[EXTENSION]
    doors = wiring.doors
    return runs_here(
        doors.trials,
        doors.understandings,
        sessions=wiring.sessions,
        reading_sessions=wiring.reading_sessions,
        clock=wiring.clock,
        folder=folder,
    )


def _against(runs: ScenarioRuns, session: Any, *, is_draft: bool, number: int | None) -> Against:
    if is_draft:
        return runs.draft(session)
    if number is None:
        return runs.live(session)
    found = runs.version(session, number)
    if found is None:
        raise Trouble(f"there is no version {number}")
    return found


def _scenarios(
    runs: ScenarioRuns, session: Any, *, names: Sequence[str], files: Sequence[Path]
) -> tuple[Scenario, ...]:
    stored = kept.scenarios(session, runs.shipped())
    unknown = [name for name in names if name not in stored]
    if unknown:
        raise Trouble(f"there is no scenario {unknown[0]}; there are: {', '.join(stored) or 'none'}")
    of_files = documents_of(files)
    wanted = (
        {name: stored[name].document for name in names}
        if names or files
        else {name: one.document for name, one in stored.items()}
    )
    return tuple(scenario_of(document) for document in {**wanted, **of_files}.values())


def _row(table: Table, result: Result, language: str) -> None:
    state = f"[{_COLOURS[result.state]}]{judging_words.state(result, language)}[/]"
    about = about_in(result.about, language)
    named = escape(result.name) + (f"\n[dim]{escape(about)}[/]" if about else "")
    table.add_row(named, state, escape(judging_words.why(result, language)))


def _sum(results: Sequence[Result]) -> str:
    counts = {state: sum(one.state == state for one in results) for state in ("passed", "failed", "broken", "skipped")}
    return ", ".join(f"{count} {state.replace('broken', 'broken off')}" for state, count in counts.items() if count)
