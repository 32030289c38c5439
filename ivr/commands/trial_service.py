"""A service of the trial company as its own process on this machine, started as `centralino serve` starts it.

For the demo and for tests that go through a browser. It makes the settings, the database and the process; the line that plays
the carrier is `ivr.commands.trial_line`.
"""

import json
import os
import secrets
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests
from pydantic import SecretStr
from sqlalchemy import Engine

from ivr import database, trial
from ivr.settings import PREFIX, Settings, load
from sealing.keys import KeyRing

START_SECONDS = 60.0
STOP_SECONDS = 10.0
LOOK_SECONDS = 0.25
LOG_FILE = "service.log"
KEYS_FILE = "data_keys"


class ServiceError(Exception):
    """The service did not start; the message says what to do."""


def trial_settings(*, folder: Path, port: int, line_port: int, **given: Any) -> Settings:
    """Settings of a service on this machine with its database in `folder`, open day and night; `given` wins."""
    here, line = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{line_port}"
    chosen: dict[str, Any] = {
        "secret_key": secrets.token_urlsafe(48),
        "auth_token": secrets.token_hex(16),
        "data_keys": _data_keys(folder),
        "public_url": here,
        "bind": f"127.0.0.1:{port}",
        "carrier_api_url": line,
        "line_url": line,
        "database_url": f"sqlite:///{folder.resolve() / 'database.db'}",
        "cookies_secure": False,
        # The newcomer may try it on a Sunday night.
        "open_days": (1, 2, 3, 4, 5, 6, 7),
        "opens_at": "00:00",
        "closes_at": "00:00",
        "country": "IT",
        "log_level": "WARNING",
    }
    return load(**{**chosen, **given})


def _data_keys(folder: Path) -> str:
    """The keys of a trial's database: in its folder, made where there are none, for this user's eyes alone."""
    file = folder / KEYS_FILE
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(KeyRing.new_key(), encoding="ascii")
    return file.read_text(encoding="ascii")


def trial_company(settings: Settings, *, password: str) -> Engine:
    """A database with all tables and the trial company, whose accounts have this password."""
    engine = database.make_engine(settings.database_url, settings.key_ring)
    database.upgrade(engine)
    now = datetime.now(UTC)  # noqa: TID251 - a trial is an edge
    with database.session_factory(engine).begin() as session:
        trial.make_company(session, password=password, now=now, today=now.astimezone(settings.zone).date())
    return engine


class TrialService:
    """One running service; as a context it is ready inside and gone behind."""

    def __init__(self, settings: Settings, *, folder: Path) -> None:
        self._settings = settings
        self._log = folder / LOG_FILE
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it is ready. Raises ServiceError where it does not come up."""
        environment = {**os.environ, **environment_of(self._settings)}  # noqa: TID251 - the service's process inherits it
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                # A desk that is open holds its live stream for minutes: at the end of a trial nobody waits for it.
                [
                    sys.executable,
                    "-m",
                    "gunicorn",
                    "-c",
                    "python:ivr.serving",
                    "--graceful-timeout",
                    "1",
                    "wsgi:application",
                ],
                env=environment,
                stdout=log,
                stderr=log,
                cwd=Path(__file__).parents[2],
            )
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise ServiceError(self._why_not_started())
            try:
                if requests.get(f"{self._settings.public_url}/health/ready", timeout=2).ok:
                    return
            except requests.RequestException:
                pass
            time.sleep(LOOK_SECONDS)
        raise ServiceError(f"the service did not become ready in {START_SECONDS:.0f} s; see {self._log}")

    def stop(self) -> None:
        """End it, if it runs."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=STOP_SECONDS)

    def _why_not_started(self) -> str:
        if "already in use" in self._log.read_text(errors="replace"):
            port = self._settings.bind.rpartition(":")[2]
            return f"port {port} is in use: end what uses it, or choose another with --port"
        return f"the service did not start; see {self._log}"

    def __enter__(self) -> Self:
        """Start it."""
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()


def environment_of(settings: Settings) -> dict[str, str]:
    """All settings as the environment of a process that shall have the same ones."""
    plain = settings.model_dump(mode="json")
    environment = {}
    for name, value in plain.items():
        kept = getattr(settings, name)
        if isinstance(kept, SecretStr):
            environment[f"{PREFIX}{name.upper()}"] = kept.get_secret_value()
        elif value is not None:
            environment[f"{PREFIX}{name.upper()}"] = value if isinstance(value, str) else json.dumps(value)
    return environment
