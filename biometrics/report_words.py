"""The words, numbers and dates of the report on a calibration, in the reader's language."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final, Literal, TypeAlias

import yaml
from babel.dates import format_date
from babel.numbers import format_decimal, format_percent

Language: TypeAlias = Literal["it", "en"]

_FILE: Final = Path(__file__).with_name("report.words.yaml")
# How a share is rounded, by the largest that is: 12%, 3.4%, 0.25%.
_ROUNDINGS: Final = ((0.01, "0.##%"), (0.1, "0.#%"), (float("inf"), "0%"))


class Words:
    """What the report says in one language."""

    def __init__(self, language: Language) -> None:
        """Take the reader's language."""
        self.language = language
        self._texts = {key: texts[language] for key, texts in texts_of_report().items()}

    def __call__(self, key: str, **values: object) -> str:
        """Give a text with its values filled in. Raises `KeyError` for an unknown one."""
        return self._texts[key].format(**values)

    def percent(self, share: float) -> str:
        """Give a share as per cent, finer the smaller it is."""
        pattern = next(pattern for below, pattern in _ROUNDINGS if abs(share) < below)
        return str(format_percent(share, format=pattern, locale=self.language))

    def number(self, value: float, pattern: str = "#,##0.##") -> str:
        """Give a number as this language writes it."""
        return str(format_decimal(value, format=pattern, locale=self.language))

    def day(self, day: date) -> str:
        """Give a day as this language writes it."""
        return str(format_date(day, format="long", locale=self.language))


@cache
def texts_of_report() -> Mapping[str, Mapping[str, str]]:
    """Give every text by its key and language."""
    texts: dict[str, dict[str, str]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return texts
