"""One request, one session: committed at the end of a successful writing request, rolled back otherwise; a GET only reads."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from flask import Response, g, request
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ivr.calls.effects import Effect
from ivr.web.wiring import wiring

# RFC 9110 (9.2.1): the methods that are to change nothing.
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class NotCommittedError(Exception):
    """The database did not take what a request wrote: nothing of it stands. Its cause says why."""


def session() -> Session:
    """The session of this request, opened at its first use."""
    if "session" not in g:
        only_reads = request.method in SAFE_METHODS
        g.session = wiring().reading_sessions() if only_reads else wiring().sessions()
    opened: Session = g.session
    return opened


def now() -> datetime:
    """The time of this request, the same from its beginning to its end (aware UTC)."""
    if "now" not in g:
        g.now = wiring().clock()
    moment: datetime = g.now
    return moment


def after_commit(effects: Iterable[Effect]) -> None:
    """Have these carried out once this request's transaction is safely committed, and not at all if it is not."""
    g.effects = (*g.get("effects", ()), *effects)


def close(response: Response) -> Response:
    """After every request: commit what a successful one wrote. Raises `NotCommittedError`."""
    opened: Session | None = g.pop("session", None)
    if opened is None:
        return response
    first_error = 400
    try:
        if request.method not in SAFE_METHODS and response.status_code < first_error:
            opened.commit()
        else:
            g.pop("effects", None)
    except SQLAlchemyError as error:
        g.pop("effects", None)
        raise NotCommittedError from error
    finally:
        opened.close()
    effects: Iterable[Effect] = g.pop("effects", ())
    wiring().doors.carry_out(effects)
    return response


def abandon(_error: BaseException | None = None) -> None:
    """When a request is torn down: a session that is still open ends without a trace."""
    opened: Session | None = g.pop("session", None)
    if opened is not None:
        opened.close()


@contextmanager
def one_look() -> Iterator[Session]:
    """A short session of its own for one look of a live page, which outlives its request's."""
    with wiring().reading_sessions() as opened:
        yield opened
