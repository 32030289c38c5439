"""The line's own web server: the REST API that the official client calls, recordings, and whatever pages are given.

It checks the account's basic authentication and turns errors into Twilio's JSON; what the requests do is in
`ivr.line.rest_calls` and `ivr.line.rest_rooms`. Anything that Twilio has and the line has not is answered 404 by name.
"""

import hmac
import io
import wave
from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

from ivr.audio import RATE_HZ, ulaw_to_pcm
from ivr.line import rest_calls, rest_rooms
from ivr.line.line import Line
from ivr.line.rest_shapes import NOT_FOUND, Form, RestError

SAMPLE_BYTES = 2
Action = Callable[..., Any]

ROUTES: tuple[tuple[str, str, Action, int], ...] = (
    # method, path, what it does, status; an action with a `form` takes the parameters last
    ("POST", "Calls.json", rest_calls.create_call, 201),
    ("GET", "Calls.json", rest_calls.list_calls, 200),
    ("POST", "Calls/<sid>.json", rest_calls.update_call, 200),
    ("GET", "Calls/<sid>.json", rest_calls.fetch_call, 200),
    ("POST", "Calls/<sid>/Streams.json", rest_calls.create_stream, 201),
    ("POST", "Calls/<call_sid>/Streams/<stream_sid>.json", rest_calls.stop_stream, 200),
    ("POST", "Messages.json", rest_calls.create_message, 201),
    ("GET", "Messages.json", rest_calls.list_messages, 200),
    ("GET", "Messages/<sid>.json", rest_calls.fetch_message, 200),
    ("GET", "IncomingPhoneNumbers.json", rest_calls.list_numbers, 200),
    ("GET", "Conferences.json", rest_rooms.list_conferences, 200),
    ("GET", "Conferences/<sid>.json", rest_rooms.fetch_conference, 200),
    ("POST", "Conferences/<sid>.json", rest_rooms.update_conference, 200),
    ("POST", "Conferences/<sid>/Participants.json", rest_rooms.create_participant, 201),
    ("GET", "Conferences/<sid>/Participants.json", rest_rooms.list_participants, 200),
    ("GET", "Conferences/<sid>/Participants/<who>.json", rest_rooms.fetch_participant, 200),
    ("POST", "Conferences/<sid>/Participants/<who>.json", rest_rooms.update_participant, 200),
    ("DELETE", "Conferences/<sid>/Participants/<who>.json", rest_rooms.remove_participant, 204),
    ("GET", "Queues.json", rest_rooms.list_queues, 200),
    ("GET", "Queues/<sid>.json", rest_rooms.fetch_queue, 200),
    ("GET", "Queues/<sid>/Members.json", rest_rooms.list_members, 200),
    ("GET", "Queues/<sid>/Members/<who>.json", rest_rooms.fetch_member, 200),
    ("POST", "Queues/<sid>/Members/<who>.json", rest_rooms.update_member, 200),
)


def create_server(line: Line, *, blueprints: Sequence[Blueprint] = ()) -> Flask:
    """Make the Flask application of a line; `blueprints` are further pages beside the API."""
    app = Flask("ivr.line")
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    app.register_blueprint(_api(line))
    return app


def _api(line: Line) -> Blueprint:
    api = Blueprint("twilio_api", __name__, url_prefix="/2010-04-01/Accounts/<account_sid>")

    @api.before_request
    def check_account() -> ResponseReturnValue | None:
        given = request.authorization
        account = (request.view_args or {}).pop("account_sid", "")
        if (
            given is None
            or account != line.account_sid
            or not hmac.compare_digest((given.username or "").encode(), line.account_sid.encode())
            or not hmac.compare_digest((given.password or "").encode(), line.auth_token.encode())
        ):
            return _error(RestError(401, 20003, "Authenticate"))
        return None

    api.register_error_handler(RestError, _error)
    for method, path, action, status in ROUTES:
        name = f"{method}_{action.__name__}"
        api.add_url_rule(f"/{path}", name, _view(line, action, status), methods=[method])

    @api.get("/Recordings/<name>")
    def recording(name: str) -> ResponseReturnValue:
        audio = line.run(lambda: line.exchange.recordings.get(name.removesuffix(".wav")))
        if audio is None:
            raise RestError(404, NOT_FOUND, f"The requested resource Recordings/{name} was not found")
        return Response(_wav(audio), mimetype="audio/x-wav")

    @api.route("/<path:rest>", methods=["GET", "POST", "DELETE", "PUT"])
    def unknown(rest: str) -> ResponseReturnValue:
        raise RestError(404, NOT_FOUND, f"The local line has no resource {request.method} {rest}")

    return api


def _view(line: Line, action: Action, status: int) -> Callable[..., ResponseReturnValue]:
    takes_form = "form" in action.__code__.co_varnames[: action.__code__.co_argcount]

    def view(**path: str) -> ResponseReturnValue:
        arguments: list[Any] = [line.exchange, *path.values()]
        if takes_form:
            arguments.append(_form())
        payload = line.run(lambda: action(*arguments))
        return Response(status=status) if payload is None else (jsonify(payload), status)

    return view


def _form() -> Form:
    values = request.form if request.method == "POST" else request.args
    return {key: values.getlist(key) for key in values}


def _error(error: RestError) -> ResponseReturnValue:
    return jsonify(error.payload), error.status


def _wav(ulaw: bytes) -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(SAMPLE_BYTES)
        writer.setframerate(RATE_HZ)
        writer.writeframes(ulaw_to_pcm(ulaw))
    return written.getvalue()
