"""The link in a mail, in the browser of somebody who is not signed in."""

from dataclasses import replace

from playwright.async_api import expect

from app.domain.answer_link import answer_url
from app.domain.feedback import FeedbackRequest
from app.domain.feedback_question import Urgency
from app.domain.user import User
from tests.journeys.arrivals import Arrivals
from tests.journeys.axe import finds_nothing
from tests.journeys.questions import RATING, SHIP
from tests.journeys.test_asked import photograph


async def test_a_request_is_seen_and_answered_by_its_link(visit: Arrivals, ana: User) -> None:
    calm = replace(SHIP, urgency=Urgency.NORMAL)
    ship, rate = [await FeedbackRequest.ask(question, of=[ana]) for question in (calm, RATING)]
    stranger = await visit("")
    page = stranger.page
    path = answer_url(str(ship.id), ana.id).partition("/r/")[2]
    await stranger.open(f"/r/{path}?value=true")
    await expect(page.get_by_role("heading", level=2)).to_have_text("Shall we ship version 2?")
    await photograph(stranger, "mail-link")
    await finds_nothing(stranger)
    await page.get_by_role("button", name="Approve").click()
    await expect(page.get_by_role("status")).to_contain_text("Approved by Ana by e-mail")
    await finds_nothing(stranger)
    path = answer_url(str(rate.id), ana.id).partition("/r/")[2]
    await stranger.open(f"/r/{path}?value=4")
    await expect(page.get_by_role("radio", name="4")).to_be_checked()
    await photograph(stranger, "mail-link-rating")
    await finds_nothing(stranger)
    await page.get_by_role("button", name="Answer").click()
    await expect(page.get_by_role("status")).to_contain_text("4")
