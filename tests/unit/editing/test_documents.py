"""The file form is equal to the documents: there and back is the same, whatever people write."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivr.editing.documents import Documents, Unreadable, from_files, shipped, to_files
from ivr.editing.findings import findings
from ivr.editing.places import Change, PlaceError, difference, put, value_at

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True)
# Whatever can be typed, without what no file keeps: half characters, zeros, carriage returns of their own.
SIGNS = st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t")
TEXTS = st.text(SIGNS, min_size=1, max_size=40)
# A phrase is a line: no line breaks of any kind, and a # at its beginning is a comment.
PHRASES = st.from_regex(r"[a-zàèìòù][a-zàèìòù' ]{0,20}[a-z]", fullmatch=True)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
DOCUMENTS = st.builds(
    lambda flow, texts, phrases: Documents(
        flow={"flow": "shop", **flow},
        prompts={"company": "Bottega", "prompts": {key: {"it": {"text": text}} for key, text in texts.items()}},
        intents={
            "languages": ["it"],
            "out_of_scope": "other",
            "intents": [],
            "phrases": {"it": {"other": list(dict.fromkeys(phrases))}},
        },
    ),
    st.dictionaries(NAMES, VALUES, max_size=4),
    st.dictionaries(NAMES, TEXTS, min_size=1, max_size=4),
    st.lists(PHRASES, min_size=1, max_size=5),
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(DOCUMENTS)
def test_files_say_what_the_documents_say(documents: Documents) -> None:
    again = from_files(to_files(documents))
    assert isinstance(again, Documents)
    assert json.dumps(again.__dict__ | {"digest": 0}) == json.dumps(documents.__dict__ | {"digest": 0})


def test_the_shipped_files_go_there_and_back_and_have_no_errors() -> None:
    documents = shipped()
    assert from_files(to_files(documents)) == documents
    assert not [one for one in findings(documents) if one.severity == "error"]


def test_files_that_cannot_be_read_are_said_with_file_and_line() -> None:
    files = {**to_files(shipped()), "shop.flow.yaml": "flow: shop\nnodes: [\n"}
    told = from_files(files)
    assert isinstance(told, Unreadable)
    (problem,) = told.problems
    assert problem.file == "shop.flow.yaml"
    assert problem.line >= 2


def test_a_finding_names_the_line_of_the_file_form() -> None:
    documents = shipped()
    nodes = {**documents.flow["nodes"]}
    nodes["greet"] = {**nodes["greet"], "prompt": "nowhere"}
    broken = Documents(flow={**documents.flow, "nodes": nodes}, prompts=documents.prompts, intents=documents.intents)
    found = next(one for one in findings(broken) if one.node == "greet")
    line = to_files(broken)["shop.flow.yaml"].splitlines()[found.line - 1]
    assert "nowhere" in line or "greet:" in line


def test_prompts_are_advised_on_after_the_errors_and_at_their_line() -> None:
    documents = shipped()
    prompts = json.loads(json.dumps(documents.prompts))
    prompts["prompts"]["greeting"]["it"]["text"] = (
        "{daytime:choice}, è in linea con Bottega Aurora. " + "Siamo lieti di sentirla. " * 8
    )
    prompts["prompts"]["nobody_says"] = {"it": {"text": "Pronto."}, "en": {"text": "Hello."}}
    changed = Documents(flow=documents.flow, prompts=prompts, intents=documents.intents)
    found = findings(changed)
    assert {one.severity for one in found} == {"advice"}
    told = {one.place: one for one in found}
    assert "seconds to say" in told["prompt greeting"].message
    assert told["prompt nobody_says"].message == "nothing says it"
    line = to_files(changed)["shop.prompts.yaml"].splitlines()[told["prompt nobody_says"].line - 1]
    assert "nobody_says:" in line
    broken = Documents(flow={**documents.flow, "nodes": {}}, prompts=prompts, intents=documents.intents)
    severities = [one.severity for one in findings(broken)]
    assert severities == sorted(severities, key=lambda one: one != "error")
    assert "error" in severities


def test_a_request_without_its_intent_is_found() -> None:
    documents = shipped()
    flow = {**documents.flow, "requests": {**documents.flow["requests"], "gift_card": "order_start"}}
    found = findings(Documents(flow=flow, prompts=documents.prompts, intents=documents.intents))
    assert any("gift_card" in one.message for one in found)


def test_the_difference_leads_from_one_to_the_other_by_what_people_name() -> None:
    before = shipped()
    prompts = json.loads(json.dumps(before.prompts))
    prompts["prompts"]["greeting"]["it"]["text"] = "Pronto."
    del prompts["prompts"]["consent_thanks"]
    changes = difference(before, Documents(flow=before.flow, prompts=prompts, intents=before.intents))
    assert [one.place for one in changes] == [
        ("prompts", "prompts", "greeting"), ("prompts", "prompts", "consent_thanks"),
    ]  # fmt: skip
    assert changes[1].after is None


def test_a_key_taken_out_and_put_back_stands_where_it_stood() -> None:
    document = {"nodes": {"a": 1, "b": 2, "c": 3}}
    stood = put(document, ("nodes", "b"), None)
    put(document, ("nodes", "b"), 2, at=stood)
    assert list(document["nodes"]) == ["a", "b", "c"]


def test_nothing_is_put_where_nothing_can_be() -> None:
    with pytest.raises(PlaceError):
        put({"nodes": {}}, ("nodes", "a", "prompt"), "x")
    with pytest.raises(PlaceError):
        put({"list": ["a", "b"]}, ("list", 0), None)
    assert value_at({"nodes": {}}, ("nodes", "a", "prompt")) is None
    assert Change(place=("flow", "x"), before=None, after=1).at is None
