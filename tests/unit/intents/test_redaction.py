"""What a caller said, without who they are."""

import pytest

from ivr.intents.redaction import filled, is_redacted, redacted

KNOWN = frozenset(
    [
        "vorrei",
        "sapere",
        "dove",
        "è",
        "il",
        "mio",
        "ordine",
        "in",
        "ritardo",
        "arrabbiato",
        "sono",
        "da",
        "due",
        "settimane",
        "non",
        "arriva",
        "mando",
        "via",
        "un",
        "reso",
        "per",
        "conto",
        "reclamo",
        "where",
        "is",
        "my",
        "order",
        "late",
        "this",
        "ridiculous",
        "i'm",
        "still",
        "waiting",
        "it",
        "send",
        "back",
        "via",
        "email",
        "the",
        "parcel",
        "was",
        "left",
        "on",
        "street",
        "and",
    ]
)


@pytest.mark.parametrize(
    ("language", "said", "left"),
    [
        ("it", "il mio numero è tre tre tre uno due tre quattro cinque sei sette", "il mio numero è [numero]"),
        ("it", "l'ordine 1042 non è arrivato", "l'ordine [numero] non è arrivato"),
        ("it", "ordine AB12-99 e codice fiscale RSSMRA80A01H501U", "ordine [numero] e codice fiscale [numero]"),
        ("it", "mi chiamo Anna Ricci e vorrei un reso", "mi chiamo [nome] e vorrei un reso"),
        ("it", "sono gambacorta vorrei sapere dove è il mio ordine", "sono [nome] vorrei sapere dove è il mio ordine"),
        ("it", "sono arrabbiato", "sono arrabbiato"),
        ("it", "scrivetemi a mario punto rossi chiocciola gmail punto com", "scrivetemi a [email]"),
        ("it", "scrivete a m.rossi@example.it grazie", "scrivete a [email] grazie"),
        ("it", "abito in via Garibaldi 12 a Brescia", "abito in [indirizzo]"),
        ("it", "il pacco va in viale delle rimembranze numero nove", "il pacco va in [indirizzo] numero nove"),
        ("it", "lo mando via", "lo mando via"),
        ("it", "abito a pordenone", "abito a [indirizzo]"),
        ("it", "sono due settimane", "sono due settimane"),
        ("it", "la signora Brambilla non risponde", "la signora [nome] non risponde"),
        ("it", "ne ho parlato con giovanni ieri", "ne ho parlato con [nome] ieri"),
        ("it", "ci di effe a bi ci", "ci di effe a bi ci"),
        ("it", "il codice è a b c d", "il codice [numero]"),
        ("en", "my name is Harriet Quimby and it's late", "my name is [name] and it's late"),
        ("en", "this is ridiculous", "this is ridiculous"),
        ("en", "this is quimby", "this is [name]"),
        ("en", "write to jo dot bloggs at mail dot co dot uk please", "write to [email] please"),
        ("en", "it was left on twelve Acacia Avenue", "it was left on [address]"),
        ("en", "my postcode is SW1A 1AA", "my postcode is [number]"),
        ("en", "order double four seven two", "order [number]"),
    ],
)
def test_what_says_who_spoke_gives_way_to_a_word(language: str, said: str, left: str) -> None:
    assert redacted(said, language, known=KNOWN) == left


def test_the_callers_own_name_is_taken_wherever_it_stands() -> None:
    found = redacted("il pacco di piera dell'osso ringrazia piera", "it", names=["Piera Dell'Osso"], known=KNOWN)
    assert "piera" not in found
    assert "osso" not in found.lower()


def test_a_phrase_is_filled_with_what_is_nobodys() -> None:
    text = redacted("mi chiamo Anna Ricci e l'ordine è il 2358", "it", known=KNOWN)
    assert is_redacted(text)
    assert filled(text, "it") == "mi chiamo rossi e l'ordine è il uno zero quattro due"
    assert not is_redacted(filled(text, "it"))


@pytest.mark.parametrize("text", ["", "[", "[numero]", "a" * 500, "😀 @ @", "via", "mi chiamo", "my name is"])
def test_nothing_is_raised_over(text: str) -> None:
    for language in ("it", "en", "de"):
        redacted(text, language)
        filled(text, language)
