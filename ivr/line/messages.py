"""Text messages that the service sends: kept, delivered to whoever reads the log, and reported with status callbacks.

Nothing leaves the line: a message "arrives" one second after it was sent, at any number.
"""

from dataclasses import dataclass, field
from datetime import datetime

from ivr.line.exchange import Exchange
from ivr.line.legs import API_VERSION
from ivr.line.wire import Webhook

DELIVERY_SECONDS = 1.0
# long enough that the callbacks come after the answer of the REST call


@dataclass(kw_only=True)
class Message:
    """One message."""

    exchange: Exchange
    sid: str
    from_: str
    to: str
    body: str
    status_callback: str = ""
    status: str = "queued"
    # queued, sent, delivered
    created_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.created_at = self.exchange.clock.now()
        self.exchange.messages[self.sid] = self
        self.exchange.note(self.sid, "message", f"to {self.to}: {self.body}")

    def send(self) -> None:
        """Let it travel."""
        clock = self.exchange.clock
        clock.call_later(DELIVERY_SECONDS / 2, lambda: self._move("sent"))
        clock.call_later(DELIVERY_SECONDS, lambda: self._move("delivered"))

    def _move(self, status: str) -> None:
        self.status = status
        if not self.status_callback:
            return
        parameters = {
            "MessageSid": self.sid,
            "SmsSid": self.sid,
            "MessageStatus": status,
            "SmsStatus": status,
            "AccountSid": self.exchange.account_sid,
            "From": self.from_,
            "To": self.to,
            "ApiVersion": API_VERSION,
        }
        self.exchange.wire.request(
            Webhook(url=self.status_callback, method="POST", parameters=parameters, purpose="message", leg_sid=self.sid)
        )
