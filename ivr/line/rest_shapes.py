"""The JSON forms of the line's resources, as Twilio's API 2010-04-01 gives them, its errors and its pages.

What the requests do is in `ivr.line.rest_calls` and `ivr.line.rest_rooms`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Any, NoReturn
from urllib.parse import urlencode

from ivr.line.conference import Conference, Participant
from ivr.line.exchange import Exchange, NumberConfig
from ivr.line.legs import API_VERSION, Leg
from ivr.line.messages import Message
from ivr.line.queues import Member, Queue
from ivr.line.streams import MediaStream

Payload = dict[str, Any]
Form = Mapping[str, Sequence[str]]
# every value of every parameter, as a form holds them

PAGE_SIZE = 50
# Twilio's API: 50 a page unless asked otherwise, 1000 at most
PAGE_SIZE_LIMIT = 1000
NOT_FOUND = 20404
NOT_HERE = 20501
# the line's own: known to Twilio, not to this line


class RestError(Exception):
    """An error in the API's form."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    @property
    def payload(self) -> Payload:
        """Give Twilio's JSON."""
        return {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }


def missing(what: str) -> NoReturn:
    """Refuse a resource that is not there."""
    raise RestError(404, NOT_FOUND, f"The requested resource {what} was not found")


def only(form: Form, known: Sequence[str]) -> None:
    """Refuse by name every parameter whose effect the line does not have."""
    unknown = sorted(set(form) - set(known))
    if unknown:
        raise RestError(501, NOT_HERE, f"The local line does not do {', '.join(unknown)} here")


def one(form: Form, key: str, default: str = "") -> str:
    """Give a parameter's value."""
    values = form.get(key)
    return values[0] if values else default


def flag(form: Form, key: str) -> bool | None:
    """Give a true/false parameter; None without it; RestError for anything else."""
    given = one(form, key).lower()
    if given not in {"", "true", "false"}:
        raise RestError(400, 20001, f"{key} must be true or false, not {given!r}")
    return None if not given else given == "true"


def whole(form: Form, key: str, default: int) -> int:
    """Give a whole number; RestError for anything else."""
    given = one(form, key, str(default))
    if not given.isdecimal():
        raise RestError(400, 20001, f"{key} must be a whole number, not {given!r}")
    return int(given)


def when(moment: datetime | None) -> str | None:
    """Give a time in the API's RFC 2822 form."""
    return None if moment is None else format_datetime(moment)


def account_uri(exchange: Exchange) -> str:
    """Give the path under which all resources stand."""
    return f"/{API_VERSION}/Accounts/{exchange.account_sid}"


def page(key: str, shapes: Sequence[Payload], form: Form, uri: str) -> Payload:
    """Give one page of a list."""
    size = min(max(1, whole(form, "PageSize", PAGE_SIZE)), PAGE_SIZE_LIMIT)
    number = whole(form, "Page", 0)
    start = number * size
    shown = shapes[start : start + size]
    filters = {name: values[0] for name, values in form.items() if name not in {"Page", "PageSize", "PageToken"}}

    def uri_of(which: int) -> str:
        return f"{uri}?{urlencode({**filters, 'PageSize': size, 'Page': which})}"

    return {
        key: list(shown),
        "page": number,
        "page_size": size,
        "start": start,
        "end": max(start, start + len(shown) - 1),
        "uri": uri_of(number),
        "first_page_uri": uri_of(0),
        "previous_page_uri": uri_of(number - 1) if number else None,
        "next_page_uri": uri_of(number + 1) if start + size < len(shapes) else None,
    }


def call_shape(leg: Leg) -> Payload:
    """Give a call."""
    uri = f"{account_uri(leg.exchange)}/Calls/{leg.sid}"
    return {
        "sid": leg.sid,
        "account_sid": leg.exchange.account_sid,
        "parent_call_sid": leg.parent_sid or None,
        "from": leg.from_,
        "from_formatted": leg.from_,
        "to": leg.to,
        "to_formatted": leg.to,
        "phone_number_sid": None,
        "status": leg.status,
        "direction": leg.direction,
        "start_time": when(leg.answered_at),
        "end_time": when(leg.ended_at),
        "duration": None if leg.is_live else str(leg.duration_seconds()),
        "price": None,
        "price_unit": "USD",
        "answered_by": None,
        "api_version": API_VERSION,
        "forwarded_from": leg.extra_parameters.get("ForwardedFrom"),
        "caller_name": leg.extra_parameters.get("CallerName"),
        "group_sid": None,
        "queue_time": "0",
        "trunk_sid": None,
        "date_created": when(leg.created_at),
        "date_updated": when(leg.ended_at or leg.answered_at or leg.created_at),
        "uri": f"{uri}.json",
        "subresource_uris": {"streams": f"{uri}/Streams.json"},
    }


def stream_shape(stream: MediaStream) -> Payload:
    """Give a media stream."""
    exchange = stream.leg.exchange
    return {
        "sid": stream.sid,
        "account_sid": exchange.account_sid,
        "call_sid": stream.leg.sid,
        "name": stream.name,
        "status": "stopped" if stream.closed.done else "in-progress",
        "date_updated": when(exchange.clock.now()),
        "uri": f"{account_uri(exchange)}/Calls/{stream.leg.sid}/Streams/{stream.sid}.json",
    }


def conference_shape(conference: Conference) -> Payload:
    """Give a conference."""
    exchange = conference.exchange
    uri = f"{account_uri(exchange)}/Conferences/{conference.sid}"
    return {
        "sid": conference.sid,
        "account_sid": exchange.account_sid,
        "friendly_name": conference.name,
        "status": conference.status,
        "region": "local",
        "api_version": API_VERSION,
        "reason_conference_ended": conference.reason_ended or None,
        "call_sid_ending_conference": conference.ended_by or None,
        "date_created": when(conference.created_at),
        "date_updated": when(conference.created_at),
        "uri": f"{uri}.json",
        "subresource_uris": {"participants": f"{uri}/Participants.json"},
    }


def participant_shape(conference: Conference, participant: Participant) -> Payload:
    """Give a participant who is in."""
    exchange = conference.exchange
    return {
        "account_sid": exchange.account_sid,
        "call_sid": participant.leg.sid,
        "label": participant.settings.label or None,
        "conference_sid": conference.sid,
        "muted": participant.muted,
        "hold": participant.hold,
        "coaching": bool(participant.coach),
        "call_sid_to_coach": participant.coach or None,
        "start_conference_on_enter": participant.settings.start_on_enter,
        "end_conference_on_exit": participant.end_on_exit,
        "status": "connected",
        "queue_time": "0",
        "date_created": when(participant.created_at),
        "date_updated": when(participant.created_at),
        "uri": f"{account_uri(exchange)}/Conferences/{conference.sid}/Participants/{participant.leg.sid}.json",
    }


def queue_shape(queue: Queue) -> Payload:
    """Give a queue."""
    uri = f"{account_uri(queue.exchange)}/Queues/{queue.sid}"
    return {
        "sid": queue.sid,
        "account_sid": queue.exchange.account_sid,
        "friendly_name": queue.name,
        "current_size": len(queue.members),
        "max_size": queue.max_size,
        "average_wait_time": queue.average_seconds(),
        "date_created": when(queue.created_at),
        "date_updated": when(queue.created_at),
        "uri": f"{uri}.json",
    }


def member_shape(queue: Queue, member: Member) -> Payload:
    """Give a caller who waits."""
    return {
        "call_sid": member.leg.sid,
        "queue_sid": queue.sid,
        "position": queue.members.index(member) + 1 if member in queue.members else 0,
        "wait_time": queue.waited_seconds(member),
        "date_enqueued": when(member.enqueued_at),
        "uri": f"{account_uri(queue.exchange)}/Queues/{queue.sid}/Members/{member.leg.sid}.json",
    }


def message_shape(message: Message) -> Payload:
    """Give a message."""
    exchange = message.exchange
    return {
        "sid": message.sid,
        "account_sid": exchange.account_sid,
        "from": message.from_,
        "to": message.to,
        "body": message.body,
        "status": message.status,
        "direction": "outbound-api",
        "num_segments": "1",
        "num_media": "0",
        "price": None,
        "price_unit": "USD",
        "error_code": None,
        "error_message": None,
        "messaging_service_sid": None,
        "api_version": API_VERSION,
        "date_created": when(message.created_at),
        "date_sent": when(message.created_at),
        "date_updated": when(message.created_at),
        "uri": f"{account_uri(exchange)}/Messages/{message.sid}.json",
        "subresource_uris": {},
    }


def number_shape(exchange: Exchange, number: str, config: NumberConfig) -> Payload:
    """Give a number of the account."""
    sid = f"PN{int.from_bytes(number.encode()[-16:], 'big'):032x}"
    return {
        "sid": sid,
        "account_sid": exchange.account_sid,
        "friendly_name": config.friendly_name or number,
        "phone_number": number,
        "voice_url": config.voice_url,
        "voice_method": config.voice_method,
        "voice_fallback_url": config.fallback_url or None,
        "voice_fallback_method": config.fallback_method,
        "status_callback": config.status_callback or None,
        "status_callback_method": "POST",
        "capabilities": {"voice": True, "sms": True, "mms": False, "fax": False},
        "api_version": API_VERSION,
        "uri": f"{account_uri(exchange)}/IncomingPhoneNumbers/{sid}.json",
    }
