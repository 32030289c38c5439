"""The people of a browser test at their pages: a caller at the telephone, somebody signed in at a desk; and what they hear."""

import re
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect

from tests.browser import accessible
from tests.browser.trial_house import PASSWORD, TrialHouse

# Two busy cores: a synthesised sentence, a webhook and a live page may each take seconds.
LIMIT_SECONDS = 30
LIMIT = LIMIT_SECONDS * 1000
PICTURES = Path(__file__).parents[2] / "build" / "pictures"
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
# The meters of the line's pages begin here; silence stands at it.
QUIETEST_DB = -60


class AtPage:
    """Somebody with a browser of their own."""

    def __init__(self, chromium: Browser, address: str) -> None:
        self.page: Page = chromium.new_context(locale="it-IT", timezone_id="Europe/Rome", viewport=WIDE).new_page()
        self.page.set_default_timeout(LIMIT)
        self.problems: list[str] = []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        # A broken content security policy or permission is told on the console.
        self.page.on("console", lambda told: self.problems.append(told.text) if told.type == "error" else None)
        self.page.goto(address)

    def sees(self, selector: str, words: str) -> None:
        """Wait until words stand in a place."""
        expect(self.page.locator(selector)).to_contain_text(words, timeout=LIMIT)

    def picture(self, name: str, *, narrow: bool = False) -> None:
        """Keep what the person sees, in build/pictures."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        if narrow:
            self.page.set_viewport_size(NARROW)
        self.page.screenshot(path=PICTURES / f"{name}.png", full_page=True)
        if narrow:
            self.page.set_viewport_size(WIDE)

    def can_be_read_by_everybody(self) -> None:
        """Axe-core finds nothing serious on what the person sees now."""
        wrong = accessible.grave_now(self.page)
        assert not wrong, "\n".join(wrong)

    def leave(self) -> None:
        """Close the browser."""
        self.page.context.close()


class Caller(AtPage):
    """A caller at the telephone page."""

    def __init__(self, chromium: Browser, house: TrialHouse) -> None:
        super().__init__(chromium, house.telephone)

    def call_as(self, name: str) -> None:
        """Call the company with a customer's number."""
        expect(self.page.locator("#state")).to_have_text(re.compile("Pronto|Chiamata terminata"), timeout=LIMIT)
        listed = self.page.locator("#from option", has_text=name).get_attribute("value")
        self.page.select_option("#from", listed)
        self.page.click("#call")
        expect(self.page.locator("#state")).to_have_text("In linea", timeout=LIMIT)

    def hears(self, words: str, *, times: int = 1) -> None:
        """Wait until the line or somebody has said words, so often in all."""
        wait(
            self,
            lambda: self.page.inner_text("#transcript").count(words) >= times,
            f"{words!r} was not said {times} times",
        )

    def hangs_up(self) -> None:
        """Put the receiver down."""
        self.page.click("#hang-up")
        expect(self.page.locator("#state")).to_have_text("Chiamata terminata", timeout=LIMIT)

    def types(self, words: str) -> None:
        """Type what is said."""
        self.page.fill("#say-text", words)
        self.page.keyboard.press("Enter")

    @property
    def ear(self) -> Locator:
        """The meter of what is heard."""
        return self.page.locator("#level-heard")


class AtDesk(AtPage):
    """Somebody who has signed in."""

    def __init__(self, chromium: Browser, house: TrialHouse, email: str) -> None:
        super().__init__(chromium, house.desks)
        self.page.fill("[name=email]", email)
        self.page.fill("[name=password]", PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("main [data-part]")

    @property
    def phone(self) -> FrameLocator:
        """The telephone within the desk."""
        return self.page.frame_locator("#phone iframe")

    @property
    def ear(self) -> Locator:
        """The meter of what is heard."""
        return self.phone.locator("#level-heard")

    def is_in(self, phase: str) -> Locator:
        """Wait until the desk shows a phase of a call; what it shows."""
        shown = self.page.locator(f"#work [data-phase={phase}]")
        shown.wait_for()
        return shown


def wait(somebody: AtPage, holds: Callable[[], bool], why: str) -> None:
    """Wait until something holds; events of the page go on meanwhile."""
    end = time.monotonic() + LIMIT_SECONDS
    while not holds():
        assert time.monotonic() < end, why
        somebody.page.wait_for_timeout(50)


def loudest(somebody: "Caller | AtDesk", *, seconds: float) -> float:
    """The loudest moment, dB under full scale, of what a page's loudspeaker gives in these seconds of listening."""
    return float(
        somebody.ear.evaluate(
            """(meter, seconds) => new Promise((tell) => {
              let loudest = meter.min;
              const look = setInterval(() => { loudest = Math.max(loudest, meter.value); }, 50);
              setTimeout(() => { clearInterval(look); tell(loudest); }, seconds * 1000);
            })""",
            seconds,
        )
    )


def hears_a_voice(somebody: "Caller | AtDesk", *, over_db: float) -> float:
    """Wait until a page's loudspeaker is louder than a level; the loudest moment of the second after it."""
    wait(somebody, lambda: loudest(somebody, seconds=0.2) > over_db, f"nothing louder than {over_db} dB was heard")
    return loudest(somebody, seconds=1.0)


def hears_nothing(somebody: "Caller | AtDesk") -> None:
    """Wait until a page's loudspeaker has been silent for longer than any pause of the spoken file."""
    wait(somebody, lambda: loudest(somebody, seconds=1.5) <= QUIETEST_DB, "it never became silent")
