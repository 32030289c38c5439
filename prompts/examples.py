"""Values that stand in for a call's own where a prompt is measured or heard outside a call: one for each type of placeholder."""

from collections.abc import Collection, Mapping
from types import MappingProxyType

from prompts.spoken import Value

# A placeholder's type -> the example; names in the prompt's language.
_EXAMPLES: Mapping[str, Value] = MappingProxyType(
    {
        "digits": "1042",
        "letters": "AB12",
        "number": 3,
        "money": 49.9,
        "date": "2026-11-24",
        "duration": 240,
        "value": "1042",
    }
)
_NAMES: Mapping[str, str] = MappingProxyType({"it": "Giulia Ferrari", "en": "Julia Ferris"})
# What a choice usually stands for, by the placeholder's name; else the first choice that the company has.
_CHOICES: Mapping[str, str] = MappingProxyType(
    {"daytime": "morning", "first": "order_status", "second": "return", "matter": "complaint"}
)


def example(name: str, kind: str, language: str, choices: Collection[str] = ()) -> Value:
    """The example for a placeholder; `choices` are the values that the company has words for. None for an unknown type."""
    if kind == "name":
        return _NAMES.get(language, _NAMES["en"])
    if kind == "choice":
        usual = _CHOICES.get(name, "")
        return usual if usual in choices else next(iter(choices), None)
    return _EXAMPLES.get(kind)
