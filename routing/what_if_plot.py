"""Draws the answer of what-if as SVG or PNG: how long callers waited in each hour, with and without the change. Pure.

Colours are dark enough on white and the lines are told apart without them, by marks and dashes.
"""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from routing.plot_style import BLUE, ORANGE, in_style
from routing.what_if import Estimated, WhatIf

_REALLY, _BEFORE, _AFTER = "#5c5c5c", BLUE, ORANGE
# As wide as a telephone's screen is: text then keeps its size there.
_SIZE_INCHES: Final = (4.9, 3.4)
_DOTS_PER_INCH: Final = 200


def waits_svg(found: WhatIf, words: Mapping[str, str]) -> str:
    """Mean waits by the hour in which calls came: as it was, as replayed and as it would have been, with 95% intervals.

    `words` has "hour", "seconds", "really", "before", "after" and "alt".
    """
    with in_style("what-if"):
        drawn = io.StringIO()
        _figure(found, words).savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
        return _as_element(drawn.getvalue(), words["alt"])


def waits_png(found: WhatIf, words: Mapping[str, str]) -> bytes:
    """The same as a picture, twice as fine as a page shows it."""
    with in_style("what-if"):
        drawn = io.BytesIO()
        _figure(found, words).savefig(drawn, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None})
        return drawn.getvalue()


def _figure(found: WhatIf, words: Mapping[str, str]) -> Figure:
    figure = Figure(figsize=_SIZE_INCHES, layout="constrained")
    axes = figure.subplots()
    hours = [one.hour for one in found.hours]
    really = [float("nan") if one.really is None else one.really for one in found.hours]
    axes.plot(hours, really, ":", color=_REALLY, linewidth=1.6, marker="x", markersize=5, label=words["really"])
    _band(axes, hours, [one.before for one in found.hours], _Style(colour=_BEFORE, dashes="--", label=words["before"]))
    _band(axes, hours, [one.after for one in found.hours], _Style(colour=_AFTER, dashes="-", label=words["after"]))
    axes.set(xlabel=words["hour"], ylabel=words["seconds"])
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.margins(y=0.28)
    axes.set_ylim(bottom=0)
    axes.grid(color="#dcdcdc", linewidth=0.6)
    axes.legend(loc="upper center", ncols=3, fontsize=8.5)
    return figure


@dataclass(frozen=True, kw_only=True)
class _Style:
    """How a line is drawn and what the legend calls it."""

    colour: str
    dashes: str
    label: str


def _band(axes: Any, hours: Sequence[int], values: Sequence[Estimated], style: _Style) -> None:
    none = float("nan")
    means = [none if one.mean is None else one.mean for one in values]
    halves = [0.0 if one.half is None else one.half for one in values]
    axes.plot(
        hours, means, style.dashes, color=style.colour, linewidth=1.9, marker="o", markersize=4, label=style.label,
    )  # fmt: skip
    low = [max(0.0, mean - half) if mean == mean else none for mean, half in zip(means, halves, strict=True)]  # noqa: PLR0124 - NaN
    high = [mean + half for mean, half in zip(means, halves, strict=True)]
    axes.fill_between(hours, low, high, color=style.colour, alpha=0.18, linewidth=0)


def _as_element(text: str, alt: str) -> str:
    text = text[text.index("<svg") :]
    text = re.sub(r'(\bid="|href="#|url\(#)', r"\g<1>what-if-", text)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    # The page gives it its width; its own proportions stay, by the view box.
    text = re.sub(r'^<svg ([^>]*?)width="[^"]*"', r"<svg \1", re.sub(r'^<svg ([^>]*?)height="[^"]*"', r"<svg \1", text))
    shown = alt.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return text.replace("<svg ", f'<svg role="img" aria-label="{shown}" ', 1)
