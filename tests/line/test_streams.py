"""Listening by our own ears, told by telephone: the caller's audio over the media socket, the turn stored, the call going on."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import pytest_socket
from sqlalchemy import text

from ivr import trial
from ivr.audio import pcm_to_ulaw
from ivr.calls import store
from ivr.calls.asking import socket_token
from ivr.line.faults import Faults, HangUpAt
from ivr.line.script import HangUp, Keys, Say, ScriptedParty, Silence, Step, WaitFor
from ivr.speech.scripted import Fails, Hears, Lacks, Line, ScriptedRecognition
from ivr.speech.vosk_recognizer import VoskRecognition
from ivr.web.media import converse
from tests.listeners import korean_model, spoken
from tests.telephone import House, heard_once, talk, until

Houses = Callable[..., House]
STREAM = {"it": "stream", "en": "carrier"}
# The carrier listens for keys one second longer than its prompt before it opens the stream.
AFTER_PROMPT_SECONDS = 1.6


def voice(text: str, _language: str) -> bytes:
    return pcm_to_ulaw(spoken(text))


def says(words: str, text: str) -> list[Step]:
    """Wait for words, then speak aloud into the stream."""
    return [WaitFor(words), Say(text, after_seconds=AFTER_PROMPT_SECONDS), Silence(1)]


def aloud(house: House, steps: list[Step], *, limit_seconds: float = 120) -> ScriptedParty:
    """A whole call of somebody whose voice is really made."""
    caller = house.caller(steps, voice=voice)
    house.line.call(trial.MARIO, house.settings.line_number, caller)
    assert house.run_until(lambda: caller.reason is not None, limit_seconds), caller.heard
    house.wait(2)
    return caller


def test_order_status_is_understood_from_the_stream(new_house: Houses) -> None:
    script = ScriptedRecognition(
        [Hears(text="dov'è il mio ordine"), Hears(text="no grazie è tutto"), Hears(text="due")]
    )
    house = new_house(listening=STREAM, recognition=script)
    caller = aloud(
        house,
        [
            *says("aiutarla", "dov'è il mio ordine per favore"),
            *says("altro", "no grazie è tutto"),
            *says("da 1", "due"),
        ],
    )
    assert heard_once(caller, "in viaggio con Corriere Espresso"), caller.heard
    assert heard_once(caller, "A presto")
    script.assert_all_used()
    said = [line.heard for line in house.context(house.only_call.call_id).said if line.heard]
    assert said[:2] == ["dov'è il mio ordine", "no grazie è tutto"]
    assert house.voice.forged.value == 0


def test_each_question_gives_the_recogniser_the_words_that_fit_it(new_house: Houses) -> None:
    lines = ["vorrei fare un reso", "due due nove zero", "sì", "no grazie", "due"]
    script = ScriptedRecognition([*(Hears(text=text) for text in lines), *[Hears(text="")] * 5])
    house = new_house(listening=STREAM, recognition=script)
    aloud(
        house,
        [
            *says("aiutarla", "vorrei fare un reso per favore"),
            *says("reso", "due due nove zero"),
            *says("va bene", "sì va bene"),
            *says("altro", "no grazie basta"),
            HangUp(),
        ],
    )
    said = house.context(house.only_call.call_id).said
    assert [line.heard for line in said[:3]] == lines[:3]
    request, number, yes_no = script.asked[:3]
    assert [one.only_phrases for one in (request, number, yes_no)] == [False, True, True]
    assert "duemila" in number.phrases
    assert "duemila" not in request.phrases
    assert yes_no.phrases[0] == "sì"
    assert all("operatore" in one.phrases for one in script.asked)


def test_words_are_shown_while_they_are_said_and_no_longer(new_house: Houses) -> None:
    script = ScriptedRecognition([Hears(text="dov'è il mio ordine"), *[Hears(text="")] * 5])
    house = new_house(listening=STREAM, recognition=script)
    caller = house.caller([*says("aiutarla", "dov'è il mio ordine per favore"), until("altro"), HangUp()], voice=voice)
    house.line.call(trial.MARIO, house.settings.line_number, caller)
    seen: set[str] = set()

    def is_over() -> bool:
        with house.reading() as session:
            seen.update(call.words_so_far for call in store.recent_calls(session))
        # The line's time is made, that of who jots is not.
        time.sleep(0.002)
        return caller.reason is not None

    assert house.run_until(is_over, 60)
    shown = seen - {""}
    assert shown
    assert all("dov'è il mio ordine".startswith(words) for words in shown), shown
    assert house.only_call.words_so_far == ""


def test_vosk_hears_the_caller_and_no_sound_leaves_the_house(new_house: Houses) -> None:
    # Whoever opens a socket while this call lasts, even to this machine, fails the test: the audio has nowhere to go.
    pytest_socket.disable_socket(allow_unix_socket=True)
    house = new_house(listening=STREAM, recognition=VoskRecognition({"it": korean_model()}))
    caller = aloud(house, [*says("aiutarla", "vorrei sapere dov'è il mio ordine"), Silence(3), HangUp()])
    heard = [line.heard for line in house.context(house.only_call.call_id).said if line.heard]
    # The model is Korean: its words mean nothing. That they are those of one pass over the sound is test_hearing's to show.
    assert heard, caller.heard


@pytest.mark.parametrize("line", [Lacks(reason="no model"), Fails(reason="broke down")], ids=["missing", "broken"])
def test_keys_answer_on_the_stream_where_recognition_fails(new_house: Houses, line: Line) -> None:
    house = new_house(listening=STREAM, recognition=ScriptedRecognition([line] * 20))
    way = [WaitFor("aiutarla"), Silence(AFTER_PROMPT_SECONDS), Keys("1"), WaitFor("in viaggio")]
    caller = aloud(house, [*way, *talk("altro", Keys("5"), "da 1", Keys("1"))])
    caller.check()
    assert "1" in [one.keys for one in house.context(house.only_call.call_id).said]


def test_caller_who_hangs_up_in_the_middle_of_the_stream_has_ended_soundly(new_house: Houses) -> None:
    script = ScriptedRecognition([Hears(text="dov'è il mio ordine")] * 9)
    faults = Faults(hang_ups=[HangUpAt(verb="Connect", after_seconds=0.7)])
    house = new_house(listening=STREAM, recognition=script, faults=faults)
    aloud(house, says("aiutarla", "dov'è il mio ordine per favore"))
    assert house.only_call.status == store.ENDED


class Wire:
    """The server's end of a socket on which somebody sends what they like, and then leaves."""

    def __init__(self, *messages: Any) -> None:
        self.messages = list(messages)
        self.sent: list[str] = []

    def receive(self, timeout: float | None = None) -> Any:
        from simple_websocket import ConnectionClosed  # noqa: PLC0415 - used here alone

        if not self.messages:
            raise ConnectionClosed(1006, f"gone after {timeout}")
        message = self.messages.pop(0)
        return message() if callable(message) else message

    def send(self, message: str) -> None:
        self.sent.append(message)

    def close(self) -> None:
        self.messages.clear()


def start(house: House, *, token: str | None = None, turn: int = 1) -> str:
    call_id = house.only_call.call_id
    right = socket_token(house.voice.company.token_key, call_id, turn)
    stream = {
        "accountSid": house.settings.account_sid, "streamSid": "MZ1", "callSid": call_id, "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"turn": str(turn), "token": right if token is None else token},
    }  # fmt: skip
    return json.dumps({"event": "start", "sequenceNumber": "1", "start": stream, "streamSid": "MZ1"})


@pytest.fixture
def asked(new_house: Houses) -> House:
    """A call that stands at its first question."""
    house = new_house(listening=STREAM, recognition=ScriptedRecognition([Hears(text="dov'è il mio ordine")] * 9))
    caller, _ = house.call(talk("aiutarla"), from_=trial.MARIO)
    assert house.run_until(lambda: caller.done, 30)
    return house


def listened(house: House, wire: Wire) -> str:
    """What one socket has left in the database."""
    with house.app.app_context():
        converse(wire)
    return house.only_call.heard


@pytest.mark.parametrize(
    "messages",
    [
        (),
        ("rubbish",),
        (b"\x00\xff",),
        ('{"event":"connected"}', "[]", "{}", '{"event":"start"}'),
        tuple("rubbish" for _ in range(500)),
    ],
    ids=["nothing", "text", "bytes", "half_a_start", "a_flood"],
)
def test_socket_that_sends_rubbish_leaves_nothing(asked: House, messages: tuple[Any, ...]) -> None:
    assert listened(asked, Wire(*messages)) == ""


@pytest.mark.parametrize(
    "given", [{"token": ""}, {"token": "0" * 64}, {"turn": 7}], ids=["none", "wrong", "other_turn"]
)
def test_socket_that_does_not_speak_for_its_turn_is_closed(asked: House, given: dict[str, Any]) -> None:
    assert listened(asked, Wire(start(asked, **given))) == ""


def test_socket_that_dies_in_the_middle_leaves_the_turn_as_far_as_it_was_heard(asked: House) -> None:
    heard = json.loads(listened(asked, Wire('{"event":"connected"}', start(asked))))
    assert heard["turn"] == 1
    assert heard["ended"] == "stalled"


@pytest.mark.parametrize("at", [0, 1], ids=["before_it_listens", "while_it_listens"])
def test_database_that_fails_costs_the_turn_and_not_the_call(asked: House, at: int) -> None:
    def lose_the_table() -> None:
        with asked.engine.begin() as connection:
            connection.execute(text("ALTER TABLE calls RENAME TO lost"))

    messages: list[Any] = [start(asked), '{"event":"stop","streamSid":"MZ1","stop":{"callSid":"CA1"}}']
    messages.insert(at, lose_the_table)
    with asked.app.app_context():
        converse(Wire(*messages))
    with asked.engine.begin() as connection:
        connection.execute(text("ALTER TABLE lost RENAME TO calls"))
    assert asked.voice.sockets.value == 0
    assert asked.only_call.heard == ""


def test_second_start_on_a_socket_changes_nothing(asked: House) -> None:
    heard = json.loads(
        listened(asked, Wire(start(asked), start(asked), '{"event":"stop","streamSid":"MZ1","stop":{}}'))
    )
    assert heard["turn"] == 1


def test_language_without_a_model_is_left_to_the_carriers_recogniser(new_house: Houses) -> None:
    house = new_house(listening=STREAM)
    caller = house.whole_call(
        talk("aiutarla", "dov'è il mio ordine", "altro", "no grazie", "da 1", Keys("2")), from_=trial.MARIO
    )
    caller.check()
    assert heard_once(caller, "in viaggio con Corriere Espresso")
