"""A customer or an order as another system or a file tells of it: typed, and None where it says nothing. Pure."""

from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias

STATUSES: Final = ("preparing", "shipped", "delivered", "cancelled")


@dataclass(frozen=True, kw_only=True)
class CustomerRecord:
    """What is told of a customer."""

    customer_id: str
    name: str | None = None
    language: str | None = None
    email: str | None = None
    preferred_channel: str | None = None
    numbers: tuple[str, ...] | None = None  # E.164

    @property
    def key(self) -> str:
        """What tells it from every other."""
        return self.customer_id


@dataclass(frozen=True, kw_only=True)
class OrderRecord:
    """What is told of an order."""

    order_number: str
    customer_id: str | None = None
    customer_name: str | None = None  # for a customer who is not known yet
    items: str | None = None
    status: str | None = None  # one of STATUSES
    placed_on: date | None = None
    due_on: date | None = None
    promised_on: date | None = None
    delivered_on: date | None = None
    carrier: str | None = None
    postcode: str | None = None

    @property
    def key(self) -> str:
        """What tells it from every other."""
        return self.order_number


Record: TypeAlias = CustomerRecord | OrderRecord
