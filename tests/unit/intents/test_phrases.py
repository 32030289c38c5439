"""The intents as a document and as files: the same both ways, and every fault with its place."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ivr.intents.encoders import Vectors
from ivr.intents.phrases import (
    PhrasesError,
    document_of,
    document_of_files,
    faults_of,
    load_phrasebook,
    phrasebook_of,
)
from ivr.intents.understanding import training_rows, understanding_of
from ivr.intents.understandings import Understandings

SHIPPED = Path("prompts")


def small_document() -> dict[str, Any]:
    def card(name: str) -> dict[str, Any]:
        return {
            "name": name,
            "kind": "request",
            "description": {"it": "una cosa"},
            "slots": [],
            "skill": None,
            "self_service": None,
        }

    return {
        "languages": ["it"],
        "out_of_scope": "outside",
        "intents": [card("order"), card("return")],
        "phrases": {
            "it": {
                "order": ["dov'è il mio ordine", "Quando arriva?"],
                "return": ["vorrei fare un reso"],
                "outside": ["che tempo fa"],
            }
        },
    }


def test_the_shipped_folder_and_its_document_are_the_same_phrasebook() -> None:
    document = document_of(SHIPPED)
    book = load_phrasebook(SHIPPED)
    assert phrasebook_of(document) == book
    assert phrasebook_of(document_of(book)) == book


def test_a_phrase_is_kept_as_written_and_understood_as_normalised() -> None:
    book = phrasebook_of(small_document())
    assert [phrase.text for phrase in book.phrases if phrase.intent == "order"] == [
        "dov'è il mio ordine",
        "quando arriva",
    ]


def test_files_say_the_document_with_comments_and_empty_lines_left_out() -> None:
    cards = "languages: [it]\nout_of_scope: outside\nintents: []\n"
    found = document_of_files({"intents.yaml": cards, "intents/it/outside.txt": "# a word\n\n che tempo fa \n--\n"})
    assert found["phrases"] == {"it": {"outside": ["che tempo fa"]}}


def changed(place: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    document = deepcopy(small_document())
    around: Any = document
    for part in place[:-1]:
        around = around[part]
    around[place[-1]] = value
    return document


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("languages",), "it", "list of codes"),
        (("languages",), ["../it"], "list of codes"),
        (("out_of_scope",), "a b", "small letters"),
        (("intents",), {}, "must be a list"),
        (("intents", 0), "order", "is no intent"),
        (("intents", 0, "name"), "../../etc/passwd", "small letters"),
        (("intents", 0, "name"), True, "must be quoted"),
        (("intents", 0, "name"), "return", "another intent"),
        (("intents", 0, "kind"), "wish", "kind 'wish'"),
        (("intents", 0, "kind"), [], "has kind"),
        (("intents", 0, "description"), {}, "no description in it"),
        (("intents", 0, "slots"), [1], "list of names"),
        (("intents", 0, "skill"), 3, "must be a name"),
        (("phrases",), [], "every intent has phrases"),
        (("phrases", "it", "return"), [], "holds no phrase"),
        (("phrases", "it", "other"), ["ciao"], "is no intent"),
        (("phrases", "it", "return", 0), 5, "is no text"),
        (("phrases", "it", "return", 0), "?!", "has no word"),
        (("phrases", "it", "return", 0), "due\nrighe", "one line"),
        (("phrases", "it", "return", 0), "# reso", "one line"),
        (("phrases", "it", "return", 0), "reso " * 100, "the most"),
        (("phrases", "it", "return", 0), "quando arriva", "stands under 'order' too"),
    ],
)
def test_each_fault_is_said_with_its_place(place: tuple[str | int, ...], value: Any, message: str) -> None:
    faults = faults_of(changed(place, value))
    assert faults, place
    assert any(message in fault.message for fault in faults)
    assert all(fault.place[0] == place[0] for fault in faults)
    with pytest.raises(PhrasesError, match=r"intents"):
        phrasebook_of(changed(place, value))


def test_nothing_at_all_is_refused_and_not_raised_over() -> None:
    assert faults_of({})
    assert faults_of({"languages": None, "out_of_scope": None, "intents": None, "phrases": None})


class LettersEncoder:
    """Letters as dimensions; counts what it was asked."""

    name = "letters"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Any) -> Vectors:
        self.asked += texts
        rows = np.array([[text.count(letter) + 0.1 for letter in "abcdefghilmnopqrstuvz"] for text in texts])
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def test_an_understanding_of_one_more_phrase_encodes_that_phrase_alone(tmp_path: Path) -> None:
    encoder = LettersEncoder()
    document = small_document()
    understanding_of(phrasebook_of(document), encoder, cache_folder=tmp_path)
    encoder.asked.clear()
    document["phrases"]["it"]["return"].append("questo lo rimando indietro")
    found = understanding_of(phrasebook_of(document), encoder, cache_folder=tmp_path)
    assert [text for text in encoder.asked if text != "ok"] == ["questo lo rimando indietro"]
    assert "questo lo rimando indietro" in training_rows(found.book)[0]
    encoder.asked.clear()
    understanding_of(phrasebook_of(document), encoder, cache_folder=tmp_path)
    assert encoder.asked == [], "a phrasebook that was trained on before is not trained on again"


def test_versions_with_the_same_phrases_share_one_understanding() -> None:
    made = Understandings(None)
    first = made.of(phrasebook_of(small_document()))
    assert made.of(phrasebook_of(small_document())) is first
    document = small_document()
    document["intents"][0]["skill"] = "orders"
    assert made.of(phrasebook_of(document)).book.cards["order"].skill == "orders"
