"""The real service in its own process and the real line beside it, on free ports of the loopback, with the trial company."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from ivr.app import make_understanding
from ivr.commands.trial_line import TrialLine, open_line
from ivr.commands.trial_service import LOG_FILE, TrialService, trial_company, trial_settings
from ivr.settings import Settings

PASSWORD = "una frase lunga per provare"
# Learnt once, kept for the next run: what is learnt does not depend on the trial.
MODELS = Path(__file__).parents[2] / "build" / "models"


@dataclass(frozen=True, kw_only=True)
class TrialHouse:
    """A company that can be called and whose desks can be opened."""

    settings: Settings
    engine: Engine
    line: TrialLine
    folder: Path

    @property
    def desks(self) -> str:
        """Where people sign in."""
        return self.settings.public_url

    @property
    def telephone(self) -> str:
        """The caller's page."""
        return f"{self.settings.line_url}/phone?language=it"

    @property
    def log(self) -> str:
        """What the service wrote about its troubles."""
        return (self.folder / LOG_FILE).read_text(encoding="utf-8", errors="replace")

    def rows(self, query: str, **values: Any) -> list[dict[str, Any]]:
        """Rows of the service's database."""
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(text(query), values).mappings()]


@contextmanager
def trial_house(folder: Path, **given: Any) -> Iterator[TrialHouse]:
    """Open it in an empty folder, with settings of its own; everything is gone at the end."""
    settings = trial_settings(
        folder=folder,
        port=_free_port(),
        line_port=(line_port := _free_port()),
        text_encoder="none",
        models_folder=MODELS,
        # A busy machine that also draws pictures is slower than an agent.
        offer_seconds=60,
        **given,
    )
    engine = trial_company(settings, password=PASSWORD)
    make_understanding(settings)
    line = open_line(settings, port=line_port)
    try:
        with TrialService(settings, folder=folder):
            yield TrialHouse(settings=settings, engine=engine, line=line, folder=folder)
    finally:
        line.close()
        line.server.server_close()
        engine.dispose()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
