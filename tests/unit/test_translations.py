"""Italian and English are complete: every sentence of the code has its Italian, and no template speaks past the catalogue."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from jinja2 import Environment

from ivr.flow.offers import offers

ROOT = Path(__file__).parents[2]
WEB = ROOT / "ivr" / "web"
ITALIAN = WEB / "translations" / "it" / "LC_MESSAGES"
KEYWORDS = {
    "_": None,
    "_l": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "lazy_ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    # What is told without knowing the reader, and worded by the page that shows it.
    "Told": None,
}
TELLING = (ROOT / "prompts", ROOT / "ivr")
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
# Names, units and signs that are the same in both languages.
SAME_IN_BOTH = re.compile(
    r"\b(Centralino|API|openapi\.json|SSML|JSON|YAML|CSV|REST|WAV|kHz|dB|DTMF|Gulpease|Flesch|ms|min|kB|MB)\b"
)
READ_ALOUD = re.compile(r'\b(?:aria-label|title|alt|placeholder)="([^"\0]*)"')
WORD = re.compile(r"[^\W\d_]{2,}")


def catalogue() -> Catalog:
    with (ITALIAN / "messages.po").open("rb") as file:
        return read_po(file, locale="it")


def sentences_of_the_code() -> Iterator[tuple[str, str]]:
    methods = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
    found = extract_from_dir(str(WEB), methods, {"**/templates/**.html": {"silent": "false"}}, keywords=KEYWORDS)
    for file, line, message, _comments, _context in found:
        yield f"{file}:{line}", message[0] if isinstance(message, tuple) else message
    yield from sentences_told()
    yield from help_texts()


def sentences_told() -> Iterator[tuple[str, str]]:
    """The templates of `Told`, wherever it stands: Babel's extraction leaves out those within another call."""
    for folder in TELLING:
        for file in sorted(folder.rglob("*.py")):
            source = file.read_text(encoding="utf-8")
            if "import Told" not in source or file.name == "told.py":
                continue
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Told":
                    first = node.args[0]
                    if isinstance(first, ast.Constant):
                        yield f"{file.relative_to(ROOT)}:{node.lineno}", str(first.value)
                    else:
                        # Those of markup stand in a table that the pages have too (`ivr.web.editing.markup_words`).
                        assert file.name == "markup.py", f"{file}:{node.lineno}: a template that nobody extracts"


def help_texts() -> Iterator[tuple[str, str]]:
    """What the flow's schema says of kinds and fields: the form shows it."""
    for kind, offer in offers().items():
        for about in (offer.about, *(field.about for field in offer.fields)):
            if about:
                yield f"flow.schema.json, {kind}", about


def templates() -> list[Path]:
    return sorted((WEB / "templates").rglob("*.html"))


def test_every_sentence_of_the_code_has_its_italian() -> None:
    known = {
        (one.id[0] if isinstance(one.id, tuple) else one.id) for one in catalogue() if one.id and all(_strings(one))
    }
    missing = {sentence: place for place, sentence in sentences_of_the_code() if sentence not in known}
    assert not missing, "\n".join(f"{place}: {sentence}" for sentence, place in sorted(missing.items()))


def test_the_extraction_finds_the_sentences() -> None:
    """So that a broken extraction does not pass for a complete translation."""
    assert len({sentence for _, sentence in sentences_of_the_code()}) > 500
    assert len({sentence for _, sentence in sentences_told()}) > 150
    assert len({sentence for _, sentence in help_texts()}) > 25


def test_no_translation_is_a_guess_or_loses_a_placeholder() -> None:
    for one in catalogue():
        if not one.id:
            continue
        assert not one.fuzzy, one.id
        wanted = set(PLACEHOLDER.findall(" ".join(_ids(one))))
        for said in _strings(one):
            assert set(PLACEHOLDER.findall(said)) <= wanted, one.id
            assert wanted - set(PLACEHOLDER.findall(said)) <= {"num", "count"}, one.id


def test_what_is_served_is_what_is_written() -> None:
    with (ITALIAN / "messages.mo").open("rb") as file:
        compiled = {tuple(_ids(one)): tuple(_strings(one)) for one in read_mo(file) if one.id}
    written = {tuple(_ids(one)): tuple(_strings(one)) for one in catalogue() if one.id}
    assert compiled == written, "compile it: pybabel compile -d ivr/web/translations"


@pytest.mark.parametrize("template", templates(), ids=lambda path: str(path.relative_to(WEB / "templates")))
def test_no_template_has_words_of_its_own(template: Path) -> None:
    assert not bare_words(template.read_text(encoding="utf-8"))


def test_bare_words_are_found() -> None:
    assert bare_words("<p>Hello {{ name }}</p>") == ["Hello"]
    assert bare_words('<a title="Close" href="{{ x }}">{{ _("Close") }}</a>') == ["Close"]
    assert not bare_words('<p class="well">{{ _("Hello") }} <code>flow.yaml</code> {# a remark #}</p>')


def bare_words(source: str) -> list[str]:
    """The words of a template that readers of both languages would get alike."""
    tokens = Environment(autoescape=True, extensions=["jinja2.ext.do"]).lex(source)
    # Where an expression stood, a mark that no word holds.
    text = "".join(value if kind == "data" else "\0" for _, kind, value in tokens)
    text = re.sub(r"<(script|style|code|kbd|samp)\b.*?</\1>|<!--.*?-->", " ", text, flags=re.DOTALL)
    aloud = " ".join(READ_ALOUD.findall(text))
    # Attributes outside a tag stand in a block that the base's tag takes in.
    text = re.sub(r'<(?:"[^"]*"|[^">])*>|&\w+;|[\w-]+="[^"]*"', " ", text)
    # Names of classes that a macro gives (heat-3), and names of things (reso_aperto), are no sentences.
    text = re.sub(r"\b[a-z]+(?:[-_][a-z0-9\0]*)+", " ", f"{text} {aloud}")
    return WORD.findall(SAME_IN_BOTH.sub(" ", text))


def _ids(one: Message) -> tuple[str, ...]:
    return tuple(one.id) if isinstance(one.id, tuple | list) else (str(one.id),)


def _strings(one: Message) -> tuple[str, ...]:
    return tuple(one.string) if isinstance(one.string, tuple | list) else (str(one.string or ""),)
