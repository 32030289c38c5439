"""`centralino models`: list, download and check, as they are asked for on the command line."""

from collections.abc import Callable
from pathlib import Path

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Column, Table

from ivr.commands.model_download import NotFetched, fetch_model
from ivr.commands.models import listed, settings_lines, tried
from ivr.commands.terminal import Trouble, chosen_settings, console, errors


@click.group()
def models() -> None:
    """Models that recognise speech on this machine: for listening = stream."""


@models.command(name="list")
def list_models() -> None:
    """Show the Vosk models for Italian and English, and what each needs."""
    found = listed()
    table = Table(
        Column("model", no_wrap=True), "language", "download", "memory", "licence", "good for", show_lines=False
    )
    for model in found.models:
        table.add_row(
            model.name, model.language, f"{model.download_bytes / 1e6:.0f} MB",
            f"{model.memory_mb} MB" if model.memory_mb else "?", model.licence, model.good_for,
        )  # fmt: skip
    console.print(table)
    console.print(f"The list is {found.source}. `centralino models download NAME` fetches one.", soft_wrap=True)


@models.command(name="download")
@click.argument("name")
@click.option(
    "--into", type=click.Path(path_type=Path), default=None, help="Folder for models; models_folder without it."
)
@click.option("--url", default=None, help="Where the model's zip file is, if not where the list says.")
@click.pass_obj
def download_model(file: Path | None, name: str, into: Path | None, url: str | None) -> None:
    """Fetch the model NAME, check it, and unpack it; goes on where it broke off."""
    found = listed()
    model = next((one for one in found.models if one.name == name), None)
    if model is None and url is None:
        raise Trouble(f"{name} is not in the list ({found.source}); `centralino models list` shows it")
    folder = (into or chosen_settings(file).models_folder) / name
    with _fetching(name) as came:
        fetched = fetch_model(
            url or (model.url if model else ""),
            folder,
            md5=model.md5 if model and not url else "",
            came=came,
            download_bytes=model.download_bytes if model else 0,
        )
    if isinstance(fetched, NotFetched):
        raise Trouble(fetched.reason)
    checked_by = "its checksum holds" if model and model.md5 and not url else "no checksum was to be had"
    console.print(f"[green]✓[/] {fetched.folder} ({checked_by}); in the settings:", soft_wrap=True)
    console.print(
        settings_lines(model.language if model else "it", fetched.folder.resolve()), markup=False, soft_wrap=True
    )


@models.command(name="check")
@click.pass_obj
def check_models(file: Path | None) -> None:
    """Load the model of each language of the settings, and say who would hear it."""
    chosen = chosen_settings(file)
    failed = False
    for one in tried(chosen, lambda message: errors.print(message, style="dim")):
        wanted = (one.language, "stream") in chosen.listening.items()
        failed = failed or (wanted and bool(one.trouble))
        mark = "[red]✗[/]" if one.trouble and wanted else "[yellow]-[/]" if one.trouble else "[green]✓[/]"
        told = one.trouble or f"loaded in {one.seconds:.1f} s, {one.memory_mb:.0f} MB of memory"
        use = "" if wanted else " (listening is carrier: not used)"
        console.print(f"{mark} {one.language} is heard by {one.heard_by}: {told}{use}", soft_wrap=True)
    if failed:
        raise Trouble("a language that is to be listened to by stream has no model that works")


class _fetching:  # noqa: N801 - used as a function, like contextlib's own classes
    """A bar for bytes that come."""

    def __init__(self, name: str) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn(),
            console=errors, transient=True,
        )  # fmt: skip
        self._task = self._bar.add_task(name, total=None)

    def __enter__(self) -> Callable[[int, int], None]:
        self._bar.start()
        return lambda done, whole: self._bar.update(self._task, completed=done, total=whole or None)

    def __exit__(self, *_failure: object) -> None:
        self._bar.stop()
