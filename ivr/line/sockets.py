"""The media sockets' transports: real WebSockets for people, a rendezvous inside the process for tests.

Both tell the line through callbacks on its loop and take text messages from it. In the rendezvous the line and the
server's thread never run at once: whoever passes a message on waits until the other one waits again, so that every run of
a test is the same. The messages' meaning is in `ivr.line.streams`.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

import simple_websocket

from ivr.line.clock import Clock, Timer
from ivr.line.tasks import Later

RENDEZVOUS_LIMIT_SECONDS = 60.0
# a server's thread that neither asks for the next message nor ends within this real time is taken as stuck


class HandshakeRefusedError(Exception):
    """The server did not accept the socket."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the media socket's handshake was answered with {status}")
        self.status = status


class LineSocket(Protocol):
    """The line's end of an open socket."""

    def send(self, text: str) -> None:
        """Send a message; does nothing once the socket is closed."""

    def close(self) -> None:
        """Close the socket."""


class SocketOpener(Protocol):
    """How the line opens media sockets."""

    def open(
        self, url: str, headers: Mapping[str, str], *, on_text: Callable[[str], None], on_close: Callable[[], None]
    ) -> Later["LineSocket | HandshakeRefusedError"]:
        """Open a socket; the callbacks come on the line's loop."""


class ServerSocket(Protocol):
    """The server's end as a handler sees it; `simple_websocket.Server` has this form."""

    def receive(self, timeout: float | None = None) -> str | bytes | None:
        """Wait for a message; None when the time is up; raise `simple_websocket.ConnectionClosed`."""

    def send(self, data: str | bytes) -> None:
        """Send a message; raise `simple_websocket.ConnectionClosed`."""

    def close(self, reason: int | None = None, message: str | None = None) -> None:
        """Close the socket."""


OpenHandler = Callable[[str, Mapping[str, str]], Callable[["SocketPair"], None]]
# given the URL and the handshake's headers: the server's handler, or HandshakeRefusedError is raised


class SocketPair:
    """Both ends of a socket inside one process; the methods without `line_` are the server's end."""

    connected = True

    def __init__(self, clock: Clock, *, on_text: Callable[[str], None], on_close: Callable[[], None]) -> None:
        self._clock = clock
        self._on_text = on_text
        self._on_close = on_close
        self._to_server: deque[str] = deque()
        self._turn = threading.Condition()
        self._server_runs = False
        self._timer: Timer | None = None
        self._timed_out = False
        self._failure: BaseException | None = None

    def receive(self, timeout: float | None = None) -> str | bytes | None:
        """Give the next message, or None when `timeout` seconds of the line's clock are over."""
        with self._turn:
            if not self._to_server and self.connected:
                self._give_turn_back(timeout)
            if self._to_server:
                return self._to_server.popleft()
            if self._timed_out:
                self._timed_out = False
                return None
        raise simple_websocket.ConnectionClosed(1000)

    def send(self, data: str | bytes) -> None:
        """Send a message to the line."""
        if not self.connected:
            raise simple_websocket.ConnectionClosed(1000)
        text = data if isinstance(data, str) else data.decode()
        self._clock.post(lambda: self._on_text(text))

    def close(self, reason: int | None = None, message: str | None = None) -> None:  # noqa: ARG002  the form of simple_websocket
        """Close the socket from the server's end."""
        if self.connected:
            self.connected = False
            self._clock.post(self._on_close)

    def line_start(self, handler: Callable[["SocketPair"], None]) -> None:
        """Run the server's handler on its thread until it waits for the first message."""

        def run() -> None:
            try:
                handler(self)
            except simple_websocket.ConnectionClosed:
                pass
            except BaseException as error:  # noqa: BLE001  it is raised again on the line's thread
                self._failure = error
            finally:
                self.close()
                with self._turn:
                    self._server_runs = False
                    self._turn.notify_all()

        thread = threading.Thread(target=run, name="media-socket", daemon=True)
        with self._turn:
            self._server_runs = True
            thread.start()
            self._await_server()

    def line_send(self, text: str) -> None:
        """Pass a message to the server and wait until it asks for the next one."""
        if not self.connected:
            return
        with self._turn:
            self._to_server.append(text)
            self._resume_server()

    def line_close(self) -> None:
        """Close the socket from the line's end."""
        if not self.connected:
            return
        self.connected = False
        with self._turn:
            self._resume_server()

    def _give_turn_back(self, timeout: float | None) -> None:
        if timeout is not None:
            self._timer = self._clock.call_later(timeout, self._time_out)
        self._server_runs = False
        self._turn.notify_all()
        while not self._server_runs:
            self._turn.wait()

    def _time_out(self) -> None:
        with self._turn:
            self._timed_out = True
            self._resume_server()

    def _resume_server(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._server_runs = True
        self._turn.notify_all()
        self._await_server()

    def _await_server(self) -> None:
        if not self._turn.wait_for(lambda: not self._server_runs, timeout=RENDEZVOUS_LIMIT_SECONDS):
            raise TimeoutError("the media socket's server neither reads on nor ends")
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure


class _PairEnd:
    """The line's end of a pair."""

    def __init__(self, pair: SocketPair) -> None:
        self._pair = pair

    def send(self, text: str) -> None:
        """Send a message."""
        self._pair.line_send(text)

    def close(self) -> None:
        """Close the socket."""
        self._pair.line_close()


class PairOpener:
    """Opens sockets inside the process, on a virtual clock only; `open_handler` gives the server's handler or raises.

    What it raises is HandshakeRefusedError, with the status that a real server would answer.
    """

    def __init__(self, clock: Clock, open_handler: OpenHandler) -> None:
        self._clock = clock
        self._open_handler = open_handler

    def open(
        self, url: str, headers: Mapping[str, str], *, on_text: Callable[[str], None], on_close: Callable[[], None]
    ) -> Later[LineSocket | HandshakeRefusedError]:
        """Open one; the handler has run up to its first `receive` when the value comes."""
        later: Later[LineSocket | HandshakeRefusedError] = Later()
        try:
            handler = self._open_handler(url, headers)
        except HandshakeRefusedError as refused:
            later.resolve(refused)
            return later
        pair = SocketPair(self._clock, on_text=on_text, on_close=on_close)
        pair.line_start(handler)
        later.resolve(_PairEnd(pair))
        return later


class _Client(simple_websocket.Client):  # type: ignore[misc]  # simple_websocket publishes no types
    """A client that lets go of its connection when the handshake fails."""

    def handshake(self) -> None:
        """Shake hands; close the connection if the server refuses."""
        try:
            super().handshake()
        except BaseException:
            self.sock.close()
            raise


class _WebSocketEnd:
    """The line's end of a real WebSocket; a thread of its own reads."""

    def __init__(self, socket: _Client) -> None:
        self._socket = socket

    def send(self, text: str) -> None:
        """Send a message."""
        try:
            self._socket.send(text)
        except (simple_websocket.ConnectionClosed, OSError):
            return  # the reader tells the line of the end

    def close(self) -> None:
        """Close the socket."""
        try:
            self._socket.close(1000)
        except (simple_websocket.ConnectionClosed, OSError):
            return  # closed by the other side already


class WebSocketOpener:
    """Opens real WebSockets."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def open(
        self, url: str, headers: Mapping[str, str], *, on_text: Callable[[str], None], on_close: Callable[[], None]
    ) -> Later[LineSocket | HandshakeRefusedError]:
        """Open one beside the loop."""
        later: Later[LineSocket | HandshakeRefusedError] = Later()

        def connect() -> _Client | HandshakeRefusedError:
            try:
                return _Client(url, headers=dict(headers))
            except simple_websocket.ConnectionError as error:
                return HandshakeRefusedError(int(getattr(error, "status_code", 0) or 0))
            except OSError:
                return HandshakeRefusedError(0)

        def connected(outcome: _Client | HandshakeRefusedError) -> None:
            if isinstance(outcome, HandshakeRefusedError):
                later.resolve(outcome)
                return
            read = threading.Thread(target=self._read, args=(outcome, on_text, on_close), daemon=True)
            later.resolve(_WebSocketEnd(outcome))
            read.start()

        self._clock.run_aside(connect, connected)
        return later

    def _read(self, socket: _Client, on_text: Callable[[str], None], on_close: Callable[[], None]) -> None:
        try:
            while True:
                message = socket.receive()
                text = message if isinstance(message, str) else bytes(message or b"").decode(errors="replace")
                self._clock.post(partial(on_text, text))
        except (simple_websocket.ConnectionClosed, OSError):
            self._clock.post(on_close)
