"""The Web API as the real client speaks to it: tokens, scopes, limits and faults."""

import asyncio
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from app.sandbox.faults import Faults, Kind
from tests.sandbox.running import Running, running_sandbox
from tests.waiting import until


async def error_of(call: Any) -> str:
    """What Slack says to a call that it refuses."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


async def test_a_good_token_is_told_whose_it_is(sandbox: Running) -> None:
    told = await sandbox.client.auth_test()
    assert (told["team_id"], told["user_id"]) == (sandbox.secrets.team_id, sandbox.secrets.bot_user)
    assert told["bot_id"] == sandbox.workspace.world.app.bot_id


async def test_bad_tokens_are_refused_each_for_its_reason(sandbox: Running) -> None:
    assert await error_of(AsyncWebClient(base_url=sandbox.api_url).auth_test()) == "not_authed"
    assert await error_of(sandbox.client_with("xoxb-unknown").auth_test()) == "invalid_auth"
    client = sandbox.client
    assert (await client.auth_revoke())["revoked"]
    assert await error_of(client.auth_test()) == "token_revoked"


async def test_a_missing_scope_is_named(sandbox: Running) -> None:
    token = sandbox.workspace.world.tokens[sandbox.secrets.bot_token]
    token.scopes = ["chat:write"]
    with pytest.raises(SlackApiError) as caught:
        await sandbox.client.users_list()
    assert caught.value.response.data == {
        "ok": False, "error": "missing_scope", "needed": "users:read", "provided": "chat:write",
    }  # fmt: skip


async def test_an_unknown_method_is_said_to_be_one(sandbox: Running) -> None:
    assert await error_of(sandbox.client.api_call("chat.shout")) == "unknown_method"


async def test_forms_and_json_are_understood_alike(sandbox: Running) -> None:
    given = {"channel": sandbox.place("ana").id, "text": "Hello", "blocks": '[{"type":"divider"}]'}
    by_form = await sandbox.client.api_call("chat.postMessage", data=given)
    by_json = await sandbox.client.api_call("chat.postMessage", json=given)
    assert by_form["message"]["blocks"][0]["type"] == by_json["message"]["blocks"][0]["type"] == "divider"


async def test_more_than_a_message_a_second_is_too_many() -> None:
    async with running_sandbox(rate=1.0, burst=2) as sandbox:
        ana, ben = sandbox.place("ana").id, sandbox.place("ben").id
        for text in ("one", "two"):
            await sandbox.client.chat_postMessage(channel=ana, text=text)
        with pytest.raises(SlackApiError) as caught:
            await sandbox.client.chat_postMessage(channel=ana, text="three")
        assert caught.value.response.status_code == 429
        assert caught.value.response.headers["Retry-After"] == "1"
        assert caught.value.response["error"] == "ratelimited"
        await sandbox.client.chat_postMessage(channel=ben, text="elsewhere")
        sandbox.workspace.clock.shift(1)
        await sandbox.client.chat_postMessage(channel=ana, text="three")


def texts(sandbox: Running) -> list[str]:
    return [one.text for one in sandbox.place("ana").said.values()]


@pytest.mark.parametrize(("kind", "status"), [(Kind.BUSY, 429), (Kind.DOWN, 500)])
async def test_a_fault_with_an_answer_does_nothing(sandbox: Running, kind: Kind, status: int) -> None:
    sandbox.workspace.faults = Faults(rate=1, kinds=[kind])
    with pytest.raises(SlackApiError) as caught:
        await sandbox.client.chat_postMessage(channel=sandbox.place("ana").id, text="Hello")
    assert caught.value.response.status_code == status
    assert not texts(sandbox)


@pytest.mark.parametrize(("kind", "stands"), [(Kind.SILENT, []), (Kind.LOST, ["Hello"]), (Kind.LATE, [])])
async def test_a_fault_without_an_answer_leaves_open_what_was_done(kind: Kind, stands: list[str]) -> None:
    async with running_sandbox(late_seconds=0.2) as sandbox:
        sandbox.workspace.faults = Faults(rate=1, kinds=[kind])
        with pytest.raises(aiohttp.ClientError):
            await sandbox.client.chat_postMessage(channel=sandbox.place("ana").id, text="Hello")
        assert texts(sandbox) == stands
        if kind == Kind.LATE:
            assert await until(lambda: texts(sandbox)) == ["Hello"]


async def test_faults_are_ordered_by_json_and_the_record_shows_what_came_of_them(sandbox: Running) -> None:
    async with aiohttp.ClientSession(sandbox.base_url) as session:
        ordered = {"rate": 1, "kinds": ["lost"], "methods": ["chat.postMessage"]}
        async with session.post("/sandbox/slack/faults", json=ordered) as answer:
            assert (await answer.json())["kinds"] == ["lost"]
        async with session.post("/sandbox/slack/faults", json={"kinds": ["rude"]}) as answer:
            assert answer.status == 422
        await sandbox.client.auth_test()
        meta = {"event_type": "note", "event_payload": {"id": "1"}}
        with pytest.raises(aiohttp.ClientError):
            await sandbox.client.chat_postMessage(channel=sandbox.place("ana").id, text="Hello", metadata=meta)
        async with session.get("/sandbox/slack/record") as answer:
            record = await answer.json()
    assert [one["outcome"] for one in record["calls"]["chat.postMessage"]] == ["lost", "ok"]
    assert record["messages"][0]["metadata"] == meta
    assert sandbox.secrets.bot_token not in str(record["calls"])


async def test_a_dead_slack_refuses_or_hangs(sandbox: Running) -> None:
    sandbox.workspace.faults = Faults(dead="refuses")
    with pytest.raises(aiohttp.ClientError):
        await sandbox.client.auth_test()
    sandbox.workspace.faults = Faults(dead="hangs")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(sandbox.client.auth_test(), 0.3)


@pytest.mark.parametrize(
    "headers", [{"X-Forwarded-For": "10.1.2.3"}, {"Host": "slack.example"}, {"Origin": "http://a.example"}]
)
async def test_what_does_not_come_from_this_machine_is_refused(sandbox: Running, headers: dict[str, str]) -> None:
    async with aiohttp.ClientSession() as session, session.post(f"{sandbox.api_url}auth.test", headers=headers) as answer:
        assert answer.status == 403
