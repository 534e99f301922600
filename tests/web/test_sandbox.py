"""The way to the sandbox, while there is one."""

import pytest

from app.domain.user import User
from app.settings import settings
from tests.browsing import Browser


@pytest.mark.parametrize("path", ["/sandbox/slack", "/sandbox/mail"])
async def test_it_leads_there_only_while_the_sandbox_stands_in(
    server: str, ana: User, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    ours = settings()
    async with Browser(server) as browser:
        await browser.enter(ana)
        for api, sandbox, status in (
            ("https://slack.com/api/", True, 404), ("http://127.0.0.1:8010/api/", False, 404),
            ("http://127.0.0.1:8010/api/", True, 303),
        ):  # fmt: skip
            monkeypatch.setattr(ours, "slack_api_url", api)
            monkeypatch.setattr(ours, "sandbox", sandbox)
            answer = await browser.get(path)
            assert answer.status_code == status
    box = "?box=ana%40example.com" if path.endswith("mail") else ""
    assert answer.headers["location"] == f"http://127.0.0.1:8010{path}{box}"
