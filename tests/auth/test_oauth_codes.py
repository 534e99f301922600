"""A person lets a program in: what they are shown, and what their consent is worth (promises.md, security 7)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client

from app import clock
from app.auth.tokens import read_access
from app.domain.errors import Unfit
from app.domain.oauth_client import OAuthClient
from app.domain.oauth_code import LASTS, OAuthCode
from app.domain.scope import Scope
from app.domain.user import User
from app.settings import settings
from tests.browsing import Browser
from tests.oauth_program import BACK, HIDDEN, OAuthProgram, came_back, notes_of, refused
from tests.waiting import until


@pytest.fixture
async def notes(server: str, ana: User) -> AsyncIterator[OAuthProgram]:
    """A program that ana, an admin, has made known. It may ask for conversations and requests."""
    async with OAuthProgram(server, await notes_of(ana)) as program:
        yield program


@pytest.fixture
async def bens(server: str, ben: User) -> AsyncIterator[Browser]:
    async with Browser(server) as browser:
        await browser.enter(ben)
        yield browser


async def test_a_person_is_asked_by_whom_and_for_what_and_their_consent_is_worth_just_that(
    notes: OAuthProgram, bens: Browser, ben: User
) -> None:
    page = unescape((await bens.get(notes.asking(scope="chat"))).text)
    for told in ("Let Notes do this for you?", "ben@example.com", "notes.example", "ana@example.com", "Conversations"):
        assert told in page
    assert "Administration" not in page
    assert "Ask people" not in page
    answer = await notes.is_answered_by(bens, scope="chat")
    assert (answer["state"], answer["iss"]) == ("of this try", settings().base_url)
    tokens = (await notes.redeem(answer["code"])).json()
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == ("Bearer", 600, "chat")
    access = read_access(tokens["access_token"])
    assert access
    assert (access.user_id, access.scopes, access.client_id) == (ben.id, {Scope.CHAT}, notes.client_id)
    assert await notes.status(tokens["access_token"]) == 200
    assert (await notes.refresh(tokens["refresh_token"])).json()["scope"] == "chat"


async def test_a_library_that_we_did_not_write_gets_through(notes: OAuthProgram, bens: Browser, server: str) -> None:
    place = (await bens.get("/.well-known/oauth-authorization-server")).json()
    async with AsyncOAuth2Client(
        notes.client_id, redirect_uri=BACK, scope="chat feedback", code_challenge_method="S256",
        token_endpoint_auth_method="none", trust_env=False,
    ) as library:  # fmt: skip
        url, state = library.create_authorization_url(place["authorization_endpoint"], code_verifier=notes.verifier)
        form = HIDDEN.findall((await bens.get(url.removeprefix(server))).text)
        fields = {name: unescape(value) for name, value in form}
        back = await bens.client.post("/oauth/authorize", data={**fields, "decision": "allow"})
        token = await library.fetch_token(
            place["token_endpoint"], authorization_response=back.headers["location"], state=state,
            code_verifier=notes.verifier,
        )  # fmt: skip
        assert token["scope"] == "chat feedback"
        renewed = await library.refresh_token(place["token_endpoint"])
        assert renewed["refresh_token"] != token["refresh_token"]
        answer = await library.get(f"{server}/api/sessions")
        assert answer.status_code == 200
        await library.revoke_token(place["revocation_endpoint"], token=renewed["refresh_token"])
        assert (await library.get(f"{server}/api/sessions")).status_code == 401


async def test_who_says_no_sends_the_program_away(notes: OAuthProgram, bens: Browser) -> None:
    for decision in ("deny", "", "ALLOW", "allow "):
        answer = await notes.is_answered_by(bens, decision)
        assert (answer["error"], answer["state"]) == ("access_denied", "of this try")
        assert "code" not in answer
    assert not await OAuthCode.exists()


async def test_a_stranger_is_sent_to_sign_in_and_back_to_the_question(notes: OAuthProgram, server: str, ben: User) -> None:
    asked = notes.asking(state="a b&c=d/é+%", scope="chat feedback")
    async with Browser(server) as browser:
        answer = await browser.get(asked)
        assert (answer.status_code, urlsplit(answer.headers["location"]).path) == (303, "/sign-in")
        back = parse_qs(urlsplit(answer.headers["location"]).query)["next"][0]
        entered = await browser.sign_in("Ben", next=back)
        shown = await browser.get(entered.headers["location"])
        assert "Let Notes do this for you?" in shown.text
        fields = {name: unescape(value) for name, value in HIDDEN.findall(shown.text)}
        told = came_back(await browser.client.post("/oauth/authorize", data={**fields, "decision": "allow"}))
        assert told["state"] == "a b&c=d/é+%"


async def test_looking_at_the_question_decides_nothing_and_only_our_own_form_does(
    notes: OAuthProgram, bens: Browser
) -> None:
    for _ in range(3):
        assert (await bens.get(notes.asking())).status_code == 200
    fields = {name: values[0] for name, values in parse_qs(urlsplit(notes.asking()).query).items()}
    forged = await bens.client.post("/oauth/authorize", data={**fields, "decision": "allow"})
    assert forged.status_code == 403
    assert (await bens.get(f"{notes.asking()}&decision=allow")).status_code == 200
    assert not await OAuthCode.exists()


WRONG = {
    "unsupported_response_type": [{"response_type": "token"}, {"response_type": None}, {"response_mode": "fragment"}],
    "invalid_request": [
        {"code_challenge": None}, {"code_challenge": "x"}, {"code_challenge": "é" * 43}, {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
    ],
    "invalid_scope": [{"scope": "chat everything"}, {"scope": "admin"}],
}  # fmt: skip


async def test_what_a_program_asks_wrongly_it_is_told_by_who_is_signed_in(
    notes: OAuthProgram, bens: Browser, server: str
) -> None:
    async with Browser(server) as nobodys:
        for error, cases in WRONG.items():
            for changes in cases:
                told = came_back(await bens.get(notes.asking(**changes)))
                assert (told["error"], "code" in told, told["iss"]) == (error, False, settings().base_url), changes
                assert told["state"] == "of this try"
                answer = await nobodys.get(notes.asking(**changes))
                assert answer.headers["location"].startswith("/sign-in?next=/oauth/authorize%3F"), "RFC 9700, 4.11.2"
    twice = came_back(await bens.get(notes.asking() + "&scope=chat&scope=feedback"))
    assert twice["error"] == "invalid_request"


ELSEWHERE = [
    None, "", "https://evil.example/", BACK + "/", BACK + "?x=1", BACK + "#x", BACK.upper(), BACK.replace("https", "http"),
    "https://notes.example.evil.example/back", "https://notes.example:8443/back", "https://ana@notes.example/back",
    "//notes.example/back", "/chat", "javascript:alert(1)", f"{BACK}\r\nSet-Cookie: x=y", f"{BACK}\0", f" {BACK}",
]  # fmt: skip


async def test_a_wrong_program_or_address_leads_nowhere(notes: OAuthProgram, bens: Browser, ana: User) -> None:
    wrong: list[dict[str, str | None]] = [{"redirect_uri": uri} for uri in ELSEWHERE] + [{"state": "x" * 3000}]
    wrong += [{"client_id": client_id} for client_id in (None, "", "parley", "x", str(ana.id), f"{notes.client_id} ")]
    for changes in wrong:
        for asked in (notes.asking(**changes), notes.asking(**changes, response_type="token")):
            answer = await bens.get(asked)
            assert (answer.status_code, "location" in answer.headers) == (400, False), changes
            assert "This program can't be let in" in unescape(answer.text)
            fields = {name: values[0] for name, values in parse_qs(urlsplit(asked).query).items()}
            posted = await bens.post("/oauth/authorize", {**fields, "decision": "allow"})
            assert (posted.status_code, "location" in posted.headers) == (400, False), changes


async def test_on_ones_own_machine_the_port_may_be_any_and_nothing_else(ana: User) -> None:
    client = await notes_of(ana, uris=("http://127.0.0.1/back", "http://[::1]:8000/back", "http://localhost:9000/back"))
    for right in (
        "http://127.0.0.1/back",
        "http://127.0.0.1:51004/back",
        "http://[::1]:1/back",
        "http://localhost:9000/back",
    ):
        assert client.sends_back_to(right), right
    for wrong in ("http://localhost:9001/back", "http://localhost/back", "http://127.0.0.1:51004/other", "http://127.0.0.1:x/back",
                  "https://127.0.0.1:51004/back", "http://127.0.0.1:80@evil.example/back", "http://127.0.0.1.evil.example/back",
                  "http://127.0.0.2/back", "http://127.0.0.1:51004/back?x", "http://127.0.0.1:123456/back", "http://127.0.0.1:/back",
                  "http://127.0.0.1:80/back\n", ""):  # fmt: skip
        assert not client.sends_back_to(wrong), wrong


@pytest.mark.parametrize(
    "uri",
    ["", "notes.example", "http://notes.example/", "https://", "https:///back", "https://a@notes.example/", BACK + "#x",
     "https://notes.example/a b", "https://notes.example/\\", "https://é.example/", "https://[::1/", "ftp://notes.example/",
     "javascript:alert(1)", "data:text/html,x", "http://localhost.evil.example/", "http://127.0.0.1:99999/",
     "https://x" * 100, "custom.app:/back", "https://x;sandbox/", "https://x,y/",
     "https://x'y/", "https://notes.example/\"onload=", "http://127.0.0.2/"],
)  # fmt: skip
async def test_an_address_that_could_be_read_in_two_ways_is_none(ana: User, uri: str) -> None:
    with pytest.raises(Unfit):
        await notes_of(ana, uris=(uri,))


async def test_a_code_works_once_and_a_second_time_ends_what_it_gave(notes: OAuthProgram, bens: Browser) -> None:
    code = await notes.is_allowed_by(bens)
    tokens = (await notes.redeem(code)).json()
    assert await notes.status(tokens["access_token"]) == 200
    renewed = (await notes.refresh(tokens["refresh_token"])).json()
    assert refused(await notes.redeem(code), "invalid_grant")
    assert refused(await notes.refresh(renewed["refresh_token"]), "invalid_grant")
    for one in (tokens, renewed):
        await until(lambda one=one: is_out(notes, one["access_token"]), 1)  # type: ignore[misc]


async def is_out(program: OAuthProgram, token: str) -> bool:
    return await program.status(token) == 401


async def test_of_twenty_who_bring_a_code_at_once_one_gets_tokens_and_they_end(notes: OAuthProgram, bens: Browser) -> None:
    code = await notes.is_allowed_by(bens)
    answers = await asyncio.gather(*(notes.redeem(code) for _ in range(20)))
    (given,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert [refused(answer, "invalid_grant") for answer in answers if answer.status_code != 200] == [True] * 19
    await until(lambda: is_out(notes, given["access_token"]), 1)


async def test_a_code_is_good_for_a_minute(notes: OAuthProgram, bens: Browser) -> None:
    assert LASTS.total_seconds() <= 60
    late, later = await notes.is_allowed_by(bens), await notes.is_allowed_by(bens)
    clock.shift(LASTS - timedelta(seconds=2))
    assert (await notes.redeem(late)).status_code == 200
    clock.shift(LASTS + timedelta(seconds=1))
    assert refused(await notes.redeem(later), "invalid_grant")


async def test_a_code_is_for_the_program_the_address_and_the_verifier_that_it_was_asked_with(
    notes: OAuthProgram, bens: Browser, ana: User
) -> None:
    other = await OAuthClient.register(ana, name="Other", redirect_uris=[BACK], scopes=["chat"])
    code = await notes.is_allowed_by(bens)
    for changes in (
        {"code_verifier": None}, {"code_verifier": ""}, {"code_verifier": "x" * 43}, {"code_verifier": notes.verifier + "x"},
        {"redirect_uri": None}, {"redirect_uri": "https://notes.example/other"}, {"redirect_uri": BACK + "/"},
        {"client_id": str(other.id)}, {"client_id": "parley"}, {"code": code[:-1]}, {"code": None}, {"code": "é"},
    ):  # fmt: skip
        assert refused(await notes.redeem(**{"code": code, **changes}), "invalid_grant"), changes
    for unknown in (None, "", "nobody"):
        assert refused(await notes.redeem(code, client_id=unknown), "invalid_client", 401)
    assert (await notes.redeem(code)).status_code == 200


async def test_admin_is_only_for_admins_to_give(server: str, ana: User, ben: User, bens: Browser) -> None:
    client = await notes_of(ana, "chat", "admin")
    async with OAuthProgram(server, client) as program:
        tokens = (await program.redeem(await program.is_allowed_by(bens))).json()
        assert tokens["scope"] == "chat"
        alone = await bens.get(program.asking(scope="admin"))
        assert (alone.status_code, "location" in alone.headers) == (400, False)
    with pytest.raises(Unfit):
        await notes_of(ben, "admin")


async def test_the_form_may_end_where_the_program_is_and_nowhere_else(notes: OAuthProgram, bens: Browser) -> None:
    policy = (await bens.get(notes.asking())).headers["content-security-policy"]
    assert policy.endswith("form-action 'self' https://notes.example")
    assert (await bens.get("/account")).headers["content-security-policy"].endswith("form-action 'self'")
