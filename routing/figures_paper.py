"""Writes the definitions of all figures as a part of `docs/reports.md`: whoever changes a figure changes the paper. Pure."""

from collections.abc import Iterator

from routing.figures_counted import GroupBy
from routing.figures_defined import Figure, Unit
from routing.figures_table import FIGURES, SECTIONS

BEGINS = "<!-- definitions: written by `centralino reports --definitions --markdown` -->"
ENDS = "<!-- end of definitions -->"
_TITLES = {"waiting": "How long callers wait", "talking": "How they are dealt with", "outcome": "What it led to"}
_UNITS = {
    Unit.COUNT: "a number",
    Unit.SHARE: "a share, 0 to 100%",
    Unit.SECONDS: "seconds",
    Unit.SCORE: "a score, 1 to 7",
}


def definitions() -> str:
    """Every figure under its section, in English and Italian."""
    return "\n".join((BEGINS, "", *_lines(), ENDS))


def _lines() -> Iterator[str]:
    for section, codes in SECTIONS.items():
        yield f"### {_TITLES[section]}"
        yield ""
        for code in codes:
            yield from _figure(FIGURES[code])


def _figure(figure: Figure) -> Iterator[str]:
    yield f"**{figure.names['en']}** (`{figure.code}`; *{figure.names['it']}*). {figure.definitions['en']}"
    yield f"*{figure.definitions['it']}*"
    yield ""
    yield f"- {_UNITS[figure.unit]}: `{figure.formula}`, counted from `{figure.counted_from}`"
    if figure.undefined["en"] != "never":
        yield f"- a dash where: {figure.undefined['en']}"
    by = [by.value for by in GroupBy if by not in {GroupBy.ALL, *figure.never_by}]
    yield f"- by {', '.join(by)}"
    yield ""
