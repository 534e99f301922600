"""Being asked, in the browser: on the page, on another device, too late, not at all, and by several."""

import os
import re
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.async_api import expect

from app.clock import now, shift
from app.domain.channel import ChannelType
from app.domain.feedback import FeedbackRequest
from app.domain.feedback_question import Question
from app.domain.feedback_recipient import FeedbackRecipient
from app.domain.notice import notify
from app.domain.user import User
from app.settings import settings
from tests.journeys.arrivals import Arrivals
from tests.journeys.axe import finds_nothing
from tests.journeys.device import Device
from tests.journeys.questions import DAY, RATING, SHIP, WHO, WORDS
from tests.stub_llm import StubLLM

pytestmark = pytest.mark.usefixtures("worker")  # which carries what is asked


async def ask_in(device: Device, user: User, question: Question) -> FeedbackRequest:
    """Ask in a conversation that is open on a device."""
    path = await device.open_chat("[[say=Hello]]")
    await device.is_answered("Hello")
    return await FeedbackRequest.ask(question, of=[user], session=await user.session(UUID(path.rpartition("/")[2])))


async def photograph(device: Device, name: str) -> None:
    if folder := os.environ.get("PHOTOGRAPHS"):
        for scheme in ("light", "dark"):
            await device.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            for width in (1280, 390):
                await device.page.set_viewport_size({"width": width, "height": 860})
                await device.page.screenshot(path=f"{folder}/{name}-{width}-{scheme}.png")


async def test_asked_in_the_conversation_and_approved_on_another_device(visit: Arrivals, ana: User) -> None:
    laptop, phone = await visit.enter(ana), await visit.enter(ana, viewport={"width": 390, "height": 800})
    await phone.open("/feedback")
    await expect(phone.page.get_by_text("Nothing waits for you")).to_be_visible()
    await ask_in(laptop, ana, SHIP)
    docked = laptop.page.locator("#docked .request")
    await expect(docked.get_by_role("heading")).to_have_text("Shall we ship version 2?")
    await expect(laptop.page).to_have_title("(1) [[say=Hello]] · Parley")
    await photograph(laptop, "docked")
    await finds_nothing(laptop)
    card = phone.page.locator("#inbox .request")
    await expect(card.get_by_role("heading")).to_have_text("Shall we ship version 2?")
    await photograph(phone, "inbox")
    await finds_nothing(phone)
    await card.get_by_role("button", name="Approve").click()
    await expect(phone.page.get_by_text("Nothing waits for you")).to_be_visible()
    await expect(docked).to_have_count(0)
    await expect(laptop.page.locator("#log")).to_contain_text("Approved by Ana on the page.")
    await expect(laptop.page).to_have_title("[[say=Hello]] · Parley")


async def test_rejecting_asks_for_a_reason(visit: Arrivals, ana: User) -> None:
    laptop = await visit.enter(ana)
    request = await ask_in(laptop, ana, SHIP)
    docked = laptop.page.locator("#docked .request")
    await docked.get_by_text("Reject…").click()
    await photograph(laptop, "rejecting")
    await docked.get_by_label("Why?").fill("The docs are missing")
    await docked.get_by_role("button", name="Reject").click()
    await expect(laptop.page.locator("#log")).to_contain_text("Rejected by Ana on the page: The docs are missing.")
    await laptop.open(f"/feedback/{request.id}")
    await expect(laptop.page.locator(".timeline")).to_contain_text("Seen")
    await photograph(laptop, "settled")
    await finds_nothing(laptop)


async def test_every_kind_is_answered_in_the_inbox(visit: Arrivals, ana: User) -> None:
    laptop = await visit.enter(ana)
    for question in (SHIP, DAY, WHO, WORDS, RATING):
        await FeedbackRequest.ask(question, of=[ana])
    await laptop.open("/feedback")
    await expect(laptop.page.locator("#inbox .request")).to_have_count(5)
    await photograph(laptop, "all-kinds")
    await finds_nothing(laptop)
    cards = laptop.page.locator("#inbox .request")
    await cards.filter(has_text="ship").get_by_role("button", name="Approve").click()
    await expect(cards).to_have_count(4)
    for question, labels in ((DAY, ["Friday"]), (WHO, ["Ana", "Cleo"]), (RATING, ["4"])):
        card = cards.filter(has_text=question.question)
        for label in labels:
            await card.get_by_label(label, exact=True).check()
        left = await cards.count()
        await card.get_by_role("button", name="Answer").click()
        await expect(cards).to_have_count(left - 1)
    await cards.get_by_label("Your answer").fill("Spring is here")
    await cards.get_by_role("button", name="Answer").click()
    await expect(laptop.page.get_by_text("Nothing waits for you")).to_be_visible()
    await laptop.open("/feedback")
    await expect(laptop.page.locator("#settled .request")).to_have_count(5)
    await finds_nothing(laptop)


async def test_the_agent_asks_and_goes_on_with_the_answer_from_another_device(
    visit: Arrivals, ana: User, llm: StubLLM
) -> None:
    laptop, phone = await visit.enter(ana), await visit.enter(ana, viewport={"width": 390, "height": 800})
    await phone.open("/feedback")
    await laptop.open_chat("[[ask=text What shall I call the release?]]")
    await expect(laptop.page.locator("#docked").get_by_role("heading")).to_have_text("What shall I call the release?")
    await expect(laptop.page.locator("#agent-status")).to_contain_text("Waits for an answer to go on.")
    await expect(laptop.answer).to_contain_text("What shall I call the release?")
    await laptop.holds_nothing_twice()
    await photograph(laptop, "agent-asks")
    await finds_nothing(laptop)
    await phone.page.get_by_label("Your answer").fill("[[say=Spring it is.]]")
    await phone.page.get_by_role("button", name="Answer").click()
    await laptop.is_answered("Spring it is.")
    await expect(laptop.page.locator("#docked .request")).to_have_count(0)
    await expect(laptop.page.locator("#agent-status")).not_to_contain_text("Waits")
    told = llm.requests[-1]["messages"][-1]["content"]
    assert re.fullmatch(r"\[Parley\] \w{4} \(What shall I call the release\?\): “\[\[say=.*\]\]” by Ana on the page\.", told)


async def test_whoever_wants_is_asked_before_the_agent_goes_on(visit: Arrivals, ana: User) -> None:
    laptop = await visit.enter(ana)
    await laptop.open_chat("[[say=Next I delete the **old** backups.]]")
    await laptop.is_answered("Next I delete the old backups.")
    await photograph(laptop, "ask-me-action")
    answer = laptop.page.locator("#log > [data-author=agent]").first
    for _ in range(2):
        await answer.get_by_role("button", name="Ask me before you go on").click()
    docked = laptop.page.locator("#docked .request")
    await expect(docked.get_by_role("heading")).to_have_text("Shall I go on? “Next I delete the old backups.”")
    await expect(docked).to_have_count(1)
    await photograph(laptop, "ask-me-first")
    await finds_nothing(laptop)
    await docked.get_by_text("Reject…").click()
    await docked.get_by_label("Why?").fill("[[say=Then I keep them.]]")
    await docked.get_by_role("button", name="Reject").click()
    await laptop.is_answered("Then I keep them.")


async def test_a_note_comes_to_the_open_inbox(visit: Arrivals, ana: User, ben: User) -> None:
    phone = await visit.enter(ana, viewport={"width": 390, "height": 800})
    await phone.open("/feedback")
    await expect(phone.page.get_by_text("Nothing waits for you")).to_be_visible()
    await notify([ana], "Version 2 is out.\nNothing is to be done.", by=ben)
    await expect(phone.page.locator("#notes")).to_contain_text("Version 2 is out.")
    await photograph(phone, "note")
    await finds_nothing(phone)


async def test_a_late_answer_is_told_so_kindly(visit: Arrivals, ana: User, ben: User) -> None:
    laptop = await visit.enter(ana)
    request = await FeedbackRequest.ask(SHIP, of=[ana, ben])
    await laptop.open("/feedback")
    await laptop.page.route("**/feedback/stream", lambda route: route.abort())
    laptop.expects("feedback/stream", "Failed to load", "sse", "TypeError")
    await laptop.page.reload()
    await request.respond(ben, True, ChannelType.SLACK)
    await laptop.page.get_by_role("button", name="Approve").click()
    await expect(laptop.page.locator(".outcome")).to_contain_text(
        "This was settled before your answer came. Approved by Ben via Slack."
    )


async def test_what_nobody_answers_in_time_expires_and_is_never_a_no(visit: Arrivals, ana: User) -> None:
    laptop = await visit.enter(ana)
    question = "Shall we ship? [[say=Nobody said so.]]"
    request = await ask_in(laptop, ana, replace(SHIP, question=question, deadline=now() + timedelta(hours=1)))
    await expect(laptop.page.locator("#docked .until")).to_contain_text("if nobody answers, it expires")
    shift(timedelta(hours=1, seconds=1))
    recipient = await FeedbackRecipient.objects().get(FeedbackRecipient.request == request.id)
    assert recipient
    await FeedbackRecipient.climb(recipient.id)
    await expect(laptop.page.locator("#docked .request")).to_have_count(0)
    await expect(laptop.page.locator("#log")).to_contain_text("Nobody answered in time.")
    await laptop.is_answered("Nobody said so.")


async def test_two_of_three_must_agree_to_answer(visit: Arrivals, ana: User, ben: User) -> None:
    laptop = await visit.enter(ana)
    request = await FeedbackRequest.ask(replace(SHIP, needed=2), of=[ana, ben])
    await laptop.open(f"/feedback/{request.id}")
    await laptop.page.get_by_role("button", name="Approve").click()
    await expect(laptop.page.locator(".outcome")).to_contain_text("Approved by Ana")
    await expect(laptop.page.locator(".request")).to_contain_text("1 of 2 answers")
    await request.respond(ben, False, ChannelType.WEB, "Not yet")
    await laptop.open(f"/feedback/{request.id}")
    await expect(laptop.page.locator(".outcome")).to_contain_text(
        "Approved by Ana on the page; Rejected by Ben on the page: Not yet."
    )


async def test_an_answer_too_many_is_told_when_it_may_come(
    visit: Arrivals, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = await visit.enter(ana)
    for question in (SHIP, DAY, WORDS, RATING):
        await FeedbackRequest.ask(question, of=[ana])
    await device.open("/feedback")
    await device.page.get_by_role("button", name="Approve").click()
    await expect(device.page.locator("article.request[data-open]")).to_have_count(3)
    monkeypatch.setattr(settings(), "rate_per_minute", 1)
    device.expects("429")
    last = device.page.locator("article.request[data-type=rating]")
    await last.get_by_label("4").check()
    await last.get_by_role("button", name="Answer").click()
    note = device.page.locator("failure-note [role=alert]")
    await expect(note).to_contain_text(re.compile(r"You can go on in \d+ seconds\. Nothing was changed\."))
    await expect(note).to_be_in_viewport()
    await expect(last.get_by_label("4")).to_be_checked()
    await photograph(device, "too-many")
    await finds_nothing(device)
