"""What every command shares with the person at the keyboard: where it writes, what is wrong, its settings, who it is."""

import getpass
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from ivr.audit.store import Actor
from ivr.settings import Settings, SettingsError, load

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


class Trouble(click.ClickException):
    """A sentence for the person at the keyboard, in red, and exit code 1."""

    def show(self, file: Any = None) -> None:  # noqa: ARG002 - click's signature
        """Print each line of it."""
        for line in self.message.splitlines():
            errors.print(f"[bold red]✗[/] {line}", markup=True)


def chosen_settings(file: Path | None) -> Settings:
    """The installation's settings. Raises Trouble with what is wrong in them."""
    try:
        return load(file)
    except SettingsError as error:
        raise Trouble(str(error)) from None


def at_the_keyboard() -> Actor:
    """Whoever has this machine's command line, for the audit trail: the user of the operating system."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "centralino"
    return Actor(name=name, through="command")
