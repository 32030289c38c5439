"""Starts Prism, a mock server that checks every request against an OpenAPI document and refuses what does not fit.

Prism is a npm package; `make prism` installs it into build/prism. Found by trial: it asks for credentials and takes any,
lets parameters pass that the document does not know (`parameters_of` is there to check those), and takes no repeated
parameter for an array unless the document spells out what is OpenAPI's default (stoplightio/prism#2473).
"""

import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).parents[2] / "build" / "prism" / "node_modules" / ".bin" / "prism"
# 3 to 6 s on two cores, for Twilio's document of 1.9 MB (measured); the rest is for a machine that is busy with other tests.
START_SECONDS = 90
_FORM = "application/x-www-form-urlencoded"


class PrismMissingError(Exception):
    """Prism is not installed here; the message says how to change that."""


@contextmanager
def checking_mock(document: Path, folder: Path) -> Iterator[str]:
    """Prism's address while it serves `document`, bad requests answered 422; raises `PrismMissingError`.

    Its log and its copy of the document are left in `folder`.
    """
    if not PROGRAM.exists():
        raise PrismMissingError("Prism is not installed: make prism")
    if shutil.which("node") is None:
        raise PrismMissingError("Prism needs node, which is not on the path")
    port, log, spelt_out = _free_port(), folder / "prism.log", folder / "document.json"
    spelt_out.write_text(json.dumps(_with_array_encodings(_read(document))), encoding="utf-8")
    command = [str(PROGRAM), "mock", "--host", "127.0.0.1", "--port", str(port), "--errors", str(spelt_out)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )  # our own words
        try:
            _wait_for(process, port, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=10)


def parameters_of(document: Path, method: str, path: str) -> frozenset[str]:
    """Names that the document knows in the body of a request; raises `LookupError` for a request that it does not know."""
    for template, operations in _read(document)["paths"].items():
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path) and method.lower() in operations:
            content = operations[method.lower()]["requestBody"]["content"]
            return frozenset(content[_FORM]["schema"]["properties"])
    raise LookupError(f"the document knows no {method} {path}")


def _read(document: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(document.read_text(encoding="utf-8"))
    return content


def _with_array_encodings(content: dict[str, Any]) -> dict[str, Any]:
    """Say of every array in a form that it is sent as a repeated parameter: OpenAPI's default, which Prism needs told."""
    for operations in content["paths"].values():
        for operation in operations.values():
            if not isinstance(operation, dict) or _FORM not in operation.get("requestBody", {}).get("content", {}):
                continue
            form = operation["requestBody"]["content"][_FORM]
            arrays = [name for name, one in form["schema"].get("properties", {}).items() if one.get("type") == "array"]
            form["encoding"] = {name: {"style": "form", "explode": True} for name in arrays} | form.get("encoding", {})
    return content


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"Prism ended at its start:\n{log.read_text(errors='replace')[-2000:]}")
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"Prism did not start within {START_SECONDS} s:\n{log.read_text(errors='replace')[-2000:]}")
