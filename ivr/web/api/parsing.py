"""What the API takes: JSON that says so, of bounded size and depth, without unknown fields; and the path's ids."""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from flask import Request, abort, request
from marshmallow import RAISE
from webargs.flaskparser import FlaskParser
from werkzeug.datastructures import MultiDict
from werkzeug.routing import BaseConverter, IntegerConverter

# Most contents are a few lines; a resource that takes a document says more (`Resource.operation(most_bytes=...)`).
LARGEST_BODY_BYTES = 256 * 1024
# RFC 7493 (2.2): whole numbers beyond these are not the same number everywhere; a database refuses them as well.
GREATEST_NUMBER = 2**53 - 1
# A key of the databases' 32-bit columns.
GREATEST_ID = 2**31 - 1
DEEPEST = 60


class IdConverter(BaseConverter):
    """`<id:queue_id>`: a name that we gave: letters, digits and a few signs, at most 64; anything else is 404."""

    regex = "[A-Za-z0-9][A-Za-z0-9_.:@+-]{0,63}"
    part_isolating = True


class NumberConverter(IntegerConverter):
    """`<number:version>`: a whole number from 1 to what a key can be; anything else is 404."""

    regex = "[0-9]{1,10}"

    def __init__(self, url_map: Any) -> None:
        super().__init__(url_map, min=1, max=GREATEST_ID)


CONVERTERS = {"id": IdConverter, "number": NumberConverter}


class Parser(FlaskParser):
    """webargs' parser, stricter: unknown fields, unusable text and numbers are refused with their place."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"json": None, "query": RAISE}  # noqa: RUF012 - webargs' own way; json: as the schema says

    def load_json(self, req: Request, schema: Any) -> Any:  # noqa: ARG002 - webargs gives it
        """The content as JSON: 415 when it does not say so, 400 when it is none."""
        if req.mimetype != "application/json":
            abort(415)
        try:
            content = json.loads(req.get_data(), parse_constant=_no_constant)
        except (ValueError, RecursionError):
            refuse({"json": ["This is not JSON."]}, status=400)
        _look_through(content)
        return content

    def load_querystring(self, req: Request, schema: Any) -> Any:
        """The query, each value usable as text; a field that takes one value is given once."""
        given: MultiDict[str, str] = req.args
        for name, value in given.items(multi=True):
            _look_through(value, at=(name,))
        return self._makeproxy(given, schema)


def refuse(messages: Mapping[str, Any], *, status: int = 422, code: str = "") -> NoReturn:
    """Refuse what was sent: sentences by place, nested as the content is."""
    from webargs.flaskparser import abort as abort_with  # noqa: PLC0415 - one name for two things otherwise

    abort_with(status, messages=messages, code=code)
    raise AssertionError  # abort never returns; its types do not say so


def limit_body(most_bytes: int) -> None:
    """Read no more than this of the content: 413 beyond."""
    request.max_content_length = most_bytes


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _look_through(content: Any, *, at: tuple[str, ...] = ()) -> None:
    """Refuse what JSON can write but no column can keep: half characters, the sign NUL, boundless numbers, endless nesting."""
    if len(at) > DEEPEST:
        refuse({at[0]: ["This is nested too deeply."]})
    if isinstance(content, str):
        _look_at_text(content, at)
    elif isinstance(content, int) and abs(content) > GREATEST_NUMBER:
        refuse(_placed(at, "The number is too great."))
    elif isinstance(content, Mapping):
        for name, inner in content.items():
            _look_at_text(name, at)
            _look_through(inner, at=(*at, name))
    elif isinstance(content, list):
        for place, inner in enumerate(content):
            _look_through(inner, at=(*at, str(place)))


def _look_at_text(content: str, at: tuple[str, ...]) -> None:
    if "\0" in content or any("\ud800" <= sign <= "\udfff" for sign in content):
        refuse(_placed(at, "The text holds a sign that cannot be kept."))


def _placed(at: tuple[str, ...], sentence: str) -> Mapping[str, Any]:
    told: Any = [sentence]
    for name in reversed(at or ("json",)):
        told = {name: told}
    return told  # type: ignore[no-any-return]  # built from the inside out
