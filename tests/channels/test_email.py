"""What mails say, and what their links do."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from email.message import EmailMessage
from uuid import uuid4

import pytest

from app.channels.mail_writing import mail_of
from app.channels.protocol import Letter
from app.clock import now
from app.database import sql
from app.domain.channel import ChannelType, CommunicationChannel
from app.domain.delivery import Delivery, DeliveryKind
from app.domain.feedback import FeedbackRequest
from app.domain.feedback_question import Question, Urgency
from app.domain.feedback_response import FeedbackResponse
from app.domain.feedback_value import FeedbackType
from app.domain.user import User
from app.sandbox.mail.office import Office
from app.sandbox.mail.world import Mail
from tests.browsing import Browser
from tests.channels.engine import Shall, ask
from tests.channels.mail_side import mail_beside
from tests.waiting import until

ADDRESS = "ana.lindqvist@example.com"
LINK = re.compile(r"http://127\.0\.0\.1:\d+(/r/[^\s\"?]+)")
HOSTILE = 'Shall we?\r\nBcc: eve@example.com\n<script>alert(1)</script><img src="https://elsewhere.example/x.png">'


@pytest.fixture
async def mail(ana: User, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    async with mail_beside(monkeypatch) as office:
        yield office


@pytest.fixture(autouse=True)
async def reached(mail: Office, ana: User, worker: object) -> None:
    channel = await CommunicationChannel.add(ana.id, ChannelType.EMAIL, ADDRESS)
    others = [one.id for one in await CommunicationChannel.of(ana.id) if one.id != channel.id]
    await CommunicationChannel.reorder(ana.id, [channel.id, *others])


async def arrived(office: Office, words: str) -> Mail:
    """The mail with these words in its subject, once it is there."""

    async def found() -> Mail | None:
        there = office.world.mailbox(ADDRESS).mails.values()
        return next((one for one in there if words in one.header("Subject")), None)

    mail: Mail = await until(found)
    return mail


def bodies(message: EmailMessage) -> tuple[str, str]:
    found = [message.get_body((kind,)) for kind in ("plain", "html")]
    assert all(found)
    return tuple(str(one.get_content()) for one in found if one)  # type: ignore[return-value]


async def linked(office: Office, request: FeedbackRequest) -> str:
    """The path of the link in the mail of a request."""
    text, html = bodies((await arrived(office, request.code)).message)
    (path,) = set(LINK.findall(text))
    assert path in html
    return str(path)


async def test_a_request_says_who_asks_what_and_until_when(mail: Office, ana: User, ben: User) -> None:
    deadline = now() + timedelta(hours=1)
    question = Question(
        FeedbackType.CHOICE, "Which day?", options=["Monday", "Friday & more"], context="**Both** are free.",
        deadline=deadline, default="Monday",
    )  # fmt: skip
    request = await FeedbackRequest.ask(question, of=[ana], by=ben)
    there = await arrived(mail, request.code)
    assert there.header("Subject") == f"Which day? [{request.code}]"
    assert (there.header("To"), there.header("Auto-Submitted")) == (ADDRESS, "auto-generated")
    text, html = bodies(there.message)
    for words in ("Ben asks you", "Which day?", "Monday", "Friday & more", f"{deadline:%Y-%m-%d %H:%M} UTC", request.code):
        assert words in text
    assert "<strong" in html
    assert "value=Friday%20%26%20more" in html
    assert 'style="' in html, "styles stand at each element"
    assert "prefers-color-scheme: dark" in html


async def test_words_of_others_add_no_header_script_or_picture(mail: Office, ana: User) -> None:
    request = await ask(
        ana, question=Question(FeedbackType.TEXT, HOSTILE, context=f"![x](https://elsewhere.example/y.png) {HOSTILE}")
    )
    message = (await arrived(mail, request.code)).message
    assert message["Bcc"] is None
    assert "\n" not in str(message["Subject"])
    assert list(mail.world.mailboxes) == ["parley@sandbox.example", ADDRESS]
    _, html = bodies(message)
    assert "<script" not in html
    assert "<img" not in html
    assert "url(" not in html


async def test_every_kind_of_letter_is_a_mail(ana: User) -> None:
    for kind, payload in (
        (DeliveryKind.NOTICE, {"from": "Ben", "text": "Line one\nline <two>"}), (DeliveryKind.TEST, {}),
        (DeliveryKind.CONFIRM, {"url": "http://127.0.0.1/channels/confirm/x"}),
    ):  # fmt: skip
        letter = Letter(uuid4(), kind, ADDRESS, payload=payload, user=ana.id)
        text, html = bodies(mail_of(letter, sender="parley@sandbox.example"))
        for words in (*payload.get("text", "").splitlines(), payload.get("url", "")):
            assert words in text
            assert words.replace("<", "&lt;").replace(">", "&gt;") in html


async def test_a_link_shows_and_a_form_answers_without_signing_in(mail: Office, server: str, ana: User) -> None:
    request = await ask(ana)
    path = await linked(mail, request)
    async with Browser(server) as browser:
        for query in ("", "?value=true", "?value=false"):
            assert "Shall we ship?" in (await browser.get(f"{path}{query}")).text
        assert not await FeedbackResponse.of(request.id), "a machine that opens the link decides nothing"
        answered = await browser.post(path, {"value": "true"})
        assert answered.status_code == 200
        assert "Approved by Ana by e-mail" in answered.text
        late = await browser.post(path, {"value": "false"})
        assert "This was settled before your answer came." in late.text
        assert (await browser.get("/feedback")).status_code == 303, "it signs nobody in"
        assert (await browser.get(path[:-20])).status_code == 404
    (given,) = await FeedbackResponse.of(request.id)
    assert (given.user, given.channel) == (ana.id, "email")


async def test_a_form_of_another_page_does_not_answer(mail: Office, server: str, ana: User) -> None:
    request = await ask(ana)
    path = await linked(mail, request)
    async with Browser(server) as browser:
        await browser.get(path)
        assert (await browser.post(path, {"value": "true"}, csrf="")).status_code == 403
        assert (await browser.post(path, {"value": "true"}, Origin="https://elsewhere.example")).status_code == 403
    assert not await FeedbackResponse.of(request.id)


async def test_what_is_urgent_wants_its_person_signed_in(mail: Office, server: str, ana: User, ben: User) -> None:
    request = await ask(ana, question=Question(FeedbackType.APPROVAL, "Now?", urgency=Urgency.URGENT))
    path = await linked(mail, request)
    async with Browser(server) as browser:
        assert "/sign-in?next=/r/" in (await browser.get(path)).headers["location"]
        await browser.enter(ben)
        assert (await browser.get(path)).status_code == 303
        await browser.enter(ana)
        assert "Now?" in (await browser.get(path)).text
        assert "by e-mail" in (await browser.post(path, {"value": "true"})).text


async def test_a_link_is_for_one_person_as_long_as_they_are_here(mail: Office, server: str, ana: User) -> None:
    request = await ask(ana)
    path = await linked(mail, request)
    await sql("UPDATE users SET disabled_at = now() WHERE id = $1", ana.id)
    async with Browser(server) as browser:
        assert (await browser.get(path)).status_code == 404
        assert (await browser.post(path, {"value": "true"})).status_code in (403, 404)
    assert not await FeedbackResponse.of(request.id)


async def test_a_mailbox_that_was_taken_back_waits_to_be_connected_again(mail: Office, ana: User) -> None:
    for token in mail.world.tokens.values():
        token.revoked = True
    await ask(ana, question=Shall)

    async def ended() -> bool:
        return bool(await sql("SELECT FROM grants WHERE provider = 'gmail' AND ended_at IS NOT NULL"))

    await until(ended)
    (delivery,) = await Delivery.objects().where(Delivery.via == "email")
    await until(lambda: _waits(delivery))
    assert not mail.world.mailbox(ADDRESS).mails


async def _waits(delivery: Delivery) -> bool:
    rows = await sql("SELECT error FROM deliveries WHERE id = $1", delivery.id)
    return "connect it again" in rows[0]["error"]
