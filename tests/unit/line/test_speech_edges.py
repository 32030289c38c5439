"""Where speech ends when the microphone falls silent, or gives nothing any more."""

import numpy as np

from ivr.audio import FRAME_BYTES, pcm_to_ulaw
from ivr.line.speech_edges import BEGINS_AFTER_FRAMES, ENDS_AFTER_FRAMES, Edge, SpeechEdges

LOUD = pcm_to_ulaw((8000 * np.sin(np.arange(FRAME_BYTES))).astype("<i2").tobytes())


def speaking() -> SpeechEdges:
    edges = SpeechEdges()
    assert [edges.take(LOUD) for _ in range(BEGINS_AFTER_FRAMES)][-1] is Edge.BEGINS
    return edges


def test_microphone_that_is_switched_off_within_a_word_ends_it() -> None:
    edges = speaking()
    brought = [edges.take_nothing() for _ in range(ENDS_AFTER_FRAMES)]
    assert brought == [Edge.NOTHING] * (ENDS_AFTER_FRAMES - 1) + [Edge.ENDS]
    assert edges.piece == LOUD * BEGINS_AFTER_FRAMES


def test_frame_that_comes_late_ends_nothing() -> None:
    edges = speaking()
    assert edges.take_nothing() is Edge.NOTHING
    assert {edges.take(LOUD) for _ in range(ENDS_AFTER_FRAMES)} == {Edge.NOTHING}


def test_where_nobody_speaks_nothing_ends() -> None:
    edges = SpeechEdges()
    assert {edges.take_nothing() for _ in range(ENDS_AFTER_FRAMES)} == {Edge.NOTHING}
