"""The trial company: customers, orders, agents and accounts that are made up, so that a newcomer can try a whole call at once.

For the demo and the tests; a live installation has its own. Dates count from the day on which it is made, so that an order is
late and another can still be returned whenever that is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import assert_never

from sqlalchemy.orm import Session

from ivr.accounts import store as accounts
from ivr.customers.tables import Contact, Customer, CustomerNumber, Order
from routing import store as routing_store

# Numbers from ranges that Italy's numbering plan leaves to nobody in particular; +44 7700 900... is Ofcom's range for drama.
GIULIA, MARIO, EMILY, STRANGER = "+393331230001", "+393331230002", "+447700900123", "+390698765432"


@dataclass(frozen=True, kw_only=True)
class TrialAgent:
    """An agent of the trial company."""

    agent_id: str
    name: str
    email: str
    address: str
    languages: tuple[str, ...]
    skills: Mapping[str, int]


AGENTS: tuple[TrialAgent, ...] = (
    TrialAgent(
        agent_id="anna",
        name="Anna Ricci",
        email="anna@bottega.example",
        address="client:anna",
        languages=("it", "en"),
        skills=MappingProxyType({"general": 4, "orders": 4, "returns": 4, "recovery": 5, "product": 2}),
    ),
    TrialAgent(
        agent_id="luca",
        name="Luca Ferri",
        email="luca@bottega.example",
        address="client:luca",
        languages=("it",),
        skills=MappingProxyType({"general": 2, "product": 5, "orders": 2, "returns": 2}),
    ),
    TrialAgent(
        agent_id="grace",
        name="Grace Hill",
        email="grace@bottega.example",
        address="+390298765410",
        languages=("en",),
        skills=MappingProxyType({"general": 3, "product": 3, "recovery": 3}),
    ),
)
# She takes no calls: without a skill nothing is offered to her. Her telephone is for listening, whispering and joining.
SUPERVISOR = TrialAgent(
    agent_id="marta",
    name="Marta Fontana",
    email="marta@bottega.example",
    address="client:marta",
    languages=("it", "en"),
    skills=MappingProxyType({}),
)
ADMIN_EMAIL = "admin@bottega.example"


def make_company(session: Session, *, password: str, now: datetime, today: date) -> None:
    """Add the whole company to an empty database; every account gets the same `password`."""
    _customers(session, now, today)
    for agent in (*AGENTS, SUPERVISOR):
        routing_store.save_agent(
            session,
            agent_id=agent.agent_id,
            name=agent.name,
            address=agent.address,
            languages=agent.languages,
            skills=agent.skills,
            now=now,
        )
        _account(
            session,
            email=agent.email,
            name=agent.name,
            role=accounts.Role.SUPERVISOR if agent is SUPERVISOR else accounts.Role.AGENT,
            password=password,
            now=now,
            agent_id=agent.agent_id,
        )
    _account(
        session,
        email=ADMIN_EMAIL,
        name="Elena Marchi",
        role=accounts.Role.ADMIN,
        password=password,
        now=now,
        agent_id=None,
    )


def _account(
    session: Session, *, email: str, name: str, role: accounts.Role, password: str, now: datetime, agent_id: str | None
) -> None:
    added = accounts.add(
        session, email=email, display_name=name, role=role, password=password, now=now, agent_id=agent_id, language="it"
    )
    match added:
        case accounts.Added():
            pass
        case accounts.Refused(reason=reason):
            raise ValueError(f"the account {email} cannot be made: {reason.value}")
        case _:
            assert_never(added)


def _customers(session: Session, now: datetime, today: date) -> None:
    session.add_all(
        [
            Customer(customer_id="K001", name="Giulia Conti", language="it", preferred_channel="phone", email=""),
            Customer(customer_id="K002", name="Mario Bianchi", language="it", preferred_channel="phone", email=""),
            Customer(customer_id="K003", name="Emily Carter", language="en", preferred_channel="email", email=""),
        ]
    )
    session.flush()
    session.add_all(
        [
            CustomerNumber(customer_id="K001", number=GIULIA),
            CustomerNumber(customer_id="K002", number=MARIO),
            CustomerNumber(customer_id="K003", number=EMILY),
            _order("1042", "K001", "una lampada da tavolo", "shipped", today, placed=9, due=2, promised=-3),
            _order(
                "1017",
                "K001",
                "due federe di lino",
                "delivered",
                today,
                placed=20,
                due=-12,
                promised=-12,
                delivered=-12,
            ),
            _order("2358", "K002", "una macchina per il caffè", "shipped", today, placed=2, due=2, promised=2),
            _order("2290", "K002", "un tappeto", "delivered", today, placed=11, due=-5, promised=-5, delivered=-5),
            _order("30917", "K003", "a pair of boots", "preparing", today, placed=1, due=5, promised=5),
            Contact(
                customer_id="K001",
                at=now - timedelta(days=3),
                channel="email",
                reason="order_status",
                outcome="answered",
                note="Ha chiesto quando arriva la lampada: promessa la consegna per l'altro ieri.",
                call_id=None,
            ),
            Contact(
                customer_id="K002",
                at=now - timedelta(days=40),
                channel="phone",
                reason="product_question",
                outcome="answered",
                note="Domanda sulle capsule compatibili.",
                call_id=None,
            ),
        ]
    )
    session.flush()


def _order(
    number: str,
    customer_id: str,
    items: str,
    status: str,
    today: date,
    *,
    placed: int,
    due: int,
    promised: int,
    delivered: int | None = None,
) -> Order:
    return Order(
        order_number=number,
        customer_id=customer_id,
        items=items,
        status=status,
        placed_on=today - timedelta(days=placed),
        due_on=today + timedelta(days=due),
        promised_on=today + timedelta(days=promised),
        delivered_on=None if delivered is None else today + timedelta(days=delivered),
        carrier="Corriere Espresso",
        postcode={"K001": "20121", "K002": "00184", "K003": "40121"}[customer_id],
    )
