"""Net speech is cut out of a turn without losing a frame that holds a voice, and handed over while the caller still speaks."""

from hypothesis import given
from hypothesis import strategies as st

from ivr.speech.net_speech import PADDING_FRAMES, HeardSpeech, NetSpeech
from ivr.speech.voice_activity import FRAME_PCM_BYTES
from tests.listeners import quiet, spoken
from tests.unit.speech.carrier_side import SENTENCE, begun, ended


def frame(number: int) -> bytes:
    """A frame that can be told from all others."""
    return number.to_bytes(2, "little") * (FRAME_PCM_BYTES // 2)


def numbers_in(pcm: bytes) -> list[int]:
    return [int.from_bytes(pcm[at : at + 2], "little") for at in range(0, len(pcm), FRAME_PCM_BYTES)]


def cut(voiced: list[bool], **given_: float) -> tuple[NetSpeech, list[HeardSpeech]]:
    handed: list[HeardSpeech] = []
    net = NetSpeech(handed.append, **given_)
    for number, is_voiced in enumerate(voiced):
        net.hear(frame(number), voiced=is_voiced)
    net.end()
    return net, handed


@given(st.lists(st.booleans(), max_size=400))
def test_every_voiced_frame_is_in_it_once_and_in_order_with_few_others_around(voiced: list[bool]) -> None:
    net, handed = cut(voiced)
    kept = numbers_in(net.speech_pcm)
    wanted = {
        number
        for number in range(len(voiced))
        if any(voiced[max(0, number - PADDING_FRAMES) : number + PADDING_FRAMES + 1])
    }
    assert kept == sorted(wanted)
    assert round(net.voiced_seconds / 0.02) == sum(voiced)
    assert [one.is_whole for one in handed][-1:] == [True] * any(voiced)


@given(st.lists(st.booleans(), max_size=400))
def test_what_is_between_the_words_is_never_what_is_in_them(voiced: list[bool]) -> None:
    _, handed = cut(voiced)
    for one in handed:
        assert not set(numbers_in(one.pauses_pcm)) & set(numbers_in(one.speech_pcm))
        assert len(one.pauses_pcm) <= 5 * 16000


def test_it_is_handed_over_every_two_seconds_of_speech_and_never_less() -> None:
    _, handed = cut([True] * 250 + [False] * 1000 + [True] * 60)
    assert [round(one.seconds, 1) for one in handed] == [2.0, 4.0, 6.0, 6.3]
    assert [one.is_whole for one in handed] == [False, False, False, True]


def test_who_says_nothing_hands_nothing_over() -> None:
    assert cut([False] * 500)[1] == []


def test_a_turn_hands_over_its_whole_net_speech_before_its_words_are_waited_for() -> None:
    handed: list[HeardSpeech] = []
    turn = ended(begun(on_speech=handed.append).hear(quiet(0.5) + spoken(SENTENCE) + quiet(5)))
    assert [one.is_whole for one in handed] == [False] * (len(handed) - 1) + [True]
    assert handed[-1].speech_pcm == turn.speech_pcm != b""
    assert len(handed[-1].pauses_pcm) > 1600
    assert "speech_pcm" not in repr(handed[-1])
