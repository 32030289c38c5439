"""What is said of a text before anybody hears it: its level, its seconds, its markup."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts import markup, measures, reading_level, spoken_length, syllables
from prompts.arms import Arm, arm_of
from prompts.catalogue import read_catalogue
from prompts.markup_pieces import pieces
from prompts.measures import Advice
from prompts.reading_level import Band
from prompts.version import load

CATALOGUE = load().catalogue


def test_gulpease_is_the_formula_of_lucisano_and_piemontese() -> None:
    # 7 words, 31 letters, 1 sentence: 89 + (300 - 310) / 7.
    found = reading_level.gulpease(syllables.words("Quando arriva il pacco che ha ordinato", "it"), 1)
    assert found == pytest.approx(89 + (300 - 10 * 32) / 7)


def test_flesch_is_the_formula_of_flesch() -> None:
    # The cat sat on the mat: six words of one syllable in one sentence.
    assert reading_level.flesch(("The", "cat", "sat", "on", "the", "mat"), 1) == pytest.approx(206.835 - 6.09 - 84.6)


@pytest.mark.parametrize(
    ("text", "language", "band"),
    [
        ("Mi dica pure. Come posso aiutarla oggi? Le serve altro? Allora la saluto e grazie.", "it", Band.EASY),
        (
            "Conformemente alle disposizioni sottoscritte procederemo immediatamente all'accertamento amministrativo",
            "it",
            Band.VERY_HARD,
        ),
        ("How can I help you? Just say what you need and we will find it for you.", "en", Band.EASY),
        (
            "Notwithstanding contractual obligations, verification of submitted documentation necessitates authorisation",
            "en",
            Band.VERY_HARD,
        ),
    ],
)
def test_level_tells_easy_words_from_hard_ones(text: str, language: str, band: Band) -> None:
    level = reading_level.reading_level(text, language)
    assert level is not None
    assert level.band is band


def test_level_of_a_short_text_is_called_a_hint() -> None:
    level = reading_level.reading_level("Grazie.", "it")
    assert level is not None
    assert level.is_hint
    assert reading_level.reading_level("…", "it") is None


@pytest.mark.parametrize(
    ("word", "language", "count"),
    [("telefono", "it", 4), ("ordine", "it", 3), ("please", "en", 1), ("order", "en", 2), ("delivery", "en", 4)],
)
def test_syllables(word: str, language: str, count: int) -> None:
    assert syllables.syllables(word, language) == count


def test_figures_count_as_they_are_said() -> None:
    assert syllables.words("Prema 1", "it") == ("Prema", "uno")


def test_markup_and_pauses_make_a_text_longer() -> None:
    plain = spoken_length.seconds("Un momento. La metto in linea.", "it")
    assert 2 < plain < 5
    assert spoken_length.seconds('Un momento. <break time="2s"/> La metto in linea.', "it") > plain + 0.8
    slow = spoken_length.seconds('<prosody rate="50%">Un momento. La metto in linea.</prosody>', "it")
    assert slow > plain * 1.6


def test_a_text_too_long_to_listen_to_gets_advice_and_no_more() -> None:
    found = measures.measure(CATALOGUE, "Le ricordiamo che può chiamarci quando vuole. " * 6, language="it")
    assert Advice.TOO_LONG in found.advice
    assert not found.faults
    assert not found.problem


def test_placeholders_count_as_an_example() -> None:
    with_number = measures.measure(CATALOGUE, "Il suo ordine {order_number:digits}.", language="it")
    without = measures.measure(CATALOGUE, "Il suo ordine.", language="it")
    assert with_number.words == "Il suo ordine uno zero, quattro due."
    assert with_number.seconds is not None
    assert without.seconds is not None
    assert with_number.seconds > without.seconds + 0.5
    greeting = measures.measure(CATALOGUE, "{daytime:choice}, benvenuti.", language="it")
    assert greeting.words == "Buongiorno, benvenuti."


def test_placeholder_of_an_unknown_type_is_told_and_not_raised() -> None:
    assert "piece" in measures.measure(CATALOGUE, "Ha {piece:kilos}.", language="it").problem


def test_text_message_is_counted_in_messages_and_not_in_seconds() -> None:
    found = measures.measure(CATALOGUE, "Gentile cliente, " * 11, language="it", written=True)
    assert (found.seconds, found.messages, found.advice) == (None, 2, (Advice.SEVERAL_MESSAGES,))
    assert measures.messages("a" * 160) == 1
    assert measures.messages("ш" * 71) == 2


@pytest.mark.parametrize(
    ("text", "position", "part"),
    [
        ("Ciao <b>a tutti</b>", 6, "<b> is not known"),
        ("Aspetti <break time='20s'/> qui", 9, "not possible"),
        ("Aspetti <break>qui</break>", 9, "holds no words"),
        ("Uno <emphasis>due", 18, "left open"),
        ("Uno <s>due</p>", 13, "closed that is not open"),
        ("Tizio & Caio <break/>", 8, "not markup"),
        ("<say-as>12</say-as>", 1, "needs interpret-as"),
        ("<sub alias=' '>RSVP</sub>", 1, "not possible"),
        ("<amazon:effect name='whispered'>x</amazon:effect>", 1, "prefix"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><s>&a;</s>", 1, ""),
        ("<prosody rate='9%'>x</prosody>", 1, "not possible"),
        ("<s>a</s> <s level='1'>b</s>", 10, "no attribute level"),
    ],
)
def test_faulty_markup_is_told_with_its_place(text: str, position: int, part: str) -> None:
    fault = markup.faults(text)[0]
    assert part in fault.message
    assert abs(fault.position - position) <= 2
    assert fault.remedy


@pytest.mark.parametrize("text", ["Se il totale è < 5", "Tizio & Caio", "2 <3", "a > b", "Ha {n:number} ordini."])
def test_text_without_a_tag_is_plain_and_stays_as_it_is(text: str) -> None:
    assert not markup.has_markup(text)
    assert markup.plain(text) == text
    assert markup.faults(text) == ()


def test_every_element_that_is_allowed_can_be_written() -> None:
    text = (
        '<p><s>Uno <break strength="weak"/> due</s></p> <emphasis level="strong">tre</emphasis> '
        '<lang xml:lang="en-GB">four</lang> <phoneme alphabet="ipa" ph="tʃinkwe">cinque</phoneme> '
        '<prosody rate="90%" volume="+3dB" pitch="high">sei</prosody> <sub alias="eccetera">ecc.</sub> '
        '<say-as interpret-as="digits">1042</say-as> <w role="amazon:VB">otto</w>'
    )
    assert markup.faults(text) == ()
    assert markup.plain(text) == "Uno due tre four cinque sei eccetera 1042 otto"


@given(st.text(max_size=80))
def test_no_text_at_all_breaks_the_reading_of_markup(text: str) -> None:
    markup.faults(text)
    assert pieces(text, "it") or not text.strip() or markup.has_markup(text)
    assert math.isfinite(measures.measure(CATALOGUE, text, language="it").seconds or 0.0)


def test_pieces_carry_pace_loudness_language_and_pauses() -> None:
    found = pieces(
        'Prema <emphasis level="strong">uno</emphasis><break time="300ms"/><lang xml:lang="en-GB">one</lang>', "it"
    )
    assert [(piece.text, piece.pause_seconds, piece.language) for piece in found] == [
        ("Prema", 0.0, ""),
        ("uno", 0.0, ""),
        ("", 0.3, ""),
        ("one", 0.0, "en-GB"),
    ]
    assert found[1].pace < 1 < found[1].gain_db
    assert pieces('<say-as interpret-as="digits">42</say-as>', "it")[0].text == "quattro due"


def test_values_within_markup_are_words_and_never_tags() -> None:
    catalogue, problems = read_catalogue(
        'company: A\nprompts: {hi: {it: {text: "<s>Ciao {name:name}</s>"}}, by: {it: {text: "Ciao {name:name}"}}}',
        file="p.yaml",
    )
    assert problems == ()
    said = catalogue.said("hi", language="it", values={"name": "<break/> & C"})
    assert said.markup == "<s>Ciao &lt;break/&gt; &amp; C</s>"
    assert said.text == "Ciao <break/> & C"
    plain = catalogue.said("by", language="it", values={"name": "<break/>"})
    assert (plain.text, plain.markup) == ("Ciao <break/>", "")


def test_faulty_markup_and_tags_in_a_text_message_are_problems_of_the_file() -> None:
    _, problems = read_catalogue(
        'company: A\nprompts:\n  a: {it: {text: "<s>Ciao"}}\n  b: {written: true, it: {text: "<s>Ciao</s>"}}\n',
        file="p.yaml",
    )
    assert [(problem.line, problem.place) for problem in problems] == [(3, "prompt a"), (4, "prompt b")]


def test_alternative_is_said_by_its_arm_alone_and_needs_the_same_placeholders() -> None:
    catalogue, problems = read_catalogue(
        'company: A\nprompts: {hi: {it: {text: "Ciao", reprompts: ["Eccoci"], alternative: {text: Salve, share: 30}}}}',
        file="p.yaml",
    )
    assert problems == ()
    assert catalogue.said("hi", language="it", arm=Arm.B).text == "Salve"
    assert catalogue.said("hi", language="it", arm=Arm.B, variant=1).text == "Eccoci"
    assert catalogue.said("hi", language="it").text == "Ciao"
    _, problems = read_catalogue(
        "company: A\nprompts: {hi: {it: {text: Ciao, alternative: {text: ciao, share: 30}}}}", file="p.yaml"
    )
    assert "said twice" in problems[0].message
    _, problems = read_catalogue(
        "company: A\nprompts: {hi: {it: {text: Ciao, alternative: {text: Salve, share: 100}}}}", file="p.yaml"
    )
    assert "out of bounds" in problems[0].message


def test_arm_is_the_same_for_a_call_and_its_share_holds_over_many() -> None:
    calls = [f"CA{number:032d}" for number in range(4000)]
    arms = [arm_of(call, "greeting", share=30) for call in calls]
    assert arms == [arm_of(call, "greeting", share=30) for call in calls]
    # Four standard deviations of a binomial share: 0.3 +- 4 * sqrt(0.3 * 0.7 / 4000).
    assert abs(arms.count(Arm.B) / 4000 - 0.3) < 0.029
    others = [arm_of(call, "goodbye", share=30) for call in calls]
    both = sum(a is b is Arm.B for a, b in zip(arms, others, strict=True))
    assert abs(both / 4000 - 0.09) < 0.02
