"""Listening again to what a caller said, where it is kept: the sound, and the trace of who listened. The views say who may."""

from flask import Response, abort

from ivr.calls import audio
from ivr.web import transaction
from ivr.web.guards import the_person
from ivr.web.wiring import wiring


def play(call_id: str, turn: int) -> Response:
    """The sound of a turn, for the player of a page; 404 where nothing is kept.

    A page's player can only GET, so the trace has a transaction of its own; it is safely kept before any sound goes out.
    """
    with wiring().sessions.begin() as session:
        by = the_person().display_name
        flac = audio.listen(session, call_id=call_id, turn=turn, by=by, now=transaction.now())
    if flac is None:
        abort(404)
    # Not to be cached, as no page is (`ivr.web.security`).
    return Response(flac, mimetype=audio.MIMETYPE, headers={"Content-Disposition": "inline"})
