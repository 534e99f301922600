"""Clicks, modals and commands, and what the app's answers do."""

from typing import Any

import pytest
from slack_sdk.webhook.async_client import AsyncWebhookClient

from app.sandbox.slack.interactions import TROUBLE, click_in_message, click_in_view, command, dismiss, submit
from app.sandbox.slack.viewing import shown
from app.sandbox.slack.world import Place, Said, View
from tests.sandbox.listening import App
from tests.sandbox.slack.test_web_api import error_of

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


SELECT = {"type": "static_select", "action_id": "when", "options": [{"text": plain("Now"), "value": "now"}]}
ASKED = [
    {"type": "actions", "block_id": "ask", "elements": [
        {"type": "button", "action_id": "yes", "value": "7", "text": plain("Yes"), "style": "primary"}, SELECT]},
]  # fmt: skip
WORDS = {"type": "input", "block_id": "words", "label": plain("Why?"),
         "element": {"type": "plain_text_input", "action_id": "why"}}  # fmt: skip
MODAL = {"type": "modal", "callback_id": "reason", "title": plain("Why?"), "submit": plain("Send"), "blocks": [WORDS],
         "private_metadata": "r7", "notify_on_close": True}  # fmt: skip


async def asked(app: App) -> tuple[str, Place, Said]:
    """ana, and a message to her with buttons."""
    place = app.sandbox.place("ana")
    ts = (await app.sandbox.client.chat_postMessage(channel=place.id, text="Well?", blocks=ASKED))["ts"]
    return app.sandbox.secrets.people["ana"], place, place.said[ts]


async def clicked(app: App) -> Json:
    ana, place, said = await asked(app)
    await click_in_message(app.sandbox.workspace, ana, place, said, "ask yes", {"ask when": ["now"]})
    return await app.told("interactions")


async def test_a_click_says_who_what_and_where(app: App) -> None:
    payload = await clicked(app)
    assert payload["type"] == "block_actions"
    assert payload["user"]["id"] == app.sandbox.secrets.people["ana"]
    action = payload["actions"][0]
    assert (action["action_id"], action["block_id"], action["value"], action["type"]) == ("yes", "ask", "7", "button")
    assert payload["message"]["text"] == "Well?"
    assert payload["container"]["message_ts"] == payload["message"]["ts"]
    assert payload["state"]["values"]["ask"]["when"]["selected_option"]["value"] == "now"
    with pytest.raises(LookupError):
        await click_in_message(app.sandbox.workspace, "U1", *(await asked(app))[1:], "ask no", {})


async def test_a_response_url_changes_the_message_or_answers_it_five_times(app: App) -> None:
    payload = await clicked(app)
    webhook, place = AsyncWebhookClient(payload["response_url"]), app.sandbox.place("ana")
    assert (await webhook.send(text="Yes it is", replace_original=True)).status_code == 200
    assert place.said[payload["message"]["ts"]].text == "Yes it is"
    await webhook.send(text="Only you")
    assert list(place.said.values())[-1].only_for == payload["user"]["id"]
    await webhook.send(text="All of you", response_type="in_channel")
    assert list(place.said.values())[-1].subtype == "bot_message"
    await webhook.send(delete_original=True)
    assert payload["message"]["ts"] not in place.said
    await webhook.send(text="Five")
    assert (await webhook.send(text="Six")).status_code == 404


async def test_a_modal_opens_by_a_fresh_trigger_once(app: App) -> None:
    client, trigger = app.sandbox.client, (await clicked(app))["trigger_id"]
    view = (await client.views_open(trigger_id=trigger, view=MODAL))["view"]
    assert (view["private_metadata"], view["root_view_id"]) == ("r7", view["id"])
    assert await error_of(client.views_open(trigger_id=trigger, view=MODAL)) == "exchanged_trigger_id"
    assert await error_of(client.views_open(trigger_id="1.2.3", view=MODAL)) == "invalid_trigger_id"
    assert await error_of(client.views_update(view_id=view["id"], view=MODAL, hash="old")) == "hash_conflict"
    assert (await client.views_update(view_id=view["id"], view=MODAL, hash=view["hash"]))["view"]["id"] == view["id"]


async def test_a_trigger_lasts_three_seconds(app: App) -> None:
    trigger = (await clicked(app))["trigger_id"]
    app.sandbox.workspace.clock.shift(3.1)
    assert await error_of(app.sandbox.client.views_open(trigger_id=trigger, view=MODAL)) == "expired_trigger_id"


async def opened(app: App) -> tuple[str, View]:
    """A modal that ana has before her."""
    await app.sandbox.client.views_open(trigger_id=(await clicked(app))["trigger_id"], view=MODAL)
    ana = app.sandbox.secrets.people["ana"]
    view = shown(app.sandbox.workspace, ana)
    assert view
    return ana, view


async def test_a_modal_is_sent_filled_in_and_closes(app: App) -> None:
    ana, view = await opened(app)
    await submit(app.sandbox.workspace, ana, view, {"words why": [""]})
    assert list(view.errors) == ["words"]
    await submit(app.sandbox.workspace, ana, view, {"words why": ["So"]})
    payload = await app.told("interactions", 2)
    assert payload["type"] == "view_submission"
    assert payload["view"]["state"]["values"]["words"]["why"] == {"type": "plain_text_input", "value": "So"}
    assert shown(app.sandbox.workspace, ana) is None


async def test_the_apps_answer_may_keep_change_or_clear_a_modal(app: App) -> None:
    ana, view = await opened(app)
    workspace, form = app.sandbox.workspace, {"words why": ["So"]}
    app.says = {"response_action": "errors", "errors": {"words": "Too short"}}
    await submit(workspace, ana, view, form)
    assert view.errors == {"words": "Too short"}
    app.says = {"response_action": "update", "view": MODAL | {"title": plain("Thanks")}}
    await submit(workspace, ana, view, form)
    assert (view.content["title"]["text"], view.errors) == ("Thanks", {})
    app.says = {"response_action": "push", "view": MODAL}
    await submit(workspace, ana, view, form)
    top = shown(workspace, ana)
    assert top
    assert top.stack == [view.id]
    app.says = {"response_action": "clear"}
    await submit(workspace, ana, top, form)
    assert not workspace.world.views


async def test_a_modal_that_is_closed_is_told_if_it_wants_to(app: App) -> None:
    ana, view = await opened(app)
    await dismiss(app.sandbox.workspace, ana, view)
    assert (await app.told("interactions", 2))["type"] == "view_closed"
    assert shown(app.sandbox.workspace, ana) is None


async def test_a_home_tab_is_published_and_clicked_in(app: App) -> None:
    ana, client = app.sandbox.secrets.people["ana"], app.sandbox.client
    home = {"type": "home", "blocks": ASKED}
    first = (await client.views_publish(user_id=ana, view=home))["view"]
    assert (await client.views_publish(user_id=ana, view=home))["view"]["id"] == first["id"]
    assert await error_of(client.views_publish(user_id=ana, view=MODAL)) == "invalid_arguments"
    await click_in_view(app.sandbox.workspace, ana, app.sandbox.workspace.world.homes[ana], "ask yes", {})
    payload = await app.told("interactions")
    assert (payload["container"], payload["view"]["type"]) == ({"type": "view", "view_id": first["id"]}, "home")


async def test_a_command_is_answered_to_who_gave_it(app: App) -> None:
    ana, place = app.sandbox.secrets.people["ana"], app.sandbox.place()
    app.says = {"text": "Here I am"}
    await command(app.sandbox.workspace, ana, place, "/parley", "are you there?")
    form = await app.told("commands")
    assert (form["command"], form["text"], form["user_id"]) == ("/parley", "are you there?", ana)
    assert form["channel_id"] == place.id
    assert [(one.text, one.only_for) for one in place.said.values()] == [("Here I am", ana)]


async def test_an_app_that_fails_is_said_to(app: App) -> None:
    ana, place, said = await asked(app)
    app.answers = [500] * 20  # events are told of, too
    notes = app.sandbox.workspace.world.notes
    await click_in_message(app.sandbox.workspace, ana, place, said, "ask yes", {})
    assert notes[ana] == TROUBLE
    await command(app.sandbox.workspace, ana, place, "/parley", "")
    assert notes[ana] == '/parley failed with the error "dispatch_failed"'
