"""How the desks answer an act: what follows goes out after the commit; a script stays on its page, a browser goes back to it."""

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue

from ivr.accounts import store
from ivr.calls.desk import Outcome, Refused
from ivr.web import errors, transaction
from ivr.web.people import current_token


def answer(outcome: Outcome, *, back: str) -> ResponseReturnValue:
    """Answer with a refusal's sentence, or with the page to go back to."""
    if isinstance(outcome, Refused):
        return errors.refused(outcome.reason)
    transaction.after_commit(outcome.effects)
    store.seen(transaction.session(), token=current_token(), now=transaction.now())
    if request.headers.get(errors.SCRIPT_HEADER):
        return Response(status=204)
    return redirect(back, code=303)
