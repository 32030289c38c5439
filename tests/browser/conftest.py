"""One Chromium for all browser tests, its microphone fed from a WAV file in which the project's own voice speaks."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Browser, sync_playwright

from ivr.synthesis import Pico, Speaker

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="session")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A WAV file in which the same sentence is said for ever: Chromium begins it when the microphone is opened."""
    pcm, rate_hz = Pico().pcm("Vorrei sapere dov'è il mio ordine.", language="it-IT", speaker=Speaker.CALLER)
    path = tmp_path_factory.mktemp("microphone") / "spoken.wav"
    soundfile.write(path, np.frombuffer(pcm, dtype="<i2"), rate_hz)
    return path


@pytest.fixture(scope="module")
def chromium(spoken: Path) -> Iterator[Browser]:
    arguments = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={spoken}",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium") or str(CHROMIUM), args=arguments)
        yield browser
        browser.close()
