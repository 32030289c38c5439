"""What the REST API does with calls, their streams, messages and numbers; runs on the line's loop, knows no Flask.

Parameters whose effect the line does not have are refused by name. Error codes are those of Twilio's catalogue.
"""

import xml.etree.ElementTree as ET
from collections.abc import Callable

from ivr.line import control
from ivr.line.dial import normalised
from ivr.line.exchange import Exchange
from ivr.line.interpreter import Jump
from ivr.line.legs import Fallback, Leg, progress_of
from ivr.line.messages import Message
from ivr.line.rest_shapes import (
    Form,
    Payload,
    RestError,
    account_uri,
    call_shape,
    message_shape,
    missing,
    number_shape,
    one,
    only,
    page,
    stream_shape,
    whole,
)
from ivr.line.streams import MediaStream, start_stream, streams_of
from ivr.line.twiml import Document, Refused, Verb, parse

CALL_CREATE = [
    "To",
    "From",
    "Url",
    "Twiml",
    "Method",
    "FallbackUrl",
    "FallbackMethod",
    "StatusCallback",
    "StatusCallbackMethod",
    "StatusCallbackEvent",
    "Timeout",
]
CALL_UPDATE = [
    "Url",
    "Twiml",
    "Method",
    "Status",
    "FallbackUrl",
    "FallbackMethod",
    "StatusCallback",
    "StatusCallbackMethod",
]
CALL_FILTERS = ["Status", "To", "From", "ParentCallSid", "Page", "PageSize", "PageToken"]
STREAM_CREATE = ["Url", "Name", "Track", "StatusCallback", "StatusCallbackMethod"]
LONGEST_RING_SECONDS = 600
# Twilio's call resource


def create_call(exchange: Exchange, form: Form) -> Payload:
    """Place a call."""
    only(form, CALL_CREATE)
    from_, to = one(form, "From"), one(form, "To")
    if not to:
        raise RestError(400, 21201, "No 'To' number is specified")
    if not from_:
        raise RestError(400, 21213, "No 'From' number is specified")
    if not to.startswith(("client:", "sip:")) and normalised(from_) not in exchange.numbers:
        raise RestError(400, 21210, f"The source phone number provided, {from_}, is not a number of this account")
    leg = control.place_call(
        exchange,
        from_=from_,
        to=to,
        beginning=beginning_of(form),
        progress=progress_of(
            one(form, "StatusCallback"), one(form, "StatusCallbackMethod"), form.get("StatusCallbackEvent", ())
        ),
        fallback=_fallback_of(form),
        timeout_seconds=min(whole(form, "Timeout", int(control.REST_CALL_TIMEOUT_SECONDS)), LONGEST_RING_SECONDS),
    )
    return call_shape(leg)


def beginning_of(form: Form) -> Jump | Document:
    """Read which document is to be executed: at a URL, or given inline."""
    url, twiml = one(form, "Url"), one(form, "Twiml")
    if bool(url) == bool(twiml):
        raise RestError(400, 21205, "Give either Url or Twiml")
    if url:
        check_url(url)
        return Jump(url=url, method=one(form, "Method", "POST"))
    document = parse(twiml, url=None)
    if isinstance(document, Refused):
        raise RestError(400, document.code, document.reason)
    return document


def check_url(url: str) -> None:
    """Refuse what is no http(s) address."""
    if not url.startswith(("http://", "https://")):
        raise RestError(400, 21205, f"Url is not a valid URL: {url}")


def leg_of(exchange: Exchange, sid: str) -> Leg:
    """Find a call."""
    return exchange.legs.get(sid) or missing(f"Calls/{sid}")


def fetch_call(exchange: Exchange, sid: str) -> Payload:
    """Give a call."""
    return call_shape(leg_of(exchange, sid))


def list_calls(exchange: Exchange, form: Form) -> Payload:
    """List calls, newest first."""
    only(form, CALL_FILTERS)
    wanted: dict[str, Callable[[Leg], str]] = {
        "Status": lambda leg: leg.status,
        "To": lambda leg: leg.to,
        "From": lambda leg: leg.from_,
        "ParentCallSid": lambda leg: leg.parent_sid,
    }
    found = [
        call_shape(leg)
        for leg in reversed(exchange.legs.values())
        if all(key not in form or read(leg) == one(form, key) for key, read in wanted.items())
    ]
    return page("calls", found, form, f"{account_uri(exchange)}/Calls.json")


def update_call(exchange: Exchange, sid: str, form: Form) -> Payload:
    """End a call, or replace what it executes at once."""
    only(form, CALL_UPDATE)
    leg = leg_of(exchange, sid)
    if not leg.is_live:
        raise RestError(400, 21220, "Call is not in-progress. Cannot redirect.")
    fallback = _fallback_of(form)
    if fallback is not None:
        leg.fallback = fallback
    progress = progress_of(one(form, "StatusCallback"), one(form, "StatusCallbackMethod"), ())
    if progress is not None:
        leg.progress = progress
    status = one(form, "Status")
    if status:
        if status not in {"completed", "canceled"}:
            raise RestError(400, 21218, f"Status must be completed or canceled, not {status!r}")
        control.hang_up_by_api(leg, status)
    if one(form, "Url") or one(form, "Twiml"):
        beginning = beginning_of(form)
        if not leg.is_up:
            raise RestError(400, 21220, "Call is not in-progress. Cannot redirect.")
        control.replace(leg, beginning)
    return call_shape(leg)


def _fallback_of(form: Form) -> Fallback | None:
    url = one(form, "FallbackUrl")
    return Fallback(url=url, method=one(form, "FallbackMethod", "POST")) if url else None


def create_stream(exchange: Exchange, sid: str, form: Form) -> Payload:
    """Fork a call's sound to a server."""
    only(form, [*STREAM_CREATE, *(key for key in form if key.startswith("Parameter"))])
    leg = leg_of(exchange, sid)
    if not leg.is_up:
        raise RestError(400, 21220, "Call is not in-progress.")
    return stream_shape(start_stream(leg, _stream_verb(form)))


def _stream_verb(form: Form) -> Verb:
    """Say in TwiML what the form says, so that the same grammar judges it."""
    start = ET.Element("Start")
    names = {"Url": "url", "Name": "name", "Track": "track"} | {
        "StatusCallback": "statusCallback",
        "StatusCallbackMethod": "statusCallbackMethod",
    }
    stream = ET.SubElement(start, "Stream", {name: one(form, key) for key, name in names.items() if key in form})
    count = 1
    while f"Parameter{count}.Name" in form:
        given = {"name": one(form, f"Parameter{count}.Name"), "value": one(form, f"Parameter{count}.Value")}
        ET.SubElement(stream, "Parameter", given)
        count += 1
    response = ET.Element("Response")
    response.append(start)
    document = parse(ET.tostring(response), url=None)
    if isinstance(document, Refused):
        raise RestError(400, document.code, document.reason)
    return document.verbs[0].children[0]


def stop_stream(exchange: Exchange, call_sid: str, stream_sid: str, form: Form) -> Payload:
    """End a fork; by its sid or name."""
    only(form, ["Status"])
    if one(form, "Status") != "stopped":
        raise RestError(400, 20001, "Status must be stopped")
    stream: MediaStream | None = next(
        (one_ for one_ in streams_of(leg_of(exchange, call_sid)) if stream_sid in {one_.sid, one_.name}), None
    )
    if stream is None:
        missing(f"Streams/{stream_sid}")
    stream.stop()
    return stream_shape(stream)


def create_message(exchange: Exchange, form: Form) -> Payload:
    """Send a text message."""
    only(form, ["To", "From", "Body", "StatusCallback"])
    from_, to, body = one(form, "From"), one(form, "To"), one(form, "Body")
    if not to:
        raise RestError(400, 21604, "'To' phone number is required to send a Message")
    if not from_:
        raise RestError(400, 21603, "'From' phone number is required to send a Message")
    if not body:
        raise RestError(400, 21602, "Message body is required")
    if normalised(from_) not in exchange.numbers:
        raise RestError(400, 21606, f"The 'From' phone number {from_} is not a number of this account")
    message = Message(
        exchange=exchange,
        sid=exchange.sids.new("SM"),
        from_=from_,
        to=to,
        body=body,
        status_callback=one(form, "StatusCallback"),
    )
    message.send()
    return message_shape(message)


def fetch_message(exchange: Exchange, sid: str) -> Payload:
    """Give a message."""
    return message_shape(exchange.messages.get(sid) or missing(f"Messages/{sid}"))


def list_messages(exchange: Exchange, form: Form) -> Payload:
    """List messages, newest first."""
    only(form, ["To", "From", "Page", "PageSize", "PageToken"])
    found = [
        message_shape(message)
        for message in reversed(exchange.messages.values())
        if ("To" not in form or message.to == one(form, "To"))
        and ("From" not in form or message.from_ == one(form, "From"))
    ]
    return page("messages", found, form, f"{account_uri(exchange)}/Messages.json")


def list_numbers(exchange: Exchange, form: Form) -> Payload:
    """List the numbers of the account."""
    only(form, ["PhoneNumber", "Page", "PageSize", "PageToken"])
    found = [
        number_shape(exchange, number, config)
        for number, config in exchange.numbers.items()
        if "PhoneNumber" not in form or number == one(form, "PhoneNumber")
    ]
    return page("incoming_phone_numbers", found, form, f"{account_uri(exchange)}/IncomingPhoneNumbers.json")
