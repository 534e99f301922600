"""Tokens for programs: by password for our own alone, renewed, and taken back (promises.md, security 6 and 7)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pyotp
import pytest

from app import clock
from app.auth.tokens import refresh_token
from app.domain.scope import Scope
from app.domain.sign_in import GRACE, LASTS, SignIn
from app.domain.totp import Totp
from app.domain.user import User
from tests.browsing import Browser
from tests.oauth_program import OAuthProgram, notes_of, refused
from tests.waiting import until

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
async def ours(server: str) -> AsyncIterator[OAuthProgram]:
    """Parley's own client."""
    async with OAuthProgram(server) as program:
        yield program


async def test_a_password_gives_our_own_client_what_the_contract_says(ours: OAuthProgram, ana: User) -> None:
    answer = await ours.sign_in(ana)
    told = answer.json()
    assert answer.status_code == 200
    assert set(told) == {"access_token", "token_type", "expires_in", "refresh_token", "scope"}
    assert (told["token_type"], told["expires_in"], told["scope"]) == ("Bearer", 600, "chat feedback admin")
    assert answer.headers["cache-control"] == "no-store"
    assert await ours.status(told["access_token"]) == 200
    assert not answer.headers.get_list("set-cookie")


async def test_a_password_is_for_our_own_client_alone(ours: OAuthProgram, ana: User) -> None:
    client = await notes_of(ana)
    assert refused(await ours.sign_in(ana, client_id=str(client.id)), "unauthorized_client")
    for unknown in (None, "", "Parley", "parley ", str(ana.id), "x" * 5000):
        assert refused(await ours.sign_in(ana, client_id=unknown), "invalid_client", 401)


async def test_a_wrong_password_and_an_unknown_name_look_the_same(ours: OAuthProgram, ana: User) -> None:
    wrong, unknown = await ours.sign_in(ana, password="not it"), await ours.sign_in(ana, username="nobody@example.com")
    assert refused(wrong, "invalid_grant")
    assert wrong.json() == unknown.json()


async def test_where_a_second_factor_is_set_its_code_is_asked_for_and_taken_once(ours: OAuthProgram, ana: User) -> None:
    await Totp.begin(ana)
    totp = await Totp.to_confirm(ana)
    assert totp
    codes = pyotp.TOTP(totp.plain_secret)
    assert await totp.confirm(codes.at(clock.now() - timedelta(seconds=30)))
    told = await ours.sign_in(ana)
    assert refused(told, "invalid_grant")
    assert "otp" in told.json()["error_description"]
    assert refused(await ours.sign_in(ana, otp="000000"), "invalid_grant")
    code = codes.at(clock.now())
    assert "otp" not in (await ours.sign_in(ana, otp=code, password="not it")).json()["error_description"]
    assert (await ours.sign_in(ana, otp=code)).status_code == 200
    assert refused(await ours.sign_in(ana, otp=code), "invalid_grant")


async def test_who_is_shut_out_or_has_left_gets_no_tokens_and_those_they_have_end(
    ours: OAuthProgram, ana: User, ben: User
) -> None:
    tokens = (await ours.sign_in(ben)).json()
    await ben.leave()
    assert refused(await ours.sign_in(ben), "invalid_grant")
    await ben.stay()
    again = (await ours.sign_in(ben)).json()
    await ben.disable()
    assert refused(await ours.sign_in(ben), "invalid_grant")
    for one in (tokens, again):
        assert refused(await ours.refresh(one["refresh_token"]), "invalid_grant")
        await until(lambda one=one: is_out(ours, one["access_token"]), 1)  # type: ignore[misc]


async def is_out(program: OAuthProgram, token: str) -> bool:
    return await program.status(token) == 401


@pytest.mark.parametrize(
    ("asked", "given"),
    [("chat", "chat"), ("feedback  chat", "chat feedback"), ("", "chat feedback"), ("chat admin", "chat")],
)
async def test_scopes_are_those_asked_for_and_admin_needs_the_role(
    ours: OAuthProgram, ben: User, asked: str, given: str
) -> None:
    assert (await ours.sign_in(ben, scope=asked)).json()["scope"] == given
    assert refused(await ours.sign_in(ben, scope="chat everything"), "invalid_scope")


async def test_what_is_asked_wrongly_is_told_as_the_rfc_says(ours: OAuthProgram, ana: User) -> None:
    assert refused(await ours.ask("client_credentials"), "unsupported_grant_type")
    for name, value in [("scope", ["chat", "feedback"]), ("username", "a\0b"), ("password", "\0")]:
        assert refused(await ours.sign_in(ana, **{name: value}), "invalid_request")
    post = ours.http.post
    assert refused(await post("/oauth/token"), "invalid_request")
    assert refused(await post("/oauth/token", json={"grant_type": "password"}), "invalid_request")
    assert refused(await post("/oauth/token", files={"grant_type": b"password"}), "invalid_request")
    assert refused(await post("/oauth/token", params={"grant_type": "password"}), "invalid_request")
    half_a_letter = b"grant_type=password&client_id=parley&password=x&username="
    for name in (b"%ED%A0%80", b"%ff", b"\xff"):
        answer = await post("/oauth/token", content=half_a_letter + name, headers={"Content-Type": FORM})
        assert answer.json()["error"] in ("invalid_request", "invalid_grant")
    assert refused(await ours.refresh(""), "invalid_grant")
    assert (await ours.http.get("/oauth/token")).status_code == 405
    assert (await post("/oauth/token", data={"grant_type": "x" * 2_000_000})).status_code == 413


async def test_fifty_refreshes_at_once_get_one_successor(ours: OAuthProgram, ana: User) -> None:
    first = (await ours.enter(ana))["refresh_token"]
    answers = await asyncio.gather(*(ours.refresh(first) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers} - {first}) == 1
    assert await ours.status(answers[-1].json()["access_token"]) == 200


async def test_a_refresh_token_used_again_after_the_grace_ends_the_family(ours: OAuthProgram, ana: User) -> None:
    first = await ours.enter(ana)
    second = (await ours.refresh(first["refresh_token"])).json()
    assert await ours.status(second["access_token"]) == 200
    clock.shift(GRACE - timedelta(seconds=1))
    repeated = (await ours.refresh(first["refresh_token"])).json()
    assert repeated["refresh_token"] == second["refresh_token"]
    clock.shift(GRACE + timedelta(seconds=1))
    assert refused(await ours.refresh(first["refresh_token"]), "invalid_grant")
    assert refused(await ours.refresh(second["refresh_token"]), "invalid_grant")
    await until(lambda: is_out(ours, second["access_token"]), 1)


async def test_however_often_it_is_renewed_a_sign_in_ends(ours: OAuthProgram, ana: User) -> None:
    token = (await ours.enter(ana))["refresh_token"]
    for day in (25, 50):
        clock.shift(timedelta(days=day))
        token = (await ours.refresh(token)).json()["refresh_token"]
    clock.shift(LASTS + timedelta(seconds=1))
    assert refused(await ours.refresh(token), "invalid_grant")


async def test_a_refresh_may_ask_for_less_but_not_for_more(ours: OAuthProgram, ben: User) -> None:
    token = (await ours.enter(ben, Scope.CHAT, Scope.FEEDBACK))["refresh_token"]
    less = (await ours.refresh(token, scope="feedback")).json()
    assert less["scope"] == "feedback"
    assert await ours.status(less["access_token"]) == 403
    assert refused(await ours.refresh(less["refresh_token"], scope="chat admin"), "invalid_scope")
    assert (await ours.refresh(less["refresh_token"])).json()["scope"] == "chat feedback"


async def test_a_refresh_token_is_of_use_to_its_own_client_only(ours: OAuthProgram, ana: User, server: str) -> None:
    token = (await ours.enter(ana))["refresh_token"]
    other = await notes_of(ana)
    assert refused(await ours.refresh(token, client_id=str(other.id)), "invalid_grant")
    assert refused(await ours.revoke(token, client_id=str(other.id)), "invalid_grant")
    assert (await ours.refresh(token, client_id=None)).status_code == 200


async def test_a_browsers_and_a_programs_tokens_are_of_no_use_in_each_others_place(
    ours: OAuthProgram, ana: User, server: str
) -> None:
    tokens = await ours.enter(ana)
    async with Browser(server) as browser:
        for cookie in ({"access": tokens["access_token"]}, {"refresh": tokens["refresh_token"]}):
            browser.take(cookie)
            assert (await browser.get("/account")).status_code == 303, "a program is nobody's browser"
        sign_in = await browser.enter(ana)
        assert refused(await ours.refresh(browser.cookies["refresh"]), "invalid_grant")
        assert (await browser.get("/account")).status_code == 200
    mine = await SignIn.objects().get((SignIn.user == ana.id) & (SignIn.id != sign_in.id))
    assert mine
    assert refused(await ours.refresh(refresh_token(mine.id, 0)), "invalid_grant")


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
async def test_either_token_takes_back_both(ours: OAuthProgram, ana: User, which: str) -> None:
    tokens, others = await ours.enter(ana), await ours.enter(ana)
    answer = await ours.revoke(tokens[which], token_type_hint="refresh_token")
    assert (answer.status_code, answer.content) == (200, b"")
    assert await ours.status(tokens["access_token"]) == 401
    assert refused(await ours.refresh(tokens["refresh_token"]), "invalid_grant")
    assert await ours.status(others["access_token"]) == 200
    for unknown in (tokens[which], "x", "a.b.c", tokens["access_token"] + "x", "é" * 50):
        assert (await ours.revoke(unknown)).status_code == 200
    assert refused(await ours.revoke(""), "invalid_request")
