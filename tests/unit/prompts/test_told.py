"""A sentence that keeps how it was made: English by itself, and in the reader's words where it is shown."""

import copy
import json
import pickle

from prompts.told import Told, Worded, from_json, to_json, worded

ITALIAN = {
    "the node %(node)s is %(why)s": "il nodo %(node)s è %(why)s",
    "not there": "assente",
    "20% of it": "il 20% di ciò",
}


def told() -> Told:
    return Told("the node %(node)s is %(why)s", node="ask", why=Told("not there"))


def translate(template: str) -> str:
    return ITALIAN.get(template, template)


def test_it_is_its_english_text_everywhere() -> None:
    assert told() == "the node ask is not there"
    assert f"{told()}." == "the node ask is not there."
    assert json.dumps([told()]) == '["the node ask is not there"]'
    assert {told(): 1}["the node ask is not there"] == 1


def test_a_reader_gets_it_in_their_words_and_what_is_told_within_too() -> None:
    assert worded(told(), "it", translate) == "il nodo ask è assente"


def test_a_plain_text_stays_as_it_is() -> None:
    assert worded("not there", "it", translate) == "not there"
    assert worded(Told(""), "it", lambda _empty: "the catalogue's head") == ""


def test_a_sign_of_per_cent_needs_no_care_where_no_value_is_given() -> None:
    assert Told("20% of it") == "20% of it"
    assert worded(Told("20% of it"), "it", translate) == "il 20% di ciò"


def test_it_is_kept_and_read_and_copied_with_how_it_was_made() -> None:
    for kept in (
        from_json(json.loads(json.dumps(to_json(told())))),
        pickle.loads(pickle.dumps(told())),  # noqa: S301 - of our own making
        copy.deepcopy(told()),
    ):
        assert kept == told()
        assert worded(kept, "it", translate) == "il nodo ask è assente"


def test_what_is_known_in_both_languages_is_shown_in_the_readers() -> None:
    both = Worded("manca", {"it": "manca", "en": "is missing"})
    kept = from_json(json.loads(json.dumps(to_json(both))))
    assert (str(kept), worded(kept, "en", translate), worded(kept, "it", translate)) == ("manca", "is missing", "manca")
    assert worded(both, "de", translate) == "manca"


def test_what_was_kept_before_is_plain_text() -> None:
    assert from_json("the flow has no nodes") == "the flow has no nodes"
