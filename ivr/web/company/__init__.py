"""The admin's pages on the company: people, hours, numbers, retention, consents, imports, connectors, settings."""

from ivr.web.company.connectors import company_connectors
from ivr.web.company.consents import company_consents
from ivr.web.company.imports import company_import
from ivr.web.company.people import company_people, welcome
from ivr.web.company.sections import company

BLUEPRINTS = (company, company_people, welcome, company_consents, company_import, company_connectors)
