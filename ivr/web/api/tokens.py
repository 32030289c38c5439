"""Tokens by the API: made (never beyond the token that makes them), listed, ended."""

from collections.abc import Mapping
from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from ivr.accounts import tokens as store
from ivr.accounts.scopes import SCOPES
from ivr.accounts.tokens import LONGEST_LIFE_DAYS, LONGEST_NAME, Made, Token
from ivr.web import errors, transaction
from ivr.web.api.resource import ADMINS, Resource
from ivr.web.api.schemas import SliceQuery, Strict, choice, text
from ivr.web.audited import noted
from ivr.web.bearer import token_of_request
from ivr.web.guards import the_person
from ivr.web.tokens import told

tokens = Resource("tokens", "Tokens", "Tokens of this API: each acts as its maker, within its scopes, until it ends.")


class TokenShown(Schema):
    """A token; its secret is never shown again."""

    token_id = fields.Integer(required=True)
    name = fields.String(required=True)
    begins = fields.String(required=True, metadata={"description": "The first signs of the secret."})
    scopes = fields.List(fields.String(), required=True)
    made_by = fields.String(required=True)
    made_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    last_used_at = fields.AwareDateTime(required=True, allow_none=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)


class TokenList(Schema):
    """Tokens, the newest first."""

    tokens = fields.List(fields.Nested(TokenShown), required=True)
    total = fields.Integer(required=True)


class TokenTold(Strict):
    """A token that is wanted."""

    name = text(LONGEST_NAME, shortest=1, required=True, metadata={"description": "What it is for."})
    scopes = fields.List(choice(*SCOPES), required=True, validate=validate.Length(min=1, max=len(SCOPES)))
    days = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=LONGEST_LIFE_DAYS))


class TokenMade(TokenShown):
    """A new token, with its secret."""

    secret = fields.String(required=True, metadata={"description": "Told this once."})


@tokens.operation("get", "/tokens", scope="tokens:write", roles=ADMINS, query=SliceQuery, gives=TokenList)
def every(query: Mapping[str, Any]) -> ResponseReturnValue:
    """Every token, those that have ended too."""
    found = store.every(transaction.session())
    part = found[query["offset"] :][: query["limit"]]
    return {"tokens": [_shown(one) for one in part], "total": len(found)}


@tokens.operation(
    "post", "/tokens", scope="tokens:write", roles=ADMINS, content=TokenTold, gives=TokenMade, status=201,
    refuses=("scope_not_yours",),
)  # fmt: skip
def make(content: Mapping[str, Any]) -> ResponseReturnValue:
    """Make a token. One that is made by a token has no scope that the maker's token has not."""
    through = token_of_request()
    made = store.make(
        transaction.session(),
        by=the_person(),
        name=content["name"],
        scopes=content["scopes"],
        days=content["days"],
        now=transaction.now(),
        within=through.scopes if through is not None else None,
    )
    if not isinstance(made, Made):
        return errors.refused(made.reason)
    noted("token.made", f"token {made.token.token_id}", after=told(made.token))
    return {**_shown(made.token), "secret": made.secret}


@tokens.operation("delete", "/tokens/<number:token_id>", scope="tokens:write", roles=ADMINS, refuses=("token_unknown",))
def end(token_id: int) -> ResponseReturnValue | None:
    """End a token at once."""
    if not store.end(transaction.session(), token_id, by=the_person(), now=transaction.now()):
        return errors.refused("token_unknown")
    noted("token.ended", f"token {token_id}")
    return None


def _shown(token: Token) -> dict[str, Any]:
    return {
        "token_id": token.token_id,
        "name": token.name,
        "begins": token.begins,
        "scopes": token.scopes,
        "made_by": token.made_by.display_name,
        "made_at": token.made_at,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
        "ended_at": token.ended_at,
    }
