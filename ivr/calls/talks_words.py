"""What is whispered to whoever picks up: from whom the call comes, what it is about and whose it is, before they hear anybody.

An outside number is told no more than the company and who passes the call on until a key is pressed: a voicemail may listen.
"""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from ivr.calls import legs, own_words, speaking
from ivr.calls.company import Company, FlowVersion
from ivr.calls.tables import Call, CallLeg
from ivr.customers import store as customers
from ivr.flow.events import Value
from ivr.telephony.answers import Speak
from routing import reports
from sealing.columns import if_it_opens


def before_key(session: Session, company: Company, call: Call, leg: CallLeg) -> tuple[Speak, ...]:
    """What an outside number hears until it presses the key."""
    language = _language(session, company, call, leg)
    opening = _opening(session, company, call, leg, language)
    return (*opening, speaking.own_words(company, call.flow_version, own_words.WHISPER_KEY, language))


def before_joining(session: Session, company: Company, call: Call, leg: CallLeg) -> tuple[Speak, ...]:
    """What is whispered to whoever takes a call that is passed on, or is consulted; nothing for a call of the queue."""
    if not leg.asked_by or leg.role == legs.SUPERVISOR:
        return ()
    language = _language(session, company, call, leg)
    opening = () if is_outside(leg) else _opening(session, company, call, leg, language)
    return (*opening, *_matter(session, company, call, language))


def is_outside(leg: CallLeg) -> bool:
    """Whether nobody of the house is known to be behind the leg's number."""
    return leg.agent_id is None and leg.role != legs.SUPERVISOR


def _opening(session: Session, company: Company, call: Call, leg: CallLeg, language: str) -> tuple[Speak, ...]:
    key = own_words.WHISPER_CONSULT if leg.role == legs.CONSULTED else own_words.WHISPER_TRANSFER
    known = reports.state_of(session, leg.asked_by)
    values: Mapping[str, Value] = {"from": leg.asked_by if known is None else known.name}
    return (speaking.own_words(company, call.flow_version, key, language, values),)


def _matter(session: Session, company: Company, call: Call, language: str) -> tuple[Speak, ...]:
    version = company.version(call.flow_version)
    prompts = []
    if _can_be_said(version, call.reason, language):
        prompts.append(
            speaking.own_words(company, call.flow_version, own_words.WHISPER_MATTER, language, {"matter": call.reason})
        )
    customer = customers.customer(session, call.customer_id)
    name = None if customer is None else if_it_opens(customer, "name", None)
    if name:
        prompts.append(
            speaking.own_words(company, call.flow_version, own_words.WHISPER_CUSTOMER, language, {"customer": name})
        )
    return tuple(prompts)


def _can_be_said(version: FlowVersion, reason: str, language: str) -> bool:
    choice = version.catalogue.prompts.get(f"choice.{reason}")
    return choice is not None and language in choice.wordings


def _language(session: Session, company: Company, call: Call, leg: CallLeg) -> str:
    """The receiver's language: an agent's first that the line speaks, else the company's."""
    presence = None if leg.agent_id is None else reports.state_of(session, leg.agent_id)
    spoken = company.version(call.flow_version).flow.languages
    known = [] if presence is None else [language for language in presence.languages if language in spoken]
    return known[0] if known else company.default_language
