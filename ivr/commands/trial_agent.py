"""An agent at the desk without a browser: signs in, reads the same live page, acts through the same addresses as its script."""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests

from ivr.calls.context import CallContext

_TIMEOUT_SECONDS = 10
# Facts that are work done for the caller; what was merely understood stands beside the words themselves.
_DEEDS = frozenset({"looked_up_order", "opened", "refused", "message", "callback"})
_TAG = re.compile(r"<[^>]+>")
_TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')
# The regions of the desk (`ivr.web.desk`): when each has come, the screen is whole.
_REGIONS = frozenset({"presence", "work", "story", "notes"})
_OFFER = re.compile(r"/desk/offers/(\d+)/accept")


@dataclass(frozen=True, kw_only=True)
class SeenOffer:
    """An offer as it stands on the agent's screen."""

    offer_id: int
    text: str  # everything that is written on the desk at that moment, without markup

    @property
    def headlines(self) -> tuple[str, ...]:
        """The first lines that an agent reads."""
        return tuple(line for line in (one.strip() for one in self.text.splitlines()) if line)[:8]

    def missing(self, context: CallContext) -> tuple[str, ...]:
        """What of the call's story the screen does not show."""
        said = [line.heard for line in context.said if line.heard]
        late = [order.number for order in context.orders if order.is_late]
        cases = [case.case_id for case in context.cases]
        contacts = [contact.note for contact in context.contacts if contact.note]
        wanted: dict[str, list[str]] = {
            "name": [context.who.name or ""],
            "words": said,
            "what the line did": [line.text for line in context.done if line.kind in _DEEDS],
            "late order": late,
            "open case": cases,
            "past contact": contacts,
        }
        shown = " ".join(self.text.split())
        return tuple(
            what
            for what, pieces in wanted.items()
            if not pieces or not all(" ".join(piece.split()) in shown for piece in pieces)
        )


class TrialAgentAtDesk:
    """One signed-in agent."""

    def __init__(self, service_url: str, session: requests.Session) -> None:
        self._service = service_url
        self._session = session

    @classmethod
    def signed_in(cls, service_url: str, email: str, password: str) -> "TrialAgentAtDesk":
        """Sign in through the page. Raises requests.HTTPError where that is refused."""
        session = requests.Session()
        agent = cls(service_url, session)
        page = session.get(f"{service_url}/sign-in", timeout=_TIMEOUT_SECONDS)
        form = {"email": email, "password": password, "csrf_token": _token(page.text), "next": ""}
        session.post(f"{service_url}/sign-in", data=form, timeout=_TIMEOUT_SECONDS).raise_for_status()
        return agent

    def become(self, state: str) -> None:
        """Available or offline."""
        self._act("/desk/state", state=state)

    def offer(self) -> SeenOffer | None:
        """The offer on the screen now, None for none."""
        parts = self._parts()
        found = _OFFER.search(parts)
        if found is None:
            return None
        return SeenOffer(offer_id=int(found[1]), text=html.unescape(_TAG.sub("", parts)))

    def accept(self, offer: SeenOffer) -> None:
        """Take the call."""
        self._act(f"/desk/offers/{offer.offer_id}/accept")

    def hang_up(self, call_id: str) -> None:
        """End the talk."""
        self._act(f"/desk/calls/{call_id}/hang-up")

    def finish(self, call_id: str, *, outcome: str, note: str) -> None:
        """Write down what came of it."""
        self._act(f"/desk/calls/{call_id}/finish", outcome=outcome, note=note)

    def is_here(self) -> None:
        """Say that the desk is open, as its page does every half minute."""
        self._act("/desk/here", desk="1")

    def _parts(self) -> str:
        """The live parts of the desk: the first events of its stream, which hold the whole of it."""
        with self._session.get(f"{self._service}/desk/events", stream=True, timeout=_TIMEOUT_SECONDS) as stream:
            stream.raise_for_status()
            return "\n".join(part["html"] for part in _first_parts(stream))

    def _act(self, path: str, **form: Any) -> None:
        page = self._session.get(f"{self._service}/desk", timeout=_TIMEOUT_SECONDS)
        form["csrf_token"] = _token(page.text)
        self._session.post(f"{self._service}{path}", data=form, timeout=_TIMEOUT_SECONDS).raise_for_status()


def _first_parts(stream: requests.Response) -> Iterator[dict[str, str]]:
    """Each region once: the stream sends all of them at its first look."""
    seen: set[str] = set()
    stream.encoding = "utf-8"
    for line in stream.iter_lines(decode_unicode=True):
        if line.startswith("data:"):
            part = json.loads(line.removeprefix("data:"))
            if part.get("region") in seen or "html" not in part:
                return
            seen.add(part["region"])
            yield part
            if seen >= _REGIONS:
                return


def _token(page: str) -> str:
    found = _TOKEN.search(page)
    return html.unescape(found[1]) if found else ""
