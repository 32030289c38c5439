"""Every setting that is wrong is named in one line with what it wants; secrets are never shown."""

from pathlib import Path
from typing import Any

import pytest

from ivr.settings import Settings, SettingsError, load, shown
from tests.keys import DATA_KEYS

GOOD = {"secret_key": "k" * 32, "auth_token": "a token that nobody sees", "data_keys": DATA_KEYS}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("public_url", "linea.example.it"),
        ("public_url", "https://linea.example.it/?a=1"),
        ("bind", "5000"),
        ("bind", "127.0.0.1:99999"),
        ("database_url", "mysql://x"),
        ("secret_key", "short"),
        ("trusted_proxies", 9),
        ("account_sid", "AC123"),
        ("auth_token", ""),
        ("data_keys", ""),
        ("data_keys", "a key"),
        ("carrier_api_url", "api.twilio.com"),
        ("line_number", "0210420000"),
        ("emergency_number", "112"),
        ("line_url", "nowhere"),
        ("default_language", "de"),
        ("listening", {"it": "ears"}),
        ("recognizers", {"it": "ears"}),
        ("recognizers", {"it": "whisper"}),
        ("recognizers", {"en": "vosk"}),
        ("prompt_voice", "mine"),
        ("speech_threads", -1),
        ("speech_memory_mb", 10),
        ("audio_days", 0),
        ("voice", "mine"),
        ("voice_false_accepts", 0.0),
        ("voice_false_accepts", 0.5),
        ("voice_days", 0),
        ("voiceprint_days", 1),
        ("time_zone", "Europe/Roma"),
        ("country", "Italy"),
        ("opens_at", "morning"),
        ("closes_at", "25:00"),
        ("open_days", [8]),
        ("open_days", []),
        ("offer_seconds", 1),
        ("agent_ring_seconds", 500),
        ("cookies_secure", "perhaps"),
        ("log_level", "LOUD"),
    ],
)
def test_wrong_setting_is_one_line_that_names_it_and_what_it_wants(name: str, value: Any) -> None:
    with pytest.raises(SettingsError) as refused:
        load(**{**GOOD, name: value})
    (line,) = [one for one in str(refused.value).splitlines() if name in one]
    assert line.startswith(name)
    assert f"CENTRALINO_{name.upper()}" in line
    assert len(line) > len(name) + 30
    assert GOOD["auth_token"] not in line


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        load(**{**GOOD, "bind": "x", "country": "Italy", "log_level": "LOUD"})
    assert [line.split()[0] for line in str(refused.value).splitlines()] == ["bind", "country", "log_level"]


def test_stream_over_plain_http_is_refused_but_on_this_machine() -> None:
    with pytest.raises(SettingsError, match="public_url"):
        load(**GOOD, public_url="http://linea.example.it", listening={"it": "stream"})
    load(**GOOD, public_url="http://127.0.0.1:5000", listening={"it": "stream"})


def test_recogniser_may_be_chosen_where_its_model_is_named() -> None:
    settings = load(
        **GOOD, recognizers={"it": "whisper", "en": "vosk"}, whisper_model="small", vosk_models={"en": "models/en"}
    )
    assert settings.recognizers == {"it": "whisper", "en": "vosk"}


def test_secrets_are_hidden() -> None:
    settings = load(**GOOD, database_url="postgresql+psycopg://shop:hunter2@db/shop")
    printed = "\n".join(f"{one.name} {one.value} {one.description}" for one in shown(settings))
    assert not [secret for secret in (*GOOD.values(), "hunter2") if secret in printed]
    assert "(set)" in printed
    assert "hunter2" not in repr(settings.secret_key)
    assert {one.name for one in shown(settings)} == set(Settings.model_fields)
    assert all(one.description for one in shown(settings))


def test_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "centralino.toml"
    file.write_text(
        f'secret_key = "{"f" * 32}"\nauth_token = "x"\ndata_keys = "{DATA_KEYS}"\ncountry = "IT"\nopen_days = [1, 2]\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("CENTRALINO_COUNTRY", "CH")
    settings = load(file)
    assert (settings.country, settings.open_days) == ("CH", (1, 2))


@pytest.mark.parametrize(("text", "says"), [("a = [", "is not TOML"), ('colour = "red"', "colour: is not a setting")])
def test_file_that_is_wrong_is_named(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "centralino.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        load(file, **GOOD)
    assert says in str(refused.value)
    assert str(file) in str(refused.value)


def test_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path / "none.toml", **GOOD)


@pytest.mark.parametrize("missing", ["api_key_sid", "api_key_secret", "voice_sdk"])
def test_the_telephone_in_the_browser_is_set_up_whole_or_not_at_all(missing: str) -> None:
    whole = {"api_key_sid": "SK" + "2" * 32, "api_key_secret": "s" * 32, "voice_sdk": "twilio.min.js"}
    assert load(**GOOD, **whole).twiml_app == ""
    with pytest.raises(SettingsError, match=f"^{missing} .*or none of the three"):
        load(**GOOD, **{name: value for name, value in whole.items() if name != missing})
