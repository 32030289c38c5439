"""Draws a report's two plots as SVG inside the page: how many calls came, and the level of service that they met.

They are told apart without colours, have a title and a description, and carry no style that the page's own rules forbid.
"""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import MaxNLocator

from routing.plot_style import BLUE, ORANGE, in_style

_OTHER: Final = "#6b6b6b"
_BAND: Final = "#b9d2e8"
# As wide as a telephone's screen is: text then keeps its size there.
_SIZE_INCHES: Final = (4.9, 2.9)
_MOST_TICKS: Final = 8


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One hour or day."""

    name: str
    answered: int
    abandoned: int
    other: int  # callback, message, still waiting
    level: float | None  # of service, 0 to 1
    low: float | None
    high: float | None


@dataclass(frozen=True, kw_only=True)
class Texts:
    """What stands around a plot, in the reader's language."""

    title: str
    description: str
    labels: Sequence[str]


def volume(bars: Sequence[Bar], texts: Texts) -> str:
    """Calls by how their wait ended, one bar on the other; `labels` are answered, abandoned, other."""
    with in_style("volume"):
        drawing = Drawing(figsize=_SIZE_INCHES, layout="constrained")
        axes = drawing.subplots()
        across, ground = range(len(bars)), [0] * len(bars)
        kinds = (
            ([bar.answered for bar in bars], BLUE, "", BLUE),
            ([bar.abandoned for bar in bars], "#f6d3b8", "////", ORANGE),
            ([bar.other for bar in bars], "#e4e4e4", "....", _OTHER),
        )
        for (heights, face, hatch, edge), label in zip(kinds, texts.labels, strict=True):
            axes.bar(
                across, heights, bottom=ground, width=0.82, label=label, facecolor=face, edgecolor=edge, hatch=hatch,
                linewidth=0.6,
            )  # fmt: skip
            ground = [low + height for low, height in zip(ground, heights, strict=True)]
        axes.set_ylim(0, max([*ground, 1]) * 1.24)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        axes.legend(loc="upper center", ncols=3, fontsize=9, handlelength=1.2, columnspacing=1.0)
        _ticks(axes, bars)
        return _svg(drawing, "volume", texts)


def service(bars: Sequence[Bar], texts: Texts, *, goal: float) -> str:
    """The level of service with the interval that holds the true one; `labels` are level, interval, goal."""
    with in_style("service"):
        drawing = Drawing(figsize=_SIZE_INCHES, layout="constrained")
        axes = drawing.subplots()
        known = [(at, bar) for at, bar in enumerate(bars) if bar.level is not None]
        level_label, interval_label, goal_label = texts.labels
        across = [at for at, _ in known]
        lows, highs = [bar.low or 0 for _, bar in known], [1 if bar.high is None else bar.high for _, bar in known]
        axes.vlines(
            across,
            lows,
            highs,
            color=_BAND,
            linewidth=max(2.0, min(9.0, 150 / max(1, len(bars)))),
            label=interval_label,
        )
        axes.plot(
            across,
            [bar.level or 0 for _, bar in known],
            "o-",
            color=BLUE,
            markersize=4,
            linewidth=1.6,
            label=level_label,
        )
        axes.axhline(goal, color=ORANGE, linestyle="--", linewidth=1.4, label=goal_label)
        axes.set_ylim(0, 1.3)
        axes.set_xlim(-0.6, max(len(bars), 1) - 0.4)
        axes.set_yticks((0, 0.25, 0.5, 0.75, 1), ("0%", "25%", "50%", "75%", "100%"))
        axes.legend(loc="upper center", ncols=3, fontsize=9, handlelength=1.4, columnspacing=1.0)
        _ticks(axes, bars)
        return _svg(drawing, "service", texts)


def _ticks(axes: Any, bars: Sequence[Bar]) -> None:
    step = -(-len(bars) // _MOST_TICKS) or 1
    shown = range(0, len(bars), step)
    axes.set_xticks(list(shown), [bars[at].name for at in shown])
    axes.grid(axis="y", color="#dcdcdc", linewidth=0.6)
    axes.set_axisbelow(True)


def _svg(drawing: Drawing, name: str, texts: Texts) -> str:
    """Give the drawing as an element of a page: identifiers of its own, attributes in place of styles, title and description."""
    drawn = io.StringIO()
    drawing.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    text = drawn.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", text, flags=re.DOTALL)
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", text)
    text = re.sub(r' style="([^"]*)"', _attributes, text)
    shape = re.search(r'viewBox="[^"]*"', text)
    inside = text[text.index(">") + 1 :]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {shape[0] if shape else ""}'
        f' class="report-plot" role="img" aria-labelledby="{name}-title {name}-description"'
        ' stroke-linejoin="round" stroke-linecap="butt">'
        f'<title id="{name}-title">{escape(texts.title)}</title>'
        f'<desc id="{name}-description">{escape(texts.description)}</desc>{inside}'
    )


def _attributes(style: re.Match[str]) -> str:
    """The page forbids styles in its elements; each of these is an attribute of SVG too."""
    pairs = (part.split(":", 1) for part in style[1].split(";") if ":" in part)
    return "".join(f' {name.strip()}="{value.strip()}"' for name, value in pairs)
