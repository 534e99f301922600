"""A wrong setting is an error that names it."""

from pathlib import Path

import pytest

from app.settings import Settings, SettingsError, is_loopback, read_settings

KEY = "x" * 32


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine, and no .env."""
    import os

    for name in [name for name in os.environ if name.startswith("PARLEY_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PORT", "eighty", "PARLEY_PORT"),
        ("PORT", "70000", "PARLEY_PORT"),
        ("NOBODY_KNOWS", "1", "PARLEY_NOBODY_KNOWS: no such setting"),
        ("SIGNUP", "maybe", "PARLEY_SIGNUP"),
        ("DATABASE_URL", "mysql://db/x", "PARLEY_DATABASE_URL: must look like postgresql://"),
        ("VALKEY_URL", "http://x", "PARLEY_VALKEY_URL: must look like valkey://"),
        ("SECRET_KEYS", "short", "PARLEY_SECRET_KEYS: each key needs 32 characters"),
        ("LLM_BASE_URL", "http://x/api", "PARLEY_LLM_BASE_URL: must end in /v1"),
        ("LLM_PROVIDER", "openai-compatible", "needs PARLEY_LLM_BASE_URL and PARLEY_LLM_MODEL"),
        ("BASE_URL", "http://parley.example.com", "plain http is for this machine only"),
        ("LEASE_SECONDS", "0", "PARLEY_LEASE_SECONDS"),
        ("GOOGLE_CLIENT_ID", "x", "PARLEY_GOOGLE_CLIENT_ID and PARLEY_GOOGLE_CLIENT_SECRET belong together"),
        ("SLACK_CLIENT_SECRET", "x", "PARLEY_SLACK_CLIENT_ID and PARLEY_SLACK_CLIENT_SECRET belong together"),
        ("SLACK_API_URL", "https://slack.com/", "PARLEY_SLACK_API_URL: must end in /api/"),
        ("GOOGLE_TOKEN_URL", "http://example.com/token", "PARLEY_GOOGLE_TOKEN_URL: must be https"),
        ("TRUSTED_PROXIES", "caddy", "PARLEY_TRUSTED_PROXIES: 'caddy' does not appear"),
        ("TRUSTED_PROXIES", "10.0.0.1,10.0.0.0/33", "PARLEY_TRUSTED_PROXIES: '10.0.0.0/33'"),
    ],
)
def test_a_wrong_setting_says_which(monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str) -> None:
    monkeypatch.setenv(f"PARLEY_{name}", value)
    with pytest.raises(SettingsError, match=words.replace("(", r"\(")):
        read_settings()


def test_an_unknown_name_in_the_env_file_is_an_error_too() -> None:
    Path(".env").write_text("PARLEY_PROT=8000\n")
    with pytest.raises(SettingsError, match="PARLEY_PROT: no such setting"):
        read_settings()


def test_all_wrong_settings_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_PORT", "x")
    monkeypatch.setenv("PARLEY_TYPO", "x")
    with pytest.raises(SettingsError) as error:
        read_settings()
    assert "PARLEY_PORT" in str(error.value)
    assert "PARLEY_TYPO" in str(error.value)


def test_keys_are_made_once_and_kept_closed(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    assert settings.keys == Settings(data_dir=tmp_path / "data").keys
    assert (tmp_path / "data" / "secret_keys").stat().st_mode & 0o777 == 0o600
    assert Settings(secret_keys=f"{KEY},{KEY[::-1]}y").keys == (KEY, f"{KEY}y")


def test_valkeys_own_schemes_are_understood() -> None:
    assert Settings(valkey_url="valkeys://v:6379/0").valkey_url == "rediss://v:6379/0"
    assert Settings(valkey_url="valkey://v").valkey_url == "redis://v"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "[::1]", "localhost"])
def test_loopback_is_known(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "example.com", "localhost.example.com", ""])
def test_what_is_not_loopback_is_not(host: str) -> None:
    assert not is_loopback(host)
