"""A workspace over a restart."""

import os
from pathlib import Path

from app.sandbox.slack import people
from app.sandbox.slack.keeping import FILE, secrets_in
from tests.sandbox.running import running_sandbox
from tests.sandbox.slack.test_web_api import error_of
from tests.waiting import until


async def test_a_restart_keeps_everything(tmp_path: Path) -> None:
    known = secrets_in(tmp_path)
    async with running_sandbox(folder=tmp_path) as first:
        assert first.secrets == known
        sent = await first.client.chat_postMessage(channel=first.place("ana").id, text="Keep this")
        await until(lambda: "Keep this" in (tmp_path / FILE).read_text())
    async with running_sandbox(folder=tmp_path) as second:
        assert second.secrets == known
        assert [one.text for one in second.place("ana").said.values()] == ["Keep this"]
        assert (await second.client.chat_postMessage(channel=second.place("ana").id, text="Later"))["ts"] > sent["ts"]
    assert "Later" in (tmp_path / FILE).read_text()
    assert sorted(os.listdir(tmp_path)) == ["mail.json", FILE]  # noqa: PTH208 - it is short


async def test_a_removed_app_has_no_way_in() -> None:
    async with running_sandbox() as sandbox:
        client = sandbox.client
        people.uninstall(sandbox.workspace)
        assert await error_of(client.auth_test()) == "account_inactive"
        assert not sandbox.secrets.bot_token
