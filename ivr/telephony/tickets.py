"""Tickets with which an agent's browser becomes a telephone of the carrier's (its voice SDK), made by the carrier's own package.

A ticket is for one identity, lets it be rung and nothing else unless an application is named, and is good for minutes.
"""

from dataclasses import dataclass, field
from pathlib import Path

from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VoiceGrant

# A ticket is asked for again by the page before it ends; one that leaks is worth nothing soon after. Judgement; the carrier
# allows a day at most (Access Tokens page, ttl).
TICKET_SECONDS = 600


@dataclass(frozen=True, kw_only=True)
class BrowserPhone:
    """What it takes for agents to have the carrier's telephone in the browser."""

    account_sid: str
    key_sid: str
    key_secret: str = field(repr=False)
    application_sid: str  # for calls that a browser begins itself; "" for none
    sdk_file: Path  # the carrier's script, put there by the company

    def ticket(self, identity: str) -> str:
        """A ticket (JWT) for one agent's telephone: `identity` is what stands behind client: in the agent's address."""
        token = AccessToken(self.account_sid, self.key_sid, self.key_secret, identity=identity, ttl=TICKET_SECONDS)
        token.add_grant(VoiceGrant(incoming_allow=True, outgoing_application_sid=self.application_sid or None))
        return str(token.to_jwt())
