"""Makes the report on how well voices are known: one page of HTML that needs nothing else, in Italian or English.

Measures, plots and plain words about what has been compared. Hearing the recordings, scoring them, and writing the page to a file
are left to others.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from biometrics.evaluation import Judged
from biometrics.measures import (
    Array,
    Measure,
    Scores,
    Trial,
    cllr,
    equal_error_rate,
    false_accepts_at,
    false_rejects_at,
    false_rejects_below,
    interval_over_speakers,
    min_cllr,
    min_dcf,
)
from biometrics.recordings import LeftOut
from biometrics.report_plots import Line, Point, det_plot, reliability, reliability_plot, score_plot
from biometrics.report_words import Language, Words
from biometrics.samples import RATES_HZ
from biometrics.trials import Design, Gathered

# G. Doddington et al., "The NIST speaker recognition evaluation", Speech Communication 31 (2000): from 30 errors on, the true
# rate lies within 30% of the measured one, nine times out of ten.
_ENOUGH_ERRORS: Final = 30
# As many speakers as the smaller of the sets that were measured here has: below, intervals over speakers come out too narrow.
_ENOUGH_SPEAKERS: Final = 30
# The share of false accepts that the first sentence and the table of measures name.
_ONE_IN_A_HUNDRED: Final = 0.01
_ONE_IN_A_THOUSAND: Final = 0.001

Progress: TypeAlias = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class Length:
    """The trials of one length of test speech, scored in each way, in one order."""

    seconds: float
    raw: tuple[Trial, ...]  # cosines
    ordered: tuple[Trial, ...]  # cosines with what the calibration makes of noise and length: its order alone
    with_background: tuple[Trial, ...]  # the same with other speakers as the line's own; empty where they are too few
    calibrated: tuple[Trial, ...]  # log likelihood ratios
    thresholds: tuple[float, ...]  # the log likelihood ratio from which on each trial's calibration accepts
    windows: int  # stretches that were cut
    refused: int  # of them, not good enough to be decided on

    @property
    def above_threshold(self) -> tuple[Trial, ...]:
        """The trials by how far they lie above the threshold of their calibration."""
        both = zip(self.calibrated, self.thresholds, strict=True)
        return tuple(replace(trial, score=trial.score - threshold) for trial, threshold in both)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What was compared, and with what."""

    place: str
    digest: str  # of the recordings, or its first letters
    made_on: date
    encoder: str
    calibration: str  # what the calibration says it was made on; "" where it was made on these recordings, crosswise
    is_of_these_recordings: bool  # the calibration was made on what it is measured with
    design: Design
    is_as_telephone: bool  # the sound was brought down to the telephone's band first
    rates_hz: tuple[int, ...]
    speakers: int
    calls: int
    lengths: tuple[Length, ...]
    left_out: tuple[LeftOut, ...]
    false_accepts: float  # the share that the installation wants
    resamples: int = 1000


@dataclass(frozen=True, kw_only=True)
class _Rate:
    """A measured value and its interval over speakers."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class _Cell:
    value: str
    interval: str = ""


@dataclass(frozen=True, kw_only=True)
class _Row:
    title: str
    cells: tuple[_Cell, ...]
    is_faint: bool = False


@dataclass(frozen=True, kw_only=True)
class _Plot:
    title: str
    note: str
    drawings: tuple[Markup, ...]


def _calibrated(length: Length) -> tuple[Trial, ...]:
    return length.calibrated


def _ordered(length: Length) -> tuple[Trial, ...]:
    return length.ordered


def _raw(length: Length) -> tuple[Trial, ...]:
    return length.raw


def _with_background(length: Length) -> tuple[Trial, ...]:
    return length.with_background


def _above_threshold(length: Length) -> tuple[Trial, ...]:
    return length.above_threshold


_at_one_in_a_hundred: Final[Measure] = partial(false_rejects_at, false_accepts=_ONE_IN_A_HUNDRED)
_at_one_in_a_thousand: Final[Measure] = partial(false_rejects_at, false_accepts=_ONE_IN_A_THOUSAND)


def _true_accepts(_targets: Scores, impostors: Scores) -> float:
    return false_accepts_at(impostors, 0)


def _true_rejects(targets: Scores, _impostors: Scores) -> float:
    return false_rejects_below(targets, 0)


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """A row of the tables: what is measured of which scores."""

    key: str  # of its words
    measure: Measure
    trials: Callable[[Length], tuple[Trial, ...]] = _ordered
    is_share: bool = True


_FIGURES: Final = (
    _Shown(key="eer", measure=equal_error_rate),
    _Shown(key="eer_raw", measure=equal_error_rate, trials=_raw),
    _Shown(key="eer_background", measure=equal_error_rate, trials=_with_background),
    _Shown(key="rejects_1", measure=_at_one_in_a_hundred),
    _Shown(key="rejects_1_raw", measure=_at_one_in_a_hundred, trials=_raw),
    _Shown(key="rejects_1_background", measure=_at_one_in_a_hundred, trials=_with_background),
    _Shown(key="rejects_01", measure=_at_one_in_a_thousand),
    _Shown(key="min_dcf", measure=min_dcf, is_share=False),
    _Shown(key="cllr", measure=cllr, trials=_calibrated, is_share=False),
    _Shown(key="min_cllr", measure=min_cllr, trials=_calibrated, is_share=False),
)
_AT_THE_THRESHOLD: Final = (
    _Shown(key="true_accepts", measure=_true_accepts, trials=_above_threshold),
    _Shown(key="true_rejects", measure=_true_rejects, trials=_above_threshold),
)


def lengths_of(judged: Sequence[Judged], gathered: Gathered) -> tuple[Length, ...]:
    """Sort scored comparisons by the length of their tests, the shortest first; a length without any is among them."""
    return tuple(
        _length([one for one in judged if one.seconds == seconds], gathered, seconds)
        for seconds in sorted(gathered.windows)
    )


def _length(judged: Sequence[Judged], gathered: Gathered, seconds: float) -> Length:
    with_background = tuple(one.with_background for one in judged if one.with_background is not None)
    return Length(
        seconds=seconds,
        raw=tuple(one.raw for one in judged),
        ordered=tuple(one.ordered for one in judged),
        # Where some lack a background, the others are not comparable with all.
        with_background=with_background if len(with_background) == len(judged) else (),
        calibrated=tuple(one.calibrated for one in judged),
        thresholds=tuple(one.accept_from for one in judged),
        windows=gathered.windows[seconds],
        refused=gathered.refused[seconds],
    )


def make_report(facts: Facts, language: Language, progress: Progress) -> str:
    """Give the page; `progress` gets the measures done and all of them. Lengths without trials of both kinds are passed over."""
    return _Report(facts, Words(language), progress).page()


class _Report:
    """One report while it is being made."""

    def __init__(self, facts: Facts, words: Words, progress: Progress) -> None:
        self._facts = facts
        self._words = words
        self._lengths = [length for length in facts.lengths if _has_both(length)]
        self._rates = self._measured(progress)

    def page(self) -> str:
        environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True,
        )  # fmt: skip
        words, facts = self._words, self._facts
        return environment.get_template("report.html.jinja").render(
            words=words,
            facts=facts,
            made=words("made", date=words.day(facts.made_on), encoder=facts.encoder),
            short=list(self._short()),
            warnings=list(self._warnings()),
            columns=[self._seconds(length) for length in self._lengths],
            rows=list(self._rows()),
            thresholds=list(self._thresholds()),
            accepts=words.percent(facts.false_accepts),
            plots=[self._det(), self._reliability(), self._scores()],
            left_out=[(one.what, self._why(one)) for one in facts.left_out],
            how=list(self._how()),
        )

    def _measured(self, progress: Progress) -> dict[tuple[str, float], _Rate]:
        rates: dict[tuple[str, float], _Rate] = {}
        wanted = [(shown, length) for length in self._lengths for shown in (*_FIGURES, *_AT_THE_THRESHOLD)]
        for done, (shown, length) in enumerate(wanted, start=1):
            trials = shown.trials(length)
            if trials:
                low, high = interval_over_speakers(trials, shown.measure, resamples=self._facts.resamples)
                targets, impostors = _sides(trials)
                value = shown.measure(targets, impostors)
                rates[shown.key, length.seconds] = _Rate(value=value, low=low, high=high)
            progress(done, len(wanted))
        return rates

    def _short(self) -> Iterator[str]:
        words, facts = self._words, self._facts
        # The length in the middle: what a caller says while stating a request.
        middle = self._lengths[len(self._lengths) // 2]
        rejects, equal = self._rates["rejects_1", middle.seconds], self._rates["eer", middle.seconds]
        yield words(
            "short_rejects",
            seconds=words.number(middle.seconds),
            accepts=words.percent(_ONE_IN_A_HUNDRED),
            **self._shares(rejects),
        )
        raw = words.percent(self._rates["eer_raw", middle.seconds].value)
        yield words("short_equal", raw=raw, **self._shares(equal))
        yield words("short_used", speakers=facts.speakers, calls=facts.calls)
        yield words("from_file", made_on=facts.calibration) if facts.calibration else words("crossed")

    def _shares(self, rate: _Rate) -> dict[str, str]:
        percent = self._words.percent
        return {"share": percent(rate.value), "low": percent(rate.low), "high": percent(rate.high)}

    def _warnings(self) -> Iterator[str]:
        words, facts = self._words, self._facts
        if facts.is_of_these_recordings:
            yield words("warn_same_recordings")
        if facts.speakers < _ENOUGH_SPEAKERS:
            yield words("warn_few_speakers", speakers=facts.speakers)
        if max(facts.rates_hz) > min(RATES_HZ) and not facts.is_as_telephone:
            yield words("warn_wide_band")
        for length in facts.lengths:
            if not _has_both(length):
                yield words("warn_no_length", seconds=words.number(length.seconds))
        for share in (_ONE_IN_A_HUNDRED, _ONE_IN_A_THOUSAND):
            yield from self._few_impostors(share)
        refused = [
            self._of_length(length, f"{length.refused}/{length.windows}") for length in facts.lengths if length.refused
        ]
        if refused:
            yield words("warn_refused", refused="; ".join(refused))

    def _few_impostors(self, share: float) -> Iterator[str]:
        """Say for which lengths a share of false accepts rests on few trials, or on none."""
        words, accepts = self._words, self._words.percent(share)
        counts = {length.seconds: _sides(length.calibrated)[1].size for length in self._lengths}
        none = [self._of_length(one, counts[one.seconds]) for one in self._lengths if share * counts[one.seconds] < 1]
        if none:
            needed = words.number(round(1 / share))
            yield words("warn_few_impostors", impostors="; ".join(none), accepts=accepts, needed=needed)
        few = [
            self._of_length(length, int(share * counts[length.seconds]))
            for length in self._lengths
            if 1 <= share * counts[length.seconds] < _ENOUGH_ERRORS
        ]
        if few:
            yield words("warn_some_impostors", accepts=accepts, errors="; ".join(few))

    def _of_length(self, length: Length, told: float | str) -> str:
        return f"{self._seconds(length)}: {told if isinstance(told, str) else self._words.number(told)}"

    def _rows(self) -> Iterator[_Row]:
        words = self._words
        sides = [_sides(length.calibrated) for length in self._lengths]
        tested = [len({trial.test_speaker for trial in length.calibrated}) for length in self._lengths]
        yield _Row(title=words("speakers"), cells=tuple(_Cell(value=words.number(count)) for count in tested))
        for side, key in enumerate(("targets", "impostors")):
            cells = tuple(_Cell(value=words.number(len(both[side]))) for both in sides)
            yield _Row(title=words(key), cells=cells)
        measured = {key for key, _ in self._rates}
        yield from (self._row(shown) for shown in _FIGURES if shown.key in measured)

    def _thresholds(self) -> Iterator[_Row]:
        """Say what came of the calibration's own threshold."""
        medians = (_median(length.thresholds) for length in self._lengths)
        cells = tuple(_Cell(value=self._words.number(median, "0.00")) for median in medians)
        yield _Row(title=self._words("accept_from"), cells=cells)
        yield from (self._row(shown) for shown in _AT_THE_THRESHOLD)

    def _row(self, shown: _Shown) -> _Row:
        cells = tuple(self._cell(shown, self._rates.get((shown.key, length.seconds))) for length in self._lengths)
        return _Row(title=self._words(shown.key), cells=cells, is_faint=shown.trials in {_raw, _with_background})

    def _cell(self, shown: _Shown, rate: _Rate | None) -> _Cell:
        if rate is None:
            return _Cell(value="-")
        told = self._words.percent if shown.is_share else partial(self._words.number, pattern="0.00")
        return _Cell(value=told(rate.value), interval=self._words("interval", low=told(rate.low), high=told(rate.high)))

    def _det(self) -> _Plot:
        words = self._words
        lines = [self._line("line_ours", length, length.ordered) for length in self._lengths]
        middle = self._lengths[len(self._lengths) // 2]
        raw = self._line("line_raw", middle, middle.raw, is_faint=True)
        lines.insert(self._lengths.index(middle) + 1, raw)
        rates = "; ".join(
            f"{self._seconds(length)} {words.percent(self._rates['eer', length.seconds].value)}"
            for length in self._lengths
        )
        drawing = det_plot(lines, words, alt=words("det_alt", rates=rates))
        return self._plot("det", [drawing])

    def _scores(self) -> _Plot:
        words = self._words
        drawings = []
        for number, length in enumerate(self._lengths):
            targets, impostors = _sides(length.calibrated)
            alt = words(
                "scores_alt",
                lengths=words.number(length.seconds),
                targets=words.number(_median(targets), "0.0"),
                impostors=words.number(_median(impostors), "0.0"),
            )
            line = self._line("line_ours", length, length.calibrated)
            drawings.append(
                score_plot(line, words, threshold=_median(length.thresholds), name=f"scores{number}", alt=alt)
            )
        return self._plot("scores", drawings)

    def _reliability(self) -> _Plot:
        words = self._words
        points = {self._seconds(length): reliability(*_sides(length.calibrated)) for length in self._lengths}
        middle = self._lengths[len(self._lengths) // 2]
        told = "; ".join(self._told(point) for point in points[self._seconds(middle)])
        alt = words("reliability_alt", points=f"{self._seconds(middle)}: {told}")
        return self._plot("reliability", [reliability_plot(points, words, alt=alt)])

    def _told(self, point: Point) -> str:
        return f"{self._words.percent(point.said)} → {self._words.percent(point.observed)}"

    def _plot(self, key: str, drawings: Iterable[str]) -> _Plot:
        # The drawings are ours: what they hold of others' words was escaped where it was put in.
        marked = tuple(Markup(drawing) for drawing in drawings)  # noqa: S704 - our own plots' SVG
        return _Plot(title=self._words(key), note=self._words(f"{key}_note"), drawings=marked)

    def _line(self, key: str, length: Length, trials: Sequence[Trial], *, is_faint: bool = False) -> Line:
        targets, impostors = _sides(trials)
        label = self._words(key, seconds=self._words.number(length.seconds))
        return Line(label=label, targets=targets, impostors=impostors, is_faint=is_faint)

    def _seconds(self, length: Length) -> str:
        return self._words("line_ours", seconds=self._words.number(length.seconds))

    def _why(self, one: LeftOut) -> str:
        why = self._words(f"unusable_{one.why.name.lower()}")
        return f"{why} ({one.detail})" if one.detail else why

    def _how(self) -> Iterator[str]:
        words, facts = self._words, self._facts
        yield words(
            "how_design",
            enrolment=words.number(facts.design.enrolment_seconds),
            gender=words("how_gender") if facts.design.same_gender else "",
            windows=facts.design.windows_a_call,
        )
        if facts.is_as_telephone:
            yield words("how_prepared")
        yield words("how_measures", resamples=words.number(facts.resamples))
        yield words("how_recordings", place=facts.place, digest=facts.digest)


def _sides(trials: Sequence[Trial]) -> tuple[Array, Array]:
    return (
        np.array([trial.score for trial in trials if trial.is_target], dtype=np.float64),
        np.array([trial.score for trial in trials if not trial.is_target], dtype=np.float64),
    )


def _has_both(length: Length) -> bool:
    return all(side.size for side in _sides(length.calibrated))


def _median(scores: Scores) -> float:
    return float(np.median(scores))
