"""The voice instead of a PIN, told by telephone with real speakers: learnt while they talk, known again, gone on their word.

Nothing here depends on a figure: who is whom is said by the recordings.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import soundfile

from biometrics.vault import Enrolled, Vault
from ivr import trial
from ivr.audio import RATE_HZ, ulaw_to_pcm
from ivr.line.channel import QUALITIES
from ivr.line.script import HangUp, Say, Step, WaitFor
from tests.keys import RING
from tests.line.voice.callers import (
    STREAM,
    CountingEncoder,
    Ears,
    Person,
    VoiceCall,
    as_samples,
    consents,
    customer,
    encoder,
    man,
    other_men,
    rows_of_voices,
    voice_call,
)
from tests.telephone import House

Houses = Callable[..., House]
MARIO = "K002"
WHERE = "dov'è il mio ordine"
ENOUGH = "no grazie è tutto"
BACK = "vorrei restituire il tappeto"
LEARNT = "riconosco dalla voce"


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
def voice_house(new_house: Houses, ears: Ears) -> Callable[..., House]:
    """Builds a house that listens itself and knows voices."""

    def build(**given: Any) -> House:
        return new_house(**{"listening": STREAM, "recognition": ears, "voice": "line", "encoder": encoder(), **given})

    return build


def learns(house: House, ears: Ears, person: Person) -> VoiceCall:
    """A call of Mario's in which he asks for his order again and again, says that that is all, and has been learnt."""
    *turns, last = person.enrolment
    call = voice_call(house, ears, from_=trial.MARIO)
    for turn in turns:
        call.say(turn, WHERE)
    said = call.say(last, ENOUGH)
    assert LEARNT in said, said
    call.hang_up()
    return call


def asks(house: House, ears: Ears, *sounds: bytes, **given: Any) -> VoiceCall:
    """A call on Mario's number in which somebody asks for the order, once for each sound, and hangs up."""
    call = voice_call(house, ears, from_=trial.MARIO, **given)
    for sound in sounds:
        said = call.say(sound, WHERE)
        assert "in viaggio" in said, said
    call.hang_up()
    return call


def is_enrolled(house: House) -> bool:
    with house.reading() as session:
        return isinstance(Vault(RING).voiceprint_of(session, MARIO, encoder().name), Enrolled)


def alerts_of(house: House, call: VoiceCall) -> list[str]:
    return [row["kind"] for row in house.rows("voice_alerts") if row["call_id"] == call.leg.sid]


def test_a_voice_is_learnt_in_one_call_and_known_in_the_next_without_one_question_more(
    voice_house: Callable[..., House], ears: Ears
) -> None:
    house = voice_house()
    consents(house, MARIO)
    first = learns(house, ears, customer())
    assert "accepted" not in first.voice
    assert is_enrolled(house)
    second = asks(house, ears, customer().later[0])
    assert second.voice == ["accepted"]
    # One question, one answer: what a caller without any voice is asked as well.
    assert second.questions == 1


def test_a_voice_is_learnt_over_two_calls_and_what_is_missing_is_said(
    voice_house: Callable[..., House], ears: Ears
) -> None:
    house = voice_house()
    consents(house, MARIO)
    turns = customer().enrolment
    first = voice_call(house, ears, from_=trial.MARIO)
    first.say(turns[0], WHERE)
    said = first.say(turns[1], ENOUGH)
    assert "Mi servono ancora" in said, said
    first.hang_up()
    assert not is_enrolled(house)
    second = voice_call(house, ears, from_=trial.MARIO)
    for turn in turns[2:-1]:
        second.say(turn, WHERE)
    said = second.say(turns[-1], ENOUGH)
    second.hang_up()
    assert LEARNT in said, said
    assert is_enrolled(house)
    assert asks(house, ears, customer().later[0]).voice == ["accepted"]


def test_no_other_man_on_the_same_number_is_taken_for_the_customer(
    voice_house: Callable[..., House], ears: Ears
) -> None:
    house = voice_house()
    consents(house, MARIO)
    learns(house, ears, man())
    for name, sound in other_men().items():
        call = asks(house, ears, sound)
        assert call.voice, name
        assert "accepted" not in call.voice, name


def test_what_was_recorded_is_not_believed_when_it_comes_again_over_a_bad_line(
    voice_house: Callable[..., House], ears: Ears
) -> None:
    house = voice_house()
    consents(house, MARIO)
    learns(house, ears, customer())
    heard = asks(house, ears, customer().later[0])
    assert heard.voice == ["accepted"]
    assert alerts_of(house, heard) == []
    for taped in (customer().later[0], customer().enrolment[2]):
        again = asks(house, ears, taped, quality=QUALITIES["noisy"])
        assert "accepted" not in again.voice
        assert alerts_of(house, again) == ["replay"]


def wants_to_send_back(house: House, ears: Ears, sound: bytes) -> tuple[VoiceCall, str]:
    """A call that asks for something that a voice must be proved for, up to the digits that are to be said."""
    call = voice_call(house, ears, from_=trial.MARIO)
    call.say(sound, BACK)
    call.press("2290#")
    said = call.press("1")
    digits = re.search(r"queste cifre: (.+?)\.", said)
    assert digits is not None, said
    return call, digits[1]


def test_digits_said_by_the_customer_open_the_way_and_the_same_digits_in_another_voice_do_not(
    voice_house: Callable[..., House], ears: Ears
) -> None:
    house = voice_house()
    consents(house, MARIO)
    learns(house, ears, customer())
    # Somebody has tried it with a recording: from now on a voice alone is not enough.
    asks(house, ears, customer().enrolment[0])
    call, digits = wants_to_send_back(house, ears, customer().later[0])
    assert "numero del reso" in call.say(customer().later[1], digits)
    assert ("digits", "accepted") in call.proofs
    call.hang_up()


def test_the_right_digits_in_another_voice_open_nothing(voice_house: Callable[..., House], ears: Ears) -> None:
    house = voice_house()
    consents(house, MARIO)
    learns(house, ears, customer())
    asks(house, ears, customer().enrolment[0])
    call, digits = wants_to_send_back(house, ears, customer().later[0])
    assert "numero del reso" not in call.say(other_men()["meab"], digits)
    assert ("digits", "accepted") not in call.proofs
    assert ("digits", "rejected") in call.proofs
    call.hang_up()
    assert house.rows("returns") == []


def test_what_is_erased_by_word_is_gone(voice_house: Callable[..., House], ears: Ears) -> None:
    house = voice_house()
    consents(house, MARIO)
    learns(house, ears, customer())
    assert rows_of_voices(house)["voiceprints"] == 1
    call = voice_call(house, ears, from_=trial.MARIO)
    call.say(customer().later[0], "revoco il consenso")
    assert set(rows_of_voices(house).values()) == {0}
    call.say(customer().later[1], WHERE)
    call.hang_up()
    assert set(rows_of_voices(house).values()) == {0}
    after = asks(house, ears, customer().later[1])
    assert "accepted" not in after.voice
    assert not is_enrolled(house)


@pytest.mark.parametrize("way", ["stream", "carrier"])
@pytest.mark.parametrize("was_asked", [False, True], ids=["never_asked", "refused"])
def test_without_a_consent_not_one_embedding_is_made(
    voice_house: Callable[..., House], ears: Ears, tmp_path: Path, *, way: str, was_asked: bool
) -> None:
    counting = CountingEncoder(encoder())
    house = voice_house(encoder=counting, listening={"it": way, "en": "carrier"})
    if was_asked:
        consents(house, MARIO, granted=False)
    if way == "stream":
        asks(house, ears, customer().later[0])
    else:
        by_carrier(house, [*said(tmp_path, customer().later[0], "aiutarla"), WaitFor("in viaggio"), HangUp()])
    assert counting.calls == 0
    assert rows_of_voices(house)["call_voices"] == 0


def said(folder: Path, sound: bytes, waits_for: str, words: str = WHERE) -> list[Step]:
    """Steps that wait for words and answer with a recording."""
    file = folder / f"{abs(hash(sound))}.wav"
    soundfile.write(file, as_samples(ulaw_to_pcm(sound)), RATE_HZ, subtype="PCM_16")
    return [WaitFor(waits_for), Say(words, wav=file)]


def by_carrier(house: House, steps: list[Step]) -> str:
    """A whole call of Mario's that the carrier listens to."""
    party = house.whole_call(steps, from_=trial.MARIO, limit_seconds=300)
    party.check()
    return " ".join(party.heard)


def test_a_call_that_the_carrier_listens_to_tells_as_much_of_its_voice(
    voice_house: Callable[..., House], tmp_path: Path
) -> None:
    house = voice_house(listening={"it": "carrier", "en": "carrier"})
    consents(house, MARIO)
    first, *turns, last = customer().enrolment
    steps = said(tmp_path, first, "aiutarla")
    for turn in turns:
        steps += said(tmp_path, turn, "altro")
    by_carrier(house, [*steps, *said(tmp_path, last, "altro", ENOUGH), WaitFor(LEARNT), HangUp()])
    assert is_enrolled(house)
    learnt_in = {row["call_id"] for row in house.rows("calls")}
    by_carrier(house, [*said(tmp_path, customer().later[0], "aiutarla"), WaitFor("in viaggio"), HangUp()])
    (call_id,) = {row["call_id"] for row in house.rows("calls")} - learnt_in
    proofs = [(proof.kind, proof.outcome) for proof in house.context(call_id).who.proofs]
    assert ("voice", "accepted") in proofs
    assert house.voice.forks.value == 0
