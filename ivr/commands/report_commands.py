"""`centralino reports`: the figures of a period as tables on the terminal, or as CSV; and what each figure is."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from ivr import database
from ivr.calls import reporting, reporting_csv
from ivr.calls.reporting import Line, Report
from ivr.calls.reporting_asked import FROM_TO, PERIODS, Asked, NotAsked, Wishes, understood
from ivr.commands.terminal import Trouble, chosen_settings, console
from routing import figures_paper
from routing.figures_counted import GroupBy
from routing.figures_defined import Figure, Share, ShortAbandons, Unit, Worth, plain
from routing.figures_table import FIGURES, SECTIONS
from sealing.keys import KeyRing

_SENTENCES = {
    "period_unknown": "this period is not known",
    "period_backwards": "the period ends before it begins",
    "period_to_come": "this period is still to come",
    "period_too_long": "the period is too long: 400 days at most",
    "day_unreadable": "a day is missing or cannot be read: write it like 2026-11-23",
    "group_unknown": "reports cannot be grouped by that",
    "threshold_unreadable": "--seconds is a whole number from 1 to 600",
    "short_abandons_unknown": "short abandons cannot be counted in that way",
    "filter_unreadable": "what the report is narrowed to cannot be read",
}
_LANGUAGES = ("it", "en")
_DASH = "-"
# No terminal has them beside each other with their names; a file is as wide as it must be.
_FILE_WIDTH = 400


@click.command()
@click.option("--period", type=click.Choice([name for name in PERIODS if name != FROM_TO]), help="Days, until today.")
@click.option("--from", "first", default="", metavar="DAY", help="First day, like 2026-11-16.")
@click.option("--to", "last", default="", metavar="DAY", help="Last day, included.")
@click.option("--by", type=click.Choice([by.value for by in GroupBy]), default=GroupBy.QUEUE.value, show_default=True)
@click.option("--queue", default="", help="Of this queue alone.")
@click.option("--skill", default="", help="Of this skill alone.")
@click.option("--agent", default="", help="Of this agent alone.")
@click.option("--intent", default="", help="Of this intent alone.")
@click.option("--seconds", default="", help="Threshold of the service level; each queue's own without it.")
@click.option(
    "--short", type=click.Choice([choice.value for choice in ShortAbandons]), default="left_out", show_default=True,
    help="How those count who hang up within the threshold.",
)  # fmt: skip
@click.option(
    "--csv", "target", type=click.Path(dir_okay=False, path_type=Path), help="Write a file in place of tables."
)
@click.option("--language", type=click.Choice(_LANGUAGES), default="en", show_default=True)
@click.option("--definitions", is_flag=True, help="Print what each figure is, and nothing else.")
@click.option(
    "--markdown", is_flag=True, help="With --definitions: as the part of docs/reports.md that is written from them."
)
@click.pass_obj
def reports(
    file: Path | None, *, period: str | None, first: str, last: str, by: str, queue: str, skill: str, agent: str,
    intent: str, seconds: str, short: str, target: Path | None, language: str, definitions: bool, markdown: bool,
) -> None:  # fmt: skip
    """Print the figures of a period: service level, waits, talks, occupancy, what the calls led to.

    Without a period the last seven days are meant. Days are those of the company's clock.
    """
    if definitions and markdown:
        click.echo(figures_paper.definitions())
        return
    if definitions:
        _print_definitions(language)
        return
    wishes = Wishes(
        period=period or "", first=first, last=last, by=by, queue=queue, skill=skill, agent=agent, intent=intent,
        seconds=seconds, short=short,
    )  # fmt: skip
    made = _made(file, wishes, language)
    if target is None:
        _print(made, language)
        return
    try:
        target.write_text("".join(reporting_csv.table(made, _name)), encoding="utf-8", newline="")
    except OSError as error:
        raise Trouble(f"{target}: {error.strerror}") from None
    console.print(f"[green]✓[/] {len(made.lines)} lines in {escape(str(target))}")


def _made(file: Path | None, wishes: Wishes, language: str) -> Report:
    chosen = chosen_settings(file)
    now = datetime.now(UTC)  # noqa: TID251 - the command line is an edge
    asked = understood(wishes, now=now, zone=chosen.zone)
    if isinstance(asked, NotAsked):
        raise Trouble(_SENTENCES[asked.reason])
    return _report(database_url=chosen.database_url, ring=chosen.key_ring, asked=asked, language=language)


def _report(*, database_url: str, ring: KeyRing, asked: Asked, language: str) -> Report:
    engine = database.make_engine(database_url, ring)
    try:
        with database.reading_session_factory(engine)() as session:
            return reporting.report(session, asked, language=language)
    except SQLAlchemyError as error:
        raise Trouble(f"database_url: the database does not do it: {str(error).splitlines()[0]}") from None
    finally:
        engine.dispose()


def _print(made: Report, language: str) -> None:
    asked = made.asked
    out = console if console.is_terminal else Console(highlight=False, width=_FILE_WIDTH)
    out.print(f"[bold]{asked.first} - {asked.last}[/]")
    for codes in SECTIONS.values():
        figures = [FIGURES[code] for code in codes if made.by not in FIGURES[code].never_by]
        if not figures:
            continue
        table = Table(made.by.value)
        for figure in figures:
            table.add_column(figure.names[language], justify="right")
        for line in made.lines:
            table.add_row(escape(_name(made.by, line)), *_cells(figures, line, made.by))
        table.add_section()
        table.add_row("total", *_cells(figures, made.whole, GroupBy.ALL), style="bold")
        out.print(table)


def _cells(figures: Iterable[Figure], line: Line, by: GroupBy) -> Iterable[str]:
    return (_text(figure.of(line.counts, line.terms, by), figure.unit) for figure in figures)


def _text(worth: Worth, unit: Unit) -> str:
    value = plain(worth)
    if value is None:
        return _DASH
    match unit:
        case Unit.COUNT:
            return f"{value:.0f}"
        case Unit.SHARE:
            interval = worth.interval if isinstance(worth, Share) else None
            wide = interval is not None and interval.is_wide
            return (
                f"{value:.0%} ({interval.low * 100:.0f}-{interval.high * 100:.0f})"
                if interval and wide
                else f"{value:.0%}"
            )
        case Unit.SECONDS:
            return f"{value:.0f} s"
        case Unit.SCORE:
            return f"{value:.1f}"


def _name(by: GroupBy, line: Line) -> str:
    if by is GroupBy.HOUR:
        return f"{line.label}-{int(line.label) + 1:02d}"
    return line.name or line.label or _DASH


def _print_definitions(language: str) -> None:
    table = Table("figure", "what it is", "formula", "counted from", show_lines=True)
    for figure in FIGURES.values():
        table.add_row(
            f"[bold]{figure.names[language]}[/]\n{figure.code}",
            escape(figure.definitions[language]),
            escape(figure.formula),
            figure.counted_from,
        )
    console.print(table)
