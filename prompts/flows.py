"""Reads a flow file into a plain document with the line of each part. What the flow means is checked and built in the service."""

from prompts.documents import Reading, read

SCHEMA = "flow.schema.json"


def read_flow(text: str, *, file: str) -> Reading:
    """Read the text of a flow file; `file` is its name in the problems."""
    return read(text, file=file, schema=SCHEMA, part="node")
