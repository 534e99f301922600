"""The gates at which nobody types a name: a passkey, another site's word. Whoever guesses there waits as well."""

from collections.abc import AsyncIterator

import pytest

from app.database import sql
from app.domain.user import User
from app.settings import settings
from tests.authenticator import Authenticator
from tests.browsing import Browser
from tests.stub_provider import Person, StubProvider
from tests.web.elsewhere import CLEO, by, people
from tests.web.test_passkeys import STEP, add, device, show
from tests.web.test_second_factor import turn_on

__all__ = ["device"]
FREE = 20
OF_A_NAME = 5


@pytest.fixture
async def stranger(server: str, ana: User) -> AsyncIterator[Browser]:
    async with Browser(server) as browser:
        yield browser


async def failures() -> list[str]:
    rows = await sql("SELECT detail FROM audit_entries WHERE action = 'sign-in-failed' ORDER BY created_at, id")
    return [row["detail"] for row in rows]


async def test_passkeys_that_are_none_make_their_network_wait(stranger: Browser, device: Authenticator) -> None:
    unknown = Authenticator(device.origin)
    for _ in range(FREE):
        assert (await show(stranger, unknown)).status_code == 422
    refused = await stranger.post("/sign-in/passkey", {"challenge": "x", "credential": "x"})
    assert (refused.status_code, "That was tried too often. Try again in 30 seconds." in refused.text) == (429, True)
    assert int(refused.headers["retry-after"]) in range(25, 31)
    told = await stranger.post("/sign-in/passkey/challenge")
    assert (told.status_code, told.json()["error"].startswith("That was tried too often.")) == (429, True)
    assert (await stranger.sign_in("Ana")).status_code == 429, "one counter for all ways in"
    assert await failures() == ["wrong passkey"] * FREE


async def test_passkeys_in_the_second_step_make_its_person_wait(
    stranger: Browser, server: str, device: Authenticator, ana: User, ben: User
) -> None:
    async with Browser(server) as owner, Browser(server) as his:
        await owner.enter(ana)
        await add(owner, device)
        await turn_on(owner)
        await his.enter(ben)
        bens = Authenticator(device.origin)
        await add(his, bens)
    await stranger.sign_in("Ana")
    for _ in range(OF_A_NAME):
        assert (await show(stranger, bens, f"{STEP}/passkey")).status_code == 422
    refused = await stranger.post(f"{STEP}/passkey", {"challenge": "x", "credential": "x"})
    assert (refused.status_code, "Try again in" in refused.text, refused.headers["ratelimit-limit"]) == (429, True, "5")
    assert (await stranger.post(f"{STEP}/passkey/challenge")).status_code == 429
    assert (await stranger.post(STEP, {"code": "000000"})).status_code == 429, "a code is no way around it"
    about = await sql("SELECT DISTINCT about FROM audit_entries WHERE action = 'sign-in-failed'")
    assert [row["about"] for row in about] == [ana.id]


async def test_a_passkey_that_is_right_counts_nothing(
    stranger: Browser, server: str, device: Authenticator, ana: User
) -> None:
    async with Browser(server) as owner:
        await owner.enter(ana)
        await add(owner, device)
    for _ in range(3):
        assert (await show(stranger, device)).status_code == 303
        await stranger.sign_out()
    assert await sql("SELECT FROM gate_tries") == []


async def test_callbacks_that_prove_nobody_make_their_network_wait(stranger: Browser, google: StubProvider) -> None:
    google.person = CLEO
    google.lie(nonce="another")
    for _ in range(FREE):
        assert (await by(stranger)).status_code == 422
    google.lie()
    asked_before = len(google.sent)
    refused = await by(stranger)
    assert (refused.status_code, "That was tried too often. Try again in" in refused.text) == (429, True)
    assert refused.headers["retry-after"]
    assert len(google.sent) == asked_before, "Google is not asked in vain"
    assert await failures() == ["not proven by Google"] * FREE


async def test_a_provider_that_is_away_and_who_is_proven_count_nothing(stranger: Browser, google: StubProvider) -> None:
    google.person = CLEO
    google.faults = {"token": 500}
    for _ in range(3):
        assert (await by(stranger)).status_code == 502
    google.faults = {}
    assert (await by(stranger)).status_code == 303
    assert await sql("SELECT FROM gate_tries WHERE gate = 'sign-in'") == []
    assert await failures() == []


async def test_accounts_made_by_a_provider_count_as_sign_ups(
    stranger: Browser, google: StubProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "sign_ups_per_hour", 1)
    for number, status in enumerate((303, 429, 429)):
        google.person = Person(f"g-{number}", f"new-{number}@example.com")
        answer = await by(stranger)
        assert answer.status_code == status
        await stranger.sign_out()
    assert "Try again in 60 minutes." in answer.text
    assert await people() == ["ana@example.com", "new-0@example.com"]


async def test_who_comes_to_a_closed_account_stands_in_the_trail(
    stranger: Browser, server: str, google: StubProvider, device: Authenticator, ben: User
) -> None:
    google.person = CLEO
    await by(stranger)
    await add(stranger, device)
    cleo = await User.by_email("cleo@example.com")
    assert cleo
    await cleo.disable()
    assert (await by(stranger)).status_code == 422
    assert (await show(stranger, device)).status_code == 422
    rows = await sql("SELECT about, detail FROM audit_entries WHERE action = 'sign-in-failed'")
    assert [tuple(row) for row in rows] == [(cleo.id, "closed account")] * 2
