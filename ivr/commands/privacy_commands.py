"""`centralino privacy`: a customer's consents, what is kept about them, its erasure, and the proof of that."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import assert_never

import click
from rich.table import Table
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ivr import database
from ivr.audit import store as audit
from ivr.calls import erasures
from ivr.calls.export import export_of
from ivr.commands import privacy_handover
from ivr.commands.privacy_search import Person, TableSearched, files_of, search, search_files
from ivr.commands.terminal import Trouble, at_the_keyboard, chosen_settings, console
from ivr.customers import erasure, ledger, tombstones
from ivr.customers import store as customers
from ivr.customers.ledger import AskedBy
from ivr.settings import Settings
from sealing.columns import ring_of

# The channel of what an admin takes down on a customer's word.
BY_HAND = "command line"


@dataclass(frozen=True, kw_only=True)
class House:
    """An installation, as a command finds it."""

    settings: Settings
    engine: Engine

    @property
    def erasures_file(self) -> Path:
        """The file that knows every erasure."""
        return erasures.file_of(self.engine, self.settings.erasures_file)


@click.group()
def privacy() -> None:
    """What is kept about a customer: consents, a copy for them, erasure, and the proof of it."""


@privacy.command(name="ledger")
@click.argument("customer_id", metavar="CUSTOMER")
@click.option("--language", type=click.Choice(["it", "en"]), default="en", show_default=True)
@click.pass_obj
def show_ledger(file: Path | None, customer_id: str, language: str) -> None:
    """Print what CUSTOMER was asked and answered, in its order; what counts today is marked."""
    with _house(file) as house, database.reading_session_factory(house.engine)() as session:
        _known(session, customer_id)
        table = Table("", "when", "what", "words asked", "heard", "call")
        for line in ledger.ledger_of(session, customer_id):
            asked = line.asked
            words = f"{asked.wording} v{asked.wording_version} ({asked.language})" if asked.wording else ""
            heard = f"«{asked.heard}»" if asked.heard else ""
            sound = f", turn {line.audio_turn} is kept as sound" if line.audio_turn is not None else ""
            table.add_row(
                "●" if line.stands else "", f"{line.at:%Y-%m-%d %H:%M %Z}", line.sentence(language), words, heard,
                f"{asked.call_id}{sound}",
            )  # fmt: skip
    console.print(table)


@privacy.command()
@click.argument("customer_id", metavar="CUSTOMER")
@click.option("--to", "target", type=click.Path(path_type=Path), required=True, help="The zip file to be made.")
@click.pass_obj
def export(file: Path | None, customer_id: str, target: Path) -> None:
    """Write everything that is kept about CUSTOMER into one zip file, to be handed to them."""
    with _house(file) as house, database.reading_session_factory(house.engine)() as session:
        made = export_of(session, customer_id, now=_now())
        if made is None:
            raise Trouble(f"{customer_id}: there is no such customer")
        try:
            privacy_handover.write(made, target)
        except FileExistsError:
            raise Trouble(f"{target} is there already: nothing was written") from None
        except OSError as error:
            raise Trouble(f"{target} cannot be written: {error.strerror}") from None
    console.print(
        f"[green]✓[/] {target}: hand it to the customer alone, and delete it here; it is not encrypted", soft_wrap=True
    )


@privacy.command()
@click.argument("customer_id", metavar="CUSTOMER")
@click.option("--voice-only", is_flag=True, help="Only the voice, with the consents it rests on; the customer stays.")
@click.option("--with-orders", is_flag=True, help="Orders and returns too; otherwise they lose the person and stay.")
@click.confirmation_option("--yes", prompt="What is erased does not come back. Go on?")
@click.pass_obj
def erase(file: Path | None, customer_id: str, *, voice_only: bool, with_orders: bool) -> None:
    """Erase CUSTOMER from everything that is kept, or only their voice. `privacy prove` shows that it is so."""
    if voice_only and with_orders:
        raise Trouble("--voice-only leaves everything else as it is: --with-orders has no place beside it")
    with _house(file) as house:
        with database.session_factory(house.engine).begin() as session:
            told = (
                _erase_voice(session, customer_id)
                if voice_only
                else _erase(session, customer_id, with_orders=with_orders)
            )
        _tell_backups(house)
        if not database.empty_log(house.engine):
            told += "; somebody is reading, so the write-ahead log still holds it for some minutes"
    console.print(f"[green]✓[/] {told}", soft_wrap=True)


@privacy.command()
@click.pass_obj
def reapply(file: Path | None) -> None:
    """Erase again what a restored backup brought back. Every start and every upgrade does so by itself."""
    with _house(file) as house:
        done = _tell_backups(house)
        database.empty_log(house.engine)
    if done.unreadable:
        raise Trouble(
            f"{done.unreadable} lines of {house.erasures_file} cannot be read: they are damaged, or their key is not in "
            "data_keys; what they erased may have come back"
        )
    console.print(f"[green]✓[/] erased again: {done.done_again}")


@privacy.command()
@click.argument("customer_id", metavar="CUSTOMER")
@click.option(
    "--name", "names", multiple=True, help="A name to look for; repeat. Read from the customer while there is one."
)
@click.option("--number", "numbers", multiple=True, help="A telephone number to look for, E.164; repeat. Likewise.")
@click.pass_obj
def prove(file: Path | None, customer_id: str, names: tuple[str, ...], numbers: tuple[str, ...]) -> None:
    """Search the whole database for CUSTOMER. Exit 0 only if everything could be read and nothing was found."""
    with _house(file) as house:
        person = _person(house.engine, customer_id, names, numbers)
        reading = house.engine.execution_options(reads_only=True)
        database.empty_log(house.engine)
        found = [
            *search(reading, house.settings.key_ring, person),
            *search_files((*files_of(house.engine), house.erasures_file), person),
        ]
    _print_search(found)
    when = f"{_now():%Y-%m-%d %H:%M:%S} UTC"
    if not person.names or not person.numbers:
        console.print("Looked for without a name or a number: give them with --name and --number.", soft_wrap=True)
    hits = sum(sum(one.hits.values()) for one in found)
    unopened = sum(sum(one.unopened.values()) for one in found)
    if hits:
        raise Trouble(f"{when}: {customer_id} was found in {hits} places")
    if unopened:
        raise Trouble(f"{when}: {unopened} values do not open, so that nobody can say what is in them")
    tables = sum(1 for one in found if not one.is_file)
    rows = sum(one.rows for one in found if not one.is_file)
    console.print(f"[green]✓[/] {when}: nothing of {customer_id} in {tables} tables with {rows} rows", soft_wrap=True)


def _erase(session: Session, customer_id: str, *, with_orders: bool) -> str:
    now = _now()
    outcome = erasures.erase_person(session, customer_id, by=AskedBy.ADMIN, now=now, with_orders=with_orders)
    match outcome:
        case erasures.Erased(rows=rows, shared_numbers=shared):
            counts = ", ".join(f"{name.replace('_', ' ')}: {count}" for name, count in rows.items() if count)
            kept = "; the orders stay, on a customer that is nobody" if rows["orders"] and not with_orders else ""
            _noted(session, "customer.erased", customer_id, now, {"rows": dict(rows), "with_orders": with_orders})
            also = f"; {len(shared)} numbers stay on other customers' files" if shared else ""
            return f"{customer_id} is erased ({counts or 'there was little'}){kept}{also}"
        case erasures.CallGoesOn(calls=calls):
            raise Trouble(
                f"a call of {customer_id} goes on ({', '.join(calls)}): nothing was erased; again when it is over"
            )
        case erasures.Unknown():
            raise Trouble(f"{customer_id}: there is no such customer")
        case _:
            assert_never(outcome)


def _erase_voice(session: Session, customer_id: str) -> str:
    now = _now()
    if not erasures.erase_voice(session, customer_id, by=AskedBy.ADMIN, channel=BY_HAND, now=now):
        raise Trouble(f"{customer_id}: there is no such customer")
    _noted(session, "voice.erased", customer_id, now, {})
    return f"the voice of {customer_id} is erased, and the consents it rested on are withdrawn"


def _noted(session: Session, act: str, customer_id: str, now: datetime, after: Mapping[str, object]) -> None:
    """Note an erasure by its tombstones: the trail never forgets, so the customer's own identifier has no place there."""
    ring = ring_of(session.connection())
    made = [
        one.erasure_id
        for one in tombstones.every(session)
        if one.at == now and one.is_about(customer_id, one.key(ring))
    ]
    audit.note(
        session, by=at_the_keyboard(), act=act, subject=" ".join(["erasure", *made]), after={"erasures": made, **after},
        now=now,
    )  # fmt: skip


def _tell_backups(house: House) -> erasures.Reconciled:
    try:
        with database.session_factory(house.engine).begin() as session:
            done = erasures.reconcile(session, house.erasures_file, _now())
            if done.done_again:
                audit.note(
                    session, by=at_the_keyboard(), act="erasures.reapplied", subject="erasures",
                    after={"done_again": done.done_again, "unreadable": done.unreadable}, now=_now(),
                )  # fmt: skip
            return done
    except OSError as error:
        raise Trouble(
            f"erasures_file: {house.erasures_file} cannot be used ({error.strerror}): a backup would bring back what was "
            "erased; put it right, then `centralino privacy reapply`"
        ) from None


def _person(engine: Engine, customer_id: str, names: tuple[str, ...], numbers: tuple[str, ...]) -> Person:
    with database.reading_session_factory(engine)() as session:
        customer = customers.customer(session, customer_id)
        if customer is not None:
            names = (*names, customer.name)
            numbers = (*numbers, *sorted(erasure.numbers_of(session, customer_id).own))
    return Person(customer_id=customer_id, names=tuple(filter(None, names)), numbers=numbers)


def _print_search(found: list[TableSearched]) -> None:
    table = Table("searched", "rows", "found in", "not opened")
    for one in found:
        rows = f"{one.rows} bytes" if one.is_file else str(one.rows)
        table.add_row(one.name, rows, _told(one.hits), _told(one.unopened))
    console.print(table)


def _told(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{column}: {count}" for column, count in counts.items())


def _known(session: Session, customer_id: str) -> None:
    if customers.customer(session, customer_id) is None:
        raise Trouble(f"{customer_id}: there is no such customer")


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the command line is an edge


@contextmanager
def _house(file: Path | None) -> Iterator[House]:
    chosen = chosen_settings(file)
    engine = database.make_engine(chosen.database_url, chosen.key_ring)
    try:
        if not database.is_at_head(engine):
            raise Trouble("database_url: its tables are not those of this version: `centralino database upgrade` first")
        yield House(settings=chosen, engine=engine)
    except SQLAlchemyError as error:
        raise Trouble(f"database_url: the database does not do it: {str(error).splitlines()[0]}") from None
    finally:
        engine.dispose()
