"""What the page of reports shows of a report: its lines and figures in the reader's words, and the plots' numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from babel.dates import format_date
from babel.numbers import format_decimal
from flask_babel import get_locale, gettext

from ivr.calls.reporting import Line, Report
from ivr.web import reports_plots
from ivr.web.reports_plots import Bar, Texts
from ivr.web.words import worded
from routing.figures_counted import GroupBy
from routing.figures_defined import Figure, Share, Unit, Worth, plain
from routing.figures_table import FIGURES, SECTIONS

# More lines than anybody reads; the file has them all.
MOST_LINES = 500
# What stands on top of the page.
KEY_FIGURES = (
    "offered", "service_level", "speed_of_answer", "abandonment", "handling", "occupancy", "first_contact_resolution",
    "effort",
)  # fmt: skip
DASH = "\N{EN DASH}"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One figure of one group."""

    text: str  # a dash where it is not defined
    value: float | None  # for sorting
    interval: str  # "" where the figure is sure enough, or no share
    note: str  # of how many, for whoever points at it


@dataclass(frozen=True, kw_only=True)
class Row:
    """One group."""

    name: str
    key: str  # for sorting by name, hour or day
    cells: tuple[Cell, ...]


@dataclass(frozen=True, kw_only=True)
class Table:
    """The figures of one section."""

    section: str
    figures: tuple[Figure, ...]
    rows: tuple[Row, ...]
    whole: Row


def tables(report: Report) -> tuple[Table, ...]:
    """One table for each section, with those figures that are defined for such lines."""
    return tuple(_table(report, section, codes) for section, codes in SECTIONS.items())


def key_cells(report: Report) -> tuple[tuple[Figure, Cell], ...]:
    """The figures that matter most, of all together."""
    whole = report.whole
    return tuple(
        (FIGURES[code], cell(FIGURES[code], FIGURES[code].of(whole.counts, whole.terms))) for code in KEY_FIGURES
    )


def plots(report: Report) -> tuple[tuple[str, str], ...]:
    """Volume and service level by hour or day: title and SVG."""
    bars = tuple(_bar(report.by, line) for line in report.lines)
    goal = report.whole.terms
    by = gettext("by hour of the day") if report.by is GroupBy.HOUR else gettext("by day")
    counts = report.whole.counts
    volume = Texts(
        title=gettext("Calls %(by)s", by=by),
        description=gettext(
            "%(offered)s calls: %(answered)s answered, %(abandoned)s abandoned. The tables below have every number.",
            offered=counts.offered, answered=counts.answered, abandoned=counts.abandoned,
        ),
        labels=(gettext("answered"), gettext("abandoned"), gettext("otherwise")),
    )  # fmt: skip
    level = cell(FIGURES["service_level"], FIGURES["service_level"].of(counts, goal)).text
    service = Texts(
        title=gettext("Service level %(by)s", by=by),
        description=gettext(
            "Overall %(level)s within %(seconds)s seconds; the goal is %(goal)s. The tables below have every number.",
            level=level, seconds=goal.service_seconds, goal=_share(goal.service_share),
        ),
        labels=(gettext("level"), gettext("95 in 100"), gettext("goal")),
    )  # fmt: skip
    return (
        (volume.title, reports_plots.volume(bars, volume)),
        (service.title, reports_plots.service(bars, service, goal=goal.service_share)),
    )


def name_of(by: GroupBy, line: Line) -> str:
    """What a reader calls a line."""
    if by is GroupBy.HOUR:
        return f"{line.label}{DASH}{int(line.label) + 1:02d}"
    if by is GroupBy.DAY:
        return str(format_date(date.fromisoformat(line.label), "EEE d MMM", locale=get_locale()))
    if line.name:
        return line.name
    if line.label:
        return worded(line.label, "reason") if by is GroupBy.INTENT else line.label
    nobody: Mapping[GroupBy, str] = {
        GroupBy.AGENT: gettext("no agent"),
        GroupBy.INTENT: gettext("unknown"),
        GroupBy.ALL: gettext("Total"),
    }
    return nobody.get(by, gettext("the line alone"))


def cell(figure: Figure, worth: Worth) -> Cell:
    """A figure as the reader reads it."""
    value = plain(worth)
    if value is None:
        return Cell(text=DASH, value=None, interval="", note=figure.undefined[_language()])
    share = worth if isinstance(worth, Share) else None
    interval = share.interval if share else None
    return Cell(
        text=_TEXTS[figure.unit](value),
        value=value,
        interval=f"{interval.low * 100:.0f}{DASH}{interval.high * 100:.0f}" if interval and interval.is_wide else "",
        note=gettext("%(part)s of %(whole)s", part=share.part, whole=share.whole) if share else "",
    )


def _table(report: Report, section: str, codes: tuple[str, ...]) -> Table:
    figures = tuple(FIGURES[code] for code in codes if report.by not in FIGURES[code].never_by)
    return Table(
        section=section,
        figures=figures,
        rows=tuple(_row(report.by, line, figures) for line in report.lines[:MOST_LINES]),
        whole=_row(GroupBy.ALL, report.whole, figures),
    )


def _row(by: GroupBy, line: Line, figures: tuple[Figure, ...]) -> Row:
    cells = tuple(cell(figure, figure.of(line.counts, line.terms, by)) for figure in figures)
    return Row(name=name_of(by, line), key=line.label if by in {GroupBy.HOUR, GroupBy.DAY} else "", cells=cells)


def _bar(by: GroupBy, line: Line) -> Bar:
    counts, level = line.counts, FIGURES["service_level"].of(line.counts, line.terms)
    interval = level.interval if isinstance(level, Share) else None
    day = "" if by is GroupBy.HOUR else str(format_date(date.fromisoformat(line.label), "d/M", locale=get_locale()))
    return Bar(
        name=day or str(int(line.label)),
        answered=counts.answered,
        abandoned=counts.abandoned,
        other=counts.offered - counts.answered - counts.abandoned,
        level=plain(level),
        low=None if interval is None else interval.low,
        high=None if interval is None else interval.high,
    )


def _count(value: float) -> str:
    return str(format_decimal(round(value), locale=get_locale()))


def _share(value: float) -> str:
    return f"{value * 100:.0f}%"


def _seconds(value: float) -> str:
    whole = round(value)
    return f"{whole} s" if whole < 60 else f"{whole // 60}:{whole % 60:02d} min"  # noqa: PLR2004 - a minute


def _score(value: float) -> str:
    return str(format_decimal(value, format="0.0", locale=get_locale()))


def _language() -> str:
    return "en" if str(get_locale()).startswith("en") else "it"


_TEXTS = {Unit.COUNT: _count, Unit.SHARE: _share, Unit.SECONDS: _seconds, Unit.SCORE: _score}
