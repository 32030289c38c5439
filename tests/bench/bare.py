"""The floor of the webhook bench: a bare Flask view with the same server, which gives the same TwiML and does nothing else."""

from flask import Flask, Response, request

application = Flask("bare")
# Path -> document, as our own service answered it once; the bench puts them here before it measures.
DOCUMENTS: dict[str, str] = {}


@application.post("/documents")
def keep() -> Response:
    """Take a document to give from now on."""
    DOCUMENTS[request.args["path"]] = request.get_data(as_text=True)
    return Response(status=204)


@application.post("/voice/<path:path>")
def webhook(path: str) -> Response:
    """Give the document of a path."""
    return Response(DOCUMENTS[path], mimetype="text/xml")
