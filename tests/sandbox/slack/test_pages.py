"""The page as a browser without scripts uses it, and its stream."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from app.sandbox.faults import Kind
from app.sandbox.slack import people
from tests.sandbox.listening import App
from tests.sandbox.running import Running
from tests.sandbox.slack.test_interactions import ASKED, opened

BUTTONS = re.compile(r'name="click" value="([^"]*)"')


@asynccontextmanager
async def browser(sandbox: Running) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(sandbox.base_url) as session:
        yield session


async def seen(session: aiohttp.ClientSession, **look: str) -> str:
    """The page, which holds nothing that its policy forbids."""
    async with session.get("/sandbox/slack", params=look) as answer:
        html = await answer.text()
        assert answer.status == 200
        assert "style-src 'self'" in answer.headers["Content-Security-Policy"]
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=", html)
        return html


async def sent(session: aiohttp.ClientSession, what: str, **form: Any) -> int:
    async with session.post(f"/sandbox/slack/{what}", data=form, allow_redirects=False) as answer:
        return answer.status


async def test_a_person_writes_changes_and_takes_back(sandbox: Running) -> None:
    ana, general = sandbox.secrets.people["ana"], sandbox.place()
    look = {"as": ana, "in": general.id}
    async with browser(sandbox) as session:
        assert await sent(session, "messages", **look, text="Is *it* <ready>?") == 303
        said = next(iter(general.said.values()))
        assert "Is *it* &lt;ready&gt;?" in await seen(session, **look)
        assert await sent(session, "edits", **look, ts=said.ts, text="Now") == 303
        assert "(edited)" in await seen(session, **look)
        elsewhere = look | {"as": sandbox.secrets.people["ben"]}
        assert await sent(session, "deletions", **elsewhere, ts=said.ts) == 404
        assert await sent(session, "deletions", **look, ts=said.ts) == 303
    assert not general.said


async def test_a_reply_goes_into_its_thread(sandbox: Running) -> None:
    ana, general = sandbox.secrets.people["ana"], sandbox.place()
    head = people.write(sandbox.workspace, ana, general, "Head")
    look = {"as": ana, "in": general.id, "thread": head.ts}
    async with browser(sandbox) as session:
        await sent(session, "messages", **look, reply="1", text="Reply")
        html = await seen(session, **look)
        assert "1 reply" in html
        link = f"/archives/{general.id}/p{head.ts.replace('.', '')}"
        async with session.get(link, allow_redirects=False) as answer:
            assert answer.headers["Location"].endswith(f"#m-{head.ts}")
    assert [one.thread_ts for one in general.said.values()] == [head.ts, head.ts]


async def test_buttons_of_a_message_are_the_apps(app: App) -> None:
    sandbox, place = app.sandbox, app.sandbox.place("ana")
    ana = sandbox.secrets.people["ana"]
    ts = (await sandbox.client.chat_postMessage(channel=place.id, text="Well?", blocks=ASKED))["ts"]
    look = {"as": ana, "in": place.id}
    async with browser(sandbox) as session:
        names = BUTTONS.findall(await seen(session, **look))
        assert names == ["ask yes", "ask when"]
        await sent(session, "clicks", **look, ts=ts, click=names[1], **{"ask when": "now"})
        action = (await app.told("interactions"))["actions"][0]
        assert action["selected_option"]["value"] == "now"
        assert await sent(session, "clicks", **look, ts=ts, click="ask no") == 404


async def test_a_modal_is_filled_in_on_the_page(app: App) -> None:
    ana, view = await opened(app)
    look = {"as": ana, "in": app.sandbox.place("ana").id, "view": view.id}
    app.says = {"response_action": "errors", "errors": {"words": "Say more"}}
    async with browser(app.sandbox) as session:
        assert 'name="words why"' in await seen(session, **look)
        await sent(session, "submissions", **look, **{"words why": "So"})
        html = await seen(session, **look)
        assert "Say more" in html
        assert 'value="So"' in html
        await sent(session, "dismissals", **look)
        assert 'role="dialog"' not in await seen(session, **look)


async def test_words_with_a_slash_are_a_command(app: App) -> None:
    look = {"as": app.sandbox.secrets.people["ana"], "in": app.sandbox.place().id}
    async with browser(app.sandbox) as session:
        await sent(session, "messages", **look, text="/parley are you there?")
    form = await app.told("commands")
    assert (form["command"], form["text"]) == ("/parley", "are you there?")


async def test_the_stream_brings_what_changes(sandbox: Running) -> None:
    ana, general = sandbox.secrets.people["ana"], sandbox.place()
    async with browser(sandbox) as session:
        async with session.get("/sandbox/slack/stream", params={"as": ana, "in": general.id}) as stream:
            for _ in range(5):
                assert (await stream.content.readuntil(b"\n\n")).startswith(b"data: <hx-partial")
            people.write(sandbox.workspace, ana, general, "Live")
            async with asyncio.timeout(1):
                assert b"Live" in await stream.content.readuntil(b"\n\n")


async def test_home_trouble_and_removal(app: App) -> None:
    sandbox, ana = app.sandbox, app.sandbox.secrets.people["ana"]
    home = {"type": "home", "blocks": ASKED}
    await sandbox.client.views_publish(user_id=ana, view=home)
    look = {"as": ana, "in": "home"}
    async with browser(sandbox) as session:
        assert BUTTONS.findall(await seen(session, **look)) == ["ask yes", "ask when"]
        await app.event("app_home_opened")
        await sent(session, "trouble", **look, rate="0.5", kinds="lost", latency_seconds="0", dead="")
        assert (sandbox.workspace.faults.rate, sandbox.workspace.faults.kinds) == (0.5, [Kind.LOST])
        await sent(session, "uninstalls", **look)
        assert "is not installed" in await seen(session, **look)


async def test_what_others_see_is_theirs(sandbox: Running) -> None:
    ana, ben, general = sandbox.secrets.people["ana"], sandbox.secrets.people["ben"], sandbox.place()
    await sandbox.client.chat_postEphemeral(channel=general.id, user=ana, text="Only you")
    async with browser(sandbox) as session:
        assert "Only you" in await seen(session, **{"as": ana, "in": general.id})
        assert "Only you" not in await seen(session, **{"as": ben, "in": general.id})
        assert "has put nothing here" in await seen(session, **{"as": ben, "in": sandbox.place("ana").id})
