"""Talking to the agent: from signing up to an answer, on one device and on two."""

from playwright.async_api import expect

from tests.conftest import PASSWORD
from tests.journeys.answers import in_the_middle, words
from tests.journeys.arrivals import Arrivals
from tests.stub_llm import StubLLM


async def test_a_new_person_signs_up_asks_and_is_answered_word_by_word(arrive: Arrivals) -> None:
    device = await arrive("")
    page = device.page
    await device.open("/sign-up")
    await page.fill("[name=name]", "Ana Lindqvist")
    await page.fill("[name=email]", "ana@example.com")
    await page.fill("[name=password]", PASSWORD)
    await page.click("main form button")
    await expect(page).to_have_url(f"{device.url}/chat")
    await expect(page.locator(".welcome")).to_contain_text("What shall we work on, Ana?")
    await expect(page.locator(".welcome button")).to_have_count(3)
    await expect(device.composer).to_be_focused()

    await page.keyboard.type("[[tokens=80 rate=50]] Hello")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/chat/*-*")
    await device.remember_steps()
    await expect(page.locator("#log")).to_have_attribute("aria-busy", "true")
    await device.is_answered(words(80))
    assert len(await device.steps()) >= 8, "it grew before the reader's eyes"
    await expect(device.messages).to_have_count(2)
    await expect(page.locator("#log")).to_have_attribute("aria-busy", "false")
    await expect(page.locator("#announcer")).to_contain_text("Parley: tok0 tok1")
    await expect(page).to_have_title("[[tokens=80 rate=50]] Hello · Parley")


async def test_a_reload_in_the_middle_shows_the_answer_whole_and_once(arrive: Arrivals, stub: StubLLM) -> None:
    device = await arrive()
    await in_the_middle(device, stub)
    so_far = await device.answer.locator(".prose").inner_text()
    await device.page.reload()
    await expect(device.answer.locator(".prose")).to_contain_text(so_far)
    stub.resume()
    await device.is_answered(words(60))
    await expect(device.messages).to_have_count(2)
    await device.page.reload()
    await device.is_answered(words(60))


async def test_esc_and_the_button_stop_an_answer_and_keep_its_words(arrive: Arrivals, stub: StubLLM) -> None:
    device = await arrive()
    await in_the_middle(device, stub)
    await expect(device.page.locator("[data-send]")).to_be_hidden()
    await device.page.keyboard.press("Escape")
    await expect(device.answer).to_have_attribute("data-status", "stopped")
    await expect(device.answer).to_contain_text("tok5")
    await expect(device.answer).to_contain_text("Stopped")
    await expect(device.page.locator("[data-stop]")).to_be_hidden()
    stub.resume()

    await in_the_middle(device, stub)
    await device.page.get_by_role("button", name="Stop").click()
    await expect(device.answer).to_have_attribute("data-status", "stopped")
    await device.page.reload()
    await expect(device.answer).to_contain_text("tok5")


async def test_a_second_device_sees_the_same_and_stops_it(arrive: Arrivals, stub: StubLLM) -> None:
    laptop = await arrive()
    phone = await arrive(email=laptop.email, viewport={"width": 390, "height": 780})
    path = await in_the_middle(laptop, stub)
    await phone.open(path)
    so_far = await laptop.answer.locator(".prose").inner_text()
    await expect(phone.answer.locator(".prose")).to_have_text(so_far)
    await phone.say("Another question")
    await expect(laptop.said("Another question")).to_contain_text("Waits for its turn")
    await phone.page.get_by_role("button", name="Stop").click()
    await expect(laptop.page.locator("[data-status=stopped] .prose")).to_have_text(so_far)
    await expect(laptop.page.locator("[data-waiting]")).to_have_count(0)


async def test_the_stream_names_the_conversation_everywhere(arrive: Arrivals) -> None:
    device = await arrive()
    page = device.page
    await device.open_chat("Lunch & <dinner>")
    places = [page.locator("#title"), page.locator("#conversations [aria-current] .title")]
    for place in places:
        await place.evaluate("place => { place.textContent = document.title = 'an older name' }")
    await device.hide()
    await device.hide(False)
    for place in places:
        await expect(place).to_have_text("Lunch & <dinner>")
    await expect(page).to_have_title("Lunch & <dinner> · Parley")
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("option", name="Lunch & <dinner>")).to_be_visible()


async def test_the_theme_stays_chosen(arrive: Arrivals) -> None:
    device = await arrive()
    await device.open()
    await device.page.get_by_role("button", name="Dark").click()
    await expect(device.page.locator("html")).to_have_attribute("data-theme", "dark")
    assert await device.page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"
    await device.open("/chat")
    await expect(device.page.locator("html")).to_have_attribute("data-theme", "dark")


async def test_signing_out_is_seen_by_every_page_of_the_device_and_by_no_other_device(arrive: Arrivals) -> None:
    device = await arrive()
    other = await arrive(email=device.email)
    path = await device.open_chat("[[say=Hello]]")
    await other.open(path)
    await device.composer.fill("half a thought")
    tab = await device.context.new_page()
    await tab.goto(f"{device.url}/chat")
    await tab.get_by_role("button", name="Sign out").click()
    await expect(tab).to_have_url(f"{device.url}/sign-in")

    await expect(device.page.locator(".connection")).to_contain_text("You are signed out. Your words are kept.")
    await expect(device.composer).to_have_value("half a thought")
    await other.say("[[say=Still here]]")
    await other.is_answered("Still here")

    await device.page.get_by_role("link", name="Sign in again").click()
    await device.sign_in()
    await expect(device.page).to_have_url(f"{device.url}{path}")
    await expect(device.composer).to_have_value("half a thought")
    await expect(device.answer).to_contain_text("Still here")


async def test_a_stranger_is_led_to_sign_in_and_back(arrive: Arrivals) -> None:
    ana, device = await arrive(), await arrive("")
    path = await ana.open_chat("[[say=Hello]]")
    device.email = ana.email
    await device.open(path)
    await expect(device.page.locator("h1")).to_have_text("Sign in")
    await device.sign_in()
    await expect(device.page).to_have_url(f"{device.url}{path}")
