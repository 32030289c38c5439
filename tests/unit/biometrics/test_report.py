"""The report says what was measured, in both languages, in one page that needs nothing else, with nobody's markup in it."""

import re
from collections import Counter
from dataclasses import replace
from datetime import date
from functools import cache
from html.parser import HTMLParser
from string import Formatter
from typing import Any

import pytest

from biometrics.evaluation import compared, judged_crosswise
from biometrics.measures import equal_error_rate, false_rejects_at
from biometrics.recordings import LeftOut, Unusable
from biometrics.report import Facts, lengths_of, make_report
from biometrics.report_plots import reliability
from biometrics.report_words import Language, Words, texts_of_report
from biometrics.trials import Design, comparisons
from tests.unit.biometrics.labelled_calls import BandEncoder, gathered_voices

EVIL = '<img src=x onerror="alert(1)">'


@cache
def facts() -> Facts:
    gathered = gathered_voices(12, calls=2, scatter=0.3)
    judged = judged_crosswise(
        compared(comparisons(gathered.voices, Design())),
        gathered.voices,
        encoder=BandEncoder.name,
        false_accepts=0.001,
        progress=lambda _done, _of: None,
    )
    return Facts(
        place="calls",
        digest="0123456789ab",
        made_on=date(2026, 11, 22),
        encoder="bands",
        calibration="",
        is_of_these_recordings=False,
        design=Design(),
        is_as_telephone=False,
        rates_hz=(8000,),
        speakers=12,
        calls=36,
        lengths=lengths_of(judged, gathered),
        left_out=(),
        false_accepts=0.001,
        resamples=10,
    )


class Page(HTMLParser):
    """What a reader finds in a page: its text, its elements, what they point to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.identifiers: Counter[str] = Counter()
        self.addresses: list[str] = []
        self.alternatives: list[str] = []
        self.words = ""
        self._skipped = False
        self.feed(html)
        self.words = re.sub(r"\s+", " ", self.words)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self._skipped = tag in {"style", "script"}
        for name, value in attrs:
            if name == "id":
                self.identifiers[value or ""] += 1
            if name in {"src", "href", "xlink:href"}:
                self.addresses.append(value or "")
            if tag == "svg" and name == "aria-label":
                self.alternatives.append(value or "")

    def handle_data(self, data: str) -> None:
        self.words += "" if self._skipped else data


def html_of(language: Language = "en", **changed: Any) -> str:
    return make_report(replace(facts(), **changed), language, lambda _done, _of: None)


@cache
def plain() -> Page:
    """Few speakers, heard by telephone, with a calibration made crosswise."""
    return Page(html_of())


@cache
def odd() -> Page:
    """Everything that should be told, and names that would like to be markup."""
    lengths = [replace(length, refused=3) for length in facts().lengths]
    lengths[2] = replace(lengths[2], raw=(), ordered=(), with_background=(), calibrated=(), thresholds=())
    html = html_of(
        place=EVIL,
        encoder=EVIL,
        calibration=EVIL,
        is_of_these_recordings=True,
        rates_hz=(8000, 16000),
        lengths=tuple(lengths),
        left_out=(LeftOut(what=EVIL, why=Unusable.MISSING),),
    )
    return Page(html)


@cache
def rich() -> Page:
    """So many trials that every share rests on enough of them, at 16 kHz brought down to the telephone's."""
    names = ("raw", "ordered", "with_background", "calibrated", "thresholds")
    many = tuple(replace(length, **{name: getattr(length, name) * 120 for name in names}) for length in facts().lengths)
    html = html_of(
        lengths=many, resamples=1, speakers=40, rates_hz=(16000,), is_as_telephone=True, calibration="other calls"
    )
    return Page(html)


def test_both_languages_have_every_text_with_the_same_values() -> None:
    for key, texts in texts_of_report().items():
        assert set(texts) == {"it", "en"}, key
        names = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in texts.values()]
        assert names[0] == names[1], key


def test_every_reason_why_something_was_not_used_has_its_words() -> None:
    assert {f"unusable_{why.name.lower()}" for why in Unusable} <= set(texts_of_report())


@pytest.mark.parametrize("language", ["it", "en"])
def test_page_is_in_its_language_and_complete_and_needs_nothing_from_anywhere(language: Language) -> None:
    words = Words(language)
    html = html_of(language, left_out=(LeftOut(what="anna/1.wav", why=Unusable.RATE, detail="44100 Hz"),))
    shown = Page(html)
    for key in ("title", "in_short", "table", "thresholds", "det", "reliability", "scores", "left_out", "how"):
        assert words(key) in shown.words
    assert f"{words('unusable_rate')} (44100 Hz)" in shown.words
    assert "{" not in shown.words
    assert all(address.startswith("#") for address in shown.addresses)
    assert not {"script", "link", "img", "iframe"} & set(shown.tags)
    assert "@import" not in html
    assert "url(http" not in html


def test_every_plot_says_in_words_what_it_shows_and_no_identifier_is_there_twice() -> None:
    # DET curve, reliability, and the scores of three lengths.
    assert len(plain().alternatives) == plain().tags["svg"] == 5
    assert all(len(alternative) > 40 for alternative in plain().alternatives)
    assert [name for name, times in plain().identifiers.items() if times > 1] == []


def test_figures_are_those_of_the_measures() -> None:
    middle = facts().lengths[1]
    targets = [trial.score for trial in middle.ordered if trial.is_target]
    impostors = [trial.score for trial in middle.ordered if not trial.is_target]
    words = Words("en")
    rejects = words.percent(false_rejects_at(targets, impostors, false_accepts=0.01))
    assert f"the line does not know {rejects} of those who are who they say" in plain().words
    assert f"The equal error rate is {words.percent(equal_error_rate(targets, impostors))}" in plain().words


def test_names_of_files_are_text_and_nothing_else() -> None:
    assert odd().tags["img"] == 0
    assert odd().words.count(EVIL) == 4


def test_what_speaks_against_relying_on_the_figures_is_told() -> None:
    words = Words("en")
    assert words("warn_same_recordings") in odd().words
    assert words("warn_wide_band") in odd().words
    assert "12 speakers: intervals over so few are wide" in odd().words
    assert "3 s: 3/24; 5 s: 3/24; 8 s: 3/24 stretches" in odd().words
    # 12 speakers with two windows each: 264 trials of different speakers.
    assert "are too few to say anything about 0.1% of false accepts: it takes 1,000" in odd().words


def test_nothing_is_told_where_there_is_nothing_to_tell() -> None:
    words = Words("en")
    assert words("warnings") not in rich().words
    assert words("nothing_left_out") in rich().words
    assert words("how_prepared") in rich().words
    assert words("from_file", made_on="other calls") in rich().words


def test_length_without_trials_is_told_and_the_others_are_shown() -> None:
    assert "8 s: no trials" in odd().words
    assert odd().tags["svg"] == 4


def test_same_facts_give_the_same_page_and_progress_ends_with_all_done() -> None:
    seen: list[tuple[int, int]] = []
    again = make_report(facts(), "en", lambda done, of: seen.append((done, of)))
    assert again == html_of()
    assert seen[-1][0] == seen[-1][1] == len(seen)


def test_reliability_of_ratios_that_tell_the_truth_lies_on_the_diagonal() -> None:
    # Of 100 impostors and 100 targets at even odds of 1 to 9, 1 to 1 and 9 to 1 as many are what they are said to be.
    ratio = 2.1972245773362196  # ln 9
    points = reliability([ratio] * 90 + [-ratio] * 10, [ratio] * 10 + [-ratio] * 90)
    assert [(round(point.said, 6), round(point.observed, 6), point.trials) for point in points] == [
        (0.1, 0.1, 100),
        (0.9, 0.9, 100),
    ]


def test_bins_of_few_trials_join_their_neighbours() -> None:
    points = reliability([-4.0, 0.0, 4.0] * 6, [-4.0, 0.0, 4.0] * 6)
    assert sum(point.trials for point in points) == 36
    assert len(points) == 2


@pytest.mark.parametrize(
    ("share", "italian", "english"),
    [(0.5, "50%", "50%"), (0.034, "3,4%", "3.4%"), (0.0012, "0,12%", "0.12%"), (0.0, "0%", "0%")],
)
def test_shares_are_written_as_a_language_writes_them(share: float, italian: str, english: str) -> None:
    assert (Words("it").percent(share), Words("en").percent(share)) == (italian, english)
