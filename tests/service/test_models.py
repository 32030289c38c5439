"""`centralino models`: fetching from a real HTTP server that breaks off, refuses and lies, and trying the settings' models."""

import hashlib
import io
import json
import random
import re
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from ivr.commands import main
from ivr.commands.model_download import Fetched, NotFetched, fetch_model
from ivr.commands.models import KNOWN, SpeechModel, listed, tried
from tests.listeners import korean_model
from tests.telephone import settings_for
from tests.whisper import whisper_folder

# Such as a zip cannot make much shorter.
WEIGHTS = random.Random(1).randbytes(200_000)  # noqa: S311 - bytes of a test
NAME = "vosk-model-small-it-0.22"


def zipped(entries: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name, content in entries.items():
            packed.writestr(name, content)
    return file.getvalue()


MODEL = zipped({f"{NAME}/README": b"a model", f"{NAME}/am/final.mdl": WEIGHTS})


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


@dataclass
class Shelf:
    """What the server holds, and how it behaves."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    breaks_off_after: int | None = None
    knows_ranges: bool = True
    ranges: list[str] = field(default_factory=list)


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    held = Shelf()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = held.files.get(self.path)
            if content is None:
                self.send_error(404)
                return
            asked = self.headers.get("Range", "")
            held.ranges.append(asked)
            start = int(re.sub(r"\D", "", asked.partition("-")[0]) or 0) if held.knows_ranges else 0
            if start >= len(content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(content)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            rest = content[start:]
            self.wfile.write(rest if held.breaks_off_after is None else rest[: held.breaks_off_after])
            self.close_connection = True

        def log_message(self, *_told: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    held.url = f"http://127.0.0.1:{server.server_port}"
    held.files["/model.zip"] = MODEL
    yield held
    server.shutdown()
    server.server_close()
    thread.join()


def fetch(shelf: Shelf, folder: Path, *, checksum: str = md5(MODEL)) -> Fetched | NotFetched:
    return fetch_model(f"{shelf.url}/model.zip", folder / NAME, md5=checksum, came=lambda _done, _whole: None)


def assert_whole(folder: Path) -> None:
    assert (folder / NAME / "am" / "final.mdl").read_bytes() == WEIGHTS
    assert [one.name for one in folder.iterdir()] == [NAME]


def test_model_is_fetched_checked_and_unpacked_once(shelf: Shelf, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    fetched = fetch_model(
        f"{shelf.url}/model.zip", tmp_path / NAME, md5=md5(MODEL), came=lambda done, whole: told.append((done, whole))
    )
    assert fetched == Fetched(folder=tmp_path / NAME)
    assert told[-1] == (len(MODEL), len(MODEL))
    assert_whole(tmp_path)
    assert fetch(shelf, tmp_path) == fetched
    assert len(shelf.ranges) == 1


def test_download_that_broke_off_goes_on_where_it_stopped(shelf: Shelf, tmp_path: Path) -> None:
    shelf.breaks_off_after = 100_000
    broken = fetch(shelf, tmp_path)
    assert isinstance(broken, NotFetched)
    assert "broke off after" in broken.reason
    came = (tmp_path / f"{NAME}.zip.part").stat().st_size
    assert 0 < came <= 100_000
    shelf.breaks_off_after = None
    assert isinstance(fetch(shelf, tmp_path), Fetched)
    assert shelf.ranges == ["", f"bytes={came}-"]
    assert_whole(tmp_path)


def test_whole_file_that_was_not_unpacked_is_not_fetched_again(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.zip.part").write_bytes(MODEL)
    assert isinstance(fetch(shelf, tmp_path), Fetched)
    assert shelf.ranges == [f"bytes={len(MODEL)}-"]
    assert_whole(tmp_path)


def test_server_without_ranges_begins_anew(shelf: Shelf, tmp_path: Path) -> None:
    shelf.breaks_off_after, shelf.knows_ranges = 500, False
    assert isinstance(fetch(shelf, tmp_path), NotFetched)
    shelf.breaks_off_after = None
    assert isinstance(fetch(shelf, tmp_path), Fetched)
    assert_whole(tmp_path)


def test_wrong_checksum_is_refused_and_kept_aside(shelf: Shelf, tmp_path: Path) -> None:
    refused = fetch(shelf, tmp_path, checksum="0" * 32)
    assert isinstance(refused, NotFetched)
    assert "checksum" in refused.reason
    (kept,) = tmp_path.iterdir()
    assert kept.name == f"{NAME}.zip.refused"
    assert isinstance(fetch(shelf, tmp_path), Fetched)


def test_file_that_is_not_there_is_said(shelf: Shelf, tmp_path: Path) -> None:
    del shelf.files["/model.zip"]
    missing = fetch(shelf, tmp_path)
    assert isinstance(missing, NotFetched)
    assert "404" in missing.reason
    assert list(tmp_path.iterdir()) == []


def test_without_a_network_the_reason_says_so(tmp_path: Path) -> None:
    lost = fetch_model("http://127.0.0.1:9/model.zip", tmp_path / NAME, md5="", came=lambda _done, _whole: None)
    assert isinstance(lost, NotFetched)
    assert "is there a network?" in lost.reason


def test_without_room_nothing_is_begun(shelf: Shelf, tmp_path: Path) -> None:
    full = fetch_model(
        f"{shelf.url}/model.zip", tmp_path / NAME, md5="", came=lambda _done, _whole: None, download_bytes=10**15
    )
    assert isinstance(full, NotFetched)
    assert "make room" in full.reason
    assert shelf.ranges == []


@pytest.mark.parametrize("name", ["../outside", "/outside", "model/../../outside", "..\\outside", "C:\\outside"])
def test_file_that_leads_out_of_its_folder_is_refused(shelf: Shelf, tmp_path: Path, name: str) -> None:
    shelf.files["/model.zip"] = zipped({"model/README": b"", name: b"gotcha"})
    refused = fetch(shelf, tmp_path / "models", checksum="")
    assert isinstance(refused, NotFetched)
    assert "leads out of its folder" in refused.reason
    assert not list(tmp_path.rglob("outside"))
    assert not (tmp_path / "models" / NAME).exists()


def test_link_in_a_file_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        link = zipfile.ZipInfo("model/link")
        link.external_attr = 0o120777 << 16
        packed.writestr(link, "/etc")
    shelf.files["/model.zip"] = file.getvalue()
    assert isinstance(fetch(shelf, tmp_path, checksum=""), NotFetched)


def test_what_is_no_zip_is_refused_and_kept_aside(shelf: Shelf, tmp_path: Path) -> None:
    shelf.files["/model.zip"] = b"<html>not here</html>"
    refused = fetch(shelf, tmp_path, checksum="")
    assert isinstance(refused, NotFetched)
    assert "no zip file" in refused.reason
    assert [one.name for one in tmp_path.iterdir()] == [f"{NAME}.zip.refused"]


# --- The list


def test_publishers_list_gives_addresses_sizes_and_checksums(shelf: Shelf) -> None:
    entry = {
        "lang": "it", "name": NAME, "url": f"{shelf.url}/model.zip", "md5": md5(MODEL), "size": len(MODEL), "type": "small",
        "obsolete": "false",
    }  # fmt: skip
    others = [
        {**entry, "name": "vosk-model-small-it-0.4", "obsolete": "true"},
        {**entry, "lang": "ko", "name": "vosk-model-small-ko-0.22"},
        {**entry, "type": "spk", "name": "vosk-model-spk-0.4"},
        {**entry, "lang": "en-us", "name": "vosk-model-en-us-9", "type": "big"},
    ]
    shelf.files["/list.json"] = json.dumps([entry, *others]).encode()
    found = listed(f"{shelf.url}/list.json")
    assert [model.name for model in found.models] == [NAME, "vosk-model-en-us-9"]
    assert (found.models[0].md5, found.models[0].download_bytes) == (md5(MODEL), len(MODEL))
    assert found.models[0].licence == "Apache 2.0"
    assert found.source.startswith("from http")


@pytest.mark.parametrize("path", ["/list.json", "/rubbish.json"])
def test_table_that_ships_serves_where_the_list_cannot_be_read(shelf: Shelf, path: str) -> None:
    shelf.files["/rubbish.json"] = b"<html>"
    found = listed(shelf.url + path)
    assert found.models == KNOWN
    assert "cannot be read" in found.source
    assert {(model.language, model.is_small) for model in found.models} == {
        ("it", True), ("it", False), ("en", True), ("en", False),
    }  # fmt: skip


# --- On the command line


def test_list_and_download_on_the_command_line(shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = SpeechModel(
        name=NAME, language="it", url=f"{shelf.url}/model.zip", download_bytes=len(MODEL), memory_mb=300,
        licence="Apache 2.0", good_for="small machines", md5=md5(MODEL),
    )  # fmt: skip
    entry = {"lang": "it", "name": NAME, "url": model.url, "md5": model.md5, "size": len(MODEL), "type": "small"}
    shelf.files["/list.json"] = json.dumps([entry]).encode()
    monkeypatch.setattr("ivr.commands.model_commands.listed", lambda: listed(f"{shelf.url}/list.json"))
    shown = CliRunner().invoke(main, ["models", "list"])
    assert shown.exit_code == 0
    assert "Apache" in shown.output
    fetched = CliRunner().invoke(main, ["models", "download", NAME, "--into", str(tmp_path)])
    assert fetched.exit_code == 0, fetched.output
    assert "its checksum holds" in fetched.output
    assert "vosk_models = {it =" in fetched.output
    assert_whole(tmp_path)
    unknown = CliRunner().invoke(main, ["models", "download", "no-such", "--into", str(tmp_path)])
    assert unknown.exit_code == 1


def test_check_says_by_whom_each_language_is_heard() -> None:
    settings = settings_for(
        "sqlite:///unused", vosk_models={"it": korean_model()}, listening={"it": "stream", "en": "carrier"}
    )
    it, en = tried(settings, lambda _message: None)
    assert (it.heard_by, it.trouble) == ("Vosk", "")
    assert it.seconds > 0
    assert (en.heard_by, en.trouble) == ("the carrier", "no model is set (vosk_models, whisper_model)")


def test_check_loads_whisper_and_names_what_is_wrong(tmp_path: Path) -> None:
    settings = settings_for(
        "sqlite:///unused", whisper_model=str(whisper_folder()), vosk_models={"en": tmp_path / "none"}
    )
    it, en = tried(settings, lambda _message: None)
    assert (it.heard_by, it.trouble) == ("Whisper", "")
    assert en.heard_by == "the carrier"
    assert "does not exist" in en.trouble
