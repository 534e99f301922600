"""Messages: posted, changed, taken back, found again."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from app.sandbox.slack import people
from tests.sandbox.running import Running
from tests.sandbox.slack.test_web_api import error_of

NOTE = {"event_type": "note", "event_payload": {"id": "7"}}


async def test_metadata_is_found_by_who_asks_for_it(sandbox: Running) -> None:
    ana = sandbox.place("ana").id
    sent = await sandbox.client.chat_postMessage(channel=ana, text="Hello", metadata=NOTE, unfurl_links=False)
    plain = await sandbox.client.conversations_history(channel=ana)
    assert "metadata" not in plain["messages"][0]
    whole = await sandbox.client.conversations_history(channel=ana, include_all_metadata=True)
    assert whole["messages"][0]["metadata"] == NOTE
    assert (whole["messages"][0]["ts"], whole["messages"][0]["bot_id"]) == (sent["ts"], sent["message"]["bot_id"])
    assert sandbox.place("ana").said[sent["ts"]].unfurl_links is False


async def test_history_is_read_in_pages(sandbox: Running) -> None:
    general = sandbox.place().id
    for number in range(5):
        await sandbox.client.chat_postMessage(channel=general, text=str(number))
    first = await sandbox.client.conversations_history(channel=general, limit=2)
    assert [one["text"] for one in first["messages"]] == ["4", "3"]
    oldest = first["messages"][1]["ts"]
    texts = [one["text"] async for page in first for one in page["messages"]]
    assert texts == ["4", "3", "2", "1", "0"]
    later = await sandbox.client.conversations_history(channel=general, oldest=oldest)
    assert [one["text"] for one in later["messages"]] == ["4"]
    assert await error_of(sandbox.client.conversations_history(channel=general, cursor="?")) == "invalid_cursor"


async def test_a_thread_holds_its_replies_apart(sandbox: Running) -> None:
    client, general = sandbox.client, sandbox.place().id
    head = (await client.chat_postMessage(channel=general, text="Head"))["ts"]
    reply = await client.chat_postMessage(channel=general, text="Reply", thread_ts=head, metadata=NOTE)
    assert [one["text"] for one in (await client.conversations_history(channel=general))["messages"]] == ["Head"]
    thread = await client.conversations_replies(channel=general, ts=head, include_all_metadata=True)
    assert [(one["text"], one.get("reply_count")) for one in thread["messages"]] == [("Head", 1), ("Reply", None)]
    assert thread["messages"][1]["metadata"] == NOTE
    assert thread["messages"][1]["parent_user_id"] == sandbox.secrets.bot_user
    link = await client.chat_getPermalink(channel=general, message_ts=reply["ts"])
    assert f"/archives/{general}/p{reply['ts'].replace('.', '')}?thread_ts={head}" in link["permalink"]
    await client.chat_delete(channel=general, ts=head)
    left = (await client.conversations_replies(channel=general, ts=head))["messages"]
    assert [one.get("subtype") for one in left] == ["tombstone", None]


async def test_an_update_keeps_what_it_does_not_name(sandbox: Running) -> None:
    client, ana = sandbox.client, sandbox.place("ana").id
    blocks = [{"type": "divider"}]
    ts = (await client.chat_postMessage(channel=ana, text="Old", blocks=blocks, metadata=NOTE))["ts"]
    changed = await client.chat_update(channel=ana, ts=ts, text="New")
    assert changed["text"] == changed["message"]["text"] == "New"
    assert changed["message"]["edited"]["user"] == sandbox.secrets.bot_user
    assert [one["type"] for one in changed["message"]["blocks"]] == ["divider"]
    emptied = await client.chat_update(channel=ana, ts=ts, text="New", blocks=[])
    assert "blocks" not in emptied["message"]
    assert sandbox.place("ana").said[ts].metadata == NOTE


async def test_only_its_own_messages_can_be_changed_or_taken_back(sandbox: Running) -> None:
    ana, client = sandbox.place("ana"), sandbox.client
    hers = people.write(sandbox.workspace, sandbox.secrets.people["ana"], ana, "Mine")
    assert await error_of(client.chat_update(channel=ana.id, ts=hers.ts, text="x")) == "cant_update_message"
    assert await error_of(client.chat_delete(channel=ana.id, ts=hers.ts)) == "cant_delete_message"
    assert await error_of(client.chat_update(channel=ana.id, ts="1.000000", text="x")) == "message_not_found"
    own = (await client.chat_postMessage(channel=ana.id, text="Ours"))["ts"]
    await client.chat_delete(channel=ana.id, ts=own)
    assert list(ana.said) == [hers.ts]


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"text": "x", "channel": "C0"}, "channel_not_found"),
        ({"text": "x", "markdown_text": "y"}, "markdown_text_conflict"),
        ({"markdown_text": "x" * 12_001}, "msg_too_long"),
        ({"text": "x", "blocks": "{"}, "invalid_blocks_format"),
        ({"text": "x", "metadata": {"event_type": "note"}}, "invalid_metadata_format"),
        ({"text": "x", "thread_ts": "1.000000"}, "cannot_reply_to_message"),
        ({"text": "x", "channel": ""}, "invalid_arguments"),
    ],
)
async def test_what_slack_would_not_take_is_refused(sandbox: Running, given: dict[str, Any], error: str) -> None:
    given = {"channel": sandbox.place().id} | given
    assert await error_of(sandbox.client.api_call("chat.postMessage", json=given)) == error


async def test_an_ephemeral_message_is_in_no_history(sandbox: Running) -> None:
    client, general, ana = sandbox.client, sandbox.place(), sandbox.secrets.people["ana"]
    ts = (await client.chat_postEphemeral(channel=general.id, user=ana, text="Only you"))["message_ts"]
    assert general.said[ts].only_for == ana
    assert not (await client.conversations_history(channel=general.id))["messages"]
    general.members.remove(ana)
    assert await error_of(client.chat_postEphemeral(channel=general.id, user=ana, text="x")) == "user_not_in_channel"


async def test_people_are_found_by_id_by_address_and_in_lists(sandbox: Running) -> None:
    client, carla = sandbox.client, sandbox.secrets.people["carla"]
    found = (await client.users_lookupByEmail(email="Carla@example.com"))["user"]
    assert (found["id"], found["is_email_confirmed"]) == (carla, False)
    assert (await client.users_info(user=carla))["user"]["profile"]["email"] == "carla@example.com"
    assert await error_of(client.users_lookupByEmail(email="nobody@example.com")) == "users_not_found"
    names = [one["name"] async for page in await client.users_list(limit=1) for one in page["members"]]
    assert names == ["ana", "ben", "carla", "parley"]


async def test_a_conversation_opens_the_same_each_time(sandbox: Running) -> None:
    client, ana = sandbox.client, sandbox.secrets.people["ana"]
    opened = [(await client.conversations_open(users=[ana]))["channel"]["id"] for _ in range(2)]
    assert opened == [sandbox.place("ana").id] * 2
    assert (await client.conversations_info(channel=opened[0]))["channel"]["user"] == ana
    assert (await client.chat_postMessage(channel=ana, text="By her id"))["channel"] == opened[0]
    assert await error_of(client.conversations_open(users=["U0"])) == "user_not_found"


async def test_reactions_status_and_title_are_kept(sandbox: Running) -> None:
    client, ana = sandbox.client, sandbox.place("ana")
    ts = (await client.chat_postMessage(channel=ana.id, text="Head"))["ts"]
    await client.reactions_add(channel=ana.id, name="eyes", timestamp=ts)
    assert await error_of(client.reactions_add(channel=ana.id, name="eyes", timestamp=ts)) == "already_reacted"
    await client.assistant_threads_setTitle(channel_id=ana.id, thread_ts=ts, title="Plans")
    await client.assistant_threads_setStatus(channel_id=ana.id, thread_ts=ts, status="is thinking...")
    assert (ana.titles[ts], ana.statuses[ts]) == ("Plans", "is thinking...")
    await client.chat_postMessage(channel=ana.id, text="Done", thread_ts=ts)
    assert not ana.statuses


async def test_a_refusal_of_blocks_says_where_they_are_wrong(sandbox: Running) -> None:
    with pytest.raises(SlackApiError) as caught:
        await sandbox.client.chat_postMessage(channel=sandbox.place().id, text="x", blocks=[{"type": "header"}])
    assert caught.value.response["error"] == "invalid_blocks"
    assert caught.value.response["errors"] == ["missing required field: text [json-pointer:/blocks/0]"]
