"""The reader's words for codes of the company's pages: what is wrong with a value or a row, where a setting comes from."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from babel.dates import format_date
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l

# What `ivr.company.values` and `ivr.connectors.definition` refuse.
VALUE_PROBLEMS: Mapping[str, Any] = {
    "unknown": _l("There is no such setting."),
    "unreadable": _l("This cannot be read: check how it is written."),
    "not_whole": _l("This is a whole number."),
    "out_of_range": _l("This is too small or too large."),
    "never_open": _l("Choose at least one day."),
    "no_holidays_known": _l("No public holidays are known for this country or region."),
    "open_and_closed": _l("A day is in both lists: take it out of one."),
    "too_many": _l("These are too many."),
    "not_a_number": _l("This is no telephone number with its country, such as +39 02 1042 0000."),
    "no_numbers": _l("At least one number must be there: the line calls from it."),
    "number_twice": _l("The same number is there twice."),
    "no_placeholder": _l("The address has no place for what is looked up."),
    "unknown_placeholder": _l("The address has a place for something that is not looked up here."),
    "secret_in_address": _l("Take user and password out of the address: a secret goes into its header."),
    "missing": _l("This must be there."),
    "no_jmespath": _l("This is no JMESPath expression."),
    "too_long": _l("This is too long."),
    "unknown_field": _l("There is no such field."),
}

SOURCES: Mapping[str, Any] = {
    "environment": _l("environment"),
    "file": _l("settings file"),
    "default": _l("default"),
    "start": _l("given at the start"),
}

# What `ivr.connectors.reading` and `ivr.connectors.importing` find in a row.
ROW_PROBLEMS: Mapping[str, Any] = {
    "missing": _l("is missing"),
    "missing_when_delivered": _l("is missing, though the order is delivered"),
    "bad_id": _l("may hold letters, digits, dots and lines, 40 at most"),
    "bad_order_number": _l("may hold letters, digits and lines, 12 at most"),
    "bad_date": _l("is no date"),
    "before_placed": _l("is before the order"),
    "not_delivered": _l("is there, though the order is not delivered"),
    "bad_status": _l("is no status that is known"),
    "bad_language": _l("is no language that the line speaks"),
    "bad_email": _l("is no email address"),
    "bad_channel": _l("is no channel that is known"),
    "bad_number": _l("is no telephone number"),
    "too_many_numbers": _l("holds too many numbers"),
    "bad_postcode": _l("is no postcode"),
    "too_long": _l("is too long"),
    "too_many_cells": _l("has more cells than the first row"),
    "twice": _l("stood in an earlier row already"),
    "unknown_customer": _l("is no customer that is known"),
    "erased": _l("was erased on request, and is not brought back"),
}

FILE_PROBLEMS: Mapping[str, Any] = {
    "empty": _l("The file has no rows."),
    "too_large": _l("The file is larger than 10 MB."),
    "too_many_rows": _l("The file has more than 20,000 rows: divide it."),
    "too_many_columns": _l("The file has more than 60 columns."),
    "not_text": _l("The file is no text: save it as CSV first."),
    "not_csv": _l("The file is no CSV that can be read."),
}

FIELDS: Mapping[str, Any] = {
    "customer_id": _l("Customer's code"),
    "customer_name": _l("Customer's name"),
    "name": _l("Name"),
    "numbers": _l("Telephone numbers"),
    "language": _l("Language"),
    "email": _l("Email address"),
    "preferred_channel": _l("Preferred channel"),
    "order_number": _l("Order number"),
    "items": _l("What was ordered"),
    "status": _l("Status"),
    "placed_on": _l("Ordered on"),
    "due_on": _l("Due on"),
    "promised_on": _l("First promised for"),
    "delivered_on": _l("Delivered on"),
    "carrier": _l("Parcel carrier"),
    "postcode": _l("Postcode"),
}

KINDS: Mapping[str, Any] = {"customers": _l("Customers"), "orders": _l("Orders")}

CONNECTOR_PROBLEMS: Mapping[str, Any] = {
    "unreachable": _l("It does not answer at all."),
    "late": _l("It answers too late."),
    "refused": _l("It refuses the question, or has broken down."),
    "not_trusted": _l("Its certificate is not to be trusted."),
    "forbidden_address": _l(
        "The address is inside our own networks, and the settings (connector_networks) do not name it."
    ),
    "too_large": _l("Its answer is too large."),
    "not_json": _l("Its answer is no JSON."),
    "bad_answer": _l("Its answer cannot be understood with this mapping."),
    "resting": _l("It has failed several times and is left alone for a moment."),
    "too_little": _l("Its answer says too little."),
}

WHAT_IS_ERASED: Mapping[str, Any] = {
    "words": _l("calls lose their words"),
    "audio": _l("turns lose their sound"),
    "voiceprints": _l("voiceprints"),
    "call_voices": _l("voices of calls"),
    "voice_decisions": _l("decisions on voices"),
    "heard_fingerprints": _l("traces of heard speech"),
    "background_voices": _l("voices of the background"),
    "collected_voices": _l("voices that were being collected"),
    "voice_challenges": _l("spoken digits and codes"),
    "voice_alerts": _l("alerts"),
}

PURPOSES: Mapping[str, Any] = {
    "voice_verification": _l("To be recognised by voice"),
    "contact_history": _l("To have calls remembered"),
    "call_audio": _l("To have the sound of calls kept"),
}

TABLES: Mapping[str, Mapping[str, Any]] = {
    "value_problem": VALUE_PROBLEMS,
    "setting_source": SOURCES,
    "row_problem": ROW_PROBLEMS,
    "file_problem": FILE_PROBLEMS,
    "record_field": FIELDS,
    "import_kind": KINDS,
    "connector_problem": CONNECTOR_PROBLEMS,
    "erased_kind": WHAT_IS_ERASED,
    "purpose": PURPOSES,
}


def said(table: str, code: str) -> str:
    """The words for a code; the code itself where there are none."""
    return str(TABLES[table].get(code, code))


def whole_day(day: date) -> str:
    """A day with its weekday and year, as the reader writes it."""
    return str(format_date(day, "EEE d MMM y", locale=get_locale()))
