"""Prompts worded for a caller, and prompts files refused with file, line and what to do."""

from pathlib import Path

import pytest

from prompts.catalogue import Catalogue, WordingError, read_catalogue
from prompts.version import FLOW_FILE, PROMPTS_FILE, VersionError, load

GOOD = """\
company: Prova
prompts:
  hello:
    it: {text: "Ciao {name:name}.", reprompts: ["Sono qui, {name:name}."]}
    en: {text: "Hello {name:name}.", reprompts: ["I'm here, {name:name}."], recording: hello.wav}
  which: {it: {text: "È {what:choice}?"}, en: {text: "Is it {what:choice}?"}}
  choice.return: {it: {text: "un reso"}, en: {text: "a return"}}
  text:
    written: true
    it: {text: "Ordine {order_number:digits} il {day:date}"}
    en: {text: "Order {order_number:digits} on {day:date}"}
"""


@pytest.fixture
def catalogue() -> Catalogue:
    made, problems = read_catalogue(GOOD, file="prova.yaml")
    assert problems == ()
    return made


def test_prompt_and_reprompt_are_worded_in_each_language(catalogue: Catalogue) -> None:
    assert catalogue.wording("hello", language="it", values={"name": "Anna"}) == "Ciao Anna."
    assert catalogue.wording("hello", language="en", variant=1, values={"name": "Anna"}) == "I'm here, Anna."
    assert catalogue.recording("hello", language="en") == "hello.wav"
    assert catalogue.recording("hello", language="it") == ""


def test_choice_is_said_by_the_prompt_of_its_name(catalogue: Catalogue) -> None:
    assert catalogue.wording("which", language="en", values={"what": "return"}) == "Is it a return?"


def test_written_wording_has_figures(catalogue: Catalogue) -> None:
    values = {"order_number": "1042", "day": "2026-12-01"}
    assert catalogue.wording("text", language="it", values=values) == "Ordine 1042 il 1 dicembre 2026"


@pytest.mark.parametrize(
    ("key", "language", "variant", "values", "said"),
    [
        ("nothing", "it", 0, {}, "there is no prompt nothing"),
        ("hello", "de", 0, {}, "prompt hello has no wording in de; it has en, it"),
        ("hello", "it", 2, {}, "prompt hello has 1 reprompts in it, not 2"),
        ("hello", "it", 0, {}, r"prompt hello needs the value name \(name\), and the call has none"),
        (
            "text",
            "it",
            0,
            {"order_number": "1", "day": "domani"},
            "prompt text cannot say day as date: 'domani' is not a date",
        ),
        ("which", "it", 0, {"what": "dance"}, "there is no prompt choice.dance"),
    ],
)
def test_what_cannot_be_said_is_named(
    catalogue: Catalogue, *, key: str, language: str, variant: int, values: dict[str, str], said: str
) -> None:
    with pytest.raises(WordingError, match=said):
        catalogue.wording(key, language=language, variant=variant, values=values)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            '"Sono qui, {name:name}."',
            '"ciao  {name:name}."',
            "prova.yaml:4: prompt hello: in it, the same words are said twice.",
        ),
        ("un reso", "un {reso", "prova.yaml:7: prompt choice.return: in it, a brace is not part of a placeholder."),
        (
            "Is it {what:choice}?",
            "Is it that?",
            "prova.yaml:6: prompt which: its languages have different placeholders: {what:choice} stands in 'it'",
        ),
        ("{day:date}", "{day:when}", "in it, the placeholder day is of the unknown type when."),
        ("written: true", "writen: true", "prova.yaml:9: prompt text: 'writen' is not known here."),
        ("company: Prova\n", "", "prova.yaml:1: 'company' is missing."),
        (
            '"un reso"',
            "[un reso]",
            "prova.yaml:7: prompt choice.return: it.text: ['un reso'] is not of the type string.",
        ),
        ("company: Prova", "company: 'Prova", "this is not YAML"),
    ],
)
def test_broken_prompts_file_is_told_with_line_and_remedy(old: str, new: str, said: str) -> None:
    assert old in GOOD
    found = [str(problem) for problem in read_catalogue(GOOD.replace(old, new, 1), file="prova.yaml")[1]]
    assert any(said in one for one in found), found


def test_words_such_as_yes_and_no_stay_words() -> None:
    made, problems = read_catalogue(
        "company: no\nprompts: {yes: {it: {text: no}, en: {text: 'on'}}}", file="prova.yaml"
    )
    assert problems == ()
    assert (made.company, made.wording("yes", language="it")) == ("no", "no")


def test_shipped_company_is_version_one() -> None:
    version = load()
    assert (version.number, version.catalogue.company, version.flow["flow"]) == (1, "Bottega Aurora", "shop")


def test_every_shipped_prompt_is_short_enough_to_listen_to() -> None:
    # 15 words a prompt are some six seconds of speech; privacy and what is read, not heard, may take longer.
    longer = {"privacy_use", "return_text", "code_text"}
    for key, prompt in load().catalogue.prompts.items():
        for wording in prompt.wordings.values():
            for text in (wording.text, *wording.reprompts):
                assert len(text.split()) <= 30 or key in longer, key


def test_missing_folder_says_which_files_it_wants(tmp_path: Path) -> None:
    with pytest.raises(VersionError) as caught:
        load(tmp_path)
    assert [problem.file.rpartition("/")[2] for problem in caught.value.problems] == [FLOW_FILE, PROMPTS_FILE]


def test_broken_folder_tells_all_problems_of_both_files(tmp_path: Path) -> None:
    (tmp_path / FLOW_FILE).write_text("flow: 3", encoding="utf-8")
    (tmp_path / PROMPTS_FILE).write_text("prompts: {}", encoding="utf-8")
    with pytest.raises(VersionError) as caught:
        load(tmp_path)
    assert {problem.file for problem in caught.value.problems} == {FLOW_FILE, PROMPTS_FILE}
