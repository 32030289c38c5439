"""The ticket that lets one page's telephone into one trial: signed, for one person, used once, and soon over.

The page asks for it with its CSRF token; a foreign page that opened the socket would have none to show.
"""

import secrets
import threading
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer

from ivr.trials.situations import Setting, SituationError, setting_from_json

# A page opens its socket at once.
TICKET_SECONDS: Final = 30


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a ticket is for."""

    account_id: int
    version: str  # "draft", or a number
    setting: Setting


class UsedTickets:
    """The tickets that were used in this process while they would still be good."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._used: dict[str, float] = {}

    def use(self, nonce: str) -> bool:
        """Use a ticket; False where it was used before."""
        now = monotonic()
        with self._lock:
            self._used = {one: at for one, at in self._used.items() if now - at < 2 * TICKET_SECONDS}
            if nonce in self._used:
                return False
            self._used[nonce] = now
            return True


_used = UsedTickets()


def ticket_for(wanted: Wanted) -> str:
    """A ticket."""
    content = {
        "account": wanted.account_id,
        "version": wanted.version,
        "setting": wanted.setting.as_json(),
        "nonce": secrets.token_hex(8),
    }
    return str(_serializer().dumps(content))


def wanted_by(ticket: object, account_id: int) -> Wanted | None:
    """What a ticket is for; None for one that is not this person's, is over, or was used."""
    try:
        content: Any = _serializer().loads(str(ticket), max_age=TICKET_SECONDS)
        if content["account"] != account_id or not _used.use(content["nonce"]):
            return None
        return Wanted(account_id=account_id, version=content["version"], setting=setting_from_json(content["setting"]))
    except (BadData, KeyError, TypeError, SituationError):
        return None


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="trial ticket")
