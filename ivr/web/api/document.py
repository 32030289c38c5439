"""The document of the API: OpenAPI, made from the operations themselves, served to programs as JSON."""

from importlib.metadata import version
from typing import Any

from flask import Blueprint, Flask, Response, current_app, json
from flask_smorest import Api

from ivr.web.api.parsing import CONVERTERS, IdConverter, NumberConverter
from ivr.web.api.resource import ROOT, Resource
from ivr.web.api.schemas import Problem
from ivr.web.guards import public

EXTENSION = "centralino-api"
OPENAPI = "3.1.0"

api_document = Blueprint("api_document", __name__, url_prefix=ROOT)


class DocumentedApi(Api):  # type: ignore[misc]  # flask-smorest publishes no types
    """flask-smorest's extension, whose errors are our problems, and whose routes are our own."""

    ERROR_SCHEMA = Problem
    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        """Errors are answered by `ivr.web.errors`, for pages and API alike."""

    def _register_pagination_header(self) -> None:
        """Lists say their total within: no header of flask-smorest's."""


def install(app: Flask, resources: tuple[Resource, ...]) -> None:
    """Register the resources with `app`, and make their document."""
    app.url_map.converters.update(CONVERTERS)
    api = DocumentedApi(
        spec_kwargs={
            "title": "Centralino",
            "version": version("centralino"),
            "openapi_version": OPENAPI,
            "info": {"description": _ABOUT, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
            "components": {"securitySchemes": _SECURITY},
        }
    )
    api.register_converter(IdConverter, _id_schema)
    api.register_converter(NumberConverter, _number_schema)
    api.init_app(app)
    for resource in resources:
        api.register_blueprint(resource)
    app.register_blueprint(api_document)
    app.extensions[EXTENSION] = _finished(api.spec.to_dict(), resources)


def document() -> dict[str, Any]:
    """The document of the application that answers this request."""
    told: dict[str, Any] = current_app.extensions[EXTENSION]
    return told


@api_document.get("/openapi.json")
@public("it describes addresses, and holds nothing of anybody")
def openapi() -> Response:
    """The document, as JSON."""
    return Response(json.dumps(document(), sort_keys=False), mimetype="application/json")


def _finished(told: dict[str, Any], resources: tuple[Resource, ...]) -> dict[str, Any]:
    told["tags"] = [{"name": resource.title, "description": resource.description} for resource in resources]
    return told


def _id_schema(_converter: IdConverter) -> dict[str, Any]:
    return {"type": "string", "pattern": f"^{IdConverter.regex}$", "minLength": 1, "maxLength": 64}


def _number_schema(converter: NumberConverter) -> dict[str, Any]:
    return {"type": "integer", "minimum": converter.min, "maximum": converter.max}


_SECURITY = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token made at /admin/tokens. It acts as the person who made it, within its scopes.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "centralino",
        "description": "A person signed in with a browser. Writing requests also carry the page's token in X-CSRFToken.",
    },
}
_ABOUT = (
    "The same acts as the admin's pages. Times are ISO 8601 with their offset. Unknown fields are refused. "
    "Errors are application/problem+json with a code for programs and a sentence for people."
)
