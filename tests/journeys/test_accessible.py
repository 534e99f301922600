"""axe finds nothing on any page, wide or narrow, light or dark; and the keyboard reaches everything."""

from playwright.async_api import expect

from tests.journeys.answers import in_the_middle
from tests.journeys.arrivals import Arrivals
from tests.journeys.axe import violations
from tests.journeys.device import Device
from tests.stub_llm import StubLLM

MARKDOWN = """[[rate=0]][[say=## A plan

Some *plain* words with **weight**, `code` and [a link](https://example.org/).

- [x] done
- [ ] to do

| name | size |
|---|---:|
| ana | 1 |

> somebody said so

```python
def add(a: int, b: int) -> int:
    # a comment
    return a + b if a else "text that is long enough to scroll in its own box, which needs a keyboard to be reached"
```
]]"""


async def finds_nothing(device: Device) -> None:
    found = await violations(device.page)
    assert not found, "\n".join(found)


async def test_pages_for_strangers(arrive: Arrivals) -> None:
    device = await arrive("")
    device.expects("422", "404")
    await device.open("/sign-up")
    await finds_nothing(device)
    await device.page.fill("[name=email]", "no address")
    await device.page.click("main form button")
    await expect(device.page.locator(".error")).to_have_count(3)
    await expect(device.page.locator("[name=name]")).to_be_focused()
    await finds_nothing(device)
    await device.open("/sign-in")
    await finds_nothing(device)
    device.email = "nobody@example.com"
    await device.sign_in()
    await expect(device.page.get_by_role("alert")).to_be_visible()
    await finds_nothing(device)
    await device.open("/nothing-here")
    await expect(device.page.locator("h1")).to_have_text("Nothing is here")
    await finds_nothing(device)


async def test_the_empty_chat_its_keys_and_its_palette(arrive: Arrivals) -> None:
    device = await arrive()
    await device.open()
    await finds_nothing(device)
    await device.page.locator("h1").click()
    await device.page.keyboard.press("?")
    await expect(device.page.locator("#keys h2")).to_be_visible()
    await finds_nothing(device)
    await device.page.keyboard.press("Escape")
    await device.page.keyboard.press("Control+k")
    await expect(device.page.locator("#palette input")).to_be_focused()
    await finds_nothing(device)


async def test_an_answer_with_everything_that_markdown_has(arrive: Arrivals) -> None:
    device = await arrive()
    await device.open_chat(MARKDOWN)
    await expect(device.answer).to_have_attribute("data-status", "complete")
    await finds_nothing(device)


async def test_a_long_title_makes_nothing_wider(arrive: Arrivals) -> None:
    device = await arrive()
    await device.open_chat("Unternehmensübernahmegenehmigungsverfahren, Aktenzeichen 0815 of the year [[say=yes]]")
    await expect(device.answer).to_have_attribute("data-status", "complete")
    await finds_nothing(device)


async def test_words_that_wait_and_words_that_could_not_be_sent(arrive: Arrivals, stub: StubLLM) -> None:
    device = await arrive()
    await in_the_middle(device, stub)
    await device.say("Later")
    await expect(device.said("Later")).to_contain_text("Waits for its turn")
    await device.answer_instead("/messages$", 503)
    await device.say("Never")
    await expect(device.said("Never")).to_contain_text("Not sent.")
    await finds_nothing(device)
    await device.page.locator("details.edit summary").click()
    await expect(device.page.locator("details.edit textarea")).to_be_visible()
    await finds_nothing(device)


async def test_a_model_that_is_away_and_one_that_refused(arrive: Arrivals, stub: StubLLM) -> None:
    device = await arrive()
    stub.away = True
    await device.open_chat("Anybody there?")
    await expect(device.page.locator("#agent-status")).to_contain_text("Trying again at")
    await finds_nothing(device)
    stub.away = False
    await device.say("[[fail=400]]")
    await expect(device.answer).to_have_attribute("data-status", "failed")
    await finds_nothing(device)


async def test_the_keyboard_alone_goes_everywhere(arrive: Arrivals) -> None:
    device = await arrive()
    page = device.page
    path = await device.open_chat("[[say=Hello]] lunch ideas")
    await device.open()
    await page.keyboard.press("Control+k")
    await page.keyboard.type("lunch")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{device.url}{path}")
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip-link")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()
    await page.keyboard.press("/")
    await expect(device.composer).to_be_focused()
    await page.keyboard.press("?")
    await expect(device.composer).to_have_value("?")
    await expect(page.locator("#keys")).to_be_hidden()
