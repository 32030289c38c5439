"""What of a turn's sound is recognised: one unbroken stretch around the speech, whatever the pauses, and no digital silence."""

from hypothesis import given
from hypothesis import strategies as st

from ivr.speech.speech_stretches import AFTER_SECONDS, BEFORE_SECONDS, SpeechStretches

FRAMES_BEFORE, FRAMES_AFTER = round(BEFORE_SECONDS / 0.02), round(AFTER_SECONDS / 0.02)
SILENT = bytes(320)


def frame(number: int) -> bytes:
    """A frame that can be told from all others and has no zero in it."""
    return (b"%08x" % (number + 1)).replace(b"\0", b"x") * 40


def given_to_the_recogniser(sound: list[tuple[bytes, bool]], *, begin_at: int, spoken_frames: int = 1) -> bytes:
    stretches, pcm = SpeechStretches(), b""
    for at, (one, voiced) in enumerate(sound):
        pcm += stretches.hear(one, voiced=voiced)
        if at == begin_at:
            pcm += stretches.begin(0.02 * spoken_frames)
    return pcm


def test_nothing_is_given_before_the_speech_begins() -> None:
    stretches = SpeechStretches()
    assert all(stretches.hear(frame(at), voiced=at % 2 == 0) == b"" for at in range(1000))


def test_the_breath_before_the_speech_is_given_with_it() -> None:
    sound = [(frame(at), at >= 200) for at in range(205)]
    pcm = given_to_the_recogniser(sound, begin_at=204, spoken_frames=5)
    assert pcm == b"".join(frame(at) for at in range(200 - FRAMES_BEFORE, 205))


def test_digital_silence_before_the_speech_is_left_out() -> None:
    sound = [(SILENT, False)] * 100 + [(frame(0), False), (frame(1), True)]
    assert given_to_the_recogniser(sound, begin_at=101) == frame(0) + frame(1)


def test_digital_silence_inside_the_speech_is_given_and_behind_it_is_not() -> None:
    sound = [(frame(0), True), (SILENT, False), (frame(1), True), (SILENT, False), (SILENT, False)]
    assert given_to_the_recogniser(sound, begin_at=0) == frame(0) + SILENT + frame(1)


def test_quiet_is_held_back_after_a_while_and_given_when_the_voice_comes_back() -> None:
    stretches = SpeechStretches()
    stretches.hear(frame(0), voiced=True)
    stretches.begin(0.02)
    quiet = [stretches.hear(frame(at), voiced=False) for at in range(1, 81)]
    assert [bool(one) for one in quiet] == [True] * FRAMES_AFTER + [False] * (80 - FRAMES_AFTER)
    assert stretches.hear(frame(81), voiced=True) == b"".join(frame(at) for at in range(1 + FRAMES_AFTER, 82))


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=200))
def test_whatever_is_given_is_one_unbroken_part_of_the_sound(frames: list[tuple[bool, bool]]) -> None:
    sound = [(frame(at) if sounds else SILENT, voiced) for at, (sounds, voiced) in enumerate(frames)]
    begin_at = len(frames) // 3
    pcm = given_to_the_recogniser(sound, begin_at=begin_at)
    whole = b"".join(one for one, _ in sound)
    assert pcm in whole
    # No word is lost: all that sounds is there, from the beginning of the speech to its last voice.
    last_voice = max((at for at, (_, voiced) in enumerate(sound) if voiced), default=0)
    spoken = b"".join(one for one, _ in sound[begin_at : last_voice + 1]).strip(b"\0")
    assert spoken in pcm
