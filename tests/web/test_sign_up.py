"""Who may become a member, and who is the first."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from html import unescape
from urllib.parse import urlsplit

import httpx
import pytest

from app.auth.first_visitor import first_sign_up_url
from app.database import sql
from app.domain.user import User
from app.main import create_asgi
from app.settings import Signup, settings
from tests.browsing import Browser
from tests.conftest import PASSWORD

HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)"')
HTTPS = "https://parley.example.com"


@pytest.fixture
async def browser(server: str, db: None) -> AsyncIterator[Browser]:
    async with Browser(server) as browser:
        yield browser


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch, db: None) -> Callable[[], Browser]:
    """Browsers of a Parley that anybody can reach."""
    monkeypatch.setattr(settings(), "base_url", HTTPS)
    monkeypatch.setattr(settings(), "signup", Signup.INVITE)
    transport = httpx.ASGITransport(create_asgi())  # type: ignore[arg-type]
    return lambda: Browser(HTTPS, transport=transport)


async def members() -> list[tuple[str, str]]:
    return [(row["name"], row["role"]) for row in await sql("SELECT name, role FROM users ORDER BY created_at")]


async def test_the_first_visitor_is_led_to_the_sign_up_and_becomes_admin(browser: Browser) -> None:
    page = await browser.open("/")
    assert page.url.path == "/sign-up"
    assert "you will be the admin" in page.text
    answer = await browser.sign_up("Ana")
    assert (answer.status_code, answer.headers["location"]) == (303, "/chat")
    assert (await browser.open("/")).url.path == "/chat", "signed in at once"
    async with Browser(str(browser.client.base_url)) as second:
        assert (await second.open("/")).url.path == "/sign-in"
        await second.sign_up("Ben")
    assert await members() == [("Ana", "admin"), ("Ben", "member")]


async def test_of_two_first_visitors_at_once_one_becomes_admin(server: str, db: None) -> None:
    async with Browser(server) as one, Browser(server) as two:
        answers = await asyncio.gather(one.sign_up("Ana"), two.sign_up("Ben"))
    assert [answer.status_code for answer in answers] == [303, 303]
    assert sorted(role for _, role in await members()) == ["admin", "member"]


@pytest.mark.parametrize("signup", [Signup.INVITE, Signup.CLOSED])
async def test_of_two_first_visitors_at_once_one_gets_in_where_it_is_not_open(
    server: str, db: None, monkeypatch: pytest.MonkeyPatch, signup: Signup
) -> None:
    monkeypatch.setattr(settings(), "signup", signup)
    async with Browser(server) as one, Browser(server) as two:
        answers = await asyncio.gather(one.sign_up("Ana"), two.sign_up("Ben"))
        assert sorted(answer.status_code for answer in answers) == [303, 422]
        assert [role for _, role in await members()] == ["admin"]
        late = await one.get("/sign-up")
        assert "Ask an admin to invite you" in late.text
        assert 'action="/sign-up"' not in late.text, "nobody fills in a form that can't be sent"
        assert "Ask an admin to invite you" in (await two.sign_up("Cleo")).text
    assert len(await members()) == 1


async def test_where_it_is_open_anybody_may_sign_up(server: str, ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "signup", Signup.OPEN)
    async with Browser(server) as browser:
        assert (await browser.sign_up("Ben")).status_code == 303
    assert await members() == [("Ana", "admin"), ("Ben", "member")]


async def test_off_loopback_the_first_sign_up_needs_the_printed_link(public: Callable[[], Browser]) -> None:
    link = first_sign_up_url()
    assert link.startswith(f"{HTTPS}/sign-up?key=")
    async with public() as passer_by:
        for path in ("/sign-up", "/sign-up?key=x", "/sign-up?key=", "/sign-up?key=%C3%A9"):
            assert "the sign-up link that Parley printed" in (await passer_by.get(path)).text
        for key in ("", "x", "é", "\0", link[-5:]):
            answer = await passer_by.post(
                "/sign-up", {"name": "Eve", "email": "eve@example.com", "password": PASSWORD, "key": key}
            )
            assert answer.status_code == 422
    assert await members() == []
    async with public() as first:
        page = await first.get(urlsplit(link)._replace(scheme="", netloc="").geturl())
        assert "the sign-up link that Parley printed" not in page.text
        form = {name: unescape(value) for name, value in HIDDEN.findall(page.text)}
        answer = await first.client.post(
            "/sign-up", data=form | {"name": "Ana", "email": "ana@example.com", "password": "short"}
        )
        assert answer.status_code == 422
        form = {name: unescape(value) for name, value in HIDDEN.findall(answer.text)}
        answer = await first.client.post(
            "/sign-up", data=form | {"name": "Ana", "email": "ana@example.com", "password": PASSWORD}
        )
        assert answer.status_code == 303, "the form that the link shows makes the account, also at the second try"
    async with public() as late:
        page = await late.get(urlsplit(link)._replace(scheme="", netloc="").geturl())
        assert "Ask an admin to invite you" in page.text, "the link makes one account"
    assert await members() == [("Ana", "admin")]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "what to call you"), ({"name": "  "}, "what to call you"),
        ({"name": "x" * 201}, "what to call you"),
        ({"email": ""}, "no e-mail address"), ({"email": "ana"}, "no e-mail address"),
        ({"email": "a@b@c"}, "no e-mail address"),
        ({"email": "<ana@example.com>"}, "no e-mail address"),
        ({"email": "ana@exam\u200bple.com"}, "no e-mail address"),
        ({"email": "a@" + "x" * 300}, "no e-mail address"),
        ({"email": "ana@example.com, ben@example.com"}, "no e-mail address"),
        ({"password": "short"}, "12 characters or more"), ({"password": "x" * 1001}, "1000 characters or fewer"),
        ({"password": "aaaaaaaaaaaaaa"}, "more different ones"), ({"password": ""}, "12 characters or more"),
    ],
)  # fmt: skip
async def test_what_does_not_fit_is_said_at_its_field_and_the_rest_is_kept(
    browser: Browser, change: dict[str, str], words: str
) -> None:
    answer = await browser.post("/sign-up", {"name": "Ana", "email": "ana@example.com", "password": PASSWORD} | change)
    assert answer.status_code == 422
    assert words in answer.text
    assert PASSWORD not in answer.text, "a password is never sent back"
    assert "name" in change or 'value="Ana"' in answer.text
    assert await members() == []


async def test_an_address_is_taken_once_however_it_is_written(browser: Browser, ana: User) -> None:
    for email in ("ana@example.com", "ANA@EXAMPLE.COM", " Ana@Example.com "):
        answer = await browser.sign_up("Eve", email)
        assert answer.status_code == 422
        assert "has an account already" in answer.text
    assert len(await members()) == 1


async def test_one_address_ten_times_at_once_is_one_account(server: str, ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    async def quickly(password: str) -> str:
        return "a hash"

    monkeypatch.setattr("app.auth.passwords.hash_password", quickly)
    async with Browser(server) as browser:
        csrf = await browser.csrf()
        form = {"name": "Ben", "email": "ben@example.com", "password": PASSWORD, "csrf": csrf}
        sent = {"Cookie": f"browser={browser.cookies['browser']}"}

        async def sign_up() -> int:
            async with httpx.AsyncClient(base_url=server, headers=sent, trust_env=False) as client:
                return (await client.post("/sign-up", data=form)).status_code

        assert sorted(await asyncio.gather(*(sign_up() for _ in range(10)))) == [303] + [422] * 9
    assert len(await members()) == 2
