"""A connection that breaks, and heals by itself."""

import pytest
from playwright.async_api import expect

from tests.journeys.answers import in_the_middle, words
from tests.journeys.arrivals import Arrivals
from tests.parley import Parley
from tests.stub_llm import StubLLM
from tests.stub_orders import Order


async def test_web_processes_killed_in_the_middle_lose_no_word(arrive: Arrivals, parley: Parley, stub: StubLLM) -> None:
    device = await arrive()
    device.expects("Failed to fetch", "ERR_", "network error", "SSE reconnect failed")
    await in_the_middle(device, stub)
    parley.kill("web")
    stub.resume()
    await device.is_answered(words(60))
    await expect(device.messages).to_have_count(2)
    await expect(device.page.locator(".connection")).to_be_hidden()


async def test_a_lost_connection_is_said_and_what_is_written_meanwhile_goes_out_after_it(
    arrive: Arrivals, stub: StubLLM
) -> None:
    device = await arrive()
    device.expects("Failed to fetch", "ERR_", "network error")
    await in_the_middle(device, stub)
    await device.context.set_offline(True)
    await device.hide()  # what was open ends here
    await device.hide(False)
    stub.resume()
    await device.say("[[say=Sent later]]")
    await expect(device.said("Sent later")).to_contain_text("Not sent.")
    notice = device.page.locator(".connection")
    await expect(notice).to_be_visible()
    await expect(notice).to_contain_text("Connection lost. What you send is kept and goes out when it is back.")
    await device.context.set_offline(False)
    await expect(notice).to_be_hidden()
    await device.is_answered("Sent later")
    await expect(device.page.locator("[data-author=agent] .prose").first).to_have_text(words(60))
    await expect(device.messages).to_have_count(4)


async def test_a_page_that_comes_to_the_front_again_has_missed_nothing(arrive: Arrivals, stub: StubLLM) -> None:
    device = await arrive()
    await in_the_middle(device, stub)
    await device.hide()
    await device.comes_true("!document.querySelector('#stream')._htmx.sse.reader")
    stub.resume()
    await device.http.say(device.page.url.rsplit("/", 1)[1], "[[say=Said meanwhile]]")
    await device.hide(False)
    await device.is_answered("Said meanwhile")
    await expect(device.page.locator("[data-author=agent] .prose").first).to_have_text(words(60))
    await expect(device.messages).to_have_count(4)
    await expect(device.page.locator(".connection")).to_be_hidden()


async def test_a_first_connect_that_fails_is_tried_again_and_its_page_is_shown_nowhere(arrive: Arrivals) -> None:
    device = await arrive()
    path = f"/chat/{await device.http.open_chat('[[say=Hello]]')}"
    await device.answer_instead("/stream", 503, "<h1>Away</h1>")
    async with device.page.expect_response("**/stream?*"):
        await device.open(path)
    await device.page.unroute_all()
    await device.connected()
    await device.is_answered("Hello")
    await expect(device.page.get_by_text("Away")).to_have_count(0)


async def test_a_sign_in_that_ended_unseen_ends_the_stream_for_good(arrive: Arrivals) -> None:
    device = await arrive()
    device.expects("401")
    await device.open_chat("[[say=Hello]]")
    await device.composer.fill("half a thought")
    await device.hide()
    await device.comes_true("!document.querySelector('#stream')._htmx.sse.reader")
    await device.http.sign_out()
    await device.hide(False)
    await expect(device.page.locator(".connection")).to_contain_text("You are signed out.")
    await expect(device.page.locator("#stream")).to_have_count(0)
    streams = [path for path in device.asked if "/stream" in path]
    assert len(streams) == 2, "it knocks once, and no more"
    await expect(device.composer).to_have_value("half a thought")


async def test_line_ends_of_any_kind_in_an_answer_break_no_event(arrive: Arrivals, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "one\rtwo\r\nthree\n\n```\nfour\rfive\r\nsix\n```\n"
    monkeypatch.setattr("tests.stub_llm.order_of", lambda body: Order(say=said, rate=30))
    device = await arrive()
    await device.open_chat("Hello")
    await expect(device.answer).to_have_attribute("data-status", "complete")
    grown = await device.answer.locator(".prose").inner_text()
    assert grown.split()[:3] == ["one", "two", "three"]
    await expect(device.answer.locator("code")).to_have_text("four five six")
    await device.page.reload()
    await expect(device.answer).to_have_attribute("data-status", "complete")
    assert await device.answer.locator(".prose").inner_text() == grown
