"""A customer's audio, told by telephone: kept with consent alone, withdrawn by a word in any call, gone when its time is over."""

import io
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ivr import database, trial
from ivr.audio import loudness_dbfs, pcm_to_ulaw
from ivr.calls import audio
from ivr.calls.tables import Call
from ivr.customers import store as customers
from ivr.line.script import HangUp, Say, Silence, Step, WaitFor
from ivr.speech.scripted import Hears, ScriptedRecognition
from prompts.documents import HERE
from tests.listeners import spoken
from tests.telephone import House

Houses = Callable[..., House]
EARLIER_CALL = "CA" + "7" * 32
PCM = bytes(range(256)) * 40


def mario_was_heard(house: House, *, consented_at: datetime) -> None:
    """In a call of before, Mario agreed that what he says is kept."""
    with database.session_factory(house.engine).begin() as session:
        (mario,) = customers.by_number(session, trial.MARIO)
        session.add(
            Call(
                call_id=EARLIER_CALL, from_number=trial.MARIO, to_number=house.settings.line_number, flow="shop",
                flow_version=1, listening="stream", language="it", status="ended", started_at=consented_at,
                ended_at=consented_at, customer_id=mario.customer_id, turn=4,
            )
        )  # fmt: skip
        session.flush()
        customers.record_consent(
            session, customer_id=mario.customer_id, purpose=customers.CALL_AUDIO, granted=True, wording="consent_audio",
            wording_version=1, language="it", call_id=EARLIER_CALL, now=consented_at,
        )  # fmt: skip
        assert audio.keep(
            session, call_id=EARLIER_CALL, turn=3, pcm=PCM, now=consented_at, days=house.settings.audio_days
        )


def test_consent_withdrawn_by_word_in_a_later_call_erases_what_was_kept(new_house: Houses) -> None:
    house = new_house()
    mario_was_heard(house, consented_at=house.clock.now() - timedelta(days=2))
    assert len(house.rows("call_audio")) == 1
    house.whole_call(
        [
            WaitFor("aiutarla"),
            Say("voglio revocare il consenso"),
            WaitFor("consens"),
            HangUp(),
        ],
        from_=trial.MARIO,
    )
    answers = [(row["purpose"], bool(row["granted"])) for row in house.rows("consents")]
    assert answers[-1] == (customers.CALL_AUDIO, False), answers
    assert house.rows("call_audio") == []


def test_what_is_over_is_erased_by_time_alone(new_house: Houses) -> None:
    house = new_house(audio_days=30)
    mario_was_heard(house, consented_at=house.clock.now() - timedelta(days=30) + timedelta(seconds=90))
    house.wait(60)
    assert len(house.rows("call_audio")) == 1
    house.wait(120)
    assert house.rows("call_audio") == []


def says(words: str, text: str) -> list[Step]:
    # The carrier listens for keys one second longer than its prompt before it opens the stream.
    return [WaitFor(words), Say(text, after_seconds=1.6), Silence(1)]


@pytest.mark.parametrize("has_consented", [True, False])
def test_sound_of_a_call_is_kept_turn_by_turn_only_of_a_customer_who_has_consented(
    new_house: Houses, *, has_consented: bool
) -> None:
    script = ScriptedRecognition(
        [Hears(text="dov'è il mio ordine"), Hears(text="no grazie è tutto"), Hears(text="due")]
    )
    house = new_house(listening={"it": "stream", "en": "carrier"}, recognition=script)
    if has_consented:
        mario_was_heard(house, consented_at=house.clock.now() - timedelta(days=2))
    steps = [
        *says("aiutarla", "dov'è il mio ordine per favore"),
        *says("altro", "no grazie è tutto"),
        *says("da 1", "due"),
    ]
    caller = house.caller(steps, voice=lambda text, _: pcm_to_ulaw(spoken(text)))
    house.line.call(trial.MARIO, house.settings.line_number, caller)
    assert house.run_until(lambda: caller.reason is not None, 120), caller.heard
    house.wait(2)
    kept = [row for row in house.rows("call_audio") if row["call_id"] != EARLIER_CALL]
    (call,) = [row for row in house.rows("calls") if row["call_id"] != EARLIER_CALL]
    spoken_turns = [line.turn for line in house.context(call["call_id"]).said if line.heard]
    assert len(spoken_turns) == 3
    if not has_consented:
        assert house.rows("call_audio") == []
        return
    assert [row["turn"] for row in kept] == spoken_turns
    for row in kept:
        samples, rate_hz = soundfile.read(io.BytesIO(row["flac"]), dtype="int16")
        assert rate_hz == 8000
        assert loudness_dbfs(np.asarray(samples, dtype="<i2").tobytes()) > -40
    with house.reading() as session:
        (mario,) = customers.by_number(session, trial.MARIO)
    assert {row["customer_id"] for row in kept} == {mario.customer_id}


def test_consent_that_the_flow_asks_in_the_call_counts_from_its_yes_on(new_house: Houses, tmp_path: Path) -> None:
    folder = tmp_path / "prompts"
    shutil.copytree(HERE, folder)
    flow = folder / "shop.flow.yaml"
    asked = flow.read_text(encoding="utf-8").replace("purpose: voice_verification", f"purpose: {customers.CALL_AUDIO}")
    flow.write_text(asked, encoding="utf-8")
    script = ScriptedRecognition([Hears(text="sì"), Hears(text="sì per quello"), Hears(text="vorrei una persona")])
    house = new_house(
        listening={"it": "stream", "en": "carrier"}, recognition=script, prompts_folder=folder, text_encoder="none"
    )
    steps = [*says("dalla voce", "sì va bene"), *says("in ritardo", "sì per quello"), WaitFor("altro"), HangUp()]
    caller = house.caller(steps, voice=lambda text, _: pcm_to_ulaw(spoken(text)))
    house.line.call(trial.GIULIA, house.settings.line_number, caller)
    assert house.run_until(lambda: caller.reason is not None, 120), caller.heard
    house.wait(2)
    said = {line.turn: line.heard for line in house.context(house.only_call.call_id).said if line.heard}
    assert list(said.values()) == ["sì", "sì per quello"]
    # The yes itself was said before there was a consent.
    assert [row["turn"] for row in house.rows("call_audio")] == [max(said)]
    assert [(row["purpose"], bool(row["granted"])) for row in house.rows("consents")] == [(customers.CALL_AUDIO, True)]
