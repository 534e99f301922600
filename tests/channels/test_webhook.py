"""A webhook is signed, goes only where it may, and what it is answered decides what becomes of it."""

import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web
from standardwebhooks import WebhookVerificationError

from app.channels.protocol import Letter, Rejected, Unavailable, Uncertain
from app.channels.webhook import Webhook
from app.clock import shift
from app.domain.delivery import DeliveryKind
from app.domain.errors import Unfit
from app.domain.user import User
from app.domain.webhook_address import fit_url
from app.domain.webhook_endpoint import WebhookEndpoint
from app.settings import settings
from tests.channels.receiver import Post, Receiver, receiving

SAID = {"type": "test", "data": {"words": "Grüße"}}


@pytest.fixture
async def receiver(db: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Receiver]:
    async with receiving(monkeypatch) as receiver:
        yield receiver


@pytest.fixture
async def sender() -> AsyncIterator[Webhook]:
    sender = Webhook()
    yield sender
    await sender.close()


async def letter_to(user: User, url: str) -> tuple[Letter, str]:
    endpoint, secret = await WebhookEndpoint.add(user, url, [])
    return Letter(uuid4(), DeliveryKind.WEBHOOK, "", payload=SAID, endpoint=endpoint.id), secret


async def test_the_specs_own_library_knows_it_for_ours_and_nothing_else(
    receiver: Receiver, sender: Webhook, ana: User
) -> None:
    letter, secret = await letter_to(ana, receiver.url)
    assert await sender.send(letter) == str(letter.id)
    (post,) = receiver.posts
    assert (post.id, post.headers["content-type"]) == (str(letter.id), "application/json")
    assert post.verified(secret) == SAID
    forged = Post(post.path, post.headers, post.body.replace(b"test", b"TEST"), post.request)
    with pytest.raises(WebhookVerificationError):
        forged.verified(secret)


async def test_a_new_secret_and_the_old_one_both_sign_for_a_day(receiver: Receiver, sender: Webhook, ana: User) -> None:
    letter, old = await letter_to(ana, receiver.url)
    (endpoint,) = await WebhookEndpoint.of(ana.id)
    new = await endpoint.renew_secret(by=ana)
    await sender.send(letter)
    assert receiver.posts[0].verified(old) == receiver.posts[0].verified(new) == SAID
    shift(timedelta(hours=25))
    await sender.send(letter)
    shift(timedelta())
    assert receiver.posts[1].verified(new) == SAID
    with pytest.raises(WebhookVerificationError):
        receiver.posts[1].verified(old)


@pytest.mark.parametrize(
    ("status", "ending", "gone"),
    [(200, None, False), (202, None, False), (299, None, False), (400, Rejected, False), (422, Rejected, False),
     (410, Rejected, True), (401, Unavailable, False), (404, Unavailable, False), (408, Unavailable, False),
     (425, Unavailable, False), (500, Unavailable, False), (504, Unavailable, False)],
)  # fmt: skip
async def test_the_answer_decides_what_becomes_of_it(
    receiver: Receiver, sender: Webhook, ana: User, status: int, ending: type[Exception] | None, gone: bool
) -> None:
    letter, _ = await letter_to(ana, receiver.url)
    receiver.answer = lambda post: web.Response(status=status, text="because\0 of\n that")
    if ending is None:
        return await _accepted(sender, letter)
    with pytest.raises(ending) as ended:
        await sender.send(letter)
    assert str(ended.value) == f"HTTP {status} because of that"
    assert getattr(ended.value, "gone", False) == gone


async def _accepted(sender: Webhook, letter: Letter) -> None:
    assert await sender.send(letter) == str(letter.id)


@pytest.mark.parametrize(("after", "seconds"), [("7", 7.0), ("999999", 3600.0), ("soon", None), ("", None)])
async def test_who_is_busy_says_when_to_come_back(
    receiver: Receiver, sender: Webhook, ana: User, after: str, seconds: float | None
) -> None:
    letter, _ = await letter_to(ana, receiver.url)
    receiver.answer = lambda post: web.Response(status=429, headers={"Retry-After": after})
    with pytest.raises(Unavailable) as busy:
        await sender.send(letter)
    assert busy.value.retry_after_seconds == seconds


async def test_a_redirect_is_not_followed_and_a_cookie_not_kept(receiver: Receiver, sender: Webhook, ana: User) -> None:
    letter, _ = await letter_to(ana, receiver.url)
    receiver.answer = lambda post: web.Response(
        status=302, headers={"Location": receiver.url + "/elsewhere", "Set-Cookie": "a=b"}
    )
    for _ in range(2):
        with pytest.raises(Unavailable):
            await sender.send(letter)
    assert [post.path for post in receiver.posts] == ["/hook", "/hook"]
    assert not any("cookie" in post.headers for post in receiver.posts)


async def test_an_answer_without_an_end_is_read_for_four_kilobytes(receiver: Receiver, sender: Webhook, ana: User) -> None:
    written = 0

    async def endless(post: Post) -> web.StreamResponse:
        nonlocal written
        answer = web.StreamResponse(status=500, headers={"Content-Length": str(10**9)})
        await answer.prepare(post.request)
        while True:
            await answer.write(b"x" * 4096)
            written += 4096

    receiver.answer = endless
    letter, _ = await letter_to(ana, receiver.url)
    with pytest.raises(Unavailable) as ended:
        await sender.send(letter)
    assert len(str(ended.value)) < 600
    assert written < 10**8


async def test_where_no_answer_was_heard_it_may_have_arrived(receiver: Receiver, sender: Webhook, ana: User) -> None:
    letter, _ = await letter_to(ana, receiver.url)

    async def cut(post: Post) -> web.StreamResponse:
        assert post.request.transport
        post.request.transport.abort()
        return web.Response()

    receiver.answer = cut
    with pytest.raises(Uncertain):
        await sender.send(letter)
    assert await sender.find(letter) == [], "nobody can be asked: it is sent again under the same id"
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nowhere, _ = await letter_to(ana, f"http://127.0.0.1:{closed.getsockname()[1]}/")
        with pytest.raises(Unavailable):
            await sender.send(nowhere)


def resolve(monkeypatch: pytest.MonkeyPatch, name: str, address: str) -> None:
    """Let a name lead to an address from now on."""
    six, real = ":" in address, socket.getaddrinfo
    family, place = (socket.AF_INET6, (address, 443, 0, 0)) if six else (socket.AF_INET, (address, 443))

    def found(host: Any, *more: Any, **named: Any) -> Any:
        return [(family, socket.SOCK_STREAM, 6, "", place)] if host == name else real(host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", found)


PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "::1", "::", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:80ff:fffe", "ff02::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_name_that_leads_into_a_private_network_is_not_followed(
    sender: Webhook, ana: User, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """Whatever it led to when the endpoint was made: it is the address that is connected to which is looked at."""
    letter, _ = await letter_to(ana, "https://rebound.example/hook")
    resolve(monkeypatch, "rebound.example", address)
    with pytest.raises(Rejected, match="must not go"):
        await sender.send(letter)
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(Unfit):
        fit_url(f"https://{host}/hook")


@pytest.mark.parametrize(
    "url",
    ["http://example.com/", "ftp://example.com/", "https://", "https://a:b@example.com/", "https://localhost/",
     "https://x.localhost/", "https://example.com:99999/", "https://exa mple.com/", "https://example.com/#x", "example.com",
     "https://ex\nample.com", "https://[::1/", "https://" + "x" * 3000, "https://ex\u00e4mple.com/"],
)  # fmt: skip
def test_addresses_that_can_not_be_are_refused(url: str) -> None:
    with pytest.raises(Unfit):
        fit_url(url)
    assert fit_url("https://example.com:8443/hook?key=1")


async def test_plain_http_goes_into_the_named_networks_and_nowhere_else(
    receiver: Receiver, sender: Webhook, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter, _ = await letter_to(ana, receiver.url)
    outside, _ = await letter_to(ana, "http://public.example/hook")
    resolve(monkeypatch, "public.example", "1.1.1.1")
    assert await sender.send(letter)
    with pytest.raises(Rejected, match="must not go"):
        await sender.send(outside)
    monkeypatch.setattr(settings(), "webhook_networks", ())
    with pytest.raises(Rejected, match="must not go"):
        await sender.send(letter)
