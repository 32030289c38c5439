"""The signed-in person of a request, through Flask-Login: the cookie holds a token, the database says whose it is."""

from dataclasses import dataclass
from typing import cast

from flask import g
from flask import session as cookie
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from ivr.accounts import store
from ivr.accounts.store import Person
from ivr.accounts.tokens import Token
from ivr.web import transaction


@dataclass(frozen=True, kw_only=True)
class Visitor(UserMixin):  # type: ignore[misc]  # Flask-Login publishes no types
    """A person in one browser."""

    person: Person
    token: str

    def get_id(self) -> str:
        """What Flask-Login keeps in the signed cookie."""
        return self.token


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who a request of the API was let in as, by a token: the guard sets it, for this request alone."""

    person: Person
    token: Token


def make_login_manager() -> LoginManager:
    """Flask-Login, asking the store at every request, so that an ended sign-in ends at once."""
    manager = LoginManager()
    # The token is random, checked in the database and ended there; an address that changes on a mobile network must not end it.
    manager.session_protection = None
    manager.user_loader(_visitor)
    return manager


def enter(person: Person) -> None:
    """Sign a person in: whatever this browser held before is dropped, and a new token begins."""
    cookie.clear()
    token = store.start_sign_in(transaction.session(), account_id=person.account_id, now=transaction.now())
    # Flask-Login has no permission to keep the browser's old session; the cookie dies with the browser.
    login_user(Visitor(person=person, token=token))


def leave() -> None:
    """Sign the person out, here and for whoever copied the cookie."""
    token = current_token()
    if token:
        store.end_sign_in(transaction.session(), token=token, now=transaction.now())
    logout_user()
    cookie.clear()


def current_person() -> Person | None:
    """Who is signed in, or whose token the API let in."""
    caller = g.get("caller")
    if caller is not None:
        return cast("Caller", caller).person
    return cast("Person", current_user.person) if current_user and current_user.is_authenticated else None


def came_through() -> str:
    """By which way an act came, for the audit trail: a page (or its script), or a token by its name."""
    caller = g.get("caller")
    return f"api:{caller.token.name}" if caller is not None else "page"


def current_token() -> str:
    """The token of the sign-in, "" for nobody."""
    return cast("str", current_user.token) if current_user and current_user.is_authenticated else ""


def _visitor(token: str) -> Visitor | None:
    if g.get("has_failed"):
        # The page that says so is drawn without asking again what has failed: who it is may be just that.
        return None
    person = store.signed_in(transaction.session(), token=token, now=transaction.now())
    return Visitor(person=person, token=token) if person is not None else None
