"""Writing: keys, what is on its way, what failed, what waits."""

import asyncio
import re

from playwright.async_api import Route, expect

from tests.journeys.answers import in_the_middle, words
from tests.journeys.arrivals import Arrivals
from tests.journeys.device import Device
from tests.stub_llm import StubLLM

PHONE = {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True}
POSTS = re.compile("/messages$")


async def test_enter_sends_and_shift_enter_breaks_the_line(arrive: Arrivals) -> None:
    device = await arrive()
    await device.open_chat("[[say=Hello]]")
    keyboard = device.page.keyboard
    await device.composer.press("Enter")
    await device.composer.press("Space")
    await device.composer.press("Enter")
    await expect(device.messages).to_have_count(2)
    await device.composer.fill("")
    await keyboard.type("[[say=Two lines]] one")
    await keyboard.press("Shift+Enter")
    await keyboard.type("two")
    await keyboard.press("Enter")
    await device.is_answered("Two lines")
    said = await device.said("Two lines").locator(".words").evaluate("one => one.textContent")
    assert said == "[[say=Two lines]] one\ntwo"
    await expect(device.composer).to_have_value("")
    await expect(device.composer).to_be_focused()


async def test_enter_chooses_a_word_while_an_input_method_composes(arrive: Arrivals) -> None:
    device = await arrive()
    await device.open_chat("[[say=Hello]]")
    await device.composer.focus()
    keys = await device.context.new_cdp_session(device.page)
    await keys.send("Input.imeSetComposition", {"text": "にほん", "selectionStart": 3, "selectionEnd": 3})
    await keys.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", "key": "Enter", "windowsVirtualKeyCode": 13})
    await keys.send("Input.insertText", {"text": "日本"})
    await expect(device.composer).to_have_value("日本")
    await device.page.keyboard.press("Enter")
    await expect(device.said("日本")).to_be_visible()
    await expect(device.messages).to_have_count(4)


async def test_a_new_conversation_can_be_written_at_once(arrive: Arrivals) -> None:
    device = await arrive()
    await device.open()
    await expect(device.composer).to_be_focused()


async def test_on_a_phone_enter_breaks_the_line_and_nothing_takes_the_focus(arrive: Arrivals) -> None:
    device = await arrive(**PHONE)
    await device.open()
    await expect(device.page.locator(".welcome")).to_be_visible()
    await expect(device.composer).not_to_be_focused()
    await device.open_chat("[[say=Hello]]")
    await expect(device.composer).not_to_be_focused()
    await device.composer.tap()
    await device.page.keyboard.type("[[say=By thumb]]")
    await device.page.keyboard.press("Enter")
    await expect(device.composer).to_have_value("[[say=By thumb]]\n")
    await device.page.get_by_role("button", name="Send").tap()
    await device.is_answered("By thumb")


async def test_what_is_sent_stands_there_at_once_and_only_once(arrive: Arrivals) -> None:
    """The stream brings it before the reply does."""
    device = await arrive()
    await device.open_chat("[[say=Hello]]")
    let_through = asyncio.Event()

    async def hold(route: Route) -> None:
        answer = await route.fetch()
        await let_through.wait()
        await route.fulfill(response=answer)

    async def wait(route: Route) -> None:
        await let_through.wait()
        await hold(route)

    await device.page.route(POSTS, wait)
    await device.say("[[say=Hello again]]")
    await expect(device.said("Hello again")).to_have_attribute("data-status", "sending")
    let_through.set()
    await device.is_answered("Hello again")
    await device.page.unroute(POSTS)

    let_through.clear()
    await device.page.route(POSTS, hold)
    await device.say("[[say=Stream first]]")
    await device.is_answered("Stream first")
    await expect(device.said("Stream first")).to_have_count(1)
    async with device.page.expect_response(POSTS):
        let_through.set()
    await device.is_answered("Stream first")
    await expect(device.said("Stream first")).to_have_count(1)


async def test_a_reply_before_the_stream_is_not_doubled_by_it(arrive: Arrivals) -> None:
    device = await arrive()
    await device.open_chat("[[say=Hello]]")
    await device.is_answered("Hello")
    await device.hide()
    async with device.page.expect_response(POSTS):
        await device.say("[[say=Reply first]]")
    await expect(device.said("Reply first")).to_have_attribute("data-seq", "3")
    await device.hide(False)
    await device.is_answered("Reply first")
    await expect(device.messages).to_have_count(4)


async def test_words_that_could_not_be_sent_stay_with_retry(arrive: Arrivals) -> None:
    device = await arrive()
    await device.open_chat("[[say=Hello]]")
    await device.answer_instead("/messages$", 503, '<div role="alert">The database is away.</div>')
    await device.say("[[say=At last]]")
    bubble = device.said("At last")
    await expect(bubble).to_contain_text("The database is away.")
    await device.page.reload()
    await expect(bubble).to_contain_text("The database is away.")  # tried again by itself once the stream was there
    await expect(bubble.get_by_role("button", name="Retry")).to_be_visible()

    await device.page.unroute_all()
    device.expects("Failed to fetch", "ERR_FAILED", "net::")
    await device.page.route(POSTS, lambda route: route.abort())
    await bubble.get_by_role("button", name="Retry").click()
    await expect(bubble).to_contain_text("Not sent.")
    await device.page.unroute_all()
    await bubble.get_by_role("button", name="Retry").click()
    await device.is_answered("At last")
    await expect(device.messages).to_have_count(4)
    await device.page.reload()
    await expect(device.messages).to_have_count(4)


async def test_words_refused_can_be_discarded(arrive: Arrivals) -> None:
    device = await arrive()
    await device.open_chat("[[say=Hello]]")
    await device.answer_instead("/messages$", 422)
    await device.say("No good")
    await device.said("No good").get_by_role("button", name="Discard").click()
    await expect(device.said("No good")).to_have_count(0)
    await device.page.reload()
    await expect(device.messages).to_have_count(2)


async def test_a_draft_survives_reload_and_signing_out(arrive: Arrivals) -> None:
    device = await arrive()
    path = await device.open_chat("[[say=Hello]]")
    await device.composer.fill("half a thought")
    await device.page.reload()
    await expect(device.composer).to_have_value("half a thought")
    await device.page.get_by_role("button", name="Sign out").click()
    await expect(device.page).to_have_url(f"{device.url}/sign-in")
    await device.sign_in()
    await expect(device.page).to_have_url(f"{device.url}/chat")
    await expect(device.composer).to_have_value("")
    await device.open(path)
    await expect(device.composer).to_have_value("half a thought")


async def test_up_arrow_in_an_empty_composer_brings_the_last_words_back(arrive: Arrivals) -> None:
    device = await arrive()
    await device.open_chat("[[say=Hello]] once")
    await device.is_answered("Hello")
    await device.composer.press("ArrowUp")
    await expect(device.composer).to_have_value("[[say=Hello]] once")
    await device.composer.fill("words of another kind")
    await device.composer.press("ArrowUp")
    await expect(device.composer).to_have_value("words of another kind")

    await device.answer_instead("/messages$", 503)
    await device.composer.press("Enter")
    await expect(device.said("another kind")).to_contain_text("Not sent.")
    await device.composer.press("ArrowUp")
    await expect(device.composer).to_have_value("words of another kind")
    await expect(device.said("another kind")).to_have_count(0)


async def test_what_waits_can_be_edited_deleted_and_sent_now(arrive: Arrivals, stub: StubLLM) -> None:
    device = await arrive()
    await in_the_middle(device, stub)
    waiting = device.page.locator("[data-waiting]")
    await device.say("[[say=First]] waiting")
    await device.say("[[say=Second]] waiting")
    await expect(waiting).to_have_count(2)
    await edit_last_by_key(device)
    await expect(waiting.last).to_contain_text("[[say=Edited]] waiting")

    await waiting.first.get_by_role("button", name="Delete").click()
    await expect(waiting).to_have_count(1)
    await expect(device.page.locator(".words.gone")).to_have_text("Deleted")

    await waiting.get_by_role("button", name="Send now").click()
    await expect(device.page.locator("[data-status=stopped]")).to_contain_text("tok9")
    stub.resume()
    await device.is_answered("Edited")
    await device.page.reload()
    await device.is_answered("Edited")
    await expect(device.said("waiting")).to_have_count(1)


async def edit_last_by_key(device: Device) -> None:
    """Up-arrow opens the editor in the bubble's place, Esc leaves it, Save keeps what it says."""
    await device.composer.press("ArrowUp")
    editor = device.page.locator("details.edit[open] textarea")
    await expect(editor).to_be_focused()
    await device.page.keyboard.press("Escape")
    await expect(editor).to_have_count(0)
    await expect(device.answer).to_have_attribute("data-status", "streaming")
    await device.composer.press("ArrowUp")
    await editor.fill("[[say=Edited]] waiting")
    await device.page.get_by_role("button", name="Save").click()


async def test_words_being_edited_when_the_agent_reads_them_come_into_the_composer(arrive: Arrivals, stub: StubLLM) -> None:
    device = await arrive()
    await in_the_middle(device, stub)
    await device.say("[[say=Too early]]")
    await expect(device.page.locator("[data-waiting]")).to_have_count(1)
    await device.composer.press("ArrowUp")
    await device.page.locator("details.edit[open] textarea").fill("what I meant to say")
    stub.resume()
    await device.is_answered("Too early")
    await expect(device.composer).to_have_value("what I meant to say")


async def test_what_waited_is_read_together_when_the_answer_is_done(arrive: Arrivals, stub: StubLLM) -> None:
    device = await arrive()
    await in_the_middle(device, stub)
    await device.say("One more thing")
    await device.say("[[say=Both read]]")
    await expect(device.page.locator("[data-waiting]")).to_have_count(2)
    stub.resume()
    await device.is_answered("Both read")
    await expect(device.messages).to_have_count(5)
    await expect(device.page.locator("[data-author=agent] .prose").first).to_have_text(words(60))
