"""Whether a request comes from the carrier: X-Twilio-Signature over public address and parameters. Compares, keeps nothing."""

from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

from twilio.request_validator import RequestValidator

HEADER = "X-Twilio-Signature"


class Parameters(Protocol):
    """POST parameters in which a key may stand several times, as every web framework has them."""

    def getlist(self, key: str, /) -> list[str]:
        """All values of a key."""


def public_address(public_url: str, path_and_query: str) -> str:
    """The address as the carrier saw it: ours by the settings, never what a proxy or a forged Host header says."""
    return public_url.rstrip("/") + path_and_query


def socket_address(public_url: str, path: str) -> str:
    """The same for a media socket: wss for https, ws for http."""
    scheme, host, prefix, _, _ = urlsplit(public_url)
    return urlunsplit(("wss" if scheme == "https" else "ws", host, prefix.rstrip("/") + path, "", ""))


def is_signed(auth_token: str, address: str, parameters: Parameters, signature: str) -> bool:
    """Whether `signature` is the carrier's for this address and these POST parameters (empty for GET and sockets).

    HMAC-SHA1 as Twilio's "Webhooks security" page says, checked by the official package, with and without the port.
    """
    if not signature:
        return False
    return bool(RequestValidator(auth_token).validate(address, parameters, signature))
