"""Answers written as TwiML, through the carrier's official package. Decides only how an answer is said in that language."""

from collections.abc import Iterable, Mapping
from typing import assert_never
from xml.etree.ElementTree import Element  # only the type: reading is `prompts.markup`'s

from twilio.twiml import GenericNode, TwiML
from twilio.twiml.voice_response import Connect as ConnectVerb
from twilio.twiml.voice_response import Dial, Gather, Say, VoiceResponse
from twilio.twiml.voice_response import Start as StartVerb
from twilio.twiml.voice_response import Stream as StreamNoun

from ivr.telephony.answers import (
    Answer,
    AskKey,
    Connect,
    Continue,
    Fork,
    LeaveQueue,
    Listen,
    Meet,
    Nothing,
    SayAndHangUp,
    Speak,
    Stream,
    WaitingRound,
    WaitInQueue,
)
from prompts import markup

LOCALES: Mapping[str, str] = {"it": "it-IT", "en": "en-US"}
# Silence after which Gather counts an utterance as ended: the carrier decides by itself ("auto", Gather page).
SPEECH_TIMEOUT = "auto"
# Gather takes at most 500 hints of 100 characters (Gather page).
MOST_HINTS, LONGEST_HINT = 500, 100
# The shortest time-out of a Gather around a prompt that is followed by our own listening: keys interrupt the prompt.
KEYS_AFTER_PROMPT_SECONDS = 1


def write(answer: Answer) -> str:
    """The document for an answer, XML."""
    response = VoiceResponse()
    match answer:
        case Nothing():
            pass
        case LeaveQueue():
            response.leave()
        case Listen():
            _listen(response, answer)
        case Stream():
            _stream(response, answer)
        case WaitingRound():
            _waiting_round(response, answer)
        case AskKey():
            _ask_key(response, answer)
        case Continue():
            response.pause(length=answer.pause_seconds)
            response.redirect(answer.answer_path, method="POST")
        case _:
            _speak(response, answer.prompts)
            _go_on(response, answer)
    return str(response)


def _go_on(response: VoiceResponse, answer: WaitInQueue | Meet | Connect | SayAndHangUp) -> None:
    match answer:
        case WaitInQueue():
            response.enqueue(answer.queue, action=answer.left_path, wait_url=answer.wait_path, wait_url_method="POST")
        case Meet():
            _meet(response, answer)
        case Connect():
            response.dial(answer.number)
            response.hangup()
        case SayAndHangUp():
            response.hangup()
        case _:
            assert_never(answer)


def music(url: str, again_url: str) -> str:
    """The document of music without end: a conference or a hold goes silent after its last verb (Conference page)."""
    response = VoiceResponse()
    response.play(url)
    # Music that cannot be had takes no time: the pause keeps the carrier from asking again without end.
    response.pause(length=1)
    response.redirect(again_url, method="POST")
    return str(response)


def _speak(verb: TwiML, prompts: Iterable[Speak]) -> None:
    for prompt in prompts:
        if prompt.recording_url:
            verb.append(VoiceResponse().play(prompt.recording_url))
        else:
            verb.append(_say(prompt))


def _say(prompt: Speak) -> TwiML:
    """A `<Say>`; its markup stands in it as elements, and words that only look like tags as words."""
    locale = LOCALES[prompt.language]
    read = markup.parse(prompt.markup) if prompt.markup else None
    if not isinstance(read, Element):
        return Say(prompt.text, language=locale)
    say = Say(language=locale)
    _nest(say, read)
    return say


def _nest(verb: TwiML, element: Element) -> None:
    if element.text:
        verb.nest(element.text)
    for child in element:
        node = GenericNode(child.tag, None, **markup.attributes(child))
        _nest(node, child)
        verb.nest(node)
        if child.tail:
            verb.nest(child.tail)


def _fork(response: VoiceResponse, fork: Fork) -> None:
    # One way: nothing comes back on it, and the document goes on at once (Stream page).
    stream = StreamNoun(url=fork.socket_url, track="inbound_track")
    stream.parameter(name="token", value=fork.token)
    start = StartVerb()
    start.append(stream)
    response.append(start)


def _listen(response: VoiceResponse, answer: Listen) -> None:
    if answer.fork is not None:
        _fork(response, answer.fork)
    hints = [hint[:LONGEST_HINT] for hint in answer.hints[:MOST_HINTS]]
    gather = Gather(
        input="dtmf speech",
        action=answer.answer_path,
        method="POST",
        action_on_empty_result=True,
        timeout=answer.timeout_seconds,
        speech_timeout=answer.after_words_seconds or SPEECH_TIMEOUT,
        num_digits=answer.most_keys,
        finish_on_key="#",
        language=LOCALES[answer.language],
        hints=", ".join(hints) or None,
        # A caller's strong words reach the agent as they were said, not as asterisks.
        profanity_filter=False,
        barge_in=None if answer.barge_in else False,
    )
    _speak(gather, answer.prompts)
    response.append(gather)
    # An unsupported language fails the Gather and falls through (Gather page, troubleshooting): then it counts as silence.
    response.redirect(answer.answer_path, method="POST")


def _stream(response: VoiceResponse, answer: Stream) -> None:
    if answer.prompts:
        gather = Gather(
            input="dtmf", action=answer.answer_path, method="POST", timeout=KEYS_AFTER_PROMPT_SECONDS, num_digits=1
        )
        _speak(gather, answer.prompts)
        response.append(gather)
    stream = StreamNoun(url=answer.socket_url)
    stream.parameter(name="turn", value=str(answer.turn))
    stream.parameter(name="token", value=answer.token)
    connect = ConnectVerb()
    connect.append(stream)
    response.append(connect)
    response.redirect(answer.answer_path, method="POST")


def _waiting_round(response: VoiceResponse, answer: WaitingRound) -> None:
    gather = Gather(input="dtmf", action=answer.round_path, method="POST", timeout=1, num_digits=1)
    _speak(gather, answer.prompts)
    gather.play(answer.music_url)
    response.append(gather)
    response.redirect(answer.round_path, method="POST")


def _ask_key(response: VoiceResponse, answer: AskKey) -> None:
    for _ in range(2):
        gather = Gather(
            input="dtmf", action=answer.answer_path, method="POST", timeout=answer.timeout_seconds, num_digits=1
        )
        _speak(gather, answer.prompts)
        response.append(gather)
    response.redirect(answer.answer_path, method="POST")


def _meet(response: VoiceResponse, answer: Meet) -> None:
    dial = Dial(action=answer.left_path or None, method="POST" if answer.left_path else None)
    dial.conference(
        answer.conference,
        participant_label=answer.label,
        start_conference_on_enter=answer.starts_with_me,
        end_conference_on_exit=answer.ends_with_me,
        beep=False,
        muted=True if answer.is_muted else None,
        coach=answer.coaches or None,
        wait_url=answer.wait_path,
        wait_method="POST",
        status_callback=answer.events_path,
        status_callback_event="start end join leave hold mute",
        status_callback_method="POST",
    )
    response.append(dial)
    if not answer.left_path:
        response.hangup()
