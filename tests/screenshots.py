"""`python -m tests.screenshots`: takes README's pictures anew, of a real Parley whose model says what suits a picture."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Page, async_playwright

from tests import chromium, stub_llm
from tests.conftest import free_port
from tests.parley import home
from tests.stub_orders import Order

FOLDER = Path(__file__).resolve().parents[1] / ".github"
SIZE = {"width": 1120, "height": 760}
QUESTIONS = ("How do I take a PostgreSQL backup?", "Plan a small team's release day for me.")
ANSWER = """\
Here is a calm one. The gate in the middle is yours: **nothing ships before a person says so**.

| When | What | Who |
|---|---|---|
| 09:30 | Freeze, last look at open issues | Ben |
| 10:00 | Tests and a trial on the staging machine | Parley |
| 11:00 | Go or no-go | Ana |
| 11:15 | Ship, then watch the graphs for an hour | both |

If it goes wrong, one command takes you back:

```bash
git revert --no-edit v2.4.0 && make release
```

- [x] Release notes are drafted
- [ ] Tell the customers who waited for the export
"""


@asynccontextmanager
async def parley() -> AsyncIterator[str]:
    """A Parley of its own on a scratch data directory; its address."""
    stub_llm.order_of = lambda body: Order(say=ANSWER, rate=0)  # a directive would show in the picture
    with home() as scratch:
        async with stub_llm.StubLLM() as llm:
            environment = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")} | {
                "PARLEY_PORT": str(free_port()),
                "PARLEY_DATA_DIR": f"{scratch}/data",
                "PARLEY_LLM_PROVIDER": "openai-compatible",
                "PARLEY_LLM_BASE_URL": llm.base_url,
                "PARLEY_LLM_MODEL": "stub",
            }
            running = await asyncio.create_subprocess_exec(sys.executable, "-m", "app", "run", env=environment, stdout=PIPE)
            assert running.stdout is not None
            while b"Ctrl-C" not in await running.stdout.readline():
                assert running.returncode is None, "Parley did not start"
            yield f"http://127.0.0.1:{environment['PARLEY_PORT']}"
            running.terminate()
            await running.wait()


async def converse(page: Page, address: str) -> None:
    """Sign up and have the conversations that the pictures show."""
    await page.goto(f"{address}/sign-up")
    for name, value in {"name": "Ana Lindqvist", "email": "ana@example.com", "password": "a long one for a picture"}.items():
        await page.fill(f"[name={name}]", value)
    await page.click("main button:not([type=button])")
    for question in QUESTIONS:
        await page.goto(f"{address}/chat")
        await page.fill("#text", question)
        await page.press("#text", "Enter")
        await page.wait_for_selector("#log .message pre")
        await page.wait_for_selector("#log .open, #agent-status [data-busy]", state="detached")


async def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    async with parley() as address, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium.find(), args=["--no-sandbox"])
        page = await browser.new_page(viewport=SIZE)
        await converse(page, address)
        for theme in ("light", "dark"):
            await page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            await page.reload()
            await page.wait_for_timeout(1000)
            await page.screenshot(path=FOLDER / f"screenshot-{theme}.png")
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
