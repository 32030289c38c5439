"""The draft is called by microphone: Chromium's own brings the sound, a script stands in for the recogniser.

What a recogniser makes of sound, and how fast, is tried elsewhere; here it is that the sound arrives and that its words answer.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from werkzeug.serving import make_server

from ivr import app as ivr_app
from ivr.audio import loudness_dbfs
from ivr.speech.recognizer import Heard, Loaded, Progress
from tests import telephone
from tests.browser.people import LIMIT, AtPage, wait
from tests.service import desks

WORDS = "vorrei parlare con una persona"


@dataclass
class Script:
    """A recogniser that hears the same words in every sound, and keeps the sound."""

    heard: list[bytes] = field(default_factory=list)

    def open(self, language: str, **_given: Any) -> "Script.Session":
        """Open a session for a turn."""
        assert language == "it"
        return Script.Session(self)

    def load(self, language: str, progress: Progress) -> Loaded:
        """Be ready at once."""
        progress(language)
        return Loaded()

    @dataclass
    class Session:
        """One turn."""

        script: "Script"

        def accept(self, pcm: bytes) -> str:
            """Keep the sound."""
            self.script.heard.append(pcm)
            return ""

        def finish(self) -> Heard:
            """Tell the words."""
            return Heard(text=WORDS, confidence=0.9)


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def address(tmp_path: Any, script: Script, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A service whose carrier would listen, with a recogniser of this machine in its place."""
    monkeypatch.setattr(ivr_app, "make_recognition", lambda _settings, _languages: script)
    given = {"line_url": "", "prompt_voice": "carrier", "vosk_models": {"it": tmp_path}}
    with desks.open_house(
        tmp_path, clock=lambda: datetime.now(UTC), understanding=telephone.understanding(), **given
    ) as house:
        server = make_server("127.0.0.1", 0, house.app, threaded=True)
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            serving.join()


@pytest.fixture
def admin(chromium: Browser, address: str) -> Iterator[AtPage]:
    somebody = AtPage(chromium, address)
    somebody.page.fill("[name=email]", desks.ADMIN)
    somebody.page.fill("[name=password]", desks.PASSWORD)
    somebody.page.keyboard.press("Enter")
    somebody.page.wait_for_selector("nav.pages")
    somebody.page.goto(f"{address}/admin/trial")
    yield somebody
    somebody.leave()


def test_what_the_microphone_brings_is_heard_and_its_words_answer(admin: AtPage, script: Script) -> None:
    admin.page.check("#microphone")
    admin.sees("#hearing", "al posto dell'operatore")
    admin.page.click("#call")
    wait(admin, lambda: bool(script.heard), "no sound of the microphone came to the recogniser")
    # It is somebody who speaks, and no empty frames.
    assert loudness_dbfs(b"".join(script.heard)) > -45
    admin.sees("#heard", WORDS)
    # Who never pauses is never answered, and Chromium's microphone says its sentence for ever.
    admin.page.click("#mute")
    # Whatever the hour.
    admin.sees("#heard", "Passa a una persona: lo ha chiesto.")
    admin.sees("#heard", "le passo subito una persona")
    admin.page.click("#hang-up")
    expect(admin.page.locator("#state")).to_have_text("La chiamata è finita", timeout=LIMIT)
    assert admin.problems == []
