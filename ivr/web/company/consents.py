"""The page on consents: what each purpose is asked in, in every language, and what customers answered to which wording."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue

from ivr.accounts.store import Role
from ivr.calls.company import FlowVersion
from ivr.customers import ledger
from ivr.customers.ledger import PURPOSES, Answer, WordingCount
from ivr.flow.definition import ConsentNode
from ivr.web import transaction
from ivr.web.guards import guarded_by
from ivr.web.wiring import wiring

company_consents = Blueprint("company_consents", __name__, url_prefix="/admin/company/consents")


@dataclass(frozen=True, kw_only=True)
class Wording:
    """The words in which the live version asks."""

    key: str
    node: str
    texts: Mapping[str, str]  # by language


@dataclass(frozen=True, kw_only=True)
class Purpose:
    """One purpose, as it is asked and as it was answered."""

    name: str
    wordings: tuple[Wording, ...]
    standing: int  # customers whose yes stands today
    answered: tuple[Mapping[str, int | str], ...]  # by wording and version


@company_consents.get("")
@guarded_by(Role.ADMIN)
def page() -> ResponseReturnValue:
    """Every purpose."""
    company = wiring().doors.company
    version = company.version(company.live_version)
    served = {rule.rule for rule in current_app.url_map.iter_rules()}
    return render_template(
        "company/consents.html", purposes=purposes(version), version=version.number,
        editor="/admin/prompts" if "/admin/prompts" in served else "",
    )  # fmt: skip


def purposes(version: FlowVersion) -> tuple[Purpose, ...]:
    """Every purpose that is asked for, or was."""
    session = transaction.session()
    counted = ledger.counted(session)
    asked = [node for node in version.flow.nodes.values() if isinstance(node, ConsentNode)]
    names = dict.fromkeys((*PURPOSES, *(node.purpose for node in asked), *(line.purpose for line in counted)))
    return tuple(
        Purpose(
            name=name,
            wordings=_wordings(version, [node for node in asked if node.purpose == name]),
            standing=len(ledger.who_consents(session, name)),
            answered=_answered([line for line in counted if line.purpose == name]),
        )
        for name in names
    )


def _wordings(version: FlowVersion, nodes: Sequence[ConsentNode]) -> tuple[Wording, ...]:
    return tuple(
        Wording(
            key=node.prompt,
            node=node.name,
            texts={
                language: wording.text for language, wording in version.catalogue.prompts[node.prompt].wordings.items()
            },
        )
        for node in nodes
        if node.prompt in version.catalogue.prompts
    )


def _answered(lines: Sequence[WordingCount]) -> tuple[Mapping[str, int | str], ...]:
    rows: dict[tuple[str, int, str], dict[str, int | str]] = {}
    for line in lines:
        key = (line.wording, line.version, line.language)
        row = rows.setdefault(
            key,
            {"wording": line.wording, "version": line.version, "language": line.language, **dict.fromkeys(Answer, 0)},
        )
        row[line.answer] = line.answers
    return tuple(rows[key] for key in sorted(rows, reverse=True))
