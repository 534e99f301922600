"""The admin's pages of channels, requests, deliveries and the system; health and numbers."""

import re
from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest

from app import metrics
from app.auth.tokens import access_token
from app.clock import now, timedelta
from app.database import sql
from app.domain.channel import ChannelType, CommunicationChannel
from app.domain.channel_health import health_failed
from app.domain.measure import keep_notes
from app.domain.sign_in import SignIn
from app.domain.user import User
from app.domain.webhook_endpoint import WebhookEndpoint, WebhookEvent
from tests.browsing import Browser
from tests.channels.engine import Shall, ask, at_rest, reached_by, work_until
from tests.channels.fickle import Fickle
from tests.waiting import until


@pytest.fixture
async def admin(server: str, ana: User) -> AsyncIterator[Browser]:
    async with Browser(server) as browser:
        await browser.enter(ana)
        yield browser


async def text_of(browser: Browser, path: str) -> str:
    answer = await browser.get(path)
    assert answer.status_code == 200, answer.text
    return " ".join(re.sub(r"<[^>]*>", " ", answer.text.partition("<main")[2]).split())


async def trail() -> list[str]:
    rows = await sql("SELECT action, about_name, detail FROM audit_entries ORDER BY created_at, id")
    return [" ".join(filter(None, row)) for row in rows]


async def test_an_admin_sees_orders_switches_and_tests_anybodys_channels(admin: Browser, ana: User, ben: User) -> None:
    slack = Fickle()
    await reached_by(ben, slack=slack)
    channel = (await CommunicationChannel.of(ben.id))[0]
    assert "Ben" in await text_of(admin, "/admin/channels")
    assert "ana@example.com" not in await text_of(admin, "/admin/channels?q=ben@")
    answer = await admin.post(f"/admin/channels/{channel.id}/test", {"q": "b&n", "p": "1"})
    assert answer.headers["location"] == f"/admin/channels?q=b%26n&p=1#channel-{channel.id}"
    await work_until(at_rest)
    assert [letter.kind for letter in slack.copies.values()] == ["test"]
    assert "Slack answered" in await text_of(admin, "/admin/channels?q=ben")
    await admin.post(f"/admin/channels/{channel.id}/place", {"to": "down"})
    await admin.post(f"/admin/channels/{channel.id}/state", {"state": "off"})
    assert [one.type for one in await CommunicationChannel.of(ben.id)][:2] == ["web", "slack"]
    told = [entry for entry in await trail() if entry.startswith("channel-changed")]
    assert told == [f"channel-changed Ben Slack, {what}" for what in ("tested", "moved", "switched off")]


async def test_open_requests_stand_with_alarms_first_and_say_nothing_of_what_is_asked(admin: Browser, ben: User) -> None:
    await reached_by(ben, slack=Fickle(lambda: "no"))
    lost = await ask(ben)
    await work_until(at_rest)
    await sql("UPDATE communication_channels SET status = 'off' WHERE type = 'slack'")
    fine = await ask(ben)
    page = await text_of(admin, "/admin/requests")
    assert page.index(lost.code) < page.index(fine.code)
    assert "1 alarm" in page
    assert "No channel has taken it: slack rejected." in page
    assert Shall.question not in page
    await lost.respond(ben, True, ChannelType.WEB)
    assert lost.code not in await text_of(admin, "/admin/requests")


async def test_deliveries_are_filtered_looked_at_and_sent_anew(admin: Browser, ana: User, ben: User) -> None:
    moods = iter(["no"])
    slack = Fickle(lambda: next(moods, "well"))
    await reached_by(ben, slack=slack)
    await reached_by(ana, email=Fickle())
    await ask(ben)
    await ask(ana)
    await work_until(at_rest)
    everything = await text_of(admin, "/admin/deliveries")
    assert "Request to Ben Rejected" in everything
    assert "Request to Ana Accepted" in everything
    only = await text_of(admin, "/admin/deliveries?status=rejected&via=slack&q=BEN%40")
    assert "Request to Ben" in only
    assert "Request to Ana" not in only
    assert "Nothing of that kind" in await text_of(admin, "/admin/deliveries?status=rejected&via=email")
    delivery = (await sql("SELECT id FROM deliveries WHERE status = 'rejected'"))[0]["id"]
    one = await text_of(admin, f"/admin/deliveries/{delivery}")
    assert "Attempt 1: rejected no such place" in one
    assert Shall.question not in one
    everyone = [str(row["id"]) for row in await sql("SELECT id FROM deliveries")]
    answer = await admin.post(
        "/admin/deliveries/replay", {"delivery": everyone, "back": "/admin/deliveries?status=rejected"}
    )
    assert answer.headers["location"] == "/admin/deliveries?status=rejected&replayed=1"
    assert "1 is sent anew" in await text_of(admin, answer.headers["location"])
    await work_until(at_rest)
    assert len(slack.copies) == 1
    assert "Sent anew by an admin" in await text_of(admin, f"/admin/deliveries/{delivery}")
    assert "replayed 1 of 4" in await trail()
    odd = await admin.post("/admin/deliveries/replay", {"delivery": "x"})
    assert odd.status_code == 422
    assert (
        (await admin.post("/admin/deliveries/replay", {"back": "//evil.example"})).headers["location"].startswith("/admin/")
    )
    assert (await admin.get(f"/admin/deliveries/{UUID(int=7)}")).status_code == 404


async def test_what_goes_to_a_program_is_found_by_its_host_and_says_no_more_of_its_address(
    admin: Browser, ben: User
) -> None:
    endpoint, _ = await WebhookEndpoint.add(ben, "https://hooks.example.com/in?key=canary", list(WebhookEvent))
    await ask(ben)
    for _ in range(5):
        await health_failed(endpoint.way, "HTTP 500", 60, probing=False)
    for path in ("/admin/deliveries?via=webhook&q=hooks.example", "/admin/channels?q=nobody"):
        page = await text_of(admin, path)
        assert "hooks.example.com" in page
        assert not {"canary", str(endpoint.id)} & set(re.split(r"[^\w-]", page))
    assert "Event to Ben Due Webhook hooks.example.com · 0 attempts · next when its turn comes" in await text_of(
        admin, "/admin/deliveries?via=webhook"
    )
    assert "Webhook of Ben hooks.example.com Nothing gets through 5 failures in a row: HTTP 500." in await text_of(
        admin, "/admin/channels"
    )
    delivery = (await sql("SELECT id FROM deliveries WHERE kind = 'webhook'"))[0]["id"]
    assert "Webhook hooks.example.com" in await text_of(admin, f"/admin/deliveries/{delivery}")


async def test_long_lists_of_deliveries_are_paged_and_keep_the_filter(admin: Browser, ana: User) -> None:
    await reached_by(ana, slack=Fickle())
    await sql(
        """INSERT INTO deliveries (id, kind, via, line, channel, "user", status, due_at, created_at)
           SELECT gen_random_uuid(), 'notice', 'slack', '', c.id, c."user", 'dead', now(), now()
           FROM communication_channels c, generate_series(1, 60) WHERE c.type = 'slack'"""
    )
    pages = [(await admin.get(f"/admin/deliveries?status=dead&p={number}")).text for number in (1, 2, -5)]
    assert [page.count('name="delivery"') for page in pages] == [50, 10, 50]
    assert "/admin/deliveries?status=dead&amp;via=&amp;q=&amp;p=2" in pages[0]
    assert "Deliveries 60 dead" in await text_of(admin, "/admin/deliveries")


async def test_the_system_page_tells_how_it_is_and_lets_a_channel_fail(admin: Browser, ana: User) -> None:
    for kind, seconds in (("ack", [0.01, 0.02, 0.4]), ("first token", [0.3])):
        for one in seconds:
            metrics.note(kind, one)
    await keep_notes()
    await metrics.tell("web")
    html = (await admin.get("/admin/system")).text
    assert html.count("<polyline") == 6
    assert re.search(r"<dt>p50</dt><dd>\d+ ms</dd>", html)
    assert "style=" not in html
    page = await text_of(admin, "/admin/system")
    for words in ("PostgreSQL", "Valkey 9", "Python 3", "Turns 0 due", "open streams", "Nothing in the last six hours."):
        assert words in page
    answer = await admin.post("/admin/system/channels/slack", {"state": "on"})
    assert answer.headers["location"] == "/admin/system#failures"
    for path in ("/admin/system", "/admin/users", "/admin/deliveries"):
        assert "Failing on purpose: slack" in await text_of(admin, path)
    assert "Failing on purpose" not in (await admin.get("/account")).text
    await admin.post("/admin/system/channels/slack", {"state": "off"})
    assert "Failing on purpose:" not in await text_of(admin, "/admin/system")
    assert (await admin.post("/admin/system/channels/pigeon", {"state": "on"})).status_code == 404
    assert [entry for entry in await trail() if "failure" in entry] == [
        "failure-switched slack, on", "failure-switched slack, off"
    ]  # fmt: skip


async def test_health_tells_of_each_part_and_of_what_nobody_does(server: str, ana: User) -> None:
    parts = ("database", "valkey", "worker", "deliveries", "turns", "ladders", "arrivals")
    async with httpx.AsyncClient(base_url=server, trust_env=False) as client:
        told = (await client.get("/health/ready")).json()
        assert set(told) == {"status", *parts}
        assert {name: told[name] for name in parts} == dict.fromkeys(parts, "ok") | {"worker": "none is running"}
        assert told["status"] == "degraded", "there is no worker"
        await reached_by(ana, slack=Fickle())
        await ask(ana)
        await sql("UPDATE deliveries SET due_at = now() - interval '40 s'")
        answer = await client.get("/health/ready")
        assert answer.status_code == 200
        assert re.fullmatch(r"1 wait, the oldest for 4\d s", answer.json()["deliveries"])


async def test_with_a_worker_all_is_well(server: str, worker: object) -> None:
    async with httpx.AsyncClient(base_url=server, trust_env=False) as client:

        async def well() -> bool:
            return bool((await client.get("/health/ready")).json()["status"] == "ok")

        await until(well)


async def numbers(server: str, **headers: str) -> tuple[int, dict[str, float]]:
    async with httpx.AsyncClient(base_url=server, trust_env=False, headers=headers) as client:
        answer = await client.get("/metrics")
    lines = [line for line in answer.text.splitlines() if answer.status_code == 200 and not line.startswith("#")]
    return answer.status_code, {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


async def test_numbers_tell_what_is_asked_of_them(server: str, ana: User) -> None:
    metrics._counts.clear()
    await reached_by(ana, slack=Fickle())
    await ask(ana)
    await sql("INSERT INTO channel_health (key, probe_at, fails) VALUES ('email', now(), TRUE)")
    async with Browser(server) as browser:
        await browser.enter(ana)
        await browser.get("/channels")
        await work_until(at_rest)
        await metrics.tell("web")
        _, found = await numbers(server)
    assert found['parley_requests{status="open"}'] == 1
    assert found['parley_delivery_attempts_total{via="slack",outcome="accepted"}'] == 1
    assert found['parley_breaker_open{via="email"}'] == found['parley_fails_on_purpose{via="email"}'] == 1
    assert found['parley_due_rows{kind="deliveries"}'] == 0
    for name in ("parley_queue_depth", "parley_answers_under_way", "parley_open_streams", "parley_requests_with_alarm"):
        assert name in found
    histogram = 'parley_http_request_duration_seconds_bucket{method="GET",status="200",le='
    buckets = [found[f'{histogram}"{bound}"}}'] for bound in (*metrics.BOUNDS_SECONDS, "+Inf")]
    assert buckets == sorted(buckets)
    assert buckets[-1] == found['parley_http_request_duration_seconds_count{method="GET",status="200"}'] >= 1


async def test_numbers_are_for_this_machine_and_for_an_admins_token(server: str, ana: User, ben: User) -> None:
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Host"):
        assert (await numbers(server, **{header: "127.0.0.1"}))[0] == 401
    for user, status in ((ana, 200), (ben, 401)):
        sign_in = await SignIn.begin(user, "test")
        given = f"Bearer {access_token(user.id, sign_in.id)}"
        assert (await numbers(server, **{"X-Forwarded-For": "192.0.2.1", "Authorization": given}))[0] == status
    assert (await numbers(server, Authorization="Bearer x"))[0] == 401


async def test_old_measures_go_and_times_are_of_the_last_hours(ana: User) -> None:
    from app.domain.measure import forget_measures, slots

    await sql("TRUNCATE measures")
    metrics.take_notes()
    metrics.note("ack", 0.5)
    await keep_notes()
    await sql("UPDATE measures SET at = now() - interval '5 h'")
    (slot,) = await slots("ack", now() - timedelta(hours=6))
    assert (slot.count, slot.middles) == (1, (0.5, 0.5, 0.5))
    assert await slots("ack", now() - timedelta(hours=4)) == []
    await sql("UPDATE measures SET at = now() - interval '8 days'")
    await forget_measures()
    assert not await sql("SELECT FROM measures")
