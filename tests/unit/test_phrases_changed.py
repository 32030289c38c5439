"""Wishes about examples become changes of the draft, or are refused with the reason."""

import pytest

from ivr.editing.phrases_changed import Wish, changes_of

DOCUMENT = {
    "phrases": {"it": {"order": ["dov'è l'ordine", "quando arriva"], "return": ["un reso"]}, "en": {"order": ["where"]}}
}


def wish(act: str, text: str, intent: str = "order", to: str = "", language: str = "it") -> Wish:
    return Wish(act=act, language=language, intent=intent, text=text, to=to)


def test_phrase_is_added_behind_the_others_as_it_was_written() -> None:
    changes, wrong = changes_of(DOCUMENT, [wish("add", " Il pacco dov'è? ")])
    assert not wrong
    assert [(one.place, one.after) for one in changes] == [
        (("intents", "phrases", "it", "order"), ["dov'è l'ordine", "quando arriva", "Il pacco dov'è?"])
    ]


def test_moved_phrase_leaves_one_intent_and_comes_to_the_other_at_once() -> None:
    changes, _ = changes_of(DOCUMENT, [wish("move", "Quando arriva", to="return")])
    assert {one.place[-1]: one.after for one in changes} == {
        "order": ["dov'è l'ordine"],
        "return": ["un reso", "Quando arriva"],
    }


def test_what_is_there_already_and_what_is_not_there_change_nothing() -> None:
    assert changes_of(DOCUMENT, [wish("add", "QUANDO arriva!"), wish("remove", "mai detto")]) == ((), ())


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (wish("add", "un reso"), "phrase_elsewhere"),
        (wish("add", "?!"), "phrase_unusable"),
        (wish("add", "ordine [numero]"), "phrase_with_placeholder"),
        (wish("add", "ciao", intent="gone"), "intent_unknown"),
        (wish("add", "hallo", language="de"), "language_unknown"),
        (wish("remove", "un reso", intent="return"), "last_phrase"),
        (wish("move", "quando arriva", to="gone"), "intent_unknown"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(one: Wish, reason: str) -> None:
    changes, wrong = changes_of(DOCUMENT, [wish("add", "nuova frase"), one])
    assert changes == ()
    assert [(fault.index, fault.reason) for fault in wrong] == [(1, reason)]


def test_several_wishes_on_one_intent_are_one_change() -> None:
    changes, _ = changes_of(DOCUMENT, [wish("add", "uno"), wish("add", "due"), wish("remove", "quando arriva")])
    assert [one.after for one in changes] == [["dov'è l'ordine", "uno", "due"]]
