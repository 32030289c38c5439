"""A sentence that keeps how it was made, so that whoever shows it can word it in the reader's language. Pure.

Everywhere else it is its English text: in the log, on the command line, in an error. A sentence whose words are known in several
languages at once is a `Worded`.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, Self

# Looks a template up in the reader's language.
Translate = Callable[[str], str]
_TEMPLATE: Final = "template"
_VALUES: Final = "values"
_BY_LANGUAGE: Final = "by_language"


class Told(str):
    """An English sentence, its template and the values in it; values that are told themselves are worded with it."""

    template: str
    values: Mapping[str, Any]

    __slots__ = ("template", "values")

    def __new__(cls, template: str, **values: Any) -> Self:
        """Take a template as of `%`; without values it is the sentence itself."""
        made = super().__new__(cls, template % values if values else template)
        made.template, made.values = template, MappingProxyType(values)
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy it by what it was made of."""
        return _told, (self.template, dict(self.values))


class Worded(str):
    """A sentence that is known in several languages; it reads as the one of the company."""

    by_language: Mapping[str, str]

    __slots__ = ("by_language",)

    def __new__(cls, text: str, by_language: Mapping[str, str]) -> Self:
        """Take the company's wording, and each language's."""
        made = super().__new__(cls, text)
        made.by_language = MappingProxyType(dict(by_language))
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy it by what it was made of."""
        return Worded, (str(self), dict(self.by_language))


def worded(text: Any, language: str, translate: Translate) -> Any:
    """Word a sentence for a reader; anything that is none stays as it is."""
    if isinstance(text, Worded):
        return text.by_language.get(language, str(text))
    if not isinstance(text, Told):
        return text
    if not text.template:
        return ""
    template = translate(text.template)
    values = {name: worded(value, language, translate) for name, value in text.values.items()}
    return template % values if values else template


def to_json(text: Any) -> Any:
    """What a sentence is kept as: a plain one as its text."""
    if isinstance(text, Worded):
        return {_BY_LANGUAGE: dict(text.by_language), "text": str(text)}
    if isinstance(text, Told):
        return {_TEMPLATE: text.template, _VALUES: {name: to_json(value) for name, value in text.values.items()}}
    return text


def from_json(kept: Any) -> Any:
    """The sentence that was kept."""
    if isinstance(kept, Mapping) and _BY_LANGUAGE in kept:
        return Worded(kept["text"], kept[_BY_LANGUAGE])
    if isinstance(kept, Mapping) and _TEMPLATE in kept:
        return Told(kept[_TEMPLATE], **{name: from_json(value) for name, value in kept[_VALUES].items()})
    return kept


def _told(template: str, values: Mapping[str, Any]) -> Told:
    return Told(template, **values)
