"""A question written for the carrier has the words that fit, in its bounds; a stream says its prompts or leaves them to us."""

from typing import Any
from xml.etree import ElementTree as ET

from ivr.telephony.answers import Answer, Fork, Listen, Speak, Stream
from ivr.telephony.twiml import LONGEST_HINT, MOST_HINTS, write

SAY = Speak(text="Mi dica.", language="it")
PLAY = Speak(text="Mi dica.", language="it", recording_url="https://linea.test/voice/spoken/x.wav")


def written(answer: Answer) -> ET.Element:
    return ET.fromstring(write(answer))  # noqa: S314 - the document is our own


def listen(**given: Any) -> ET.Element:
    asked: dict[str, Any] = {
        "prompts": (SAY,),
        "language": "it",
        "answer_path": "https://linea.test/voice/turn/1",
        "timeout_seconds": 5,
        "most_keys": 1,
        **given,
    }
    gather = written(Listen(**asked)).find("Gather")
    assert gather is not None
    return gather


def test_hints_are_what_fits_cut_to_the_carriers_bounds() -> None:
    assert listen(hints=("sì", "no grazie")).get("hints") == "sì, no grazie"
    hints = str(listen(hints=("a" * 200, *(f"parola {number}" for number in range(600)))).get("hints")).split(", ")
    assert len(hints) == MOST_HINTS
    assert max(len(hint) for hint in hints) == LONGEST_HINT
    assert listen().get("hints") is None


def test_quiet_that_ends_an_answer_is_the_node_s_or_the_carrier_s() -> None:
    assert listen().get("speechTimeout") == "auto"
    assert listen(after_words_seconds=3).get("speechTimeout") == "3"


def test_a_prompt_in_our_own_voice_is_played_by_its_address() -> None:
    gather = listen(prompts=(PLAY,))
    assert [child.text for child in gather.findall("Play")] == [PLAY.recording_url]
    assert gather.find("Say") is None


def test_a_stream_that_says_its_prompts_itself_begins_at_once() -> None:
    given: dict[str, Any] = {
        "socket_url": "wss://linea.test/voice/media",
        "answer_path": "https://linea.test/voice/turn/1",
        "turn": 1,
        "token": "t",
    }
    silent = written(Stream(prompts=(), **given))
    assert [child.tag for child in silent] == ["Connect", "Redirect"]
    spoken = written(Stream(prompts=(SAY,), **given))
    assert [child.tag for child in spoken] == ["Gather", "Connect", "Redirect"]


def test_a_fork_of_the_sound_begins_before_the_question_and_goes_one_way() -> None:
    document = written(
        Listen(
            prompts=(SAY,),
            language="it",
            answer_path="https://linea.test/voice/turn/1",
            timeout_seconds=5,
            most_keys=1,
            fork=Fork(socket_url="wss://linea.test/voice/evidence", token="t"),
        )
    )
    assert [child.tag for child in document] == ["Start", "Gather", "Redirect"]
    stream = document.find("Start/Stream")
    assert stream is not None
    assert stream.attrib == {"url": "wss://linea.test/voice/evidence", "track": "inbound_track"}
    assert [(one.get("name"), one.get("value")) for one in stream] == [("token", "t")]
