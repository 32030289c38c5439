"""A caller at a terminal: typed lines are said, keys pressed, silence kept, and either side may hang up."""

import io
from collections.abc import Iterator

import pytest

from ivr.line.party import Ended
from ivr.line.terminal import call_from_terminal
from ivr.synthesis import silent_voice
from tests.live_line import GIULIA, SHOP, LiveLine, live_line


@pytest.fixture
def live() -> Iterator[LiveLine]:
    with live_line(voice=silent_voice()) as opened:
        yield opened


def _call(live: LiveLine, typed: str, *, to: str = SHOP, language: str = "it-IT") -> tuple[Ended, str]:
    printed = io.StringIO()
    ended = call_from_terminal(live.line, GIULIA, to, language=language, stdin=io.StringIO(typed), stdout=printed)
    return ended, printed.getvalue()


def test_typed_words_and_keys_are_understood_and_the_end_of_input_hangs_up(live: LiveLine) -> None:
    ended, printed = _call(live, "il mio ordine\n/7\n")
    assert ended is Ended.COMPLETED
    assert [heard.get("SpeechResult") or heard.get("Digits") for heard in live.shop.heard] == ["il mio ordine", "7"]
    assert "Linea: Buongiorno, in che cosa posso aiutarla?" in printed
    assert "Voi · scritto: il mio ordine" in printed
    assert "Linea: Ho capito il mio ordine." in printed
    assert "Voi · tasti: 7" in printed
    assert "Chiamata terminata" in printed
    assert live.leg.status == "completed"


def test_digits_alone_are_said_and_the_keys_are_explained(live: LiveLine) -> None:
    _, printed = _call(live, "1042\n")
    assert live.shop.heard[0]["SpeechResult"] == "1042"
    assert "per premere i tasti: /1042" in printed


def test_call_to_no_number_ends_at_once_as_failed(live: LiveLine) -> None:
    ended, printed = _call(live, "pronto\n", to="+3999", language="en-GB")
    assert ended is Ended.FAILED
    assert "Call ended: failed" in printed


def test_brackets_in_a_text_are_printed_as_they_are(live: LiveLine) -> None:
    _, printed = _call(live, "[bold]ciao[/bold]\n")
    assert "[bold]ciao[/bold]" in printed
