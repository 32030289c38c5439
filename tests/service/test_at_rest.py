"""Whoever takes the database's files without the key reads no name, no words, no sound and no voice; whoever changes them is
noticed, and no caller and no agent pays for it with an error."""

import base64
import json
import struct
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, text

from biometrics.seals import Unreadable
from biometrics.vault import Vault
from biometrics.voiceprint import Sample
from ivr import database, trial
from ivr.calls import audio, store
from ivr.customers import store as customers
from ivr.line.script import HangUp, Silence
from sealing.columns import use
from sealing.keys import KeyRing, SealBrokenError
from tests.keys import RING, key
from tests.telephone import House, build_house, heard_once, talk
from tests.voices import utterances

GIULIA, MARIO = "K001", "K002"
SAID = "vorrei sapere dove si trova il mio ombrello giallo"
NAMES = ("Giulia Conti", "Mario Bianchi", "Emily Carter", "Giulia")
ENCODER = "line"
PCM = np.random.default_rng(4).integers(-9000, 9000, size=16000).astype("<i2").tobytes()


@pytest.fixture
def house(sqlite_engine: Engine) -> Iterator[House]:
    house = build_house(sqlite_engine)
    yield house
    house.close()


def giulia_calls(house: House) -> str:
    """A call in which Giulia is greeted by her name and says what she wants."""
    caller = house.whole_call(
        [*talk("Giulia Conti", "no", "in ritardo", SAID, Silence(8.0)), HangUp()], from_=trial.GIULIA
    )
    assert heard_once(caller, "Giulia Conti")
    call_id = house.only_call.call_id
    assert SAID in [line.heard for line in house.context(call_id).said], house.context(call_id).said
    return call_id


def sound_is_kept(house: House, call_id: str, customer_id: str = GIULIA, turn: int = 1) -> bytes:
    """The customer agrees, and the sound of a turn is kept; the FLAC file."""
    now = house.clock.now()
    with database.session_factory(house.engine).begin() as session:
        customers.record_consent(
            session, customer_id=customer_id, purpose=customers.CALL_AUDIO, granted=True, wording="consent_audio",
            wording_version=1, language="it", call_id=call_id, now=now,
        )  # fmt: skip
        flac = audio.flac_of(PCM)
        assert customers.keep_audio(
            session, customer_id=customer_id, call_id=call_id, turn=turn, flac=flac, now=now, longest=timedelta(days=30)
        )
    return flac


def voice_is_kept(house: House, call_id: str, customer_id: str = GIULIA, *, speaker: int = 0) -> list[Sample]:
    """The voice of a customer: heard in a call, enrolled, and part of the background."""
    said = utterances(speaker, 9)
    vault, now = Vault(RING), house.clock.now()
    with database.session_factory(house.engine).begin() as session:
        for turn, one in enumerate(said):
            vault.keep_sample(
                session, call_id=call_id, turn=turn, customer_id=customer_id, sample=one, encoder=ENCODER,
                channel="telephone", now=now,
            )  # fmt: skip
        vault.collect(session, call_id, customer_id, now)
        vault.keep_background(session, customer_id=customer_id, encoder=ENCODER, embedding=said[0].embedding, now=now)
    return said


def files_hold(folder: Path, wanted: bytes) -> bool:
    """Whether the bytes are anywhere in the database's files, its log among them."""
    files = [file for file in folder.iterdir() if file.name.startswith("centralino.sqlite")]
    assert files
    return any(wanted in file.read_bytes() for file in files)


def traces_of_words(words: str) -> list[bytes]:
    """What words would look like in the clear, in JSON, in UTF-16, and inside of base64 at each of its three alignments."""
    spelt = [words.encode(), json.dumps(words)[1:-1].encode(), words.encode("utf-16-le")]
    inside = [base64.b64encode(b"x" * shift + words.encode())[4 if shift else 0 : -4] for shift in range(3)]
    # Four letters of base64 may be there by chance.
    return [*spelt, *(one for one in inside if len(one) > 4)]


def traces_of_voice(said: Sample) -> list[bytes]:
    """What an embedding would look like as 32-bit or 64-bit numbers, as JSON, and in base64."""
    numbers = said.embedding
    packed = [struct.pack(f"<{len(numbers)}{kind}", *numbers) for kind in "fd"]
    written = [json.dumps(numbers[1:4])[1:-1].encode()]
    return [*(one[8:40] for one in packed), *(base64.b64encode(one)[:40] for one in packed), *written]


def test_a_stolen_database_tells_nothing_of_anybody_without_its_key(house: House, tmp_path: Path) -> None:
    call_id = giulia_calls(house)
    flac = sound_is_kept(house, call_id)
    said = voice_is_kept(house, call_id)
    log = tmp_path / "centralino.sqlite-wal"
    assert log.stat().st_size > 0
    # The search finds what is there: numbers and identifiers are looked up, and lie open.
    assert files_hold(tmp_path, call_id.encode())
    assert files_hold(tmp_path, trial.GIULIA.encode())
    secrets = [
        # What everybody may hear lies open: the shipped prompts and phrases. What was said in this call does not.
        *(trace for words in (*NAMES, SAID, "ombrello giallo", "Buongiorno, Giulia") for trace in traces_of_words(words)),
        flac[:8],
        *(flac[at : at + 32] for at in range(0, len(flac) - 32, 997)),
        PCM[:32],
        *(trace for one in said for trace in traces_of_voice(one)),
    ]  # fmt: skip
    assert [one for one in secrets if files_hold(tmp_path, one)] == []
    house.engine.dispose()
    assert [one for one in secrets if files_hold(tmp_path, one)] == []


def test_with_another_key_nothing_opens(house: House) -> None:
    call_id = giulia_calls(house)
    sound_is_kept(house, call_id)
    voice_is_kept(house, call_id)
    use(house.engine, KeyRing.read(key("thiefkey")))
    with house.reading() as session:
        giulia, call = customers.customer(session, GIULIA), store.call(session, call_id)
        assert giulia is not None
        assert call is not None
        for read in (lambda: giulia.name, lambda: call.state, lambda: store.turns(session, call_id)[0].prompt):
            with pytest.raises(SealBrokenError):
                read()
        assert customers.audio_of(session, call_id=call_id, turn=1, now=house.clock.now()) is None
        thief = Vault(KeyRing.read(key("thiefkey")))
        assert isinstance(thief.voiceprint_of(session, GIULIA, ENCODER), Unreadable)
        assert thief.evidence_of(session, call_id, GIULIA, ENCODER) is None
        assert thief.background(session, ENCODER) == {}


def swap(
    engine: Engine, table: str, column: str, *, key_column: str = "customer_id", one: str = GIULIA, other: str = MARIO
) -> None:
    """Put a sealed value of each of two rows into the other."""
    with engine.begin() as connection:
        read = text(f"SELECT {column} FROM {table} WHERE {key_column} = :key")  # noqa: S608 - a test's own words
        write = text(f"UPDATE {table} SET {column} = :value WHERE {key_column} = :key")  # noqa: S608 - a test's own words
        values = {name: connection.execute(read, {"key": name}).scalar_one() for name in (one, other)}
        connection.execute(write, {"key": one, "value": values[other]})
        connection.execute(write, {"key": other, "value": values[one]})


def test_the_call_of_a_customer_whose_name_was_swapped_goes_on_without_a_name(house: House) -> None:
    swap(house.engine, "customers", "name")
    caller = house.whole_call([*talk("aiutarla", "una persona per favore"), HangUp()], from_=trial.GIULIA)
    assert not heard_once(caller, "Giulia")
    assert not heard_once(caller, "Mario")
    assert not heard_once(caller, "problema tecnico")
    assert all(reply.status < 500 for _, reply in house.requests.sent)
    context = house.context(house.only_call.call_id)
    assert context.who.name is None
    assert "La scheda del cliente non si può aprire" in "\n".join(line.text for line in context.done)


def test_the_desk_says_what_cannot_be_opened_and_shows_the_rest(house: House) -> None:
    call_id = giulia_calls(house)
    with house.engine.begin() as connection:
        connection.execute(text("UPDATE turns SET heard = 'sealed:' || substr(heard, 20) WHERE heard != ''"))
        connection.execute(text("UPDATE happenings SET details = '{}' WHERE kind = 'ended'"))
        connection.execute(text("UPDATE customers SET name = 'Mallory' WHERE customer_id = 'K001'"))
    context = house.context(call_id)
    assert context.who.name == "[non si può aprire]"
    heard = [line.heard for line in context.said if line.heard]
    assert heard
    assert set(heard) == {"[non si può aprire]"}
    assert any("Giulia Conti" in line.prompt for line in context.said)
    assert "[cannot be opened]" in [line.heard for line in house.context(call_id, "en").said]


def test_a_call_whose_state_was_changed_begins_its_flow_anew(house: House) -> None:
    caller, leg = house.call(talk("Giulia Conti", "no", "in ritardo", SAID), from_=trial.GIULIA)
    assert house.run_until(lambda: heard_once(caller, "in ritardo"))
    with house.engine.begin() as connection:
        connection.execute(text("UPDATE calls SET state = 'sealed:AAAA' || state"))
    assert house.run_until(lambda: len(caller.heard) > 3 or caller.reason is not None, 60)
    assert all(reply.status < 500 for _, reply in house.requests.sent)
    assert not heard_once(caller, "problema tecnico")
    assert house.record(leg).node


def test_sound_and_voices_that_were_swapped_are_nobody_s(house: House) -> None:
    call_id = giulia_calls(house)
    sound_is_kept(house, call_id)
    voice_is_kept(house, call_id)
    voice_is_kept(house, "CA-of-mario", MARIO, speaker=1)
    with house.engine.begin() as connection:
        connection.execute(text("UPDATE call_audio SET customer_id = 'K002'"))
        connection.execute(text("UPDATE consents SET customer_id = 'K002'"))
    swap(house.engine, "voiceprints", "sealed")
    swap(house.engine, "background_voices", "sealed")
    swap(house.engine, "call_voices", "sealed", key_column="call_id || turn", one=f"{call_id}1", other="CA-of-mario1")
    with house.reading() as session:
        vault = Vault(RING)
        assert customers.turns_with_audio(session, call_id, house.clock.now()) == {1}
        assert customers.audio_of(session, call_id=call_id, turn=1, now=house.clock.now()) is None
        for customer_id in (GIULIA, MARIO):
            assert isinstance(vault.voiceprint_of(session, customer_id, ENCODER), Unreadable)
        assert vault.background(session, ENCODER) == {}
