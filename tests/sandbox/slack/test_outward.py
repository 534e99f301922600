"""What the app is told: signed, again if it does not answer, and only what it may know."""

from app.sandbox.slack import people
from tests.sandbox.listening import App, listening
from tests.waiting import until


async def test_a_message_is_told_with_whom_and_where(app: App) -> None:
    sandbox, ana = app.sandbox, app.sandbox.secrets.people["ana"]
    said = people.write(sandbox.workspace, ana, sandbox.place("ana"), "Is <it> ready? https://a.example/x?y=1&z=2")
    event = await app.event("message")
    assert (event["user"], event["channel_type"], event["ts"]) == (ana, "im", said.ts)
    assert event["text"] == "Is &lt;it&gt; ready? <https://a.example/x?y=1&amp;z=2>"
    assert event["blocks"][0]["elements"][0]["elements"][0] == {"type": "text", "text": "Is <it> ready? "}
    whole = app.heard[0].payload
    assert (whole["type"], whole["team_id"], whole["api_app_id"]) == (
        "event_callback", sandbox.secrets.team_id, sandbox.secrets.app_id,
    )  # fmt: skip
    assert whole["event_id"].startswith("Ev")
    assert whole["authorizations"][0]["user_id"] == sandbox.secrets.bot_user


async def test_a_mention_is_told_besides_its_message(app: App) -> None:
    people.write(app.sandbox.workspace, app.sandbox.secrets.people["ana"], app.sandbox.place(), "@parley are you there?")
    mention = await app.event("app_mention")
    assert mention["text"] == f"<@{app.sandbox.secrets.bot_user}> are you there?"
    assert (await app.event("message"))["ts"] == mention["ts"]


async def test_changes_and_deletions_are_told(app: App) -> None:
    workspace, place = app.sandbox.workspace, app.sandbox.place("ana")
    said = people.write(workspace, app.sandbox.secrets.people["ana"], place, "Old")
    people.edit(workspace, place, said, "New")
    changed = await app.event("message_changed")
    assert (changed["message"]["text"], changed["previous_message"]["text"]) == ("New", "Old")
    people.take_back(workspace, place, said)
    deleted = await app.event("message_deleted")
    assert (deleted["deleted_ts"], deleted["previous_message"]["text"]) == (said.ts, "New")


async def test_its_own_words_come_back_marked_as_its_own(app: App) -> None:
    await app.sandbox.client.chat_postMessage(channel=app.sandbox.place().id, text="Ours")
    event = await app.event("message")
    assert (event["bot_id"], event["app_id"]) == (app.sandbox.workspace.world.app.bot_id, app.sandbox.secrets.app_id)


async def test_home_removal_and_revoked_tokens_are_told(app: App) -> None:
    workspace, ana = app.sandbox.workspace, app.sandbox.secrets.people["ana"]
    people.open_app(workspace, ana, "home")
    assert (await app.event("app_home_opened"))["tab"] == "home"
    people.uninstall(workspace)
    assert await app.event("app_uninstalled")
    assert (await app.event("tokens_revoked"))["tokens"]["bot"] == [app.sandbox.secrets.bot_user]
    people.write(workspace, ana, app.sandbox.place("ana"), "Hello?")
    assert not app.events("message")


async def test_without_the_scope_nothing_is_told(app: App) -> None:
    sandbox = app.sandbox
    sandbox.workspace.world.tokens[sandbox.secrets.bot_token].scopes = ["chat:write", "im:history"]
    people.write(sandbox.workspace, sandbox.secrets.people["ana"], sandbox.place(), "@parley hello")
    people.write(sandbox.workspace, sandbox.secrets.people["ana"], sandbox.place("ana"), "here")
    assert (await app.event("message"))["text"] == "here"
    assert len(app.heard) == 1


async def test_what_is_not_answered_well_is_told_again(app: App) -> None:
    app.answers = [500, 503]
    people.write(app.sandbox.workspace, app.sandbox.secrets.people["ana"], app.sandbox.place("ana"), "Hello")
    await until(lambda: len(app.heard) == 3)
    assert len({one.payload["event_id"] for one in app.heard}) == 1
    again = [(one.headers.get("X-Slack-Retry-Num"), one.headers.get("X-Slack-Retry-Reason")) for one in app.heard]
    assert again == [(None, None), ("1", "http_error"), ("2", "http_error")]


async def test_after_three_more_tries_it_is_over() -> None:
    async with listening(retry_scale=0) as app:
        app.answers = [500] * 9
        people.write(app.sandbox.workspace, app.sandbox.secrets.people["ana"], app.sandbox.place("ana"), "Hello")
        await until(lambda: len(app.sandbox.workspace.record.sent) == 4)
        assert [one.attempt for one in app.sandbox.workspace.record.sent] == [0, 1, 2, 3]


async def test_the_events_address_is_verified_by_its_challenge(app: App) -> None:
    assert await app.sandbox.workspace.outward.verify()
