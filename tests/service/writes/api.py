"""The API's own resources."""

from tests.service.writes.desks import a_token
from tests.written import Write

WRITES = (
    Write(
        endpoint="api_tokens.make",
        address="/api/v1/tokens",
        act="token.made",
        json={"name": "cassa", "scopes": ["calls:read"], "days": 30},
    ),
    Write(
        endpoint="api_tokens.end",
        method="DELETE",
        address="/api/v1/tokens/{token_id}",
        act="token.ended",
        given=a_token,
    ),
)
