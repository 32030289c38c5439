"""Draws the plots of the report on a calibration as SVG to be put into a page: pure, no file and no window.

Which trials are drawn, and what stands around the plots, is left to others.
"""

import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from scipy.special import expit, ndtri

from biometrics.measures import Scores, det_points, equal_error_rate
from biometrics.report_words import Words

# Dark enough on white to be told from it at 4.5 to 1 (WCAG 2.2, 1.4.3), and told apart without colours by their dashes.
_COLOURS: Final = ("#0b4f8a", "#a34700", "#1f6b2d", "#7a1f6b")
_DASHES: Final = ("-", "--", "-.", ":")
_OWN: Final = "#0b4f8a"
_OTHERS: Final = "#a34700"
_INK: Final = "#1c1c1c"
# As wide as a telephone's screen is: text then keeps its size there.
_SIZE_INCHES: Final = (4.9, 4.1)
_STYLE: Final = {
    "font.size": 10.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "text.color": _INK,
    "legend.frameon": False,
    "svg.fonttype": "path",
    "text.parse_math": False,
}
# Where a DET plot has its ticks: shares of false accepts and rejects.
_DET_TICKS: Final = (0.0001, 0.001, 0.01, 0.05, 0.2, 0.5)
_DET_LOWEST: Final = 0.0005
_DET_HIGHEST: Final = 0.6
_BINS: Final = 30
# How high the threshold is drawn, as a share of a plot whose uppermost part holds the legend.
_BELOW_THE_LEGEND: Final = 0.78
_RELIABILITY_BINS: Final = 10
_FEWEST_IN_A_BIN: Final = 20
# Log ratios beyond this are drawn at the edge: e^12 is 1 in 160,000.
_WIDEST_RATIO: Final = 12.0


@dataclass(frozen=True, kw_only=True)
class Line:
    """The scores of one length of speech, and what a legend calls them."""

    label: str
    targets: Scores
    impostors: Scores
    is_faint: bool = False  # shown for comparison only


@dataclass(frozen=True, kw_only=True)
class Point:
    """One bin of a reliability plot: what was said, what was observed, and how many trials of both kinds it holds."""

    said: float
    observed: float
    trials: int


def det_plot(lines: Sequence[Line], words: Words, *, alt: str) -> str:
    """Draw DET curves on axes of normal deviates (Martin et al., "The DET curve in assessment of detection task performance")."""
    with _style("det"):
        figure = Figure(figsize=_SIZE_INCHES, layout="constrained")
        axes = figure.subplots()
        strong = 0
        for line in lines:
            curve = det_points(line.targets, line.impostors)
            colour = _COLOURS[(strong - 1 if line.is_faint else strong) % len(_COLOURS)]
            dashes = ":" if line.is_faint else _DASHES[strong % (len(_DASHES) - 1)]
            axes.step(
                _deviates(curve.false_accepts), _deviates(curve.false_rejects), dashes, where="post",
                color=colour, linewidth=1.1 if line.is_faint else 2.0, label=line.label,
            )  # fmt: skip
            if not line.is_faint:
                rate = _deviates(np.array([equal_error_rate(line.targets, line.impostors)]))
                axes.plot(rate, rate, "o", color=colour, markersize=7, markerfacecolor="white")
                strong += 1
        lowest, highest = _deviates(np.array([_DET_LOWEST, _DET_HIGHEST]))
        axes.plot([lowest, highest], [lowest, highest], color="#8c8c8c", linewidth=0.8)
        ticks = [tick for tick in _DET_TICKS if _DET_LOWEST <= tick <= _DET_HIGHEST]
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_ticks(_deviates(np.array(ticks)), [words.percent(tick) for tick in ticks])
        axes.set(
            xlim=(lowest, highest), ylim=(lowest, highest), xlabel=words("axis_accepts"), ylabel=words("axis_rejects")
        )
        axes.grid(color="#dcdcdc", linewidth=0.6)
        axes.legend(loc="upper right", fontsize=9.5)
        return _svg(figure, "det", alt)


def score_plot(line: Line, words: Words, *, threshold: float, name: str, alt: str) -> str:
    """Draw the log likelihood ratios of both kinds of trials as two histograms, each of area one."""
    with _style(name):
        figure = Figure(figsize=(_SIZE_INCHES[0], 3.0), layout="constrained")
        axes = figure.subplots()
        targets, impostors = _within(line.targets), _within(line.impostors)
        edges = np.linspace(-_WIDEST_RATIO, _WIDEST_RATIO, _BINS + 1)
        kinds = ((impostors, "different_speakers", _OTHERS, "////"), (targets, "same_speaker", _OWN, ""))
        for scores, whose, colour, hatch in kinds:
            axes.hist(
                scores, bins=edges.tolist(), weights=np.full(scores.size, 1 / scores.size), histtype="stepfilled", alpha=0.55,
                facecolor=colour, edgecolor=colour, hatch=hatch, label=words(whose),
            )  # fmt: skip
        if abs(threshold) <= _WIDEST_RATIO:
            axes.axvline(
                threshold, ymax=_BELOW_THE_LEGEND, color=_INK, linestyle="--", linewidth=1.4, label=words("threshold")
            )
        axes.set(xlabel=words("axis_ratio"), ylabel=words("axis_share"), title=line.label)
        axes.set_xlim(-_WIDEST_RATIO - 0.5, _WIDEST_RATIO + 0.5)
        axes.set_xticks(range(-10, 11, 5))
        axes.margins(y=0.28)
        axes.legend(loc="upper center", ncols=2, fontsize=9)
        return _svg(figure, name, alt)


def reliability(targets: Scores, impostors: Scores) -> tuple[Point, ...]:
    """Bin log likelihood ratios by the probability that they say where both kinds are equally frequent.

    Ten bins, neighbours joined until each holds twenty trials: fewer show chance alone.
    """
    right, wrong = (np.sort(expit(np.asarray(side, dtype=np.float64))) for side in (targets, impostors))
    points: list[Point] = []
    begins = 0.0
    for ends in np.linspace(0, 1, _RELIABILITY_BINS + 1)[1:]:
        is_last = ends == 1
        of_right, of_wrong = (side[(side >= begins) & ((side < ends) | is_last)] for side in (right, wrong))
        if of_right.size + of_wrong.size >= _FEWEST_IN_A_BIN or (is_last and of_right.size + of_wrong.size):
            # Each kind weighs one half, however many trials it has.
            weights = np.concatenate(
                (np.full(of_right.size, 0.5 / right.size), np.full(of_wrong.size, 0.5 / wrong.size))
            )
            said = float(np.average(np.concatenate((of_right, of_wrong)), weights=weights))
            observed = float(np.sum(weights[: of_right.size]) / np.sum(weights))
            points.append(Point(said=said, observed=observed, trials=weights.size))
            begins = float(ends)
    return tuple(points)


def reliability_plot(points: Mapping[str, Sequence[Point]], words: Words, *, alt: str) -> str:
    """Draw what was observed against what the calibration says, one line for each label; size goes with the trials."""
    with _style("reliability"):
        figure = Figure(figsize=_SIZE_INCHES, layout="constrained")
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color="#8c8c8c", linewidth=0.8)
        for number, (label, its) in enumerate(points.items()):
            colour = _COLOURS[number % len(_COLOURS)]
            across, up = [point.said for point in its], [point.observed for point in its]
            axes.plot(across, up, _DASHES[number % len(_DASHES)], color=colour, linewidth=1.6, label=label)
            axes.scatter(across, up, s=[12 + 14 * math.log10(point.trials) for point in its], color=colour)
        ticks = (0, 0.25, 0.5, 0.75, 1)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_ticks(ticks, [words.percent(tick) for tick in ticks])
        axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), xlabel=words("axis_said"), ylabel=words("axis_observed"))
        axes.grid(color="#dcdcdc", linewidth=0.6)
        axes.legend(loc="upper left", fontsize=9.5)
        return _svg(figure, "reliability", alt)


def _deviates(shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    # 0 and 1 have no deviate: they are drawn beyond the frame.
    return np.asarray(ndtri(np.clip(shares, 1e-7, 1 - 1e-7)))


def _within(scores: Scores) -> npt.NDArray[np.float64]:
    return np.clip(np.asarray(scores, dtype=np.float64), -_WIDEST_RATIO, _WIDEST_RATIO)


def _style(name: str) -> Any:
    # The salt makes the same plot the same text each time.
    settings: dict[Any, Any] = {**_STYLE, "svg.hashsalt": name}
    return mpl.rc_context(settings)


def _svg(figure: Figure, name: str, alt: str) -> str:
    """Give the drawing as an element of a page: identifiers of its own, and its alternative text."""
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    text = drawn.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", text)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    # The page gives it its width; its own proportions stay, by the view box.
    text = re.sub(r'^<svg ([^>]*?)width="[^"]*"', r"<svg \1", re.sub(r'^<svg ([^>]*?)height="[^"]*"', r"<svg \1", text))
    return text.replace("<svg ", f'<svg role="img" aria-label="{_escaped(alt)}" ', 1)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
