"""Gmail of the sandbox as google-api-python-client has it."""

import httpx
import pytest
from googleapiclient.errors import HttpError

from app.sandbox.faults import Faults, Kind
from app.sandbox.mail.gmail import SCOPE
from app.sandbox.mail.world import decoded, encoded, read
from tests.sandbox.mail.conftest import Gmail

ANA, BEN = "Ana <ana@example.com>", "ben@example.com"


def reason(error: HttpError) -> tuple[int, str]:
    return error.status_code, error.error_details[0]["reason"]


async def test_what_is_sent_lies_in_both_mailboxes_in_one_thread(gmail: Gmail) -> None:
    sent = await gmail.writes(ANA, Subject="One", Message_ID="<ours@parley.example>")
    profile = await gmail.does(gmail.users.getProfile(userId="me"))
    assert (profile["emailAddress"], profile["messagesTotal"]) == ("parley@sandbox.example", 1)
    mine = await gmail.does(gmail.users.messages().get(userId="me", id=sent["id"], format="raw"))
    kept = read(decoded(mine["raw"]))
    assert kept["X-Google-Original-Message-ID"] == "<ours@parley.example>"
    assert kept["Message-ID"] != "<ours@parley.example>", "Gmail writes its own"
    (theirs,) = gmail.office.world.mailbox("ana@example.com").mails.values()
    assert theirs.header("Message-ID") == kept["Message-ID"].strip()
    assert "dmarc=pass" in theirs.header("Authentication-Results")
    assert theirs.labels == ["INBOX", "UNREAD"]
    again = await gmail.writes(ANA, thread=sent["threadId"], Subject="Re: One", In_Reply_To=str(kept["Message-ID"]))
    thread = await gmail.does(gmail.users.threads().get(userId="me", id=sent["threadId"], format="metadata"))
    assert [one["id"] for one in thread["messages"]] == [sent["id"], again["id"]]
    assert len({mail.thread_id for mail in gmail.office.world.mailbox("ana@example.com").mails.values()}) == 1


async def test_a_draft_that_was_sent_is_gone_and_its_mail_found_among_the_sent(gmail: Gmail) -> None:
    raw = encoded(b"To: ana@example.com\r\nSubject: Draft\r\nX-Parley-Delivery: d1\r\n\r\nHello\r\n")
    drafts, messages = gmail.users.drafts(), gmail.users.messages()
    draft = await gmail.does(drafts.create(userId="me", body={"message": {"raw": raw}}))
    listed = await gmail.does(drafts.list(userId="me", q="subject:Draft"))
    assert [one["id"] for one in listed["drafts"]] == [draft["id"]]
    sent = await gmail.does(drafts.send(userId="me", body={"id": draft["id"]}))
    assert sent["id"] != draft["message"]["id"]
    for body in (drafts.send(userId="me", body={"id": draft["id"]}), drafts.get(userId="me", id=draft["id"])):
        with pytest.raises(HttpError) as gone:
            await gmail.does(body)
        assert reason(gone.value) == (404, "notFound")
    found = await gmail.does(messages.list(userId="me", q="in:sent to:ana@example.com"))
    told = await gmail.does(
        messages.get(userId="me", id=found["messages"][0]["id"], format="metadata", metadataHeaders=["X-Parley-Delivery"])
    )
    assert told["payload"]["headers"] == [{"name": "X-Parley-Delivery", "value": "d1"}]
    assert "drafts" not in await gmail.does(drafts.list(userId="me"))
    another = await gmail.does(drafts.create(userId="me", body={"message": {"raw": raw}}))
    await gmail.does(drafts.delete(userId="me", id=another["id"]))
    assert len(gmail.office.ours.mails) == 1


async def test_history_goes_on_from_where_one_was_and_is_forgotten(gmail: Gmail) -> None:
    start = (await gmail.does(gmail.users.getProfile(userId="me")))["historyId"]
    for number in range(5):
        box = gmail.office.world.mailbox("ana@example.com")
        gmail.office.send(box, f"To: parley@sandbox.example\r\nSubject: {number}\r\n\r\nHi\r\n".encode())
    history = gmail.users.history()
    first = await gmail.does(
        history.list(userId="me", startHistoryId=start, historyTypes=["messageAdded"], labelId="INBOX", maxResults=3)
    )
    rest = await gmail.does(history.list(userId="me", startHistoryId=start, pageToken=first["nextPageToken"], maxResults=3))
    told = [one["messagesAdded"][0]["message"]["id"] for one in [*first["history"], *rest["history"]]]
    assert told == list(gmail.office.ours.mails)
    last = rest["historyId"]
    assert "history" not in await gmail.does(history.list(userId="me", startHistoryId=last))
    body = {"removeLabelIds": ["UNREAD"]}
    await gmail.does(gmail.users.messages().modify(userId="me", id=told[0], body=body))
    (line,) = (await gmail.does(history.list(userId="me", startHistoryId=last)))["history"]
    assert line["labelsRemoved"][0]["labelIds"] == ["UNREAD"]
    gmail.office.ours.forgotten = int(last)
    with pytest.raises(HttpError) as expired:
        await gmail.does(history.list(userId="me", startHistoryId=start))
    assert reason(expired.value) == (404, "notFound")


async def test_pages_of_mails_and_what_a_search_finds(gmail: Gmail) -> None:
    for number in range(7):
        await gmail.writes(ANA if number % 2 else BEN, f"word{number}", Subject=f"Number {number}")
    messages, found = gmail.users.messages(), []
    request = messages.list(userId="me", labelIds=["SENT"], maxResults=3)
    while request is not None:
        answer = await gmail.does(request)
        found += answer["messages"]
        request = messages.list_next(request, answer)
    assert len({one["id"] for one in found}) == 7
    for query, count in {
        "to:ana@example.com": 3, "-to:ana@example.com": 4, "word3": 1, 'subject:"number 6"': 1, "in:inbox": 0,
        "after:1": 7, "before:1": 0, "in:sent word1 to:ana": 1,
    }.items():  # fmt: skip
        answer = await gmail.does(messages.list(userId="me", q=query))
        assert len(answer.get("messages", [])) == count, query


async def test_where_nobody_is_a_mail_comes_back_and_who_is_away_says_so_once(gmail: Gmail) -> None:
    gmail.office.world.mailbox("ana@example.com").bounces = True
    gmail.office.world.mailbox(BEN).away = "I am away."
    sent = await gmail.writes(ANA, Subject="Lost")
    (bounce,) = [mail for mail in gmail.office.ours.mails.values() if "INBOX" in mail.labels]
    assert bounce.thread_id == sent["threadId"]
    assert bounce.message.get_content_type() == "multipart/report"
    report = next(part for part in bounce.message.walk() if part.get_content_type() == "message/delivery-status")
    assert "5.1.1" in report.as_string()
    assert bounce.header("Auto-Submitted") == "auto-replied"
    await gmail.writes(BEN, Subject="Hello")
    await gmail.writes(BEN, Subject="News", Auto_Submitted="auto-replied")
    answers = [mail for mail in gmail.office.ours.mails.values() if mail.header("Subject").startswith("Out of office")]
    assert [one.header("Auto-Submitted") for one in answers] == ["auto-replied"]


async def test_who_may_what(gmail: Gmail) -> None:
    box, profile = gmail.office.world, gmail.users.getProfile
    cases = [("nonsense", 401, "authError")]
    token = next(one for one in box.tokens.values() if one.secret == gmail.token)
    sends = token.model_copy(update={"secret": "sends", "scopes": [f"{SCOPE}send"]})
    old = token.model_copy(update={"secret": "old", "expires_at": gmail.office.now() - 1})
    box.tokens |= {one.secret: one for one in (sends, old)}
    cases += [("sends", 403, "insufficientPermissions"), ("old", 401, "authError")]
    for secret, status, why in cases:
        with pytest.raises(HttpError) as refused:
            await gmail.does(profile(userId="me"), secret)
        assert reason(refused.value) == (status, why)
    with pytest.raises(HttpError) as elsewhere:
        await gmail.does(profile(userId="ana@example.com"))
    assert reason(elsewhere.value) == (403, "forbidden")
    with pytest.raises(HttpError) as nobody:
        await gmail.does(gmail.users.messages().send(userId="me", body={"raw": encoded(b"Subject: x\r\n\r\nx")}))
    assert reason(nobody.value) == (400, "invalidArgument")


@pytest.mark.parametrize(
    ("kind", "status", "arrives"), [("busy", 429, 0), ("down", 503, 0), ("silent", 0, 0), ("lost", 0, 1)]
)
async def test_calls_go_wrong_as_ordered(gmail: Gmail, kind: str, status: int, arrives: int) -> None:
    gmail.office.faults = Faults(rate=1, kinds=[Kind(kind)], methods=["POST messages/send"])
    with pytest.raises((HttpError, httpx.TransportError)) as failed:
        await gmail.writes(ANA)
    assert getattr(failed.value, "status_code", 0) == status
    assert len(gmail.office.world.mailbox("ana@example.com").mails) == arrives
    assert (await gmail.does(gmail.users.getProfile(userId="me")))["messagesTotal"] == arrives
