"""`centralino keys`: the keys that everything sealed lies under: made, counted, and rotated."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from sqlalchemy import Engine, func, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from biometrics import vault
from ivr import database
from ivr.audit import store as audit
from ivr.commands.terminal import Trouble, at_the_keyboard, chosen_settings, console, errors
from sealing import resealing
from sealing.keys import KeyRing

# What the vault counts as sealed by nobody.
NO_KEY = ""


@click.group()
def keys() -> None:
    """The keys that seal what customers say and who they are."""


@keys.command(name="new")
def new_key() -> None:
    """Make a key for CENTRALINO_DATA_KEYS: alone, or in front of those that are there, with a comma between."""
    click.echo(KeyRing.new_key())


@keys.command(name="list")
@click.pass_obj
def list_keys(file: Path | None) -> None:
    """Print which key sealed how many values."""
    with _opened(file) as (engine, ring):
        count, is_at_head = _count(engine), database.is_at_head(engine)
    table = Table("key", "values", "")
    for key_id in ring.key_ids:
        table.add_row(key_id, f"{count.by_key[key_id]:,}", _word(key_id, ring, count.by_key))
    for key_id in sorted(count.by_key.keys() - set(ring.key_ids)):
        table.add_row(
            key_id, f"{count.by_key[key_id]:,}", "[bold red]is not in data_keys: these values cannot be read[/]"
        )
    console.print(table)
    if count.plain:
        why = "somebody else put them there" if is_at_head else "`centralino database upgrade` seals them"
        raise Trouble(f"{count.plain:,} values lie in plain: {why}")


@keys.command()
@click.pass_obj
def rotate(file: Path | None) -> None:
    """Seal everything under the newest key, while the service goes on; running it again does what is left."""
    with _opened(file) as (engine, ring):
        before = _count(engine)
        # It is sealed part by part while the service goes on: a run that breaks off has its beginning in the trail.
        _note(engine, "keys.rotation_begun", ring, before=before.by_key)
        broken = _renew(engine, ring)
        count = _count(engine)
        _note(engine, "keys.rotated", ring, before=before.by_key, after=count.by_key, broken=broken)
    console.print(f"[green]✓[/] {count.by_key[ring.newest]:,} values lie under {ring.newest}")
    for key_id in ring.key_ids[1:]:
        if not count.by_key[key_id]:
            console.print(f"{key_id} is no longer needed here; backups made until now still need it")
    if broken:
        raise Trouble(
            f"{broken:,} values do not open, and stay as they are: changed, moved, in plain, or their key is missing"
        )


def _note(
    engine: Engine, act: str, ring: KeyRing, *, before: Mapping[str, int], after: Mapping[str, int] | None = None,
    broken: int = 0,
) -> None:  # fmt: skip
    """Note how many values lie under which key, by the keys' names; tables of an older version may have no trail."""
    if not inspect(engine).has_table(audit.TABLE):
        return
    with database.session_factory(engine).begin() as session:
        audit.note(
            session, by=at_the_keyboard(), act=act, subject=f"key {ring.newest}", before=dict(before),
            after=None if after is None else dict(after), now=datetime.now(UTC),  # noqa: TID251 - a command is an edge
            note=f"{broken} values do not open" if broken else "",
        )  # fmt: skip


def _renew(engine: Engine, ring: KeyRing) -> int:
    """Seal anew what older keys sealed; how many values do not open."""
    with engine.connect() as connection:
        found = resealing.places(database.METADATA, connection)
        rows = {place: connection.scalar(select(func.count()).select_from(place.table)) or 0 for place in found}
    broken = 0
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=errors, transient=True) as progress:
        for place in found:
            task = progress.add_task(place.table.name, total=rows[place])
            for went in resealing.renew(engine, place):
                progress.advance(task, went.rows)
                broken += went.broken
        task = progress.add_task("voices", total=None)
        for renewed in vault.reseal(database.session_factory(engine), ring):
            progress.advance(task, renewed.rows)
            broken += renewed.broken
    return broken


def _count(engine: Engine) -> resealing.Count:
    by_key: Counter[str] = Counter()
    plain = 0
    with database.reading_session_factory(engine)() as session:
        for place in resealing.places(database.METADATA, session.connection()):
            count = resealing.count(session.connection(), place)
            by_key.update(count.by_key)
            plain += count.plain
        by_key.update(vault.sealed_by(session))
    plain += by_key.pop(NO_KEY, 0)
    return resealing.Count(by_key=by_key, plain=plain)


def _word(key_id: str, ring: KeyRing, by_key: Counter[str]) -> str:
    if key_id == ring.newest:
        return "seals"
    return "opens" if by_key[key_id] else "is no longer needed here"


@contextmanager
def _opened(file: Path | None) -> Iterator[tuple[Engine, KeyRing]]:
    chosen = chosen_settings(file)
    ring = chosen.key_ring
    engine = database.make_engine(chosen.database_url, ring)
    try:
        yield engine, ring
    except SQLAlchemyError as error:
        raise Trouble(f"database_url: the database does not do it: {str(error).splitlines()[0]}") from None
    finally:
        engine.dispose()
