"""Control of live calls and messages, through the carrier's official client. The local line answers the same calls."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import requests
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential
from twilio.base.exceptions import TwilioRestException
from twilio.http import HttpClient
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

# A request that the carrier does not answer is given up after this: the webhook's own budget is 15 s (Twilio error 11205).
REQUEST_SECONDS = 5.0
# Only requests that never reached the carrier are sent again: a repeated create would ring twice.
TRIES = 3


@dataclass(frozen=True, kw_only=True)
class Made:
    """The carrier did it; `sid` names what it made or changed."""

    sid: str


@dataclass(frozen=True, kw_only=True)
class Gone:
    """The call, conference or participant is no longer there."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Failed:
    """The carrier refused or could not be reached."""

    reason: str


Outcome: TypeAlias = Made | Gone | Failed

# twilio.com/docs/api/errors: 20404 not found; 21220 call is not in-progress.
_GONE = {20404, 21220}


class Carrier:
    """The REST calls that the service makes."""

    def __init__(
        self, *, account_sid: str, auth_token: str, api_url: str, http_client: HttpClient | None = None
    ) -> None:
        self._client = Client(
            account_sid, auth_token, http_client=http_client or TwilioHttpClient(timeout=REQUEST_SECONDS)
        )
        self._client.api.base_url = api_url

    def call_agent(self, *, address: str, from_number: str, url: str, status_url: str, ring_seconds: int) -> Outcome:
        """Ring an address (number, client: or sip:); `url` answers when the leg is picked up.

        A call of its own and no participant of a conference: its document may first whisper to whoever picks up, and ask for
        a key that no voicemail presses.
        """
        return self._try(
            lambda: (
                self._client.calls.create(
                    to=address,
                    from_=from_number,
                    url=url,
                    method="POST",
                    status_callback=status_url,
                    status_callback_event=["initiated", "ringing", "answered", "completed"],
                    status_callback_method="POST",
                    timeout=ring_seconds,
                ).sid
            )
        )

    def redirect(self, *, call_id: str, url: str) -> Outcome:
        """Make a live call go on with the document at `url`."""
        return self._try(lambda: self._client.calls(call_id).update(url=url, method="POST").sid)

    def hang_up(self, *, call_id: str) -> Outcome:
        """End a live call."""
        return self._try(lambda: self._client.calls(call_id).update(status="completed").sid)

    def hold(self, *, conference_id: str, call_id: str, on: bool, music_url: str) -> Outcome:
        """Put a participant on hold with music, or take it back."""
        return self._try(
            lambda: (
                self._client.conferences(conference_id)
                .participants(call_id)
                .update(hold=on, hold_url=music_url, hold_method="POST")
                .call_sid
            )
        )

    def take_part(
        self,
        *,
        conference_id: str,
        call_id: str,
        muted: bool | None = None,
        ends: bool | None = None,
        coaches: str | None = None,
    ) -> Outcome:
        """Change how a participant takes part, in one request: muted, whether the conference ends with them, whom they coach.

        `coaches` is the CallSid of the only one who hears them, "" for everybody. None leaves a thing as it is.
        """
        wanted: dict[str, Any] = {
            "muted": muted,
            "end_conference_on_exit": ends,
            "coaching": None if coaches is None else bool(coaches),
            "call_sid_to_coach": coaches or None,
        }
        given = {name: value for name, value in wanted.items() if value is not None}
        return self._try(lambda: self._client.conferences(conference_id).participants(call_id).update(**given).call_sid)

    def send_message(self, *, from_number: str, to_number: str, text: str) -> Outcome:
        """Send a text message."""
        return self._try(lambda: self._client.messages.create(from_=from_number, to=to_number, body=text).sid)

    def _try(self, request: Callable[[], str | None]) -> Outcome:
        try:
            for attempt in Retrying(
                retry=retry_if_exception_type(requests.ConnectionError),
                stop=stop_after_attempt(TRIES),
                wait=wait_exponential(multiplier=0.1, max=1),
                reraise=True,
            ):
                with attempt:
                    return Made(sid=request() or "")
        except TwilioRestException as error:
            reason = f"{error.code}: {error.msg}"
            return Gone(reason=reason) if error.code in _GONE else Failed(reason=reason)
        except requests.RequestException as error:
            return Failed(reason=f"the carrier cannot be reached ({type(error).__name__})")
        raise AssertionError("Retrying either returns or raises")
