"""How a socket of the carrier's begins: its first messages up to the stream's start, and a limit for whoever never sends one."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from simple_websocket import ConnectionClosed

from ivr.telephony.media import Start, read_message

_log = logging.getLogger(__name__)
# How long one look at the socket waits; shorter than the patience of `ivr.speech.listening`.
LOOK_SECONDS: Final = 0.5
# A socket that has not begun its stream by then never will: the carrier sends `connected` and `start` at once.
BEGIN_SECONDS: Final = 5.0
MOST_MESSAGES_BEFORE_START: Final = 10


@dataclass(frozen=True, kw_only=True)
class Started:
    """A stream's start, and the messages of the socket so far, the start among them."""

    start: Start
    came: tuple[str | bytes, ...]


def wait_for_start(socket: object, seconds: Callable[[], float]) -> Started | None:
    """Wait for the start of a socket's stream by a clock in seconds; None where it does not come."""
    came: list[str | bytes] = []
    until = seconds() + BEGIN_SECONDS
    while seconds() < until and len(came) < MOST_MESSAGES_BEFORE_START:
        try:
            message = socket.receive(timeout=LOOK_SECONDS)  # type: ignore[attr-defined] # flask-sock publishes no types
        except ConnectionClosed:
            return None
        if message is None:
            continue
        came.append(message)
        read = read_message(message)
        if isinstance(read, Start):
            return Started(start=read, came=tuple(came))
    _log.warning("a media socket did not begin a stream; closed")
    return None
