"""Secrets at rest."""

import pytest

from app.encryption import Undecipherable, decrypt, encrypt, renewed
from app.settings import settings

OLD, NEW = "an old key of more than thirty-two characters", "a new key of more than thirty-two characters"


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    return lambda *keys: monkeypatch.setattr(settings(), "secret_keys", keys)


def test_what_was_kept_under_an_old_key_is_still_read_and_comes_under_the_new_one(keys) -> None:  # type: ignore[no-untyped-def]
    keys(OLD)
    kept = encrypt("a secret", "totp", 1)
    assert "a secret" not in kept
    assert encrypt("a secret", "totp", 1) != kept
    keys(NEW, OLD)
    assert decrypt(kept, "totp", 1) == "a secret"
    again = renewed(kept, "totp", 1)
    keys(NEW)
    assert decrypt(again, "totp", 1) == "a secret"
    with pytest.raises(Undecipherable):
        decrypt(kept, "totp", 1)


def test_a_secret_is_read_only_for_what_it_was_kept_for(keys) -> None:  # type: ignore[no-untyped-def]
    keys(NEW)
    kept = encrypt("a secret", "totp", 1)
    for purpose in (("totp", 2), ("totp",), ("grant", 1), ()):
        with pytest.raises(Undecipherable):
            decrypt(kept, *purpose)
    for other in ("", "x", kept[:-1], kept[:40] + "x" + kept[40:], "é\0", NEW):
        with pytest.raises(Undecipherable):
            decrypt(other, "totp", 1)
