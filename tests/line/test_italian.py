"""Italian by ear: made Italian voices speak on the telephone, Whisper hears them, and the line does what they ask for."""

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ivr import trial
from ivr.audio import pcm_to_ulaw
from ivr.commands.trial_caller import BY_EAR, LEARNING_BY_EAR, TrialCaller
from ivr.line.script import HangUp, Keys, Say, ScriptedParty, Silence, Step, WaitFor
from ivr.speech.recognizer import NoModel
from ivr.synthesis import Speaker
from tests.telephone import House, heard_once
from tests.whisper import italian, whisper_recognition

Houses = Callable[..., House]
STREAM = {"it": "stream", "en": "carrier"}
# The carrier listens for keys one second longer than its prompt before it opens the stream.
AFTER_PROMPT_SECONDS = 1.6


def pico(text: str, _language: str) -> bytes:
    return pcm_to_ulaw(italian(text))


def says(words: str, text: str) -> list[Step]:
    """Wait for words, then speak aloud into the stream."""
    return [WaitFor(words), Say(text, after_seconds=AFTER_PROMPT_SECONDS), Silence(1)]


def aloud(
    house: House, steps: Sequence[Step], *, from_: str, voice: Callable[[str, str], bytes] = pico
) -> ScriptedParty:
    """A call of somebody whose voice is really made, until they hang up or reach a person."""
    caller = house.caller(steps, voice=voice)
    house.line.call(from_, house.settings.line_number, caller)
    assert house.run_until(lambda: caller.reason is not None, 240), caller.heard
    house.wait(2)
    return caller


def understood(house: House) -> list[str]:
    return [line.heard for line in house.context(house.only_call.call_id).said if line.heard]


@pytest.fixture
def listening_house(new_house: Houses) -> House:
    return new_house(listening=STREAM, recognition=whisper_recognition())


def test_order_status_is_asked_for_by_its_number_and_told(listening_house: House) -> None:
    caller = aloud(
        listening_house,
        [
            *says("come posso aiutarla", "vorrei sapere quando arriva il mio ordine"),
            *says("numero dell'ordine", "due tre cinque otto"),
            *says("CAP", "zero zero uno otto quattro"),
            *says("altro", "no grazie è tutto"),
            WaitFor("da 1"),
            Keys("2"),
        ],
        from_=trial.STRANGER,
    )
    assert heard_once(caller, "in viaggio con Corriere Espresso"), "\n".join(
        [*caller.heard, *understood(listening_house)]
    )
    assert heard_once(caller, "A presto"), "\n".join([*caller.heard, *understood(listening_house)])
    assert listening_house.voice.forged.value == 0


def test_return_is_opened_by_voice(listening_house: House) -> None:
    caller = aloud(
        listening_house,
        [
            *says("aiutarla", "vorrei restituire il tappeto che ho comprato"),
            *says("ordine", "duemila duecentonovanta"),
            *says("?", "sì va bene"),
            WaitFor("altro"),
            HangUp(),
        ],
        from_=trial.MARIO,
    )
    assert heard_once(caller, "Apro il reso per l'ordine due due, nove zero"), "\n".join(caller.heard)
    assert heard_once(caller, "numero del reso"), "\n".join([*caller.heard, *understood(listening_house)])


def test_complaint_reaches_a_person_with_the_story(listening_house: House) -> None:
    listening_house.sign_in("anna")
    caller = listening_house.caller(
        says("aiutarla", "voglio fare un reclamo, è la terza volta che mi arriva tutto in ritardo"),
        voice=lambda text, _language: pcm_to_ulaw(italian(text, Speaker.CALLER)),
    )
    leg = listening_house.line.call(trial.MARIO, listening_house.settings.line_number, caller)
    assert listening_house.run_until(lambda: listening_house.offer_to("anna") is not None, 90), (
        caller.heard,
        understood(listening_house),
    )
    (first, *_) = listening_house.context(leg.sid).said
    assert "reclamo" in first.heard
    assert first.hearing is not None
    assert first.hearing.by == "whisper"


def test_the_demos_caller_hears_our_voice_out_and_is_understood_by_ear(new_house: Houses) -> None:
    house = new_house(listening=STREAM, recognition=whisper_recognition(), prompt_voice="auto")
    house.sign_in("anna")
    told: list[tuple[str, str]] = []

    def calls(steps: Sequence[Step]) -> tuple[TrialCaller, str]:
        caller = TrialCaller(
            say=lambda who, what: told.append((who, what)),
            clock=house.clock,
            steps=steps,
            voice=lambda text, _language: pcm_to_ulaw(italian(text, Speaker.CALLER)),
            wants_audio=True,
        )
        return caller, house.line.call(trial.GIULIA, house.settings.line_number, caller).sid

    def intents(call_id: str) -> list[str]:
        return [line.intent for line in house.context(call_id).said if line.heard]

    first, first_id = calls(LEARNING_BY_EAR)
    assert house.run_until(lambda: first.reason is not None, 240), told
    # In between the number, which is read back where Whisper was not sure of a digit.
    assert intents(first_id)[:4] == ["yes", "yes", "yes", "order_status"]
    assert intents(first_id)[-2:] == ["no", "yes"]
    second, second_id = calls(BY_EAR)
    assert house.run_until(lambda: house.offer_to("anna") is not None, 120), second.heard
    assert intents(second_id)[:2] == ["yes", "complaint"]
    said = [what for who, what in told if who == "caller says"]
    assert len(said) == len(set(said)), "who says a thing twice would bring the same sound twice"


def test_demo_says_why_its_line_cannot_hear(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # The package's own `demo` is the command of that name.
    demo = importlib.import_module("ivr.commands.demo")
    monkeypatch.setattr(demo, "joined_whisper", lambda _folder: NoModel(reason="not installed: the model"))
    prepared = demo.Demo.prepared(folder=tmp_path / "demo", port=5941, line_port=5942, progress=lambda _done, _of: None)
    prepared.engine.dispose()
    assert prepared.deaf
    assert prepared.settings.listening == {"it": "carrier", "en": "carrier"}
