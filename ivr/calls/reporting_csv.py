"""A report as CSV: one header line, one line a group, numbers as every program reads them; and the definitions as another file.

No cell can become a formula in a spreadsheet.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator

from ivr.calls.reporting import Line, Report
from routing.figures_counted import GroupBy
from routing.figures_defined import Figure, Share, Unit, plain
from routing.figures_table import FIGURES

# What a spreadsheet takes for the beginning of a formula (OWASP, "CSV injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_DECIMALS = {Unit.COUNT: 0, Unit.SHARE: 4, Unit.SECONDS: 1, Unit.SCORE: 2}
# Spreadsheets take a file for UTF-8 only by this mark.
BOM = "\ufeff"


def table(report: Report, named: Callable[[GroupBy, Line], str]) -> Iterator[str]:
    """The report's lines, the whole as the last one; a figure that is not defined is an empty cell.

    Shares are 0 to 1, lengths of time are seconds. `_low` and `_high` hold the true share 95 times in 100.
    """
    columns = [name for figure in FIGURES.values() for name in _columns(figure)]
    yield BOM + _line((report.by.value, "name", *columns))
    for line in report.lines:
        yield _line((line.label, named(report.by, line), *_numbers(line, report.by)))
    yield _line(("total", "", *_numbers(report.whole, GroupBy.ALL)))


def definitions(language: str) -> Iterator[str]:
    """What each column is."""
    header = ("code", "name", "unit", "definition", "formula", "counted_from", "undefined")
    yield BOM + _line(header)
    for figure in FIGURES.values():
        yield _line(
            (
                figure.code,
                figure.names[language],
                figure.unit.value,
                figure.definitions[language],
                figure.formula,
                figure.counted_from,
                figure.undefined[language],
            )
        )


def unformulaic(text: str) -> str:
    """A text that no spreadsheet computes: what begins like a formula is quoted by an apostrophe."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _columns(figure: Figure) -> tuple[str, ...]:
    return (figure.code, f"{figure.code}_low", f"{figure.code}_high") if figure.is_counted_share else (figure.code,)


def _numbers(line: Line, by: GroupBy) -> Iterator[str]:
    for figure in FIGURES.values():
        worth = figure.of(line.counts, line.terms, by)
        yield _number(plain(worth), figure.unit)
        if figure.is_counted_share:
            interval = worth.interval if isinstance(worth, Share) else None
            yield _number(None if interval is None else interval.low, figure.unit)
            yield _number(None if interval is None else interval.high, figure.unit)


def _number(value: float | None, unit: Unit) -> str:
    return "" if value is None else f"{value:.{_DECIMALS[unit]}f}"


def _line(cells: Iterable[str]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow([unformulaic(cell) for cell in cells])
    return written.getvalue()
