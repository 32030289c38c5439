"""People who sign in, by the API: as on the page on people."""

from collections.abc import Mapping
from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields

from ivr.accounts import keeping, store
from ivr.accounts.keeping import LONGEST_NAME, Member
from ivr.accounts.store import Role
from ivr.web import errors, transaction
from ivr.web.api.resource import ADMINS, Resource
from ivr.web.api.schemas import SliceQuery, Strict, choice, text
from ivr.web.audited import noted
from ivr.web.bearer import token_of_request
from ivr.web.company.people import activity, link_of, note_change, told
from ivr.web.guards import the_person
from ivr.web.languages import LANGUAGES
from routing import reports

people = Resource("people", "People", "Who signs in, with which role, and as which agent they take calls.")

_REFUSES = ("account_unknown", "last_admin", "own_account", "agent_taken", "scope_not_yours")


class AccountShown(Schema):
    """An account."""

    account_id = fields.Integer(required=True)
    email = fields.String(required=True)
    name = fields.String(required=True)
    role = fields.String(required=True)
    language = fields.String(required=True)
    agent = fields.String(required=True, allow_none=True)
    active = fields.Boolean(required=True)
    added_at = fields.AwareDateTime(required=True)
    seen_at = fields.AwareDateTime(required=True, allow_none=True)


class AccountList(Schema):
    """Accounts, those who can sign in first, by name."""

    accounts = fields.List(fields.Nested(AccountShown), required=True)
    total = fields.Integer(required=True)


class AccountTold(Strict):
    """What an account is."""

    name = text(LONGEST_NAME, shortest=1, required=True)
    role = choice(*(role.value for role in Role), required=True)
    language = choice(*LANGUAGES, required=True)
    agent = text(64, load_default=None, allow_none=True)


class NewAccount(AccountTold):
    """Somebody new."""

    email = text(254, shortest=3, required=True)


class LinkMade(Schema):
    """A link to sign in with."""

    account = fields.Nested(AccountShown, required=True)
    link = fields.String(required=True, metadata={"description": "Told this once; it holds once."})
    until = fields.AwareDateTime(required=True)


@people.operation("get", "/accounts", scope="company:write", roles=ADMINS, query=SliceQuery, gives=AccountList)
def every(query: Mapping[str, Any]) -> ResponseReturnValue:
    """Every account."""
    found = keeping.everybody(transaction.session(), transaction.now())
    return {"accounts": [_shown(one) for one in found[query["offset"] :][: query["limit"]]], "total": len(found)}


@people.operation(
    "post", "/accounts", scope="company:write", content=NewAccount, gives=LinkMade, status=201,
    refuses=("email_taken", "email_invalid", "agent_taken", "agent_unknown", "scope_not_yours"),
)  # fmt: skip
def add(content: Mapping[str, Any]) -> ResponseReturnValue:
    """Add somebody, who chooses a password by the link. By a token nobody is made an admin."""
    if content["role"] == Role.ADMIN and token_of_request() is not None:
        return errors.refused("scope_not_yours")
    if not _is_agent(content["agent"]):
        return errors.refused("agent_unknown")
    made = keeping.invite(
        transaction.session(), email=content["email"], display_name=content["name"], role=Role(content["role"]),
        language=content["language"], agent_id=content["agent"], now=transaction.now(),
    )  # fmt: skip
    if isinstance(made, store.Refused):
        return errors.refused(made.reason.value)
    member = _member(made.person.account_id)
    noted("account.added", f"account:{made.person.account_id}", after=told(member))
    return {"account": _shown(member), "link": link_of(made), "until": made.until}


@people.operation(
    "put", "/accounts/<number:account_id>", scope="company:write", content=AccountTold, gives=AccountShown,
    refuses=(*_REFUSES, "agent_unknown"),
)  # fmt: skip
def change(content: Mapping[str, Any], account_id: int) -> ResponseReturnValue:
    """Change name, role, language and agent; with another role or agent, sign-ins end. By a token nobody is made an admin."""
    session, now = transaction.session(), transaction.now()
    before = keeping.member(session, account_id, now)
    if _is_beyond_token(before, content["role"]):
        return errors.refused("scope_not_yours")
    if not _is_agent(content["agent"]):
        return errors.refused("agent_unknown")
    done = keeping.change(
        session, account_id, display_name=content["name"], role=Role(content["role"]), language=content["language"],
        agent_id=content["agent"], by=the_person().account_id, now=now,
    )  # fmt: skip
    return _answered(note_change(done))


@people.operation(
    "post", "/accounts/<number:account_id>/close", scope="company:write", gives=AccountShown, refuses=_REFUSES
)
def close(account_id: int) -> ResponseReturnValue:
    """Let somebody sign in no more; whatever they have open ends."""
    if _is_beyond_token(keeping.member(transaction.session(), account_id, transaction.now()), ""):
        return errors.refused("scope_not_yours")
    return _answered(activity(account_id, active=False))


@people.operation(
    "post", "/accounts/<number:account_id>/open", scope="company:write", gives=AccountShown, refuses=_REFUSES
)
def open_again(account_id: int) -> ResponseReturnValue:
    """Let somebody sign in again."""
    if _is_beyond_token(keeping.member(transaction.session(), account_id, transaction.now()), ""):
        return errors.refused("scope_not_yours")
    return _answered(activity(account_id, active=True))


@people.operation(
    "post", "/accounts/<number:account_id>/link", scope="company:write", gives=LinkMade, status=201,
    refuses=("account_unknown", "account_not_active", "scope_not_yours"),
)  # fmt: skip
def new_link(account_id: int) -> ResponseReturnValue:
    """Take somebody's password away, and give a link with which they choose another. By a token, never an admin's."""
    session, now = transaction.session(), transaction.now()
    if _is_beyond_token(keeping.member(session, account_id, now), ""):
        return errors.refused("scope_not_yours")
    made = keeping.new_link(session, account_id, now)
    if isinstance(made, keeping.Refused):
        return errors.refused(made.reason.value)
    noted("account.password_reset", f"account:{account_id}")
    return {"account": _shown(_member(account_id)), "link": link_of(made), "until": made.until}


def _is_beyond_token(member: Member | None, role: str) -> bool:
    """Whether a token would touch an admin or make one: its scopes would be worth as much as a password."""
    touches = role == Role.ADMIN or (member is not None and member.person.role is Role.ADMIN)
    return touches and token_of_request() is not None


def _is_agent(agent_id: str | None) -> bool:
    return agent_id is None or reports.state_of(transaction.session(), agent_id) is not None


def _answered(done: keeping.Change) -> ResponseReturnValue:
    return errors.refused(done.reason.value) if isinstance(done, keeping.Refused) else _shown(done.after)


def _member(account_id: int) -> Member:
    found = keeping.member(transaction.session(), account_id, transaction.now())
    if found is None:
        raise LookupError("an account that was just written is there")
    return found


def _shown(member: Member) -> dict[str, Any]:
    return {
        "account_id": member.person.account_id, **told(member), "added_at": member.added_at, "seen_at": member.seen_at,
    }  # fmt: skip
