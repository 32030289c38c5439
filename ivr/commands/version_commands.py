"""`centralino versions` and `centralino audit`: what is live, files out and in, publishing, going back; is the chain whole."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ivr import database
from ivr.app import create_app
from ivr.audit import store as trail
from ivr.audit.store import Broken
from ivr.commands.terminal import Trouble, at_the_keyboard, chosen_settings, console, errors
from ivr.editing import drafts, publications, submitting
from ivr.editing import versions as store
from ivr.editing.checks import Checks
from ivr.editing.documents import Unreadable, to_files
from ivr.editing.findings import ERROR
from ivr.intents.phrases import CARDS_FILE
from ivr.web.wiring import EXTENSION, Wiring
from prompts.version import FLOW_FILE, PROMPTS_FILE


@click.group()
def versions() -> None:
    """What the line says and does, version by version."""


@versions.command(name="list")
@click.pass_obj
def every(file: Path | None) -> None:
    """Every version, what is live, and what is to come."""
    with _session(file) as session:
        now = _now()
        live = publications.live_number(session, now)
        coming = {one.version: one.live_from for one in publications.scheduled(session, now)}
        table = Table("version", "made", "by", "note", "")
        for one in store.versions(session):
            state = ("live" if one.number == live else one.approval) or (
                f"from {coming[one.number].isoformat(timespec='minutes')}" if one.number in coming else ""
            )
            table.add_row(str(one.number), one.made_at.strftime("%Y-%m-%d %H:%M"), one.by, one.note, state)
    console.print(table)


@versions.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--version", "number", type=int, help="Which one; without it, the draft.")
@click.pass_obj
def export(file: Path | None, folder: Path, number: int | None) -> None:
    """Write a version, or the draft, as files into FOLDER."""
    with _session(file) as session:
        if number is not None and store.version(session, number) is None:
            raise Trouble(f"there is no version {number}")
        found = drafts.draft(session, now=_now()).documents if number is None else store.documents(session, number)
        files = to_files(found)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    console.print(f"[green]✓[/] {len(files)} files in {folder}")


@versions.command(name="import")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--label", default="imported", show_default=True, help="What the edit is called.")
@click.pass_obj
def import_files(file: Path | None, folder: Path, label: str) -> None:
    """Let the draft say what the files in FOLDER say; nothing is taken over where one cannot be read."""
    names = (FLOW_FILE, PROMPTS_FILE, CARDS_FILE)
    found = [folder / name for name in names if (folder / name).is_file()] + sorted(folder.glob("intents/*/*.txt"))
    files = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in found}
    with _session(file, writes=True) as session:
        told = drafts.replace_by_files(session, files, by=at_the_keyboard(), now=_now(), label=label)
        match told:
            case Unreadable(problems=problems):
                for problem in problems:
                    errors.print(str(problem), markup=False)
                raise Trouble("nothing was taken over")
            case drafts.Edited(changes=changes):
                said = drafts.findings(drafts.draft(session, now=_now()).documents)
            case _:
                raise Trouble(f"nothing was taken over: {told}")
    wrong = [one for one in said if one.severity == ERROR]
    for one in wrong:
        errors.print(f"{one.file}:{one.line}: {one.place} {one.message}. {one.remedy}.", markup=False)
    console.print(
        f"[green]✓[/] {len(changes)} changes in the draft, {len(wrong)} errors, {len(said) - len(wrong)} pieces of advice"
    )


@versions.command()
@click.option("--version", "number", type=int, help="Which one; without it, the draft becomes a version.")
@click.option("--note", default="", help="What is new and why; needed for the draft.")
@click.option(
    "--at", type=click.DateTime(["%Y-%m-%dT%H:%M"]), help="From then on, in the company's time; now without it."
)
@click.option("--reason", default="", help="Why over a check that has failed, or over what went live.")
@click.pass_obj
def publish(file: Path | None, number: int | None, note: str, at: datetime | None, reason: str) -> None:
    """Check a version and let it answer the calls that begin, now or from a time on."""
    settings = chosen_settings(file)
    app = create_app(settings, tick=False)
    wiring: Wiring = app.extensions[EXTENSION]
    company, checks = wiring.doors.company, wiring.doors.checks
    with _session(file, writes=True) as session:
        if number is None:
            told = submitting.submit(session, note=note, by=at_the_keyboard(), now=_now(), reason=reason)
            if isinstance(told, store.Refused):
                raise Trouble(_words(told.reason))
            number = told.number
        elif store.version(session, number) is None:
            raise Trouble(f"there is no version {number}")
    console.print(f"version {number} is being checked")
    _checked(file, checks, number)
    live_from = None if at is None else at.replace(tzinfo=company.zone).astimezone(UTC)
    with _session(file, writes=True) as session:
        done = publications.publish(
            session,
            number,
            at=live_from,
            by=at_the_keyboard(),
            now=_now(),
            approval=company.own.now().second_person,
            reason=reason,
        )
        if isinstance(done, publications.Refused):
            raise Trouble(_words(done.reason))
    console.print(f"[green]✓[/] version {number} answers calls from {done.live_from.isoformat(timespec='minutes')} on")


@versions.command()
@click.argument("number", type=int)
@click.option("--reason", default="", help="Why.")
@click.pass_obj
def rollback(file: Path | None, number: int, reason: str) -> None:
    """Let version NUMBER, which was live before, answer calls again at once."""
    with _session(file, writes=True) as session:
        done = publications.rollback(session, number, by=at_the_keyboard(), now=_now(), reason=reason)
        if isinstance(done, publications.Refused):
            raise Trouble(_words(done.reason))
    console.print(f"[green]✓[/] version {number} answers the calls that begin from now on")


@click.group()
def audit() -> None:
    """The audit trail."""


@audit.command()
@click.option("--expect", default="", help="A fingerprint that an earlier check told: the chain must still reach it.")
@click.pass_obj
def check(file: Path | None, expect: str) -> None:
    """Whether the chain is whole; keep the fingerprint that is told elsewhere, and expect it the next time."""
    with _session(file) as session:
        found = trail.verify(session, expected_hash=expect)
    if isinstance(found, Broken):
        errors.print(f"broken at entry {found.at}: {found.reason}", markup=False)
        sys.exit(1)
    console.print(f"[green]✓[/] {found.rows} entries, whole; the last one's fingerprint is")
    click.echo(found.last_hash)


def _checked(file: Path | None, checks: Checks, number: int) -> None:
    with _session(file, writes=True) as session:
        check_id = checks.begin(session, number, by=at_the_keyboard(), now=_now())
    for one in checks.run(check_id, number):
        errors.print(f"{one.gate} ({one.severity}): {one.place} {one.message}. {one.remedy}", markup=False)


def _words(reason: str) -> str:
    return reason.replace("_", " ")


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - a command is an edge


@contextmanager
def _session(file: Path | None, *, writes: bool = False) -> Iterator[Session]:
    settings = chosen_settings(file)
    engine = database.make_engine(settings.database_url, settings.key_ring)
    try:
        if writes:
            with database.session_factory(engine).begin() as session:
                yield session
        else:
            with database.reading_session_factory(engine)() as session:
                yield session
    except SQLAlchemyError as error:
        raise Trouble(f"the database does not do it: {type(error).__name__}; `centralino upgrade` may help") from None
    finally:
        engine.dispose()
