"""Everything that can be configured, from `PARLEY_*` in the environment or in `.env`."""

import os
import secrets
from enum import StrEnum
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import AliasChoices, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "PARLEY_"
Network = IPv4Network | IPv6Network


class SettingsError(Exception):
    """The environment is wrong; the text says which setting and what to do."""


class Signup(StrEnum):
    OPEN = "open"
    INVITE = "invite"
    CLOSED = "closed"


class LLMProvider(StrEnum):
    LOCAL = "local"
    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    OPENAI_COMPATIBLE = "openai-compatible"
    OLLAMA = "ollama"


class Settings(BaseSettings):
    """One value per `PARLEY_` name. Seconds may be fractions. See `.env.example` for what each does."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", extra="ignore", populate_by_name=True)

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    base_url: str = ""
    data_dir: Path = Path("data")
    database_url: str = ""
    valkey_url: str = ""
    secret_keys: Annotated[tuple[str, ...], NoDecode] = ()
    web_processes: int = Field(1, ge=1, le=64)
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = ()
    signup: Signup = Signup.INVITE
    rate_per_minute: int = Field(30, ge=1)
    sign_ups_per_hour: int = Field(10, ge=1)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "console", "json"] = "auto"

    llm_provider: LLMProvider = LLMProvider.LOCAL
    llm_base_url: str = ""
    llm_model: str = ""
    llm_api_key: str = Field("", validation_alias=AliasChoices("PARLEY_LLM_API_KEY", "llm_api_key"))
    llm_context_tokens: int = Field(0, ge=0)

    sandbox: bool = True

    google_client_id: str = ""
    google_client_secret: str = ""
    google_auth_url: str = "https://accounts.google.com/o/oauth2/v2/auth"
    google_token_url: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
    google_certs_url: str = "https://www.googleapis.com/oauth2/v3/certs"
    gmail_api_url: str = "https://gmail.googleapis.com/"
    gmail_address: str = ""
    gmail_push_audience: str = ""
    gmail_push_topic: str = ""
    gmail_poll_seconds: float = Field(15.0, gt=0)
    mail_authserv_id: str = "mx.google.com"
    mail_quiet_seconds: float = Field(60.0, ge=0)
    mails_per_hour: int = Field(30, ge=1)
    slack_client_id: str = ""
    slack_client_secret: str = ""
    slack_signing_secret: str = ""
    slack_bot_token: str = ""
    slack_app_token: str = ""
    slack_api_url: str = "https://slack.com/api/"

    webhook_networks: Annotated[tuple[Network, ...], NoDecode] = ()

    escalate_after_seconds: float = Field(300.0, gt=0)
    backoff_base_seconds: float = Field(1.0, gt=0)
    backoff_cap_seconds: float = Field(300.0, gt=0)
    lease_seconds: float = Field(10.0, gt=0)

    @field_validator("secret_keys", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return _parts(value) if isinstance(value, str) else value

    @field_validator("trusted_proxies", "webhook_networks", mode="before")
    @classmethod
    def _networks(cls, value: Any) -> Any:
        try:
            return tuple(ip_network(part, strict=False) for part in _parts(value)) if isinstance(value, str) else value
        except ValueError as error:
            raise ValueError(f"{error}; give addresses or networks, such as 10.0.0.2,fd00::/8") from error

    @field_validator("secret_keys")
    @classmethod
    def _long_enough(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        if any(len(key) < 32 for key in keys):
            raise ValueError("each key needs 32 characters or more; `openssl rand -hex 32` makes one")
        return keys

    @field_validator("llm_base_url")
    @classmethod
    def _ends_in_v1(cls, url: str) -> str:
        if url and not url.rstrip("/").endswith("/v1"):
            raise ValueError("must end in /v1")
        return url.rstrip("/")

    @field_validator("slack_api_url")
    @classmethod
    def _ends_in_api(cls, url: str) -> str:
        if not url.rstrip("/").endswith("/api"):
            raise ValueError("must end in /api/")
        return f"{url.rstrip('/')}/"

    @field_validator("google_auth_url", "google_token_url", "google_certs_url", "gmail_api_url", "slack_api_url")
    @classmethod
    def _kept_from_others(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
            raise ValueError("must be https, since secrets travel there; plain http is for this machine only")
        return url

    @field_validator("database_url")
    @classmethod
    def _postgres(cls, url: str) -> str:
        if url and urlsplit(url).scheme not in ("postgresql", "postgres"):
            raise ValueError("must look like postgresql://user:password@host:5432/name")
        return url

    @field_validator("valkey_url")
    @classmethod
    def _valkey(cls, url: str) -> str:
        """Valkey's own schemes are understood too; the client library knows only Redis's names."""
        url = url.replace("valkeys://", "rediss://", 1).replace("valkey://", "redis://", 1)
        if url and urlsplit(url).scheme not in ("redis", "rediss", "unix"):
            raise ValueError("must look like valkey://host:6379/0 or unix:///path")
        return url

    @model_validator(mode="after")
    def _plain_http_stays_home(self) -> Self:
        self.base_url = (self.base_url or f"http://{_printable(self.host)}:{self.port}").rstrip("/")
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("PARLEY_BASE_URL must look like https://parley.example.com")
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            raise ValueError(
                f"PARLEY_BASE_URL is {self.base_url}: plain http is for this machine only, since sign-in cookies would "
                "travel in the open. Put Parley behind https (compose.yaml does) and set PARLEY_BASE_URL=https://..."
            )
        return self

    @model_validator(mode="after")
    def _model_can_be_reached(self) -> Self:
        match self.llm_provider:
            case LLMProvider.OPENAI_COMPATIBLE if not (self.llm_base_url and self.llm_model):
                raise ValueError("PARLEY_LLM_PROVIDER=openai-compatible needs PARLEY_LLM_BASE_URL and PARLEY_LLM_MODEL")
            case LLMProvider.OPENAI:
                self.llm_api_key = self.llm_api_key or os.environ.get("OPENAI_API_KEY", "")
            case LLMProvider.ANTHROPIC:
                self.llm_api_key = self.llm_api_key or os.environ.get("ANTHROPIC_API_KEY", "")
            case LLMProvider.OLLAMA if not self.llm_model:
                raise ValueError("PARLEY_LLM_PROVIDER=ollama needs PARLEY_LLM_MODEL, such as llama3.2")
        if self.llm_provider in (LLMProvider.OPENAI, LLMProvider.ANTHROPIC) and not self.llm_api_key:
            raise ValueError(f"PARLEY_LLM_PROVIDER={self.llm_provider} needs PARLEY_LLM_API_KEY")
        return self

    @model_validator(mode="after")
    def _clients_have_their_secrets(self) -> Self:
        for name in ("GOOGLE", "SLACK"):
            given = [bool(getattr(self, f"{name.lower()}_client_{part}")) for part in ("id", "secret")]
            if any(given) and not all(given):
                raise ValueError(
                    f"PARLEY_{name}_CLIENT_ID and PARLEY_{name}_CLIENT_SECRET belong together: set both or none"
                )
        return self

    @property
    def secure(self) -> bool:
        """Whether people come by https."""
        return self.base_url.startswith("https://")

    @property
    def https_only(self) -> bool:
        """Whether browsers are told to come by https ever after. Of this machine's name that would be said for every
        program that has a port of it."""
        return self.secure and not is_loopback(urlsplit(self.base_url).hostname or "")

    @property
    def slack_is_sandbox(self) -> bool:
        """Whether the Slack that it talks to is one of our own, on this machine."""
        return is_loopback(urlsplit(self.slack_api_url).hostname or "")

    @property
    def has_mail(self) -> bool:
        """Whether Parley can have a mailbox."""
        return bool(self.google_client_id)

    @property
    def mail_is_sandbox(self) -> bool:
        """Whether the Gmail that it talks to is one of our own, on this machine, where nobody signs in."""
        return self.sandbox and is_loopback(urlsplit(self.gmail_api_url).hostname or "")

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach Parley."""
        return is_loopback(self.host) and is_loopback(urlsplit(self.base_url).hostname or "")

    @property
    def keys(self) -> tuple[str, ...]:
        """The secret keys, newest first; made and kept in the data directory when none is set."""
        return self.secret_keys or _kept_keys(self.data_dir / "secret_keys")


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _parts(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _printable(host: str) -> str:
    """A listening address as one can type it into a browser."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - compared, not bound
        return "localhost"
    return f"[{host}]" if ":" in host else host


@cache
def _kept_keys(path: Path) -> tuple[str, ...]:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return tuple(path.read_text().strip().split(","))


def known_names() -> set[str]:
    """Every `PARLEY_*` name that means something."""
    return {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}


def read_settings() -> Settings:
    """Settings from the environment; SettingsError names every unknown or malformed one."""
    given = os.environ.keys() | dotenv_values(".env").keys()
    unknown = sorted(name for name in given if name.startswith(PREFIX) and name not in known_names())
    complaints = [f"{name}: no such setting (see .env.example for all of them)" for name in unknown]
    try:
        settings = Settings()
    except ValidationError as error:
        complaints += [_complaint(detail) for detail in error.errors()]
    if complaints:
        raise SettingsError("\n".join(complaints))
    return settings


def _complaint(detail: Any) -> str:
    text = str(detail["msg"]).removeprefix("Value error, ")
    name = str(detail["loc"][0]).upper().removeprefix(PREFIX) if detail["loc"] else ""
    return f"{PREFIX}{name}: {text}" if name else text


@cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return read_settings()
