"""Prompts in our own voice, told by telephone: over the stream while we listen, as files elsewhere; one voice a call."""

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ivr import trial
from ivr.audio import seconds_of_ulaw, ulaw_to_pcm
from ivr.calls import speaking
from ivr.calls.open_question import Spoken
from ivr.line.party import HeardFrom
from ivr.line.script import HangUp, Keys, Say, ScriptedParty, Silence, Step, WaitFor
from ivr.speech.scripted import Fails, Hears, IsBusy, Line, ScriptedRecognition
from ivr.synthesis import installed_voice
from ivr.web.media import MOST_SOCKETS
from prompts.documents import HERE
from prompts.version import FLOW_FILE, PROMPTS_FILE
from tests.line.test_streams import Wire, listened, start, voice
from tests.telephone import SERVICE, House, heard_once, until

Houses = Callable[..., House]
STREAM = {"it": "stream", "en": "carrier"}
ORDER = "dov'è il mio ordine per favore"
FOUND = "in viaggio con Corriere Espresso"

pytestmark = pytest.mark.skipif(
    not installed_voice().speaks("it-IT"), reason="no synthesiser for Italian is installed here"
)


def streamed(times: int) -> WaitFor:
    """Wait until our socket has begun to speak for so many times."""
    return WaitFor(lambda heard: sum(line.heard.source is HeardFrom.STREAM for line in heard) >= times)


def aloud(house: House, steps: list[Step], *, limit_seconds: float = 200, from_: str = trial.MARIO) -> ScriptedParty:
    """A whole call of somebody whose voice is really made and who hears every sound."""
    caller = house.caller(steps, voice=voice, wants_audio=True)
    house.line.call(from_, house.settings.line_number, caller)
    assert house.run_until(lambda: caller.reason is not None, limit_seconds), caller.transcript
    house.wait(2)
    caller.check()
    return caller


def documents(house: House) -> list[str]:
    return [reply.body.decode() for _, reply in house.requests.sent if reply.body.startswith(b"<?xml")]


def prompts_said(house: House) -> list[str]:
    return [line.prompt for line in house.context(house.only_call.call_id).said]


def greeting_seconds() -> float:
    words = "Buongiorno Mario Bianchi, qui Bottega Aurora. Mi dica, come posso aiutarla?"
    return seconds_of_ulaw(installed_voice()(words, "it-IT"))


def heard_lines(*texts: str) -> ScriptedRecognition:
    return ScriptedRecognition([*(Hears(text=text) for text in texts), *[Hears(text="")] * 9])


def test_a_whole_call_has_one_voice_from_the_greeting_to_the_goodbye(new_house: Houses) -> None:
    script = heard_lines("dov'è il mio ordine", "no grazie è tutto", "due")
    house = new_house(listening=STREAM, recognition=script, prompt_voice="auto")
    caller = aloud(
        house,
        [
            *(streamed(1), Silence(greeting_seconds() + 0.5), Say(ORDER)),
            *(streamed(2), Silence(12), Say("no grazie è tutto")),
            *(streamed(3), Silence(12), Say("due")),
            WaitFor(lambda heard: any(line.heard.source is HeardFrom.PLAY for line in heard)),
        ],
    )
    said = prompts_said(house)
    assert FOUND in said[1]
    assert "A presto" in said[-1]
    assert not [document for document in documents(house) if "<Say" in document]
    assert caller.heard == []
    (goodbye,) = [line.heard for line in caller.transcript if line.heard.source is HeardFrom.PLAY]
    assert "/voice/spoken/" in goodbye.text
    assert goodbye.seconds > 1
    # The caller's ear has had the sound of it all, and no silence in its place.
    loud = np.abs(np.frombuffer(ulaw_to_pcm(bytes(caller.audio_heard)), dtype="<i2").astype(float)) > 1000
    assert loud.mean() > 0.1


def test_a_voice_stops_the_prompt_and_its_first_words_count(new_house: Houses) -> None:
    house = new_house(listening=STREAM, recognition=heard_lines("dov'è il mio ordine"), prompt_voice="auto")
    caller = aloud(house, [streamed(1), Silence(1), Say(ORDER), streamed(2), HangUp(after_seconds=1)])
    (first, *_) = house.context(house.only_call.call_id).said
    assert first.heard == "dov'è il mio ordine"
    assert first.hearing is not None
    assert first.hearing.interrupted_prompt
    begun = [line.at_seconds for line in caller.transcript if line.heard.source is HeardFrom.STREAM]
    assert begun[1] - begun[0] < greeting_seconds()
    assert FOUND in prompts_said(house)[1]


def test_a_key_stops_the_prompt_at_once(new_house: Houses) -> None:
    house = new_house(listening=STREAM, recognition=heard_lines(), prompt_voice="auto")
    caller = aloud(house, [streamed(1), Silence(1), Keys("1"), streamed(2), HangUp(after_seconds=1)])
    begun = [line.at_seconds for line in caller.transcript if line.heard.source is HeardFrom.STREAM]
    assert begun[1] - begun[0] < 2.5
    assert FOUND in prompts_said(house)[1]


def test_who_cannot_be_admitted_hears_the_question_from_the_carrier_in_the_same_voice_and_is_streamed_again(
    new_house: Houses,
) -> None:
    lines: list[Line] = [IsBusy(reason="full"), *[Hears(text="no grazie è tutto")] * 9]
    house = new_house(listening=STREAM, recognition=ScriptedRecognition(lines), prompt_voice="auto")
    caller = aloud(house, [until("/voice/spoken/"), Say(ORDER), streamed(1), HangUp(after_seconds=1)])
    gather = next(document for document in documents(house) if "<Gather" in document)
    assert "/voice/spoken/" in gather
    assert "<Say" not in gather
    assert 'hints="' in gather
    assert FOUND in prompts_said(house)[1]
    assert "<Stream" in documents(house)[-1] or "<Stream" in documents(house)[-2]
    assert caller.heard == []


def test_a_machine_without_room_leaves_the_question_to_the_carrier_and_takes_the_next(new_house: Houses) -> None:
    house = new_house(listening=STREAM, recognition=heard_lines("no grazie è tutto"), prompt_voice="auto")
    house.voice.sockets.add(MOST_SOCKETS)
    caller = house.caller([until("/voice/spoken/"), Say(ORDER), streamed(1), HangUp(after_seconds=1)], voice=voice)
    house.line.call(trial.MARIO, house.settings.line_number, caller)
    assert house.run_until(lambda: len(caller.transcript) > 0, 20)
    assert house.only_call.listening == "carrier"
    house.voice.sockets.add(-MOST_SOCKETS)
    assert house.run_until(lambda: caller.reason is not None, 60), caller.transcript
    caller.check()
    assert ["<Stream" in document for document in documents(house)[:2]] == [False, True]
    assert FOUND in prompts_said(house)[1]


def test_a_recogniser_that_dies_gives_the_rest_of_the_call_to_the_carriers(new_house: Houses) -> None:
    house = new_house(
        listening=STREAM, recognition=ScriptedRecognition([Fails(reason="broke down")]), prompt_voice="auto"
    )
    steps: list[Step] = [streamed(1), Silence(greeting_seconds() + 0.5), Say(ORDER)]
    # The question comes again, since who has spoken would wait for ever; and this time it is understood.
    steps += [until("/voice/spoken/"), Say(ORDER), until("/voice/spoken/"), HangUp(after_seconds=1)]
    aloud(house, steps)
    assert FOUND in prompts_said(house)[1]
    assert house.only_call.listening == "given_up"
    assert sum("<Stream" in document for document in documents(house)) == 1
    first = house.context(house.only_call.call_id).said[0]
    assert first.hearing is not None
    assert (first.hearing.by, first.hearing.failure) == ("carrier", "broke down")


def test_the_queue_speaks_with_the_same_voice(new_house: Houses) -> None:
    house = new_house(listening=STREAM, recognition=heard_lines("voglio una persona"), prompt_voice="auto")
    house.sign_in("anna")
    house.agent_phone("client:anna")
    caller = aloud(
        house,
        [
            *(streamed(1), Silence(greeting_seconds() + 0.5), Say("voglio una persona")),
            *(until("/voice/spoken/"), until("/voice/spoken/"), HangUp(after_seconds=3)),
        ],
    )
    assert any("<Enqueue" in document for document in documents(house))
    assert not [document for document in documents(house) if "<Say" in document]
    assert not caller.heard


def test_a_stream_that_is_opened_again_says_the_question_again(new_house: Houses) -> None:
    house = new_house(listening=STREAM, recognition=heard_lines(), prompt_voice="auto")
    house.call([streamed(1)], from_=trial.MARIO)
    assert house.run_until(lambda: bool(house.voice.sockets.value), 10)
    sent = []
    for _ in range(2):
        wire = Wire(start(house))
        listened(house, wire)
        sent.append([json.loads(message) for message in wire.sent])
    assert sent[0] == sent[1]
    assert {message["event"] for message in sent[0]} == {"media", "mark"}


# --- The carrier's way of fetching them


def address_in(house: House) -> str:
    """Where the carrier fetches a text of ours."""
    company = house.voice.company
    said = Spoken(text="Grazie di aver chiamato.", language="it")
    return speaking.speak(company, company.version(1), said).recording_url.removeprefix(SERVICE)


def test_what_we_signed_is_sound_and_all_else_is_nothing(new_house: Houses) -> None:
    house = new_house(listening=STREAM, recognition=heard_lines(), prompt_voice="here")
    address, browser = address_in(house), house.app.test_client()
    good = browser.get(address)
    assert (good.status_code, good.mimetype) == (200, "audio/wav")
    assert "private" in good.headers["Cache-Control"]
    samples, rate_hz = soundfile.read(io.BytesIO(good.data))
    assert rate_hz == 8000
    assert len(samples) > 8000
    for wrong in ("/voice/spoken/x.wav", address.replace(".wav", "A.wav"), "/voice/spoken/" + "A" * 5000 + ".wav"):
        assert browser.get(wrong).status_code == 404


def test_a_service_whose_prompts_are_the_carriers_speaks_for_nobody(new_house: Houses) -> None:
    spoken = address_in(new_house(listening=STREAM, recognition=heard_lines(), prompt_voice="here"))
    silent = new_house(listening=STREAM, recognition=heard_lines(), prompt_voice="carrier")
    assert address_in(silent) == ""
    assert silent.app.test_client().get(spoken).status_code == 404


# --- Recordings


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """The shipped company whose goodbye is a recording: a tone of 700 Hz, which no voice is."""
    for name in (FLOW_FILE, PROMPTS_FILE, "intents.yaml"):
        shutil.copy(HERE / name, tmp_path / name)
    shutil.copytree(HERE / "intents", tmp_path / "intents")
    file = tmp_path / PROMPTS_FILE
    text = file.read_text(encoding="utf-8")
    words = "Grazie di aver chiamato Bottega Aurora. A presto."
    assert f'it: {{text: "{words}"}}' in text
    with_recording = f'it: {{text: "{words}", recording: goodbye.flac}}'
    file.write_text(text.replace(f'it: {{text: "{words}"}}', with_recording), encoding="utf-8")
    tone = 0.3 * np.sin(2 * np.pi * 700 * np.arange(16000) / 16000)
    soundfile.write(tmp_path / "goodbye.flac", tone, 16000)
    return tmp_path


def test_a_recording_is_played_in_place_of_its_text_whoever_speaks_the_rest(new_house: Houses, recorded: Path) -> None:
    house = new_house(prompts_folder=recorded)
    caller = house.whole_call(
        [until("aiutarla"), Say("dov'è il mio ordine"), until("altro"), Say("no grazie"), until("da 1"), Keys("2"),
         until("/voice/recording/")],
        from_=trial.MARIO,
    )  # fmt: skip
    caller.check()
    assert heard_once(caller, FOUND)
    played = next(line.heard for line in caller.transcript if line.heard.source is HeardFrom.PLAY)
    assert played.seconds == pytest.approx(1.0, abs=0.03)
    answer = house.app.test_client().get(played.text.removeprefix(SERVICE))
    assert "public" in answer.headers["Cache-Control"]
    samples, _ = soundfile.read(io.BytesIO(answer.data))
    spectrum = np.abs(np.fft.rfft(samples[:8000]))
    assert abs(int(spectrum.argmax()) - 700) <= 2


@pytest.mark.parametrize(
    "path", ["1/it/hello.wav", "7/it/goodbye.wav", "1/../../etc/passwd.wav", "1/it/..%2f..%2fetc%2fpasswd.wav"]
)
def test_only_what_the_catalogue_records_can_be_fetched(new_house: Houses, recorded: Path, path: str) -> None:
    house = new_house(prompts_folder=recorded)
    assert house.app.test_client().get(f"/voice/recording/{path}").status_code == 404


def test_a_recording_that_cannot_be_played_leaves_its_text_to_be_spoken(
    new_house: Houses, recorded: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (recorded / "goodbye.flac").write_bytes(b"no sound")
    house = new_house(prompts_folder=recorded)
    assert "spoken from its text" in caplog.text
    assert not house.voice.company.version(1).recordings
