"""Webhooks on the account page, without a script."""

import re

from app.database import sql
from app.domain.user import User
from app.domain.webhook_endpoint import WebhookEndpoint, WebhookEvent
from app.domain.webhook_event import TEST, put
from tests.browsing import Browser

URL = "https://example.com/hook"
BOTH = {"hook_url": URL, "hook_events": ["feedback.requested", "feedback.settled"]}


async def test_one_is_added_with_a_secret_that_is_shown_once_tested_and_removed(server: str, ana: User) -> None:
    async with Browser(server) as browser:
        await browser.enter(ana)
        page = (await browser.post("/account/webhooks", BOTH)).text
        (secret,) = re.findall(r"whsec_[\w+/=]+", page)
        shown = (await browser.get("/account")).text
        assert (f">{URL}</a>" in shown, secret in shown) == (True, False)
        (endpoint,) = await WebhookEndpoint.of(ana.id)
        assert (endpoint.url, endpoint.events, endpoint.secrets) == (URL, BOTH["hook_events"], [secret])
        tested = await browser.post(f"/account/webhooks/{endpoint.id}/test")
        assert tested.headers["location"] == "/account?done=hook-tested#webhooks"
        assert (await sql("SELECT count(*) FROM deliveries WHERE endpoint = $1", endpoint.id))[0][0] == 1
        await browser.post(f"/account/webhooks/{endpoint.id}/delete")
        assert f">{URL}</a>" not in (await browser.get("/account")).text
    details = [row["detail"] for row in await sql("SELECT detail FROM audit_entries WHERE action = 'channel-changed'")]
    assert details == ["Webhook, added", "Webhook, removed"]


async def test_one_that_fails_says_why_and_a_disabled_one_can_be_enabled(server: str, ana: User) -> None:
    endpoint, _ = await WebhookEndpoint.add(ana, URL, [])
    await sql("UPDATE webhook_endpoints SET status = 'disabled', last_error = 'HTTP 410 gone'")
    async with Browser(server) as browser:
        await browser.enter(ana)
        page = (await browser.get("/account")).text
        assert "HTTP 410 gone" in page
        assert "Disabled" in page
        assert (await browser.post(f"/account/webhooks/{endpoint.id}/test")).status_code == 409
        await browser.post(f"/account/webhooks/{endpoint.id}/state")
        assert (await browser.post(f"/account/webhooks/{endpoint.id}/test")).status_code == 303


async def test_its_page_tells_what_went_there_sends_it_again_and_gives_another_secret(
    server: str, ana: User, ben: User
) -> None:
    endpoint, old = await WebhookEndpoint.add(ana, URL, list(WebhookEvent))
    path = f"/account/webhooks/{endpoint.id}"
    sent = [(await put(endpoint, TEST)).id for _ in range(3)]
    await sql("UPDATE deliveries SET status = 'rejected', error = 'HTTP 422 <no>' WHERE id = $1", sent[0])
    await sql("UPDATE deliveries SET status = 'accepted' WHERE id = $1", sent[1])
    async with Browser(server) as browser, Browser(server) as bens:
        await browser.enter(ana)
        await bens.enter(ben)
        shown = (await browser.get(path)).text
        assert ("HTTP 422 &lt;no&gt;" in shown, shown.count("Send again<")) == (True, 2)
        one = await browser.post(f"{path}/replays", {"delivery": str(sent[0])})
        assert one.headers["location"] == f"{path}?replayed=1"
        assert "1 is sent again" in (await browser.get(one.headers["location"])).text
        rest = await browser.post(f"{path}/replays", {"hours": "24"})
        assert rest.headers["location"] == f"{path}?replayed=1"
        assert (await browser.post(f"{path}/replays", {"delivery": "x"})).status_code == 422
        (secret,) = re.findall(r"whsec_[\w+/=]+", (await browser.post(f"{path}/secret")).text)
        assert (await WebhookEndpoint.one(ana.id, endpoint.id)).secrets == [secret, old]
        assert secret not in (await browser.get(path)).text
        assert (await bens.get(path)).status_code == (await bens.post(f"{path}/secret")).status_code == 404


async def test_what_does_not_fit_is_told_at_its_field(server: str, ana: User) -> None:
    async with Browser(server) as browser:
        await browser.enter(ana)
        await browser.post("/account/webhooks", BOTH)
        for form, words in [
            ({**BOTH, "hook_url": ""}, "looks like https://"), (BOTH, "You have this endpoint already."),
            ({"hook_url": URL}, "Choose at least one."), ({**BOTH, "hook_url": "https://10.0.0.1/"}, "WEBHOOK_NETWORKS"),
        ]:  # fmt: skip
            answer = await browser.post("/account/webhooks", form)
            assert (answer.status_code, words in answer.text) == (422, True), form
    assert len(await WebhookEndpoint.of(ana.id)) == 1
