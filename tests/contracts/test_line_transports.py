"""Both ways to a service, over HTTP and inside the process, answer alike."""

import threading
from collections.abc import Iterator

import pytest
from flask import Flask, Response, redirect, request
from werkzeug.serving import make_server
from werkzeug.wrappers import Response as AnyResponse

from ivr.line.transports import HttpTransport, WsgiTransport
from ivr.line.wire import Outgoing, Transport, UnreachableError


def service() -> Flask:
    app = Flask("service")

    @app.route("/echo", methods=["GET", "POST"])
    def echo() -> Response:
        answer = Response(f"{request.method} {request.full_path} {request.get_data(as_text=True)} {request.host}")
        answer.headers["X-Seen"] = request.headers.get("X-Twilio-Signature", "")
        answer.set_cookie("seen", "1")
        return answer

    @app.get("/cookies")
    def cookies() -> str:
        return ",".join(request.cookies)

    @app.post("/moved")
    def moved() -> AnyResponse:
        return redirect("/echo")

    return app


@pytest.fixture(params=["http", "wsgi"])
def way(request: pytest.FixtureRequest) -> Iterator[tuple[Transport, str]]:
    if request.param == "wsgi":
        yield WsgiTransport({"https://service.test": service()}), "https://service.test"
        return
    server = make_server("127.0.0.1", 0, service(), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield HttpTransport(), f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def outgoing(url: str, *, method: str = "POST", body: bytes = b"") -> Outgoing:
    headers = {"X-Twilio-Signature": "mark", "Content-Type": "application/x-www-form-urlencoded"}
    return Outgoing(method=method, url=url, headers=headers, body=body, connect_seconds=5, response_seconds=5)


class TestTransport:
    def test_request_arrives_as_it_was_made(self, way: tuple[Transport, str]) -> None:
        transport, origin = way
        reply = transport.send(outgoing(f"{origin}/echo?a=1&b=%2B", body=b"Digits=1&From=%2B39"))
        host = origin.partition("://")[2]
        assert reply.body.decode() in {
            f"POST /echo?a=1&b=%2B Digits=1&From=%2B39 {host}",
            f"POST /echo?a=1&b=+ Digits=1&From=%2B39 {host}",
        }
        assert reply.headers["x-seen"] == "mark"
        assert reply.status == 200

    def test_redirect_is_given_and_not_followed(self, way: tuple[Transport, str]) -> None:
        transport, origin = way
        reply = transport.send(outgoing(f"{origin}/moved"))
        assert reply.status == 302
        assert reply.headers["location"].endswith("/echo")

    def test_nothing_is_remembered_between_requests(self, way: tuple[Transport, str]) -> None:
        transport, origin = way
        transport.send(outgoing(f"{origin}/echo"))
        assert transport.send(outgoing(f"{origin}/cookies", method="GET")).body == b""

    def test_nobody_there_is_unreachable(self, way: tuple[Transport, str]) -> None:
        transport, origin = way
        nowhere = "https://nowhere.test/" if origin.startswith("https") else "http://127.0.0.1:9/"
        with pytest.raises(UnreachableError):
            transport.send(outgoing(nowhere))
