"""How a phrasebook fares on phrases held back from it, and when another is worse by more than may be."""

import os
from pathlib import Path
from time import monotonic, sleep

import pytest

from ivr.intents import cache
from ivr.intents.accuracy import change, figures, rate, verdict
from ivr.intents.held_back import ASKED_BACK, Judged, fold_of, rows_of
from ivr.intents.held_back_runs import Failed, HeldBackRuns, NotBegun, Ready, Underway
from ivr.intents.phrases import Phrasebook, phrasebook_of
from ivr.intents.understandings import Understandings


def answers(truth: str, *answered: str, language: str = "it") -> list[Judged]:
    return [
        Judged(language=language, text=f"{truth} {place}", truth=truth, answered=one, chance=0.9)
        for place, one in enumerate(answered)
    ]


def some(right: int, wrong: int, truth: str = "order") -> list[Judged]:
    return answers(truth, *["order" if truth == "order" else truth] * right, *["other"] * wrong)


def test_matrix_counts_what_was_answered_for_each_truth() -> None:
    told = [*answers("order", "order", "order", "return", ASKED_BACK), *answers("return", "return", "outside")]
    found = figures(told, ["order", "return", "person", "outside"], "outside")
    assert found.labels == ("order", "return", "outside")
    assert found.matrix["order", "return"] == 1
    order, back, _ = found.intents
    assert (order.recall.part, order.recall.whole, order.asked_back, order.refused) == (2, 4, 1, 0)
    assert (back.precision.part, back.precision.whole, back.refused) == (1, 2, 1)
    assert found.accuracy.value == 0.5


def test_matrix_of_a_language_has_that_languages_phrases_alone() -> None:
    told = [*answers("order", "order"), *answers("order", "return", language="en")]
    assert figures(told, ["order", "return"], "x", "en").accuracy.value == 0.0


def test_wilsons_interval_of_five_of_twenty() -> None:
    found = rate(5, 20)
    assert (found.low, found.high) == (pytest.approx(0.1119, abs=1e-4), pytest.approx(0.4687, abs=1e-4))
    assert rate(0, 0).value is None


def test_mcnemars_test_is_the_exact_one() -> None:
    # Ten phrases changed, nine of them lost: 11 of 1024 ways are as bad or worse.
    found = change([*some(9, 0), *some(0, 1), *some(90, 0)], [*some(0, 9), *some(1, 0), *some(90, 0)])
    assert (found.lost, found.won, found.phrases) == (9, 1, 100)
    assert found.chance == pytest.approx(11 / 1024)
    assert found.low < found.worse_by == 0.08 < found.high


def test_loss_beyond_what_is_allowed_and_beyond_noise_is_refused() -> None:
    found = verdict(some(100, 0), some(80, 20), allowed=0.01)
    assert found.is_refused
    assert "" in found.worse


def test_loss_that_may_be_noise_is_told_and_not_refused() -> None:
    found = verdict([*some(5, 3), *some(92, 0)], [*some(2, 6), *some(92, 0)], allowed=0.01)
    assert not found.is_refused
    assert "" in found.doubted


def test_loss_within_what_is_allowed_is_not_refused_however_sure_it_is() -> None:
    found = verdict(some(1000, 0), some(990, 10), allowed=0.02)
    assert found.whole.chance < 0.05
    assert not found.is_refused
    assert not found.doubted


def test_one_intents_collapse_is_refused_though_all_together_hardly_lose() -> None:
    live = [*some(2000, 0), *some(20, 0, "person")]
    draft = [*some(2000, 0), *some(4, 16, "person")]
    found = verdict(live, draft, allowed=0.01)
    assert found.worse == ("person",)


def test_the_same_phrasebook_is_never_worse_than_itself() -> None:
    told = some(70, 30)
    found = verdict(told, told, allowed=0.0)
    assert (found.is_refused, found.doubted, found.whole.worse_by) == (False, (), 0.0)


def test_nothing_to_compare_refuses_nothing() -> None:
    assert not verdict([], [], allowed=0.0).is_refused


def test_a_phrase_is_held_back_alike_wherever_it_stands() -> None:
    assert fold_of("dov'è il mio ordine") == fold_of("dov'è il mio ordine")
    assert {fold_of(f"frase {number}") for number in range(100)} == {0, 1, 2, 3, 4}


# --- Runs, each a process of its own


def book(*more: str) -> Phrasebook:
    things = ("scarpe", "giacca", "lampada", "bollitore", "tavolo", "sedia", "libro", "zaino", "orologio", "tenda")

    def card(name: str) -> dict[str, object]:
        return {
            "name": name,
            "kind": "request",
            "description": {"it": "x"},
            "slots": [],
            "skill": None,
            "self_service": None,
        }

    phrases = {
        "order": [f"quando mi arriva {thing} che ho ordinato" for thing in things],
        "return": [*(f"vorrei restituire {thing} che non va bene" for thing in things), *more],
        "outside": [f"chi ha inventato {thing} nella storia" for thing in things],
    }
    return phrasebook_of(
        {
            "languages": ["it"],
            "out_of_scope": "outside",
            "intents": [card("order"), card("return")],
            "phrases": {"it": phrases},
        }
    )


def test_a_phrasebook_is_judged_beside_and_what_was_found_serves_every_process(tmp_path: Path) -> None:
    runs = HeldBackRuns(Understandings(None, cache_folder=tmp_path))
    assert isinstance(runs.standing(book()), NotBegun)
    assert isinstance(runs.begin(book()), Underway)
    until = monotonic() + 60
    while not isinstance(standing := runs.standing(book()), Ready) and monotonic() < until:
        assert not isinstance(standing, Failed)
        sleep(0.05)
    assert isinstance(standing, Ready)
    assert len(standing.answers) == 30
    assert figures(standing.answers, ["order", "return", "outside"], "outside").accuracy.part >= 25
    elsewhere = HeldBackRuns(Understandings(None, cache_folder=tmp_path)).standing(book())
    assert isinstance(elsewhere, Ready)
    assert elsewhere.answers == standing.answers


def test_models_that_nobody_has_used_for_long_are_removed_and_those_in_use_stay(tmp_path: Path) -> None:
    for number in range(5):
        file = tmp_path / f"classifier-{number}.npz"
        file.touch()
        os.utime(file, (number, number))
    cache.used(tmp_path / "classifier-0.npz")
    cache.forget_unused(tmp_path, most=2)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["classifier-0.npz", "classifier-4.npz"]


def test_phrases_that_only_one_of_two_books_has_are_answered_by_both(tmp_path: Path) -> None:
    runs = HeldBackRuns(Understandings(None, cache_folder=tmp_path))
    live = runs.result(book())
    assert isinstance(live, Ready)
    rows = [*rows_of(book()), ("it", "vorrei restituire una tazza che non va bene", "return")]
    found = runs.answers_to(live, rows)
    assert [one.text for one in found] == [text for _, text, _ in rows]
    assert found[-1].answered == "return"
