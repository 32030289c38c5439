"""What is done with a caller's voice: looked at only with consent, measured, compared with what was heard before, kept as evidence.

Nothing here decides who somebody is. The sound is gone with the look; what is kept of it lies sealed in `biometrics`.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.calls.tables import Call
from ivr.customers import store as customers

PURPOSE = "voice_verification"


def has_consented(session: Session, customer_id: str) -> bool:
    """Whether the customer's consent that their voice be looked at stands at this moment."""
    return customers.consents_of(session, customer_id).get(PURPOSE, False)


def customer_to_hear(session: Session, call_id: str) -> str | None:
    """The customer of a call whose voice may be looked at now; None where nobody is known, or they have not consented."""
    customer_id = session.scalar(select(Call.customer_id).where(Call.call_id == call_id))
    return customer_id if customer_id is not None and has_consented(session, customer_id) else None
