"""The settings of an installation: read once at start from the environment or a file, typed, and refused with a sentence each.

Every other module gets what it needs as arguments; this one alone reads the environment. What a setting does not say here, an
admin says in the database.
"""

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import time
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from sealing.keys import KeyRing, KeyRingError

PREFIX = "CENTRALINO_"
DEFAULT_FILE = Path("centralino.toml")
# Names the settings file for processes that are started without arguments, as a WSGI server's workers are.
FILE_VARIABLE = "CENTRALINO_SETTINGS_FILE"

Language = Literal["it", "en"]
Listening = Literal["carrier", "stream"]
Recogniser = Literal["vosk", "whisper"]


class SettingsError(Exception):
    """The installation cannot start with these settings; the message has one line a problem."""


class _Known(BaseSettings):
    """Shared behaviour: environment over file, nothing else, unknown names refused in the file."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        toml_file=None,
        hide_input_in_errors=True,
    )


class Settings(_Known):
    """All settings. Each is `CENTRALINO_NAME` in the environment or `name` in the TOML file; the environment wins."""

    public_url: str = Field(
        default="http://127.0.0.1:5000",
        description="address under which the carrier and the browsers reach this service, e.g. https://linea.example.it",
    )
    bind: str = Field(default="127.0.0.1:5000", description="host:port that the server listens on")
    database_url: str = Field(
        default="sqlite:///var/centralino.db",
        description="SQLAlchemy address: sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME",
    )
    secret_key: SecretStr = Field(
        default=SecretStr(""), description="at least 32 characters that nobody knows: signs the browsers' sessions"
    )
    data_keys: SecretStr = Field(
        default=SecretStr(""),
        description="keys that seal what customers say and who they are, ID:KEY, the newest first, commas between",
    )
    trusted_proxies: int = Field(
        default=0, ge=0, le=5, description="how many reverse proxies stand in front and set X-Forwarded-*"
    )

    api_rate: str = Field(
        default="600 per minute",
        pattern=r"^[1-9][0-9]* per (second|minute|hour|day)$",
        description="how often a token, or a person's pages, may ask the API, e.g. 600 per minute; each process counts its own",
    )

    account_sid: str = Field(
        default="AC" + "0" * 32,
        pattern=r"^AC[0-9a-fA-F]{32}$",
        description="the carrier account: AC and 32 hexadecimal digits",
    )
    auth_token: SecretStr = Field(
        default=SecretStr(""), description="the carrier account's auth token: checks and makes signatures"
    )
    carrier_api_url: str = Field(
        default="https://api.twilio.com",
        description="address of the carrier's REST API; the local line's for trial calls",
    )
    line_number: str = Field(
        default="+390210420000",
        pattern=r"^\+[1-9]\d{6,14}$",
        description="the company's number that callers dial, E.164",
    )
    emergency_number: str = Field(
        default="",
        pattern=r"^(\+[1-9]\d{6,14})?$",
        description="number dialled when our own parts fail, E.164; empty for none",
    )
    line_url: str = Field(
        default="", description="address of the local line, for the agents' browser phone; empty when it is off"
    )

    api_key_sid: str = Field(
        default="",
        pattern=r"^(SK[0-9a-fA-F]{32})?$",
        description="the carrier's API key for agents' telephones in the browser (voice SDK): SK and 32 digits; empty for none",
    )
    api_key_secret: SecretStr = Field(default=SecretStr(""), description="the secret of that API key")
    twiml_app: str = Field(
        default="",
        pattern=r"^(AP[0-9a-fA-F]{32})?$",
        description="the carrier's application for calls that a browser begins itself; empty for none",
    )
    voice_sdk: Path | None = Field(
        default=None, description="file of the carrier's voice SDK (twilio.min.js) on this machine; empty for none"
    )

    default_language: Language = Field(
        default="it", description="language of a call until the caller shows another: it or en"
    )
    listening: Mapping[Language, Listening] = Field(
        default={"it": "carrier", "en": "carrier"}, description="per language, who recognises speech: carrier or stream"
    )
    vosk_models: Mapping[str, Path] = Field(default={}, description="per language, the folder of a Vosk model")
    recognizers: Mapping[Language, Recogniser] = Field(
        default={},
        description="per language, vosk or whisper; empty for Vosk where vosk_models names a model, else Whisper where it is set",
    )
    whisper_model: str = Field(
        default="", description="folder or name of a Whisper model for the package faster-whisper; empty for none"
    )
    prompt_voice: Literal["auto", "here", "carrier"] = Field(
        default="auto",
        description="who speaks the prompts: here (our synthesiser and recordings), carrier, or auto: here where we listen",
    )
    speech_threads: int = Field(
        default=0, ge=0, le=256, description="threads that recognise speech; 0 for as many as the machine has cores"
    )
    speech_memory_mb: int = Field(
        default=1000, ge=200, le=1_000_000, description="memory that recognition may take beside its models, MiB"
    )
    audio_days: int = Field(
        default=30, ge=1, le=3650, description="how many days the audio of a caller who consented is kept"
    )
    voice: Literal["off", "line", "ecapa"] = Field(
        default="line",
        description="who encodes voices in place of a PIN: line (installed with the service), ecapa (its folder), or off",
    )
    voice_encoder: Path | None = Field(
        default=None,
        description="line encoder that `centralino voice train` made, for voice = line; empty for the shipped",
    )
    ecapa_folder: Path | None = Field(
        default=None, description="folder of SpeechBrain's ECAPA encoder, for voice = ecapa; empty for none"
    )
    voice_calibration: Path | None = Field(
        default=None, description="calibration that `centralino voice calibrate` made; empty for the encoder's own"
    )
    voice_false_accepts: float = Field(
        default=0.001, gt=0, le=0.05, description="the share of impostors whose voice may be accepted, e.g. 0.001"
    )
    countermeasure_model: Path | None = Field(
        default=None, description="ONNX model that tells played and made voices; empty for none"
    )
    countermeasure_calibration: Path | None = Field(
        default=None, description="calibration of that model on this line's calls; without it the model decides nothing"
    )
    voice_days: int = Field(
        default=30, ge=1, le=365, description="how many days what a call says about its caller's voice is kept"
    )
    voiceprint_days: int = Field(
        default=730, ge=30, le=3650, description="how many days a voiceprint is kept that no call has used"
    )
    words_days: int = Field(
        default=365,
        ge=1,
        le=3650,
        description="how many days after a call its words are kept; that there was one stays",
    )
    erasures_file: Path | None = Field(
        default=None,
        description="file that tells restored backups what was erased; empty for erasures.jsonl beside the database, else in var",
    )
    text_encoder: str = Field(
        default="packaged",
        description="packaged, none (words alone), or the name or folder of a sentence-transformers model",
    )
    models_folder: Path = Field(
        default=Path("var/models"), description="folder for what was trained here and can be made again"
    )
    prompts_folder: Path | None = Field(
        default=None, description="folder of flow, prompts and intents; empty for the shipped company"
    )

    connector_networks: tuple[str, ...] = Field(
        default=(),
        description="networks of our own that connectors may ask, e.g. 10.1.0.0/16; any public address may be asked anyway",
    )

    time_zone: str = Field(default="Europe/Rome", description="the company's time zone, e.g. Europe/Rome")
    country: str = Field(
        default="IT", pattern=r"^[A-Z]{2}$", description="country whose holidays close the line, two letters"
    )
    opens_at: time = Field(default=time(8, 0), description="first minute with agents on duty, e.g. 08:00")
    closes_at: time = Field(
        default=time(20, 0), description="end of duty, e.g. 20:00; equal to opens_at means day and night"
    )
    open_days: Annotated[tuple[int, ...], Field(min_length=1)] = Field(
        default=(1, 2, 3, 4, 5, 6), description="days on duty, 1 is Monday, 7 is Sunday"
    )

    offer_seconds: float = Field(default=20.0, ge=5, le=120, description="how long an agent is rung")
    agent_ring_seconds: int = Field(
        default=20, ge=5, le=120, description="how long an agent's telephone rings after accepting"
    )
    resume_minutes: int = Field(
        default=10, ge=0, le=120, description="how long a call that dropped can be gone on with; 0: never"
    )
    callback_pauses_minutes: tuple[int, ...] = Field(
        default=(5, 15), description="pauses between the tries to ring somebody back; one try more than these"
    )
    cookies_secure: bool = Field(
        default=True, description="session cookies only over https; false for a trial on this machine"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="DEBUG, INFO, WARNING or ERROR"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then the environment, then the file that `load` names."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @field_validator("public_url", "carrier_api_url", "line_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment):
            raise ValueError("must be an address such as https://linea.example.it, without query or fragment")
        return value.rstrip("/")

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("is not a time zone that this machine knows") from error
        return value

    @field_validator("bind")
    @classmethod
    def _is_host_and_port(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 65536:  # noqa: PLR2004 - the range of TCP ports
            raise ValueError("must be host:port, e.g. 127.0.0.1:5000")
        return value

    @field_validator("database_url")
    @classmethod
    def _is_a_database(cls, value: str) -> str:
        if not value.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("must begin with sqlite:/// or postgresql+psycopg://")
        return value

    @field_validator("connector_networks")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            try:
                ip_network(network, strict=False)
            except ValueError:
                raise ValueError("must be networks such as 10.1.0.0/16") from None
        return value

    @field_validator("open_days")
    @classmethod
    def _are_days(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if not set(value) <= set(range(1, 8)):
            raise ValueError("must be numbers from 1 (Monday) to 7 (Sunday)")
        return tuple(sorted(set(value)))

    @model_validator(mode="after")
    def _secrets_are_set(self) -> Self:
        shortest_key = 32
        if len(self.secret_key.get_secret_value()) < shortest_key:
            raise ValueError("secret_key: must have at least 32 characters; `centralino secret` makes one")
        if not self.auth_token.get_secret_value():
            raise ValueError("auth_token: must be set: without it no webhook can be told from a forged one")
        try:
            _ = self.key_ring
        except KeyRingError as error:
            raise ValueError(f"data_keys: {error}; `centralino keys new` makes a key") from None
        without = [language for language, by in self.recognizers.items() if not self._has_model(language, by)]
        if without:
            raise ValueError(
                f"recognizers: {', '.join(without)} has no model: name it in vosk_models, or in whisper_model for whisper"
            )
        if "stream" in self.listening.values() and urlsplit(self.public_url).scheme == "http" and not self.is_local:
            raise ValueError("public_url: the carrier streams audio over wss only: use https, or listening = carrier")
        return self

    @model_validator(mode="after")
    def _named_models_have_their_files(self) -> Self:
        if self.voice == "ecapa" and self.ecapa_folder is None:
            raise ValueError("ecapa_folder: must be set for voice = ecapa")
        if self.countermeasure_calibration is not None and self.countermeasure_model is None:
            raise ValueError("countermeasure_model: must be set where countermeasure_calibration is")
        return self

    @model_validator(mode="after")
    def _the_browser_phone_is_whole(self) -> Self:
        given = {
            "api_key_sid": bool(self.api_key_sid),
            "api_key_secret": bool(self.api_key_secret.get_secret_value()),
            "voice_sdk": self.voice_sdk is not None,
        }
        missing = [name for name, is_given in given.items() if not is_given]
        if missing and len(missing) < len(given):
            raise ValueError(f"{missing[0]}: must be set for agents' telephones in the browser, or none of the three")
        return self

    def recognizer_of(self, language: str) -> Recogniser:
        """Who hears a language on this machine: as it is set, else Vosk where it has a model, else Whisper where that has one."""
        for named, by in self.recognizers.items():
            if named == language:
                return by
        return "whisper" if self.whisper_model and language not in self.vosk_models else "vosk"

    def _has_model(self, language: str, by: str) -> bool:
        return bool(self.whisper_model) if by == "whisper" else language in self.vosk_models

    @property
    def key_ring(self) -> KeyRing:
        """The keys of everything that lies sealed in the database."""
        return KeyRing.read(self.data_keys.get_secret_value())

    @property
    def is_local(self) -> bool:
        """Whether the service is reached on this machine alone, as in a trial."""
        return urlsplit(self.public_url).hostname in {"127.0.0.1", "localhost", "::1"}

    @property
    def zone(self) -> ZoneInfo:
        """The company's time zone."""
        return ZoneInfo(self.time_zone)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One setting as `centralino settings` prints it, secrets hidden."""

    name: str
    value: str
    description: str


def load(file: Path | None = None, **given: Any) -> Settings:
    """Read the settings: `given`, then the environment, then `file` (centralino.toml where there is one).

    Raises SettingsError with a line for every setting that is wrong, naming it and what it wants.
    """
    chosen = file or _named_file() or (DEFAULT_FILE if DEFAULT_FILE.is_file() else None)
    if chosen is not None:
        _check_file(chosen)

    class FromFile(Settings):
        model_config = SettingsConfigDict(toml_file=chosen)

    try:
        return FromFile(**given)
    except ValidationError as error:
        raise SettingsError("\n".join(_sentences(error, chosen))) from None


def shown(settings: Settings) -> Iterable[Shown]:
    """Every setting in order, for people: a secret shows only whether it is set."""
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            value = "(set)" if value.get_secret_value() else "(not set)"
        elif name == "database_url":
            value = _without_password(value)
        yield Shown(name=name, value=str(value), description=field.description or "")


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """One setting that counts from a start to the next, for people: its value, secrets hidden, and whence it comes."""

    name: str
    value: str
    source: str  # environment, file, default


def fixed(settings: Settings) -> tuple[Fixed, ...]:
    """Every setting in order, with whence it comes."""
    file = _named_file() or (DEFAULT_FILE if DEFAULT_FILE.is_file() else None)
    in_file = _names_in(file)
    # As pydantic reads them: without regard to case, and of a nested value any part.
    in_environment = {name.lower() for name in os.environ}  # noqa: TID251 - the one module that reads the environment
    return tuple(
        Fixed(name=line.name, value=line.value, source=_source(line.name, settings, in_environment, in_file))
        for line in shown(settings)
    )


def _source(name: str, settings: Settings, in_environment: set[str], in_file: frozenset[str]) -> str:
    variable = f"{PREFIX}{name}".lower()
    if any(one == variable or one.startswith(f"{variable}__") for one in in_environment):
        return "environment"
    if name in in_file:
        return "file"
    return "default" if getattr(settings, name) == Settings.model_fields[name].default else "start"


def _names_in(file: Path | None) -> frozenset[str]:
    try:
        return frozenset() if file is None else frozenset(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError):
        return frozenset()


def _named_file() -> Path | None:
    named = os.environ.get(FILE_VARIABLE)  # noqa: TID251 - the one module that reads the environment
    return Path(named) if named else None


def _check_file(file: Path) -> None:
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"{file}: cannot be read ({error.strerror}); give an existing file or leave --settings out"
        ) from None
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: is not TOML: {error}") from None


def _sentences(error: ValidationError, file: Path | None) -> Iterable[str]:
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        name = str(problem["loc"][0]) if problem["loc"] else ""
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            yield f"{name}: is not a setting{f' (in {file})' if file else ''}; `centralino settings` lists them"
        elif name in Settings.model_fields:
            wants = Settings.model_fields[name].description
            yield f"{name} ({PREFIX}{name.upper()}): {message}. It wants: {wants}"
        else:
            setting = message.partition(":")[0]
            yield message.replace(setting, f"{setting} ({PREFIX}{setting.upper()})", 1)


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return url.replace(f":{parts.password}@", ":***@", 1)
