"""SSML in a prompt reaches the carrier as elements, our own voice as paces and pauses; a plain text stays as it is on both."""

from xml.etree import ElementTree as ET

import pytest

from ivr.audio import loudness_dbfs, seconds_of_ulaw, ulaw_to_pcm
from ivr.line.grammar import SSML
from ivr.line.twiml import Document, parse
from ivr.speech.prompt_voice import PromptVoice
from ivr.synthesis import installed_voice
from ivr.telephony.answers import SayAndHangUp, Speak
from ivr.telephony.twiml import write
from prompts.markup import ELEMENTS

MARKUP = (
    'Un momento.<break time="1s"/> La <emphasis level="strong">metto</emphasis> in linea con '
    '<lang xml:lang="en-GB">Mary</lang>, <say-as interpret-as="digits">42</say-as> &amp; altri.'
)
WORDS = "Un momento. La metto in linea con Mary, 42 & altri."


def said(speak: Speak) -> ET.Element:
    found = ET.fromstring(write(SayAndHangUp(prompts=(speak,)))).find("Say")  # noqa: S314 - the document is our own
    assert found is not None
    return found


def test_carrier_gets_markup_as_elements_within_say() -> None:
    say = said(Speak(text=WORDS, language="it", markup=MARKUP))
    assert [child.tag for child in say] == ["break", "emphasis", "lang", "say-as"]
    assert say[0].get("time") == "1s"
    assert say[2].get("{http://www.w3.org/XML/1998/namespace}lang") == "en-GB"
    assert "".join(say.itertext()) == WORDS.replace("momento. ", "momento. ")


@pytest.mark.parametrize("text", ["Tizio & <break/> Caio", "2 < 3"])
def test_words_that_only_look_like_tags_stay_words(text: str) -> None:
    say = said(Speak(text=text, language="it"))
    assert (say.text, len(say)) == (text, 0)


def test_local_line_takes_the_same_elements_and_hears_the_words() -> None:
    document = parse(write(SayAndHangUp(prompts=(Speak(text=WORDS, language="it", markup=MARKUP),))), url=None)
    assert isinstance(document, Document), document
    assert document.verbs[0].text == WORDS
    assert set(SSML) == set(ELEMENTS)


def test_local_line_refuses_an_element_that_the_carrier_does_not_know() -> None:
    refused = parse("<Response><Say>Ciao <b>a te</b></Say></Response>", url=None)
    assert not isinstance(refused, Document)
    assert "<b>" in refused.reason


def test_our_voice_follows_pauses_paces_and_loudness() -> None:
    voice = PromptVoice(installed_voice())
    if not voice.speaks("it-IT"):
        pytest.skip("no synthesiser is installed")

    def spoken(markup: str) -> bytes:
        return voice.ulaw_of_markup(markup, "it-IT")

    usual = spoken("<s>La metto in linea adesso</s>")
    slow = spoken('<s><prosody rate="50%">La metto in linea adesso</prosody></s>')
    assert seconds_of_ulaw(slow) > seconds_of_ulaw(usual) * 1.4
    soft = spoken('<s><prosody volume="-12dB">La metto in linea adesso</prosody></s>')
    assert loudness_dbfs(ulaw_to_pcm(usual)) - loudness_dbfs(ulaw_to_pcm(soft)) == pytest.approx(12, abs=1)
    paused = spoken('<s>La metto in linea<break time="3s"/> adesso</s>')
    assert seconds_of_ulaw(paused) > seconds_of_ulaw(usual) + 2.5
