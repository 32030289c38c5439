"""Values as each language speaks and writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.spoken import LANGUAGES, NotSpeakableError, Value, spoken, written


@pytest.mark.parametrize(
    ("value", "kind", "italian", "english"),
    [
        ("1042", "digits", "uno zero, quattro due", "one zero, four two"),
        ("20121", "digits", "due zero uno, due uno", "two zero one, two one"),
        ("3331234567", "digits", "tre tre tre, uno due tre, quattro cinque sei, sette",
         "three three three, one two three, four five six, seven"),
        ("R-1077", "digits", "R, trattino, uno zero, sette sette", "R, dash, one zero, seven seven"),
        ("7", "digits", "sette", "seven"),
        ("AB12", "letters", "A come Ancona, B come Bologna, uno due", "A for Alpha, B for Bravo, one two"),
        ("ab 123-c", "letters", "A come Ancona, B come Bologna, uno due tre, trattino, C come Como",
         "A for Alpha, B for Bravo, one two three, dash, C for Charlie"),
        ("1042", "value", "uno zero, quattro due", "one zero, four two"),
        ("+393331234567", "value", "più, tre nove tre, tre tre uno, due tre quattro, cinque sei sette",
         "plus, three nine three, three three one, two three four, five six seven"),
        ("AX1", "value", "A come Ancona, X come Xeres, uno", "A for Alpha, X for X-ray, one"),
        ("2026-12-01", "value", "martedì primo dicembre", "Tuesday the first of December"),
        (30.5, "value", "trenta euro e cinquanta centesimi", "thirty euros and fifty cents"),
        (1042, "number", "millequarantadue", "one thousand and forty-two"),
        (1, "money", "un euro", "one euro"),
        (49.9, "money", "quarantanove euro e novanta centesimi", "forty-nine euros and ninety cents"),
        ("0.01", "money", "un centesimo", "one cent"),
        (0, "money", "zero euro", "zero euros"),
        (-5, "money", "meno cinque euro", "minus five euros"),
        ("2026-12-01", "date", "martedì primo dicembre", "Tuesday the first of December"),
        ("2026-11-24T23:30:00+01:00", "date", "martedì ventiquattro novembre", "Tuesday the twenty-fourth of November"),
        (0, "duration", "zero secondi", "zero seconds"),
        (60, "duration", "un minuto", "one minute"),
        (200, "duration", "tre minuti e venti secondi", "three minutes and twenty seconds"),
        (90061, "duration", "un giorno e un'ora", "one day and one hour"),
        (" Anna Rossi ", "name", "Anna Rossi", "Anna Rossi"),
    ],
)  # fmt: skip
def test_value_is_spoken_as_the_language_speaks_it(value: Value, kind: str, italian: str, english: str) -> None:
    assert spoken(value, kind, "it") == italian
    assert spoken(value, kind, "en") == english


@pytest.mark.parametrize(
    ("value", "kind", "italian", "english"),
    [
        ("R1077", "digits", "R1077", "R1077"),
        ("2026-12-01", "date", "1 dicembre 2026", "December 1, 2026"),
        (1234.5, "money", "1.234,50\xa0€", "€1,234.50"),
        (1234, "number", "1.234", "1,234"),
        ("AB12", "value", "AB12", "AB12"),
        (1234.5, "value", "1.234,50\xa0€", "€1,234.50"),
        ("2026-12-01", "value", "1 dicembre 2026", "December 1, 2026"),
        (120, "duration", "due minuti", "two minutes"),
    ],
)
def test_value_is_written_as_one_reads_it(value: Value, kind: str, italian: str, english: str) -> None:
    assert written(value, kind, "it") == italian
    assert written(value, kind, "en") == english


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("tomorrow", "date"),
        ("many", "number"),
        (True, "number"),
        ("nan", "money"),
        (-1, "duration"),
        (" ", "digits"),
        (" ", "letters"),
        (True, "money"),
        ("2026-13-45", "value"),
        ("inf", "duration"),
    ],
)
def test_value_of_another_form_is_refused(value: Value, kind: str) -> None:
    with pytest.raises(NotSpeakableError):
        spoken(value, kind, "it")


@given(
    st.text(min_size=1, max_size=12),
    st.sampled_from(["name", "digits", "letters", "number", "money", "date", "duration", "value"]),
    st.sampled_from(sorted(LANGUAGES)),
)
def test_any_text_is_spoken_or_refused(value: str, kind: str, language: str) -> None:
    try:
        said = spoken(value, kind, language)
    except NotSpeakableError:
        return
    assert isinstance(said, str)
