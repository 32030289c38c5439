"""Media sockets inside the process for a trial in real time: the line and the service's handler on threads of their own.

The line's rendezvous (`ivr.line.sockets.SocketPair`) is for made time, where no two threads run at once.
"""

import threading
from collections.abc import Callable, Mapping
from functools import partial
from queue import Empty, SimpleQueue

import simple_websocket

from ivr.line.clock import Clock
from ivr.line.sockets import HandshakeRefusedError, LineSocket
from ivr.line.tasks import Later

# Given the path and the handshake's headers: what handles the accepted socket, or HandshakeRefusedError is raised.
OpenSocket = Callable[[str, Mapping[str, str]], Callable[[object], None]]


class ThreadPair:
    """Both ends of a socket: the methods without `line_` are the server's, as `simple_websocket.Server` has them."""

    def __init__(self, clock: Clock, *, on_text: Callable[[str], None], on_close: Callable[[], None]) -> None:
        self._clock = clock
        self._on_text = on_text
        self._on_close = on_close
        self._to_server: SimpleQueue[str | None] = SimpleQueue()
        self._lock = threading.Lock()
        self.connected = True

    def receive(self, timeout: float | None = None) -> str | None:
        """Wait for a message; None when the time is up. Raises ConnectionClosed."""
        try:
            message = self._to_server.get(timeout=timeout)
        except Empty:
            return None
        if message is None:
            raise simple_websocket.ConnectionClosed(1000)
        return message

    def send(self, data: str | bytes) -> None:
        """Send a message to the line. Raises ConnectionClosed."""
        if not self.connected:
            raise simple_websocket.ConnectionClosed(1000)
        self._clock.post(partial(self._on_text, data if isinstance(data, str) else data.decode()))

    def close(self, reason: int | None = None, message: str | None = None) -> None:  # noqa: ARG002  the form of simple_websocket
        """Close the socket from the server's end."""
        if self._shut():
            self._clock.post(self._on_close)

    def line_send(self, text: str) -> None:
        """Send a message to the server; nothing once the socket is closed."""
        if self.connected:
            self._to_server.put(text)

    def line_close(self) -> None:
        """Close the socket from the line's end."""
        self._shut()

    def serve(self, handler: Callable[[object], None]) -> None:
        """Let the server's handler have the socket, on a thread of its own."""

        def run() -> None:
            try:
                handler(self)
            except simple_websocket.ConnectionClosed:
                pass
            finally:
                self.close()

        threading.Thread(target=run, name="trial-socket", daemon=True).start()

    def _shut(self) -> bool:
        with self._lock:
            was_open, self.connected = self.connected, False
        if was_open:
            self._to_server.put(None)
        return was_open


class _LineEnd:
    """The line's end of a pair."""

    def __init__(self, pair: ThreadPair) -> None:
        self._pair = pair

    def send(self, text: str) -> None:
        """Send a message."""
        self._pair.line_send(text)

    def close(self) -> None:
        """Close the socket."""
        self._pair.line_close()


class ThreadOpener:
    """Opens sockets inside the process, on the line's real clock."""

    def __init__(self, clock: Clock, open_socket: OpenSocket) -> None:
        self._clock = clock
        self._open_socket = open_socket

    def open(
        self, url: str, headers: Mapping[str, str], *, on_text: Callable[[str], None], on_close: Callable[[], None]
    ) -> Later[LineSocket | HandshakeRefusedError]:
        """Open one; the callbacks come on the line's loop."""
        later: Later[LineSocket | HandshakeRefusedError] = Later()
        try:
            handler = self._open_socket(path_of(url), headers)
        except HandshakeRefusedError as refused:
            later.resolve(refused)
            return later
        pair = ThreadPair(self._clock, on_text=on_text, on_close=on_close)
        pair.serve(handler)
        later.resolve(_LineEnd(pair))
        return later


def path_of(url: str) -> str:
    """The path of an address, from its slash on."""
    return "/" + url.split("/", 3)[3]
