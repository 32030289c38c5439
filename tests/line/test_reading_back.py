"""By telephone: a number that may be misheard is read back, corrected in the caller's own words, never asked a fourth time."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from ivr import trial
from ivr.audio import pcm_to_ulaw
from ivr.line.script import HangUp, Keys, Say, Silence, Step, WaitFor
from ivr.speech.scripted import Hears, ScriptedRecognition
from tests.listeners import spoken
from tests.telephone import House, heard_once, talk

EVENING = datetime(2026, 11, 23, 20, 30, tzinfo=UTC)
# Mario sends back his order 2290: the line's next words tell which number it has gone on with.
WHICH_ORDER = talk("aiutarla", Keys("2"), "Di quale ordine")
WHICH_ORDER_ENGLISH = talk(
    "aiutarla",
    Say("english please"),
    "How can I help",
    Say("i want to return something", language="en-GB"),
    "Which order",
)
TAKEN = "Apro il reso per l'ordine due due, nove zero: va bene?"
TAKEN_ENGLISH = "Shall I open the return for order two two, nine zero?"
GOODBYE = talk("altro", Keys("5"), "da 1", Keys("1"))


def badly(text: str, language: str = "") -> Say:
    """Words that the carrier's recogniser is not sure of."""
    return Say(text, confidence=0.4, language=language)


def clearly(text: str, language: str = "") -> Say:
    return Say(text, confidence=0.95, language=language)


def voice(text: str, _language: str) -> bytes:
    return pcm_to_ulaw(spoken(text))


def says(words: str, text: str) -> list[Step]:
    """Wait for words, then speak aloud into the stream, which the carrier opens a second after its prompt."""
    return [WaitFor(words), Say(text, after_seconds=1.6), Silence(1)]


@pytest.mark.parametrize(
    ("misheard", "read_back", "answer"),
    [
        ("due due nove zero", "due due, nove zero", "sì"),
        ("due due nove zero", "due due, nove zero", "sì sì è giusto"),
        ("due due nove zero", "due due, nove zero", "esatto ventidue novanta"),
        ("due due nove zero", "due due, nove zero", Keys("1#")),
        ("ventidue ottanta", "due due, otto zero", "no novanta non ottanta"),
        ("ventidue ottanta", "due due, otto zero", "no duemiladuecentonovanta"),
        ("ventidue ottanta", "due due, otto zero", "non ottanta novanta"),
        ("ventidue ottanta", "due due, otto zero", "no la terza cifra è nove"),
        ("ventidue ottanta", "due due, otto zero", "quasi finisce con novanta"),
        ("ventidue novantuno", "due due, nove uno", "no l'ultima è zero"),
        ("ventidue ottanta", "due due, otto zero", Keys("2290#")),
    ],
)
def test_a_number_heard_badly_is_read_back_and_put_right(
    house: House, misheard: str, read_back: str, answer: str | Step
) -> None:
    said = clearly(answer) if isinstance(answer, str) else answer
    caller = house.whole_call(
        [*WHICH_ORDER, badly(misheard), *talk(f"Ho capito {read_back}: è giusto?"), said, *talk(TAKEN, "no"), *GOODBYE],
        from_=trial.MARIO,
    )
    caller.check()
    assert heard_once(caller, "non apro niente")


@pytest.mark.parametrize("answer", ["yes that's right", "correct"])
def test_an_english_caller_agrees(house: House, answer: str) -> None:
    way = [*WHICH_ORDER_ENGLISH, badly("two two nine oh", "en-GB"), *talk("I heard two two, nine zero: is that right?")]
    caller = house.whole_call([*way, clearly(answer, "en-GB"), *talk(TAKEN_ENGLISH), HangUp()], from_=trial.MARIO)
    caller.check()


@pytest.mark.parametrize(
    "answer", ["no ninety not eighty", "no it's two two nine oh", "the third digit is nine", "it ends in ninety"]
)
def test_an_english_caller_puts_a_number_right(house: House, answer: str) -> None:
    way = [
        *WHICH_ORDER_ENGLISH,
        badly("twenty two eighty", "en-GB"),
        *talk("I heard two two, eight zero: is that right?"),
    ]
    caller = house.whole_call([*way, clearly(answer, "en-GB"), *talk(TAKEN_ENGLISH), HangUp()], from_=trial.MARIO)
    caller.check()


def test_a_number_heard_well_or_keyed_is_not_read_back(house: House) -> None:
    for number in (clearly("due due nove zero"), Say("ventidue novanta", confidence=None), Keys("2290#")):
        caller, leg = house.call([*WHICH_ORDER, number, *talk(TAKEN), HangUp()], from_=trial.MARIO)
        assert house.run_until(lambda party=caller: party.reason is not None, 120), caller.heard  # type: ignore[misc]  # bound at once
        caller.check()
        assert not heard_once(caller, "Ho capito")
        assert house.record(leg).node == "confirm_return"


def test_a_part_alone_is_a_guess_and_read_back_in_fewer_words(house: House) -> None:
    way = [*WHICH_ORDER, badly("ventidue ottanta"), *talk("Ho capito"), clearly("no novanta")]
    caller = house.whole_call([*way, *talk("due due, nove zero, giusto?", "sì", TAKEN), HangUp()], from_=trial.MARIO)
    caller.check()


def test_a_number_mentioned_with_the_request_is_read_back_where_it_was_heard_badly(house: House) -> None:
    way = [*talk("aiutarla"), badly("vorrei restituire l'ordine ventidue ottanta")]
    caller = house.whole_call(
        [
            *way,
            *talk("Ho capito due due, otto zero: è giusto?"),
            clearly("no novanta non ottanta"),
            *talk(TAKEN),
            HangUp(),
        ],
        from_=trial.MARIO,
    )
    caller.check()
    assert not heard_once(caller, "Di quale ordine")


def test_two_corrections_that_are_not_clear_lead_to_the_keypad(house: House) -> None:
    way = [*WHICH_ORDER, badly("ventidue ottanta"), *talk("Ho capito"), badly("no ventidue settanta")]
    caller = house.whole_call(
        [
            *way,
            *talk("due due, sette zero, giusto?"),
            badly("no ventidue sessanta"),
            *talk("Lo scriva sulla tastiera", Keys("2290#"), TAKEN),
            HangUp(),
        ],
        from_=trial.MARIO,
    )
    caller.check()


def test_no_alone_is_asked_again_and_at_last_handed_to_a_person(house: House) -> None:
    house.sign_in("anna")
    way = [*WHICH_ORDER, badly("ventidue ottanta"), *talk("Ho capito", "no", "Il numero dell'ordine?")]
    again = [badly("ventidue settanta"), *talk("due due, sette zero, giusto?", "no", "tastiera")]
    last = [badly("ventidue sessanta"), *talk("mi corregga", "no")]
    caller, leg = house.call([*way, *again, *last], from_=trial.MARIO)
    assert house.run_until(lambda: house.offer_to("anna") is not None, 180), caller.heard
    caller.check()
    assert sum("giusto" in words or "mi corregga" in words for words in caller.heard) == 3
    assert house.record(leg).route_reason == "was not understood"


def test_who_says_nothing_to_the_read_back_hears_it_in_other_words_and_then_has_a_person(house: House) -> None:
    house.sign_in("anna")
    caller, leg = house.call([*WHICH_ORDER, badly("ventidue ottanta")], from_=trial.MARIO)
    assert house.run_until(lambda: house.offer_to("anna") is not None, 180), caller.heard
    said = [words for words in caller.heard if "due due, otto zero" in words]
    assert len(said) == len(set(said)) == 4
    assert "prema 1, altrimenti prema 2" in said[-1]
    assert house.record(leg).route_reason == "said nothing"


def test_a_wrong_key_says_the_number_in_other_words(house: House) -> None:
    way = [*WHICH_ORDER, badly("due due nove zero"), *talk("Ho capito", Keys("8#"), "due due, nove zero, giusto?")]
    caller = house.whole_call([*way, *talk(Keys("1#")), *talk(TAKEN), HangUp()], from_=trial.MARIO)
    caller.check()


@pytest.mark.parametrize("asks", [Keys("0#"), clearly("operatore"), clearly("no voglio una persona")])
def test_a_person_is_given_at_the_read_back(house: House, asks: Step) -> None:
    house.sign_in("anna")
    caller, leg = house.call([*WHICH_ORDER, badly("ventidue ottanta"), *talk("Ho capito"), asks], from_=trial.MARIO)
    assert house.run_until(lambda: house.offer_to("anna") is not None, 90), caller.heard
    caller.check()
    assert house.record(leg).route_reason == "asked for a person"


@pytest.mark.parametrize(
    ("said", "read_back", "answer", "number"),
    [
        ("tre tre tre uno due tre quattro cinque sei sette", "cinque sei, sette", clearly("sì"), "+393331234567"),
        (
            "tre tre tre uno due tre quattro cinque sei sette",
            "cinque sei, sette",
            clearly("no finisce con sei otto"),
            "+393331234568",
        ),
        (
            "tre tre tre uno due tre quattro cinque sei sette",
            "cinque sei, sette",
            clearly("no l'ultima cifra è nove non sette"),
            "+393331234569",
        ),
    ],
)
def test_a_number_to_call_back_is_always_read_back(
    new_house: Callable[..., House], said: str, read_back: str, answer: Step, number: str
) -> None:
    house = new_house(start=EVENING)
    way = [*talk("aiutarla", Keys("0"), "richiamiamo noi?", Keys("1"), "che numero"), clearly(said), *talk(read_back)]
    caller = house.whole_call([*way, answer, *talk("da 1", Keys("1"))], from_="anonymous")
    caller.check()
    (case,) = house.rows("cases")
    assert case["number"] == number


def test_a_number_to_call_back_that_is_keyed_is_taken_as_it_is(new_house: Callable[..., House]) -> None:
    house = new_house(start=EVENING)
    way = talk("aiutarla", Keys("0"), "richiamiamo noi?", Keys("1"), "che numero", Keys("3331234567#"), "da 1")
    caller = house.whole_call([*way, Keys("1")], from_="anonymous")
    caller.check()
    assert not heard_once(caller, "Ho capito")


def test_the_agent_sees_that_a_number_was_put_right(house: House) -> None:
    way = [*WHICH_ORDER, badly("ventidue ottanta"), *talk("Ho capito"), clearly("no novanta non ottanta")]
    caller = house.whole_call([*way, *talk(TAKEN), HangUp()], from_=trial.MARIO)
    caller.check()
    done = [line.text for line in house.context(house.only_call.call_id).done]
    asked, corrected = (
        done.index("Ha ripetuto il valore capito e ha chiesto se è giusto."),
        done.index("Chi chiama ha corretto il valore."),
    )
    assert asked < corrected


def test_the_read_back_is_kept_in_the_database(house: House) -> None:
    way = [*WHICH_ORDER, badly("ventidue ottanta"), *talk("Ho capito")]
    caller, leg = house.call([*way, clearly("no novanta non ottanta"), *talk(TAKEN)], from_=trial.MARIO)
    assert house.run_until(lambda: heard_once(caller, "Ho capito"), 60), caller.heard
    kept = house.record(leg).state
    assert '"read_back": "2280"' in kept
    assert house.run_until(lambda: heard_once(caller, TAKEN), 60), caller.heard
    assert '"order_number": "2290"' in house.record(leg).state


def test_a_number_heard_badly_by_our_own_ears_is_read_back_and_put_right(new_house: Callable[..., House]) -> None:
    script = ScriptedRecognition(
        [
            Hears(text="vorrei fare un reso", confidence=0.9),
            Hears(text="ventidue ottanta", confidence=0.4),
            Hears(text="no novanta non ottanta", confidence=0.9),
        ]
    )
    house = new_house(listening={"it": "stream", "en": "carrier"}, recognition=script)
    aloud = [
        *says("aiutarla", "vorrei fare un reso per favore"),
        *says("Di quale ordine", "ventidue ottanta, mi pare"),
        *says("Ho capito due due, otto zero: è giusto?", "no, novanta, non ottanta"),
    ]
    caller = house.caller([*aloud, WaitFor(TAKEN), HangUp()], voice=voice)
    house.line.call(trial.MARIO, house.settings.line_number, caller)
    assert house.run_until(lambda: caller.reason is not None, 120), caller.heard
    caller.check()
    script.assert_all_used()
    yes_or_no = script.asked[-1]
    assert {"sì", "no", "novanta", "non"} <= set(yes_or_no.phrases)
