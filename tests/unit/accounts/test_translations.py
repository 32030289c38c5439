"""The desks' Italian: complete, compiled from what stands in the file, and with the same placeholders as the English."""

import gettext
import re
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from ivr.web.languages import TRANSLATIONS

FOLDER = TRANSLATIONS / "it" / "LC_MESSAGES"
WEB = TRANSLATIONS.parent


def italian() -> Catalog:
    with (FOLDER / "messages.po").open("rb") as file:
        return read_po(file, locale="it")


def in_source() -> set[str]:
    """Every message that the pages and the code ask for."""
    methods = [("**.py", "python"), ("templates/**.html", "jinja2.ext:babel_extract")]
    wanted = dict.fromkeys(("_", "_l", "gettext", "lazy_gettext"))
    found = extract_from_dir(str(WEB), method_map=methods, keywords=wanted)
    return {str(message) for _, _, message, _, _ in found}


def test_every_message_has_its_italian_and_none_is_left_over() -> None:
    translated = {str(message.id) for message in italian() if message.id and message.string and not message.fuzzy}
    assert in_source() - translated == set(), "without Italian: write it in messages.po and compile"
    assert translated - in_source() == set(), "asked for by nobody: take it out of messages.po and compile"


def test_the_compiled_file_says_what_the_written_one_says() -> None:
    with (FOLDER / "messages.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message in italian():
        if message.id:
            assert compiled.gettext(str(message.id)) == message.string, f"{message.id}: compile messages.po anew"


def test_a_translation_keeps_the_placeholders() -> None:
    for message in italian():
        if message.id:
            assert sorted(re.findall(r"%\(\w+\)s", str(message.id))) == sorted(
                re.findall(r"%\(\w+\)s", str(message.string))
            )


def test_the_folder_is_where_the_application_looks() -> None:
    assert Path(FOLDER / "messages.mo").is_file()
