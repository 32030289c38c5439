"""`centralino` on the command line: start it, look after it, try it. Each command reads the settings and opens what it needs."""

import logging
import os
import secrets
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError

from ivr import database
from ivr.accounts import store as accounts
from ivr.app import catch_up, checked, checked_desk_book, make_understanding
from ivr.audit import store as trail
from ivr.calls import erasures
from ivr.commands.company_commands import import_file, run_example_shop
from ivr.commands.demo import DEFAULT_LINE_PORT, DEFAULT_PORT, Demo, DemoError
from ivr.commands.key_commands import keys
from ivr.commands.model_commands import models
from ivr.commands.privacy_commands import privacy
from ivr.commands.report_commands import reports
from ivr.commands.routing_commands import routing
from ivr.commands.scenario_commands import scenarios
from ivr.commands.terminal import Trouble, at_the_keyboard, chosen_settings, console, errors
from ivr.commands.trial_line import open_line
from ivr.commands.version_commands import audit, versions
from ivr.commands.voice_commands import voice
from ivr.line.channel import QUALITIES
from ivr.settings import FILE_VARIABLE, Settings, shown
from prompts.desk_book import DeskBookError
from prompts.documents import HERE as SHIPPED_PROMPTS
from prompts.version import VersionError
from prompts.version import load as load_version
from routing import store as routing_store

_ROLES = [role.value for role in accounts.Role]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--settings", "file", type=click.Path(path_type=Path), help="TOML file; centralino.toml is read where there is one."
)
@click.version_option(package_name="centralino")
@click.pass_context
def main(context: click.Context, file: Path | None) -> None:
    r"""The telephone line of a company: answers, understands, solves, and hands the rest to the right person.

    \b
    First steps:
      centralino demo                  a whole call on this machine, no account needed
      centralino secret                a secret key for your settings
      centralino keys new              a key that seals what customers say
      centralino settings              what is set, and what each setting wants
      centralino database upgrade      make or update the tables
      centralino account add ...       somebody who signs in
      centralino serve                 take calls
    """
    context.obj = file


@main.command()
@click.pass_obj
def settings(file: Path | None) -> None:
    """Print every setting, with what it wants; secrets stay hidden."""
    table = Table("setting", "value", "what it wants", show_lines=False)
    for line in shown(chosen_settings(file)):
        table.add_row(line.name, line.value, line.description)
    console.print(table)


@main.command()
def secret() -> None:
    """Make a secret key for CENTRALINO_SECRET_KEY."""
    click.echo(secrets.token_urlsafe(48))


@main.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), required=False)
def check(folder: Path | None) -> None:
    """Check a FOLDER's flow, prompts and desk file (the shipped ones without it): every problem with file, node and line."""
    try:
        version = checked(load_version(folder) if folder else load_version())
        checked_desk_book(folder or SHIPPED_PROMPTS)
    except (VersionError, DeskBookError) as error:
        raise Trouble(str(error)) from None
    console.print(f"[green]✓[/] flow {version.flow.name}: {len(version.flow.nodes)} nodes, nothing wrong")


main.add_command(import_file)
main.add_command(run_example_shop)
main.add_command(models)
main.add_command(keys)
main.add_command(privacy)
main.add_command(reports)
main.add_command(routing)
main.add_command(scenarios)
main.add_command(voice)
main.add_command(versions)
main.add_command(audit)


@main.group(name="database")
def database_group() -> None:
    """Make, update or take back the tables."""


@database_group.command()
@click.pass_obj
def upgrade(file: Path | None) -> None:
    """Bring the database to the newest migration."""
    chosen = chosen_settings(file)

    def work(engine: Any) -> None:
        database.upgrade(engine)
        # A backup that was restored is mostly an older one: what was erased since is erased again, before anybody reads it.
        catch_up(engine, erasures.file_of(engine, chosen.erasures_file), _now())

    _with_engine(file, work)
    console.print("[green]✓[/] the database is up to date")


@database_group.command()
@click.argument("revision")
@click.confirmation_option(prompt="Data of newer tables are lost. Go on?")
@click.pass_obj
def downgrade(file: Path | None, revision: str) -> None:
    """Take the database back to REVISION ("base" empties it)."""

    def work(engine: Any) -> None:
        database.downgrade(engine, revision)
        # Far enough back there is no trail that could keep it.
        if inspect(engine).has_table(trail.TABLE):
            with database.session_factory(engine).begin() as session:
                _note(session, "database.downgraded", f"revision {revision}")

    _with_engine(file, work)
    console.print(f"[green]✓[/] the database is at {revision}")


@main.group()
def account() -> None:
    """People who sign in."""


@account.command(name="add")
@click.option("--email", required=True)
@click.option("--name", required=True, help="As others see it.")
@click.option("--role", type=click.Choice(_ROLES), required=True)
@click.option("--agent", default=None, help="The agent that this person is (see `centralino agent add`).")
@click.option("--language", type=click.Choice(["it", "en"]), default="it", show_default=True)
@click.password_option(help="Asked for when left out.")
@click.pass_obj
def add_account(  # noqa: PLR0917 - click passes each option by its name
    file: Path | None, email: str, name: str, role: str, agent: str | None, language: str, password: str
) -> None:
    """Add somebody."""

    def add(session: Any) -> None:
        added = accounts.add(
            session,
            email=email,
            display_name=name,
            role=accounts.Role(role),
            password=password,
            now=_now(),
            agent_id=agent,
            language=language,
        )
        if isinstance(added, accounts.Refused):
            raise Trouble(f"not added: {added.reason.value.replace('_', ' ')}")
        after = {"role": role, "language": language, "agent": agent}
        _note(session, "account.added", f"account:{added.person.account_id}", after=after)

    _in_transaction(file, add)
    console.print(f"[green]✓[/] {name} can sign in as {email}")


@main.group()
def agent() -> None:
    """Agents and what they can do."""


@agent.command(name="add")
@click.argument("agent_id")
@click.option("--name", required=True)
@click.option(
    "--address", required=True, help="Where the telephone rings: +39..., sip:..., or client:NAME in the browser."
)
@click.option(
    "--skill", "skills", multiple=True, required=True, metavar="NAME=LEVEL", help="Repeat for each; level 1 to 5."
)
@click.option("--language", "languages", multiple=True, default=("it",), show_default=True)
@click.pass_obj
def add_agent(  # noqa: PLR0917 - click passes each option by its name
    file: Path | None, agent_id: str, name: str, address: str, skills: tuple[str, ...], languages: tuple[str, ...]
) -> None:
    """Add the agent AGENT_ID, or change one."""
    levels: dict[str, int] = {}
    for skill in skills:
        key, _, level = skill.partition("=")
        if not level.isdigit():
            raise Trouble(f"--skill {skill}: write it as NAME=LEVEL, e.g. recovery=3")
        levels[key] = int(level)

    def save(session: Any) -> None:
        before = routing_store.skills_kept(session, agent_id, holds=True)
        try:
            routing_store.save_agent(
                session, agent_id=agent_id, name=name, address=address, languages=languages, skills=levels, now=_now()
            )
        except ValueError as error:
            raise Trouble(str(error)) from None
        session.flush()
        act = "agent.added" if before is None else "agent.changed"
        _note(session, act, f"agent {agent_id}", before=before, after=routing_store.skills_kept(session, agent_id))

    _in_transaction(file, save)
    console.print(f"[green]✓[/] {name} takes calls for {', '.join(levels)}")


@main.command()
@click.pass_obj
def train(file: Path | None) -> None:
    """Learn the intents' phrases now, rather than at the first start."""
    chosen = chosen_settings(file)
    with _progress("phrases") as report:
        make_understanding(chosen, report)
    console.print(f"[green]✓[/] learnt; kept in {chosen.models_folder}")


@main.command()
@click.pass_obj
def serve(file: Path | None) -> None:
    """Take calls: gunicorn with the configuration of `ivr.serving`."""
    chosen = chosen_settings(file)
    _check_port(chosen)
    if file is not None:
        os.environ[FILE_VARIABLE] = str(file)  # noqa: TID251 - handed to the workers, which read it in wsgi.py
    arguments = [sys.executable, "-m", "gunicorn", "-c", "python:ivr.serving", "wsgi:application"]
    os.execv(sys.executable, arguments)  # noqa: S606 - our own interpreter and module, no shell


@main.command()
@click.option(
    "--port", default=DEFAULT_LINE_PORT, show_default=True, help="Where the line's pages and its REST API listen."
)
@click.option("--call", "from_number", metavar="NUMBER", default=None, help="Call from the terminal, as this number.")
@click.option(
    "--quality",
    type=click.Choice(list(QUALITIES)),
    default="good",
    show_default=True,
    help="Noise and loss of the line.",
)
@click.pass_obj
def line(file: Path | None, port: int, from_number: str | None, quality: str) -> None:
    """Run the local line beside a service of this machine, for trial calls without an account.

    The service must be started with CENTRALINO_CARRIER_API_URL and CENTRALINO_LINE_URL set to the line's address.
    """
    chosen = chosen_settings(file)
    if not chosen.is_local:
        raise Trouble("public_url: the local line is for a trial on this machine only; this installation is not local")
    try:
        running = open_line(chosen, port=port, quality=QUALITIES[quality])
    except OSError as error:
        raise Trouble(f"port {port}: {error.strerror}; choose another with --port") from None
    console.print(f"[green]✓[/] the line's pages: [bold]http://127.0.0.1:{port}/phone[/]")
    try:
        running.call_from_terminal(from_number) if from_number else running.wait()
    except KeyboardInterrupt:
        pass
    finally:
        running.close()


@main.command()
@click.option("--once", is_flag=True, help="End after the call; exit 0 only if it reached its agent with its context.")
@click.option("--port", default=DEFAULT_PORT, show_default=True, help="Where the service listens.")
@click.option("--line-port", default=DEFAULT_LINE_PORT, show_default=True, help="Where the local line listens.")
@click.option("--folder", type=click.Path(path_type=Path), default=Path("var/demo"), show_default=True)
def demo(*, once: bool, port: int, line_port: int, folder: Path) -> None:
    """Make a company, phone it, and show every step; then stay up for the browser.

    Nothing leaves this machine and no account is needed: a local line plays the carrier.
    """
    try:
        with _progress("phrases") as report:
            trial = Demo.prepared(folder=folder, port=port, line_port=line_port, progress=report)
        result = trial.run(console, stay=not once)
    except DemoError as error:
        raise Trouble(str(error)) from None
    except KeyboardInterrupt:
        result = 130  # the shell's own code for an interrupted command
    sys.exit(result)


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the command line is an edge


def _note(session: Any, act: str, subject: str, *, before: Any = None, after: Any = None) -> None:
    trail.note(session, by=at_the_keyboard(), act=act, subject=subject, before=before, after=after, now=_now())


def _with_engine(file: Path | None, work: Callable[[Any], None]) -> None:
    chosen = chosen_settings(file)
    engine = database.make_engine(chosen.database_url, chosen.key_ring)
    try:
        work(engine)
    except SQLAlchemyError as error:
        raise Trouble(f"database_url: the database does not do it: {str(error).splitlines()[0]}") from None
    finally:
        engine.dispose()


def _in_transaction(file: Path | None, work: Callable[[Any], None]) -> None:
    def commit(engine: Any) -> None:
        with database.session_factory(engine).begin() as session:
            work(session)

    _with_engine(file, commit)


def _check_port(chosen: Settings) -> None:
    import socket  # noqa: PLC0415 - used here alone

    host, _, port = chosen.bind.rpartition(":")
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), int(port)))
        except OSError as error:
            raise Trouble(f"bind: {chosen.bind} cannot be had ({error.strerror}); choose another port") from None


class _progress:  # noqa: N801 - used as a function, like contextlib's own classes
    """A bar that appears with the first report and goes when the work is done."""

    def __init__(self, what: str) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            console=errors, transient=True,
        )  # fmt: skip
        self._what = what
        self._task: Any = None

    def __enter__(self) -> Callable[[int, int], None]:
        return self._report

    def __exit__(self, *_failure: object) -> None:
        if self._task is not None:
            self._bar.stop()

    def _report(self, done: int, of: int) -> None:
        if self._task is None:
            logging.getLogger(__name__).debug("learning %d phrases", of)
            self._bar.start()
            self._task = self._bar.add_task(f"learning {self._what}", total=of)
        self._bar.update(self._task, completed=done)
