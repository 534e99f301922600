"""Whom a request comes from: the peer, or whom proxies that are trusted name (promises.md, security 14)."""

from ipaddress import ip_network
from typing import Any

import pytest

from app.peer import Peer, Peers, peer
from app.settings import settings

PROXIES = ("10.0.0.0/8", "fd00::/8", "127.0.0.1")


async def seen(client: tuple[str, int] | None, *forwarded: str, **more: str) -> Peer:
    """Who it is for the application behind."""
    found: list[Peer] = []

    async def app(*_: object) -> None:
        found.append(peer())

    headers = [(b"x-forwarded-for", line.encode("latin-1")) for line in forwarded]
    headers += [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in more.items()]
    scope: Any = {"type": "http", "client": client, "headers": headers}
    await Peers(app)(scope, None, None)  # type: ignore[arg-type]
    assert peer() == Peer(), "outside a request there is nobody"
    return found[0]


@pytest.mark.parametrize("header", ["x_forwarded_for", "forwarded", "x_real_ip", "x_client_ip", "cf_connecting_ip", "via"])
async def test_without_trusted_proxies_only_the_connection_counts(header: str) -> None:
    assert (await seen(("203.0.113.5", 1), **{header: "198.51.100.1"})).address == "203.0.113.5"
    assert (await seen(("127.0.0.1", 1), **{header: "198.51.100.1"})).address == "127.0.0.1"


@pytest.mark.parametrize(
    ("client", "forwarded", "address"),
    [
        ("203.0.113.5", ["198.51.100.1"], "203.0.113.5"),
        ("10.0.0.2", [], "10.0.0.2"),
        ("10.0.0.2", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.2", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.2", ["6.6.6.6", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.2", ["6.6.6.6, 198.51.100.1, 10.9.9.9"], "198.51.100.1"),
        ("10.0.0.2", ["10.1.1.1, 10.2.2.2"], "10.1.1.1"),
        ("10.0.0.2", ["198.51.100.1, unknown"], "10.0.0.2"),
        ("10.0.0.2", ["198.51.100.1, "], "10.0.0.2"),
        ("10.0.0.2", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.0.0.2", ["[2001:db8::1]:4711"], "2001:db8::1"),
        ("10.0.0.2", ["2001:DB8:0::1"], "2001:db8::1"),
        ("10.0.0.2", ["fe80::1%eth0"], "fe80::1"),
        ("10.0.0.2", ["é, <script>"], "10.0.0.2"),
        ("10.0.0.2", ["1" * 5000], "10.0.0.2"),
        ("::ffff:10.0.0.2", ["198.51.100.1"], "198.51.100.1"),
        ("fd00::2", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("127.0.0.2", ["198.51.100.1"], "127.0.0.2"),
    ],
)
async def test_each_trusted_proxy_is_believed_about_the_one_before_it(
    monkeypatch: pytest.MonkeyPatch, client: str, forwarded: list[str], address: str
) -> None:
    monkeypatch.setattr(settings(), "trusted_proxies", tuple(ip_network(one) for one in PROXIES))
    assert (await seen((client, 1), *forwarded)).address == address


async def test_nobody_behind_a_socket_without_addresses_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "trusted_proxies", (ip_network("0.0.0.0/0"),))
    assert (await seen(None, "198.51.100.1")).address == ""
    assert (await seen(("testclient", 1), "198.51.100.1")).address == "testclient"


async def test_a_device_is_what_it_calls_itself() -> None:
    assert (await seen(None, user_agent="curl/8.5")).device == "curl/8.5"
    assert (await seen(None)).device == ""
