"""The order number among other numbers, and the other slots."""

from datetime import date

import pytest

from ivr.intents.order_numbers import order_number
from ivr.intents.slots import read_slots
from ivr.intents.words import normalise

WEDNESDAY = date(2026, 4, 1)


@pytest.mark.parametrize(
    ("language", "said", "number"),
    [
        ("it", "ordine mille quarantadue due magliette", "1042"),
        ("it", "dieci cinquantadue no quarantadue", "1042"),
        ("it", "uno zero cinque no quattro due", "1042"),
        ("it", "il mille e quarantadue no scusi mille e quarantatré", "1043"),
        ("it", "non dieci cinquantadue dieci quarantadue", "1042"),
        ("it", "ordine dieci cinquantadue non cinquantadue quarantadue", "1042"),
        ("it", "1042 anzi 1043", "1043"),
        ("it", "ho pagato trenta euro per l'ordine ventimila cinquecentosettantasette", "20577"),
        ("it", "l'ho ordinato il quattordici marzo duemilaventisei ordine uno zero quattro due", "1042"),
        ("it", "ho settantadue anni e l'ordine è il ventidue trentatré", "2233"),
        ("it", "il mio telefono è tre quattro sette uno due tre quattro cinque sei sette l'ordine 1042", "1042"),
        ("it", "doppio due zero uno", "2201"),
        ("it", "due magliette da trenta euro", ""),
        ("it", "ci vediamo alle dieci e trenta", ""),
        ("it", "non 1052 ma 1042", "1042"),
        ("it", "non è mille cinquantadue è mille quarantadue", "1042"),
        ("it", "il numero è uno zero ehm quattro due", "1042"),
        ("it", "uno zero quattro due ripeto uno zero quattro due", "1042"),
        ("it", "uno zero quattro tre scusi due", "1042"),
        ("it", "ho speso milleduecento euro", ""),
        ("it", "nel duemilaventicinque", ""),
        ("it", "ordine 20.577 del 3 marzo", "20577"),
        ("it", "dall'ordine del dodici ottobre non ho più notizie", ""),
        ("it", "aspetto da due settimane l'ordine tre quattro cinque sei di due paia di scarpe", "3456"),
        ("en", "order ten forty two", "1042"),
        ("en", "it's one oh four three sorry one oh four two", "1042"),
        ("en", "one oh five i mean four two", "1042"),
        ("en", "not fifty two forty two", ""),
        ("en", "ten fifty two not fifty two forty two", "1042"),
        ("en", "order number double two oh one", "2201"),
        ("en", "i paid thirty pounds for order twenty thousand five hundred and seventy seven", "20577"),
        ("en", "my number is oh seven seven double zero nine hundred one two three and the order's 1042", "1042"),
        ("en", "in twenty twenty five i ordered", ""),
        ("en", "at ten thirty", ""),
        ("en", "it's not 1052 it's 1042", "1042"),
        ("en", "i'm sixty two and the order is forty five sixty one", "4561"),
        ("en", "a thousand and forty two", "1042"),
        ("en", "two shirts order four five six seven", "4567"),
        ("en", "order one two three four no five", "1235"),
        ("en", "order one oh four two two shirts", "1042"),
        ("en", "twenty five hundred and twelve", "2512"),
        ("it", "ordine quarantacinque zero otto", "4508"),
        ("it", "il numero finisce con quarantadue", ""),
        ("it", "ho comprato il 1042 modello", "1042"),
        ("it", "l'ordine non è il mille quarantuno ma il mille quarantadue", "1042"),
        ("it", "duemila e otto no anzi duemila e nove", "2009"),
        ("it", "chiamo per l'ordine numero otto sette sei cinque quattro tre", "876543"),
        ("it", "no non 1042 1043", "1043"),
    ],
)
def test_the_order_number_is_found_among_other_numbers(language: str, said: str, number: str) -> None:
    assert order_number(normalise(said).split(), language) == number


@pytest.mark.parametrize(
    ("language", "said", "asked", "slot", "value"),
    [
        ("it", "zero zero uno ottantacinque", "postcode", "postcode", "00185"),
        ("it", "ventimila cento no scusi ventimila centouno", "postcode", "postcode", "20101"),
        ("it", "il cap è ventimila cento", "", "postcode", "20100"),
        ("it", "da uno a sette direi sei", "score", "score", 6),
        ("it", "sette su sette", "score", "score", 7),
        ("en", "i'd give it a six out of seven", "score", "score", 6),
        (
            "it",
            "tre quattro sette dodici trentaquattro cinquecentosessantasette",
            "callback_number",
            "callback_number",
            "3471234567",
        ),
        ("it", "ho pagato trenta euro e cinquanta", "", "amount", 30.5),
        ("en", "I paid 30.50 euros", "", "amount", 30.5),
        ("it", "l'ho preso il quattordici marzo", "", "date", "2026-03-14"),
        ("en", "on march twenty first", "", "date", "2026-03-21"),
        ("it", "martedì scorso", "", "date", "2026-03-31"),
        ("it", "mercoledì", "", "date", "2026-03-25"),
        ("en", "next monday", "", "date", "2026-04-06"),
        ("it", "l'altro ieri", "", "date", "2026-03-30"),
        ("en", "two weeks ago", "", "date", "2026-03-18"),
    ],
)
def test_slots_are_read_as_people_say_them(language: str, said: str, asked: str, slot: str, value: str | float) -> None:
    assert read_slots(normalise(said), language, expected=asked, today=WEDNESDAY)[slot] == value


@pytest.mark.parametrize("said", ["otto", "zero", "dieci", "boh"])
def test_a_score_outside_one_to_seven_is_none(said: str) -> None:
    assert "score" not in read_slots(said, "it", expected="score")


def test_a_date_is_left_out_where_nobody_says_which_day_it_is() -> None:
    assert "date" not in read_slots("ieri", "it")


def test_a_postcode_that_is_asked_for_is_no_order_number() -> None:
    assert read_slots("ventimila cento", "it", expected="postcode") == {"postcode": "20100"}
