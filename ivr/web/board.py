"""The supervisor's board: the page and its live parts. What is shown is `board_look`'s, what can be done `board_acts`'."""

import time
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field, replace
from typing import cast

from flask import Blueprint, current_app, get_template_attribute, render_template
from flask.typing import ResponseReturnValue

from ivr.accounts import store
from ivr.accounts.store import Role
from ivr.web import live, transaction
from ivr.web.board_shared import TOPICS, Rows, Seen, Shared
from ivr.web.desk_view import phone_address
from ivr.web.guards import guarded_by, the_person
from ivr.web.languages import language
from ivr.web.people import current_token
from ivr.web.wiring import wiring
from routing import reports

board = Blueprint("board", __name__, url_prefix="/admin/board")
WATCHERS = (Role.SUPERVISOR, Role.ADMIN)
# The regions of rows, each with its macro; the other parts are drawn whole.
ROWS = {"waiting": "waiting_row", "agents": "agent_row", "line": "line_row"}
ROW_MACROS = "board/rows.html"
PARTS = {"numbers": "board/numbers.html", "alerts": "board/alerts.html", "queues": "board/queues.html"}
# Whether somebody is still signed in is asked so often, however often the board changes.
SIGN_IN_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """The board of one look in one language."""

    number: int
    parts: dict[str, str]
    rows: dict[str, dict[str, str]]  # by region, by the row's key, in their order
    before_number: int = 0  # of what was drawn before
    news: tuple[str, ...] = ()  # the events that make this of it


@dataclass(kw_only=True)
class Drawing:
    """What is drawn in one language: the last whole, and every row that it shows."""

    last: Drawn | None = None
    rows: dict[str, Rows] = field(default_factory=lambda: {region: Rows() for region in ROWS})


@board.get("")
@guarded_by(*WATCHERS)
def page() -> ResponseReturnValue:
    """The board as it is now; what changes comes live from then on."""
    seen = _shared().now()
    drawn = _draw(seen)
    person = the_person()
    own = next((one for one in reports.agents(transaction.session()) if one.agent_id == person.agent_id), None)
    phone = phone_address(wiring().line_url, own.address) if own is not None else ""
    return render_template("board.html", drawn=drawn, phone=phone)


@board.get("/events")
@guarded_by(*WATCHERS)
def events() -> ResponseReturnValue:
    """The parts and the rows that change, as they change; ends with the sign-in."""
    is_here = _sign_in_watched(current_token())
    shared = _shared()
    sent: Drawn | None = None

    def look() -> Seen | None:
        return shared.now() if is_here() else None

    def tell(seen: Seen) -> Iterator[str]:
        nonlocal sent
        before, sent = sent, _draw(seen)
        # Nearly all viewers have seen the look before this one: what differs is written once for all of them.
        yield from (
            sent.news if before is not None and before.number == sent.before_number else news_between(before, sent)
        )

    return live.stream_of(look, tell, topics=TOPICS, at_latest_seconds=SIGN_IN_SECONDS)


def news_between(before: Drawn | None, after: Drawn) -> Iterator[str]:
    """The events that make one board of another, or of an empty page."""
    for region, html in after.parts.items():
        if before is None or before.parts[region] != html:
            yield live.event("part", region=region, html=html)
    for region, rows in after.rows.items():
        changed = changed_rows(before.rows[region] if before is not None else {}, rows)
        if changed:
            yield live.event("rows", region=region, **changed)


def changed_rows(before: dict[str, str], rows: dict[str, str]) -> dict[str, object]:
    """What to send of rows: those that are new or differ, those that are gone, the order where it is another; {} for nothing."""
    told: dict[str, object] = {}
    if differs := {key: html for key, html in rows.items() if before.get(key) != html}:
        told["rows"] = differs
    if gone := [key for key in before if key not in rows]:
        told["gone"] = gone
    stayed = [key for key in before if key in rows]
    if list(rows) != [*stayed, *(key for key in rows if key not in before)]:
        told["order"] = list(rows)
    return told


def _shared() -> Shared:
    return cast("Shared", current_app.extensions[Shared.EXTENSION])


def _sign_in_watched(token: str) -> Callable[[], bool]:
    asked_at, is_here = -1e9, True

    def watched() -> bool:
        nonlocal asked_at, is_here
        if time.monotonic() >= asked_at + SIGN_IN_SECONDS:
            asked_at = time.monotonic()
            with transaction.one_look() as session:
                is_here = store.signed_in(session, token=token, now=wiring().clock()) is not None
        return is_here

    return watched


def _draw(seen: Seen) -> Drawn:
    """Everything of a look in the reader's language, drawn once for all readers of it."""
    shared = _shared()
    with shared.drawing:
        drawing = shared.drawings.setdefault(language(), Drawing())
        if drawing.last is None or drawing.last.number != seen.number:
            drawing.last = _drawn_anew(seen, drawing)
        drawn: Drawn = drawing.last
        return drawn


def _drawn_anew(seen: Seen, drawing: Drawing) -> Drawn:
    look, last = seen.look, drawing.last
    rows = {}
    for region, macro in ROWS.items():
        shown = {_key(one): one for one in getattr(look, region)}
        html = drawing.rows[region].draw(shown.values(), get_template_attribute(ROW_MACROS, macro))
        rows[region] = dict(zip(shown, html, strict=True))
    parts = {region: render_template(template, look=look) for region, template in PARTS.items()}
    drawn = Drawn(number=seen.number, parts=parts, rows=rows)
    if last is None:
        return drawn
    return replace(drawn, before_number=last.number, news=tuple(news_between(last, drawn)))


def _key(one: Hashable) -> str:
    return str(getattr(one, "agent_id", "") or one.call_id)  # type: ignore[attr-defined]  # a row of one of the kinds
