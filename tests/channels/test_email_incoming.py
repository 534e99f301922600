"""What mails do that come in."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.database import sql
from app.domain.channel import ChannelType, CommunicationChannel
from app.domain.feedback import FeedbackRequest
from app.domain.feedback_question import Question
from app.domain.feedback_response import FeedbackResponse
from app.domain.feedback_value import FeedbackType
from app.domain.held_mail import HeldMail
from app.domain.session import ChatSession
from app.domain.user import User
from app.sandbox.mail.office import Office
from app.settings import settings
from tests.browsing import Browser
from tests.channels.engine import ask
from tests.channels.mail_side import Correspondent, mail_beside, taken_in
from tests.waiting import until

ADDRESS = "ana.lindqvist@example.com"


@pytest.fixture
async def mail(ana: User, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    async with mail_beside(monkeypatch) as office:
        yield office


@pytest.fixture
async def writer(mail: Office, ana: User, worker: object) -> Correspondent:
    channel = await CommunicationChannel.add(ana.id, ChannelType.EMAIL, ADDRESS)
    others = [one.id for one in await CommunicationChannel.of(ana.id) if one.id != channel.id]
    await CommunicationChannel.reorder(ana.id, [channel.id, *others])
    return Correspondent(mail, ADDRESS, "Ana Lindqvist")


async def answered(request: FeedbackRequest) -> FeedbackResponse:
    async def given() -> FeedbackResponse | None:
        found = await FeedbackResponse.of(request.id)
        return found[0] if found else None

    response: FeedbackResponse = await until(given)
    return response


async def log_of(count: int) -> list[Any]:
    """The one log that there is, once it has so many whole entries."""

    async def whole() -> list[Any]:
        rows = await sql("SELECT * FROM messages WHERE status <> 'streaming' ORDER BY session, seq")
        return rows if len(rows) >= count else []

    rows: list[Any] = await until(whole)
    return rows


@pytest.mark.parametrize(
    ("question", "words", "value", "comment"),
    [
        (Question(FeedbackType.APPROVAL, "Shall we?"), "Yes", True, ""),
        (Question(FeedbackType.APPROVAL, "Shall we?"), "No, too early.\n\nAna\n-- \nAna Lindqvist, CEO", False, "too early"),
        (Question(FeedbackType.CHOICE, "Which?", options=["Monday", "Friday"]), "option 2", "Friday", ""),
        (Question(FeedbackType.MULTIPLE_CHOICE, "Which?", options=["A", "B", "C"]), "a and c", ["A", "C"], ""),
        (Question(FeedbackType.RATING, "How good?"), "4 stars", 4, ""),
        (Question(FeedbackType.TEXT, "What next?"), "First this,\nthen *that*.", "First this,\nthen *that*.", ""),
    ],
)
async def test_a_reply_answers(
    writer: Correspondent, ana: User, question: Question, words: str, value: Any, comment: str
) -> None:
    request = await ask(ana, question=question)
    writer.replies(await writer.gets(request.code), words)
    given = await answered(request)
    assert (json.loads(given.value), given.comment, given.channel, given.user) == (value, comment, "email", ana.id)


async def test_an_answer_that_is_not_certain_is_asked_back(writer: Correspondent, ana: User) -> None:
    request = await ask(ana)
    asked = await writer.gets(request.code)
    writer.replies(asked, "Well, if the tests are green?\n[[say=I can't tell]]")
    back = await writer.gets("I could not tell what you answer")
    assert not await FeedbackResponse.of(request.id)
    assert request.code in back.header("Subject")
    writer.replies(back, "yes")
    assert json.loads((await answered(request)).value) is True
    writer.replies(asked, "no")
    late = await writer.gets("This was settled before your answer came")
    assert "Approved by Ana by e-mail" in str(late.message)


async def test_what_no_rule_reads_the_model_does_when_it_is_certain(writer: Correspondent, ana: User) -> None:
    request = await ask(ana)
    asked = await writer.gets(request.code)
    writer.replies(asked, 'I guess. [[say={"certain": false, "value": true}]]')
    await writer.gets("I could not tell what you answer")
    writer.replies(asked, 'Out of the door with it! [[say={"certain": true, "value": true}]]')
    given = await answered(request)
    assert json.loads(given.value) is True
    assert given.comment.startswith("Out of the door with it!")


async def test_a_new_mail_begins_a_conversation_that_goes_on_in_its_thread(writer: Correspondent, ana: User) -> None:
    writer.writes("The garden", "Hello [[say=Good morning]]\n\nSent from my iPhone")
    answer = await writer.gets("Good morning")
    assert answer.header("Subject") == "Re: The garden"
    (session,) = await sql("SELECT * FROM chat_sessions")
    assert (session["owner"], session["channel"], session["title"]) == (ana.id, "email", "The garden")
    rows = await log_of(2)
    assert (rows[0]["text"], rows[0]["channel"]) == ("Hello [[say=Good morning]]", "email")
    writer.replies(answer, "Again [[say=And again]]", Subject="Quite another subject")
    again = await writer.gets("And again")
    assert answer.header("Message-ID") in again.header("References")
    assert again.thread_id == answer.thread_id
    assert len(await sql("SELECT FROM chat_sessions")) == 1
    assert "Good morning" not in again.message.as_string(), "what was told is not told again"


async def test_a_conversation_goes_on_by_mail_and_back(writer: Correspondent, ana: User, monkeypatch: Any) -> None:
    monkeypatch.setattr(settings(), "mail_quiet_seconds", 0.0)
    session = await ChatSession.open(ana, title="Apples")
    await session.say("On the page [[say=There]]", by=ana, via=ChannelType.WEB)
    await log_of(2)
    await session.switch(ChannelType.EMAIL)
    begun = await writer.gets("goes on here")
    assert begun.header("Subject") == "Apples"
    writer.replies(begun, "By mail [[say=Heard]]")
    heard = await writer.gets("Heard")
    assert heard.thread_id == begun.thread_id
    await session.switch(ChannelType.WEB)
    writer.replies(heard, "Once more [[say=On the page again]]")
    rows = await log_of(8)
    assert [row["text"] for row in rows if row["author"] == "agent"] == ["There", "Heard", "On the page again"]
    assert {row["session"] for row in rows} == {session.id}
    assert len(writer.box.mails) == 2 + 2, "it goes on where its person is"


async def test_much_talk_is_one_mail(writer: Correspondent, ana: User, monkeypatch: Any) -> None:
    monkeypatch.setattr(settings(), "mail_quiet_seconds", 1.5)
    session = await ChatSession.open(ana)
    await session.switch(ChannelType.EMAIL)
    for number in range(4):
        await session.say(f"Q{number} [[say=Answer {number}]]", by=ana, via=ChannelType.WEB)
        await log_of(3 + 2 * number)
    whole = await writer.gets("Answer 3")
    told = [one for one in writer.box.mails.values() if "Answer" in str(one.message.get_body(("plain",)))]
    assert len(told) <= 2
    assert whole.message.as_string().count("Answer 2") == 2 + 2, "in text and HTML, each once beside its question"


async def test_what_is_not_certain_to_be_theirs_is_held_back(writer: Correspondent, ana: User, ben: User) -> None:
    request = await ask(ana)
    asked = await writer.gets(request.code)
    mail, ours = writer.office, writer.office.world.ours
    theirs = await CommunicationChannel.add(ben.id, ChannelType.EMAIL, "ben.b@example.com")
    forger = Correspondent(mail, theirs.address, "Ben")
    forger.replies(asked, "yes")  # somebody else's reply address
    from app.sandbox.mail.pages import answer_to

    forged = answer_to(writer.box, asked, "yes")
    forged["Authentication-Results"] = "mx.sandbox.example; dmarc=pass header.from=example.com"
    mail.deliver(forged, ours, passes=False)  # says that it is from Ana, and brings its own proof
    for tag in ("AAAA", "a" * 39):
        broken = answer_to(writer.box, asked, "yes")
        del broken["To"]
        broken["To"] = f"parley+{tag}@sandbox.example"
        mail.deliver(broken, ours)
    Correspondent(mail, "nobody@elsewhere.example").writes("Hi", "Let me in")
    assert all(one.startswith("Held back: ") for one in await taken_in(5))
    assert len(await HeldMail.listed()) == 5
    assert not await FeedbackResponse.of(request.id)
    assert not await sql("SELECT FROM messages WHERE text LIKE '%Let me in%'")


async def test_a_reply_address_is_good_for_sixty_days(writer: Correspondent, ana: User) -> None:
    request = await ask(ana)
    asked = await writer.gets(request.code)
    await sql("UPDATE deliveries SET created_at = created_at - interval '61 days'")
    writer.replies(asked, "yes")
    assert (await taken_in(1))[0].startswith("Held back: It answers something that is too long ago")
    assert not await FeedbackResponse.of(request.id)


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"List_Id": "<all.example.com>"},
        {"Return_Path": "<>"}, {"X_Autoreply": "yes"}, {"List_Unsubscribe": "<mailto:x@example.com>"},
    ],
)  # fmt: skip
async def test_what_no_person_wrote_reaches_nobody(writer: Correspondent, ana: User, headers: dict[str, str]) -> None:
    request = await ask(ana)
    asked = await writer.gets(request.code)
    writer.replies(asked, "yes", **headers)
    writer.writes("News", "Buy this", **headers)
    assert all(await taken_in(2))
    assert not await FeedbackResponse.of(request.id)
    assert len(await sql("SELECT FROM messages WHERE author = 'person'")) == 0
    assert len(writer.box.mails) == 3, "nobody is answered"


async def test_a_mail_that_came_back_goes_on_by_another_way(writer: Correspondent, ana: User) -> None:
    writer.box.bounces = True
    request = await ask(ana)

    async def came_back() -> bool:
        rows = await sql("SELECT status FROM deliveries WHERE request = $1 AND via = 'email'", request.id)
        return bool(rows) and rows[0]["status"] == "bounced"

    await until(came_back)
    channel = next(one for one in await CommunicationChannel.of(ana.id) if one.address == ADDRESS)
    assert (channel.status, "came back" in channel.last_error) == ("disconnected", True)
    assert not await sql("SELECT FROM messages WHERE author = 'person'")


async def test_what_is_sensitive_is_not_answered_by_a_reply(writer: Correspondent, ana: User) -> None:
    request = await ask(ana, question=Question(FeedbackType.APPROVAL, "Shall we pay?", sensitive=True))
    asked = await writer.gets(request.code)
    assert "Reply" not in str(asked.message.get_body(("plain",)))
    writer.replies(asked, "yes")
    await writer.gets("a reply does not answer it")
    assert not await FeedbackResponse.of(request.id)


async def test_one_click_lets_no_more_mails_of_a_conversation_come(writer: Correspondent, server: str, ana: User) -> None:
    writer.writes("The garden", "Hello [[say=Good morning]]")
    answer = await writer.gets("Good morning")
    assert answer.header("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
    path = answer.header("List-Unsubscribe").strip("<>").removeprefix(server)
    (session,) = await sql("SELECT id, owner FROM chat_sessions")
    async with Browser(server) as program:
        assert "No more mails" in (await program.get(path)).text
        assert (await sql("SELECT channel FROM chat_sessions"))[0]["channel"] == "email", "looking changes nothing"
        for _ in range(2):
            told = await program.client.post(
                path, data={"List-Unsubscribe": "One-Click"}, headers={"Origin": "https://mail.example"}
            )
            assert told.status_code == 303
        assert "No mails come" in (await program.get(path)).text
        assert (await program.client.post(f"{path[:-8]}AAAAAAAA")).status_code == 404
    assert (await sql("SELECT channel FROM chat_sessions"))[0]["channel"] == "web"
    assert session["owner"] == ana.id
