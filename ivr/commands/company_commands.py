"""`centralino import`: customers and orders from a CSV file. `centralino example-shop`: the other side of a connector."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click
from rich.table import Table as Shown
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ivr import database
from ivr.app import company_defaults
from ivr.audit import store as audit
from ivr.commands.terminal import Trouble, at_the_keyboard, chosen_settings, console, errors
from ivr.company import store
from ivr.connectors import example_shop, files, importing
from ivr.connectors.files import Unreadable
from ivr.connectors.importing import Look, NotTaken
from ivr.connectors.reading import KINDS

_FILE: Final[Mapping[str, str]] = {
    "empty": "has no rows",
    "too_large": "is larger than 10 MB",
    "too_many_rows": "has more than 20,000 rows: divide it",
    "too_many_columns": "has more than 60 columns",
    "not_text": "is no text: save it as CSV first",
    "not_csv": "is no CSV that can be read",
}
_FAULTS_SHOWN: Final = 40
DEFAULT_SHOP_PORT: Final = 5056


class _NothingError(Exception):
    """Nothing was taken over: the transaction ends without a trace."""

    def __init__(self, taken: NotTaken) -> None:
        super().__init__(taken.reason)
        self.look = taken.look


@click.command(name="import")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only look: nothing changes.")
@click.option("--only-good", is_flag=True, help="Take over the rows that are right; without it, all of them or none.")
@click.option(
    "--bad-rows", type=click.Path(path_type=Path), default=None, help="Write the rows that are wrong to this file."
)
@click.pass_obj
def import_file(
    file: Path | None, *, kind: str, path: Path, dry_run: bool, only_good: bool, bad_rows: Path | None
) -> None:
    """Take over customers or orders from FILE, a CSV file as a spreadsheet saves it."""
    opened = files.open_file(path.read_bytes())
    if isinstance(opened, Unreadable):
        raise Trouble(f"{path} {_FILE.get(opened.reason, opened.reason)}")
    chosen = chosen_settings(file)
    mapping = files.guess(kind, opened.columns)
    engine = database.make_engine(chosen.database_url, chosen.key_ring)
    try:
        with database.session_factory(engine).begin() as session:
            country = store.current(session, company_defaults(chosen)).hours.country
            if dry_run:
                look, taken = importing.look(session, kind, opened, mapping, country=country), False
            else:
                look, taken = _take_over(session, kind, opened, mapping, country=country, only_good=only_good), True
    except _NothingError as nothing:
        look, taken = nothing.look, False
    except SQLAlchemyError as error:
        raise Trouble(f"database_url: the database does not do it: {str(error).splitlines()[0]}") from None
    finally:
        engine.dispose()
    _tell(look, taken=taken)
    if bad_rows is not None and look.bad_rows:
        bad_rows.write_text(files.written(opened, look.rows, {}), encoding="utf-8-sig", newline="")
        errors.print(f"the bad rows are in {bad_rows}")
    if look.bad_rows and not (taken and only_good):
        raise click.exceptions.Exit(1)


@click.command(name="example-shop")
@click.option("--port", default=DEFAULT_SHOP_PORT, show_default=True, help="Where it listens, on this machine alone.")
@click.option("--key", default="an example's key", show_default=True, help="What it wants to be shown.")
def run_example_shop(port: int, key: str) -> None:
    """Run a small shop's system that tells of orders and customers over HTTP, to try a connector with."""
    shop = example_shop.ExampleShop(today=_now().date(), key=key)
    try:
        made = example_shop.server(shop, port)
    except OSError as error:
        raise Trouble(f"port {port}: {error.strerror}; choose another with --port") from None
    address = f"http://127.0.0.1:{made.server_address[1]}"
    console.print(f"[green]✓[/] the shop answers at [bold]{address}/orders/7001[/] and {address}/people/+393331239999")
    console.print(f"It wants the header {example_shop.HEADER}: {key}. The connector's mapping:")
    console.print_json(json.dumps(dict(example_shop.ORDERS_MAPPING)))
    console.print('The service asks it only if its settings have CENTRALINO_CONNECTOR_NETWORKS=["127.0.0.0/8"]')
    try:
        made.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        made.server_close()


def _take_over(
    session: Session, kind: str, opened: files.Table, mapping: Mapping[str, int], *, country: str, only_good: bool
) -> Look:
    mode = importing.ONLY_GOOD if only_good else importing.ALL
    taken = importing.take_over(session, kind, opened, mapping, country=country, mode=mode)
    if isinstance(taken, NotTaken):
        raise _NothingError(taken)
    found = taken.look
    audit.note(
        session, by=at_the_keyboard(), act="import.taken_over", subject=f"import:{kind}",
        before=vars(found.before), after=vars(found.after), now=_now(),
        note=f"{found.new} new, {found.changed} changed, {found.same} as before, {taken.left_out} left out",
    )  # fmt: skip
    return found


def _tell(look: Look, *, taken: bool) -> None:
    found: dict[str, Any] = {"new": look.new, "changed": look.changed, "as before": look.same, "wrong": look.bad_rows}
    if look.bad:
        table = Shown("row", "column", "fault", "value")
        for bad in look.bad[:_FAULTS_SHOWN]:
            table.add_row(str(bad.row), bad.column, bad.code.replace("_", " "), bad.value)
        errors.print(table)
        if len(look.bad) > _FAULTS_SHOWN:
            errors.print(f"{len(look.bad) - _FAULTS_SHOWN} more")
    counted = ", ".join(f"{count} {name}" for name, count in found.items())
    console.print(f"[green]✓[/] taken over: {counted}" if taken else f"nothing was changed: {counted}")


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the command line is an edge
