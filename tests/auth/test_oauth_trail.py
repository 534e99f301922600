"""Guessing at the token endpoint makes one wait, and what is given and taken back stands in the audit trail."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from app import clock
from app.database import sql
from app.domain.api_key import ApiKey
from app.domain.sign_in import GRACE
from app.domain.user import User
from app.peer import Peer, _present
from tests.browsing import Browser
from tests.oauth_program import BACK, OAuthProgram, notes_of, refused


@pytest.fixture
async def ours(server: str) -> AsyncIterator[OAuthProgram]:
    async with OAuthProgram(server) as program:
        yield program


async def trail() -> list[tuple[str, str, str]]:
    """What was done by whom or about whom, and the detail, oldest first."""
    rows = await sql("SELECT action, by_name || about_name AS who, detail FROM audit_entries ORDER BY created_at, id")
    return [(row["action"], row["who"], row["detail"]) for row in rows if row["action"] != "joined"]


IN_BY_PASSWORD = ("signed-in", "Ana", "password, by a program")
FROM_A_NEW_PLACE = ("key-at-new-address", "Ben", "report")
ALL_OF_IT = ("grant-given", "Ben", "Notes (chat, feedback)")


@pytest.mark.parametrize("name", ["ana@example.com", "nobody@example.com"])
async def test_after_five_failures_it_says_when_to_come_back(ours: OAuthProgram, ana: User, server: str, name: str) -> None:
    for _ in range(5):
        assert refused(await ours.sign_in(ana, username=name, password="not it"), "invalid_grant")
    early = await ours.sign_in(ana, username=name)
    assert refused(early, "slow_down", 429)
    assert 0 < int(early.headers["retry-after"]) <= 30
    async with Browser(server) as browser:
        assert (await browser.sign_in("", name)).status_code == 429, "one count for both gates"
    clock.shift(timedelta(seconds=31))
    assert (await ours.sign_in(ana, username=name)).status_code == (200 if name == ana.email else 400)


async def test_what_our_own_client_does_stands_in_the_trail(ours: OAuthProgram, ana: User) -> None:
    await ours.sign_in(ana, password="not it")
    tokens = (await ours.sign_in(ana)).json()
    await ours.refresh(tokens["refresh_token"])
    clock.shift(GRACE + timedelta(seconds=1))
    await ours.refresh(tokens["refresh_token"])
    await ours.revoke((await ours.sign_in(ana)).json()["access_token"])
    assert await trail() == [
        ("sign-in-failed", "Ana", "wrong password"), IN_BY_PASSWORD, ("token-reused", "Ana", ""), IN_BY_PASSWORD,
        ("signed-out", "Ana", ""),
    ]  # fmt: skip


async def test_grants_and_programs_stand_in_the_trail(server: str, ana: User, ben: User) -> None:
    client = await notes_of(ana)
    async with OAuthProgram(server, client) as notes, Browser(server) as bens:
        await bens.enter(ben)
        code = await notes.is_allowed_by(bens, scope="chat")
        await notes.is_answered_by(bens, "deny")
        assert (await notes.redeem(code)).status_code == 200
        await notes.redeem(code)
        await notes.redeem(code)
        await notes.redeem(await notes.is_allowed_by(bens))
        await bens.post(f"/account/programs/{client.id}/take-back")
        again = (await notes.redeem(await notes.is_allowed_by(bens))).json()
        await notes.revoke(again["refresh_token"])
        await client.discard(by=ana)
    assert [one for one in await trail() if one[0] != "signed-in"] == [
        ("program-made-known", "Ana", "Notes"), ("grant-given", "Ben", "Notes (chat)"), ("token-reused", "Ben", ""),
        ALL_OF_IT, ("grant-taken-back", "Ben", "Notes"), ALL_OF_IT, ("grant-taken-back", "Ben", ""),
        ("program-removed", "Ana", "Notes"),
    ]  # fmt: skip
    assert BACK not in str(await trail())


async def test_keys_stand_in_the_trail_and_so_does_each_new_place_that_they_come_from(ben: User) -> None:
    key = await ApiKey.make(ben, name="report", scopes=["chat"])
    for address in ("192.0.2.7", "192.0.2.7", "2001:db8::1", "2001:db8::2", "192.0.2.7"):
        token = _present.set(Peer(address))
        assert await ApiKey.holder(key)
        _present.reset(token)
    (kept,) = await ApiKey.of(ben)
    await ApiKey.take_back(ben, kept.id)
    assert await trail() == [
        ("key-made", "Ben", "report (chat)"), FROM_A_NEW_PLACE, FROM_A_NEW_PLACE, ("key-removed", "Ben", "report"),
    ]  # fmt: skip


async def test_of_the_places_of_a_key_the_latest_are_remembered(ben: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.domain.api_key.MOST_NETWORKS", 3)
    key = await ApiKey.make(ben, name="report", scopes=["chat"])
    for number in range(5):
        token = _present.set(Peer(f"192.0.2.{number}"))
        await ApiKey.holder(key)
        _present.reset(token)
    assert (await ApiKey.of(ben))[0].networks == ["192.0.2.2", "192.0.2.3", "192.0.2.4"]
