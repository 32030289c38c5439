"""The company's settings, connectors and imports by the API: as on the company's pages."""

from collections.abc import Mapping
from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from ivr.company import store, values
from ivr.connectors import files, importing, reading
from ivr.connectors import store as connectors
from ivr.connectors.definition import DefinitionError, definition_of
from ivr.connectors.files import Unreadable
from ivr.connectors.importing import Look, NotTaken
from ivr.connectors.reading import KINDS
from ivr.web import errors, transaction
from ivr.web.api.parsing import refuse
from ivr.web.api.resource import ADMINS, Resource
from ivr.web.api.schemas import Strict, choice, text
from ivr.web.audited import actor, noted
from ivr.web.company import words
from ivr.web.company.connectors import told
from ivr.web.company.sections import CLOSED_DAYS_SHOWN, save, standing
from ivr.web.wiring import wiring

company = Resource(
    "company", "Company", "Hours, numbers, retention and rules; connectors; imports of customers and orders."
)

MOST_FAULTS = 200


class SettingsShown(Schema):
    """Every value that an admin may set, as it stands."""

    version = fields.Integer(
        required=True, metadata={"description": "What a change names as its base; 0: nothing was set."}
    )
    values = fields.Dict(required=True, metadata={"description": "By name; docs/company.md tells each."})
    is_set = fields.List(
        fields.String(), required=True, metadata={"description": "The names that were set here; others are the file's."}
    )


class SettingsTold(Strict):
    """What is to change."""

    version = fields.Integer(strict=True, validate=validate.Range(min=0), load_default=None, allow_none=True)
    values = fields.Dict(
        keys=fields.String(),
        required=True,
        metadata={"description": "By name; null takes one back to the settings file."},
    )


class FixedShown(Schema):
    """A setting of the installation."""

    name = fields.String(required=True)
    value = fields.String(required=True, metadata={"description": "Secrets are never shown."})
    source = fields.String(required=True, metadata={"description": "environment, file, start or default"})


class Installation(Schema):
    """What counts until the next start."""

    settings = fields.List(fields.Nested(FixedShown), required=True)


class ClosedDay(Schema):
    """A day that is closed although its weekday is open."""

    day = fields.Date(required=True)
    reason = fields.String(required=True, metadata={"description": "holiday or closed_day"})
    holiday = fields.String(required=True)


class ClosedDays(Schema):
    """The next closed days."""

    days = fields.List(fields.Nested(ClosedDay), required=True)


class ConnectorShown(Schema):
    """A connector without its secret."""

    kind = fields.String(required=True)
    version = fields.Integer(required=True)
    on = fields.Boolean(required=True)
    has_secret = fields.Boolean(required=True)
    definition = fields.Dict(required=True)


class ConnectorList(Schema):
    """The connectors that are set up."""

    connectors = fields.List(fields.Nested(ConnectorShown), required=True)


class ConnectorTold(Strict):
    """A connector as it is to be."""

    version = fields.Integer(strict=True, validate=validate.Range(min=0), load_default=None, allow_none=True)
    on = fields.Boolean(load_default=True)
    secret = text(
        4000, load_default=None, allow_none=True, metadata={"description": "null leaves the one that is kept."}
    )
    definition = fields.Dict(
        keys=fields.String(), required=True,
        metadata={"description": "url, method, header, prefix, timeout_seconds, tries, mapping, values: docs/company.md."},
    )  # fmt: skip


class ImportTold(Strict):
    """A file."""

    csv = fields.String(required=True, validate=validate.Length(min=1, max=files.LARGEST_BYTES))
    mode = choice(*importing.MODES, load_default=importing.ALL)
    dry_run = fields.Boolean(load_default=False, metadata={"description": "Only look: nothing changes."})
    mapping = fields.Dict(
        keys=fields.String(), values=fields.Integer(strict=True, validate=validate.Range(min=0, max=files.MOST_COLUMNS)),
        load_default=None, allow_none=True, metadata={"description": "Field to column, from 0; guessed without it."},
    )  # fmt: skip


class RowFault(Schema):
    """One thing that is wrong in a row."""

    row = fields.Integer(required=True)
    column = fields.String(required=True)
    field = fields.String(required=True)
    code = fields.String(required=True)
    sentence = fields.String(required=True)


class ImportShown(Schema):
    """What was done, or would be."""

    taken_over = fields.Boolean(required=True)
    rows = fields.Integer(required=True)
    new = fields.Integer(required=True)
    changed = fields.Integer(required=True)
    as_before = fields.Integer(required=True)
    wrong = fields.Integer(required=True)
    mapping = fields.Dict(required=True)
    faults = fields.List(fields.Nested(RowFault), required=True, metadata={"description": f"{MOST_FAULTS} at most."})


@company.operation("get", "/company/settings", scope="company:read", gives=SettingsShown)
def settings() -> ResponseReturnValue:
    """The company's settings as they stand."""
    return _settings()


@company.operation(
    "patch", "/company/settings", scope="company:write", content=SettingsTold, gives=SettingsShown,
    refuses=("company_changed",),
)  # fmt: skip
def change_settings(content: Mapping[str, Any]) -> ResponseReturnValue:
    """Change some of the company's settings: all of them or none."""
    saved = save(content["values"], version=content["version"])
    if isinstance(saved, store.Conflict):
        return errors.refused("company_changed")
    if isinstance(saved, store.Invalid):
        refuse({"values": {name: [words.said("value_problem", code)] for name, code in saved.problems.items()}})
    return _settings()


@company.operation("get", "/company/installation", scope="company:write", roles=ADMINS, gives=Installation)
def installation() -> ResponseReturnValue:
    """What the environment and the settings file say: changing it needs a restart."""
    return {"settings": [vars(one) for one in wiring().fixed]}


@company.operation("get", "/company/closed-days", scope="company:read", gives=ClosedDays)
def closed_days() -> ResponseReturnValue:
    """The next days that are closed although their weekday is open."""
    today = transaction.now().astimezone(wiring().zone).date()
    found = standing().hours.closed_days(today, most=CLOSED_DAYS_SHOWN)
    return {"days": [{"day": day, "reason": one.reason, "holiday": one.holiday} for day, one in found]}


@company.operation("get", "/connectors", scope="company:write", roles=ADMINS, gives=ConnectorList)
def every_connector() -> ResponseReturnValue:
    """The connectors that are set up."""
    return {"connectors": [_connector(one) for one in connectors.every(transaction.session()).values()]}


@company.operation(
    "put", "/connectors/<id:kind>", scope="company:write", content=ConnectorTold, gives=ConnectorShown,
    refuses=("connector_unknown", "company_changed"),
)  # fmt: skip
def set_connector(content: Mapping[str, Any], kind: str) -> ResponseReturnValue:
    """Set up the connector for `orders` or `customers`."""
    if kind not in KINDS:
        return errors.refused("connector_unknown")
    try:
        definition = definition_of(kind, content["definition"])
    except DefinitionError as error:
        name, _, code = str(error).partition(": ")
        refuse({"definition": {name: [words.said("value_problem", code)]}})
    session = transaction.session()
    before = connectors.every(session).get(kind)
    saved = connectors.save(
        session, definition, is_on=content["on"], secret=content["secret"], version=content["version"], by=actor().name,
        now=transaction.now(),
    )  # fmt: skip
    if isinstance(saved, connectors.Conflict):
        return errors.refused("company_changed")
    noted(
        "connector.changed", f"connector:{kind}", before=None if before is None else told(before), after=told(saved),
        note="" if content["secret"] is None else "secret changed",
    )  # fmt: skip
    return _connector(saved)


@company.operation("delete", "/connectors/<id:kind>", scope="company:write", refuses=("connector_unknown",))
def remove_connector(kind: str) -> ResponseReturnValue | None:
    """Forget a connector, with its secret."""
    before = connectors.every(transaction.session()).get(kind)
    if before is None or not connectors.remove(transaction.session(), kind):
        return errors.refused("connector_unknown")
    noted("connector.removed", f"connector:{kind}", before=told(before))
    return None


@company.operation(
    "post", "/imports/<id:kind>", scope="company:write", content=ImportTold, gives=ImportShown,
    refuses=("connector_unknown",), most_bytes=2 * files.LARGEST_BYTES,
)  # fmt: skip
def take_over(content: Mapping[str, Any], kind: str) -> ResponseReturnValue:
    """Take over a file of `customers` or `orders`: all of it or nothing, unless `mode` is `good`."""
    if kind not in KINDS:
        return errors.refused("connector_unknown")
    opened = files.open_file(content["csv"].encode())
    if isinstance(opened, Unreadable):
        refuse({"csv": [words.said("file_problem", opened.reason)]})
    mapping = files.guess(kind, opened.columns) if content["mapping"] is None else dict(content["mapping"])
    wrong = set(mapping) - set(reading.names_of(kind))
    if wrong or any(at >= len(opened.columns) for at in mapping.values()):
        refuse({"mapping": [words.said("value_problem", "unknown_field")]})
    country = wiring().doors.company.hours.country
    session = transaction.session()
    if content["dry_run"]:
        return _imported(importing.look(session, kind, opened, mapping, country=country), taken=False)
    taken = importing.take_over(session, kind, opened, mapping, country=country, mode=content["mode"])
    found = taken.look
    if isinstance(taken, NotTaken):
        return _imported(found, taken=False)
    noted(
        "import.taken_over", f"import:{kind}", before=vars(found.before), after=vars(found.after),
        note=f"{found.new} new, {found.changed} changed, {found.same} as before, {taken.left_out} left out",
    )  # fmt: skip
    return _imported(found, taken=True)


def _settings() -> dict[str, Any]:
    version, document = store.newest(transaction.session())
    return {"version": version, "values": values.as_document(standing()), "is_set": sorted(document)}


def _connector(kept: connectors.Kept) -> dict[str, Any]:
    return {
        "kind": kept.definition.kind, "version": kept.version, "on": kept.is_on, "has_secret": bool(kept.secret),
        "definition": kept.definition.as_json(),
    }  # fmt: skip


def _imported(look: Look, *, taken: bool) -> dict[str, Any]:
    return {
        "taken_over": taken, "rows": len(look.rows), "new": look.new, "changed": look.changed, "as_before": look.same,
        "wrong": look.bad_rows, "mapping": dict(look.mapping),
        "faults": [
            {
                "row": one.row, "column": one.column, "field": one.field, "code": one.code,
                "sentence": words.said("row_problem", one.code),
            }
            for one in look.bad[:MOST_FAULTS]
        ],
    }  # fmt: skip
