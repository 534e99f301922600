"""Streams: they grow, and end by the app, by a person, by their length or by their time."""

from app.sandbox.slack import people
from app.sandbox.slack.streaming import end_overdue
from tests.sandbox.listening import App
from tests.sandbox.running import Running
from tests.sandbox.slack.test_web_api import error_of

OVER = "message_not_in_streaming_state"


async def begun(sandbox: Running) -> dict[str, str]:
    """A stream in ana's conversation, as what further calls need."""
    ana = sandbox.place("ana")
    head = people.write(sandbox.workspace, sandbox.secrets.people["ana"], ana, "Is it ready?")
    begun = await sandbox.client.chat_startStream(channel=ana.id, thread_ts=head.ts, markdown_text="**Yes")
    return {"channel": ana.id, "ts": begun["ts"]}


async def test_a_stream_grows_until_it_is_stopped(sandbox: Running) -> None:
    client, stream = sandbox.client, await begun(sandbox)
    await client.chat_appendStream(**stream, markdown_text=", it is**")
    assert await error_of(client.chat_update(**stream, text="x")) == "streaming_state_conflict"
    assert await error_of(client.chat_delete(**stream)) == "cant_delete_message"
    meta = {"event_type": "note", "event_payload": {}}
    done = await client.chat_stopStream(**stream, markdown_text=".", blocks=[{"type": "divider"}], metadata=meta)
    assert done["message"]["text"] == "**Yes, it is**."
    assert done["message"]["streaming_state"] == "completed"
    assert await error_of(client.chat_appendStream(**stream, markdown_text="x")) == OVER
    assert (await client.chat_update(**stream, text="Now it may be changed"))["ok"]


async def test_the_clients_own_streamer_works(sandbox: Running) -> None:
    ana = sandbox.place("ana")
    head = people.write(sandbox.workspace, sandbox.secrets.people["ana"], ana, "Is it ready?")
    stream = await sandbox.client.chat_stream(channel=ana.id, thread_ts=head.ts, buffer_size=4)
    await stream.append(markdown_text="hello ")
    await stream.append(markdown_text="world")
    assert (await stream.stop())["message"]["text"] == "hello world"


async def test_a_stream_ends_by_itself_after_five_minutes(app: App) -> None:
    sandbox = app.sandbox
    stream = await begun(sandbox)
    sandbox.workspace.clock.shift(301)
    end_overdue(sandbox.workspace)
    assert (await app.event("message_changed"))["message"]["streaming_state"] == "completed"
    assert await error_of(sandbox.client.chat_appendStream(**stream, markdown_text="x")) == OVER


async def test_a_stream_ends_at_twelve_thousand_characters(sandbox: Running) -> None:
    client, stream = sandbox.client, await begun(sandbox)
    await client.chat_appendStream(**stream, markdown_text="x" * 11_900)
    assert await error_of(client.chat_appendStream(**stream, markdown_text="x" * 200)) == "msg_too_long"
    assert await error_of(client.chat_stopStream(**stream)) == OVER


async def test_in_a_channel_a_stream_says_for_whom_it_is(sandbox: Running) -> None:
    general = sandbox.place()
    head = people.write(sandbox.workspace, sandbox.secrets.people["ana"], general, "Is it ready?")
    start = sandbox.client.chat_startStream
    assert await error_of(start(channel=general.id, thread_ts=head.ts)) == "missing_recipient_user_id"
    user, team = sandbox.secrets.people["ana"], sandbox.secrets.team_id
    begun = await start(channel=general.id, thread_ts=head.ts, recipient_user_id=user, recipient_team_id=team)
    assert await error_of(sandbox.client.chat_appendStream(channel=general.id, ts=begun["ts"])) == "no_text"
