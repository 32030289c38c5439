"""The guard of the carrier's routes: a request whose signature is not the carrier's is refused, counted, and leaves nothing."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote

from flask import abort, request

from ivr.telephony.signatures import HEADER, is_signed, public_address, socket_address
from ivr.web import guards
from ivr.web.voice_wiring import voice_wiring

_log = logging.getLogger(__name__)


def signed_by_carrier(view: Callable[..., Any]) -> Any:
    """Let in only what the carrier signed for our public address (X-Twilio-Signature); 403 for everything else."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        wiring = voice_wiring()
        address = public_address(wiring.public_url, _as_sent())
        if not is_signed(wiring.auth_token, address, request.form, request.headers.get(HEADER, "")):
            refuse()
        return view(*args, **kwargs)

    return guards.by_carrier(checked)


def _as_sent() -> str:
    """Path and query as they came over the wire: the carrier signs them before anybody unquotes them."""
    raw = str(request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or "")
    if raw.startswith("/"):
        return raw
    query = request.query_string.decode("latin-1")
    return quote(request.path) + (f"?{query}" if query else "")


def socket_is_signed() -> bool:
    """Whether the handshake of this media socket is the carrier's; with a trailing slash too, which some of its edges add."""
    wiring = voice_wiring()
    address, signature = socket_address(wiring.public_url, request.path), request.headers.get(HEADER, "")
    return any(is_signed(wiring.auth_token, one, request.form, signature) for one in (address, address + "/"))


def refuse() -> None:
    """Count and refuse a forged request; nothing of it is kept but that it came."""
    voice_wiring().forged.add()
    _log.warning("refused a request to %s: its signature is not the carrier's", request.endpoint)
    abort(403)
