"""The page of the sandbox's mailboxes: read, answer, be away."""

import httpx

from tests.sandbox.mail.conftest import Gmail

HOSTILE = """\
To: ana@example.com
Subject: Look <script>alert(1)</script>
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8

<p>Hello</p><script>alert(1)</script><img src="https://elsewhere.example/pixel.png">
"""


async def test_a_mail_is_read_and_answered_in_its_thread(gmail: Gmail) -> None:
    await gmail.writes("Ana <ana@example.com>", "How are you?\nFine?", Subject="A question")
    (mail,) = gmail.office.world.mailbox("ana@example.com").mails.values()
    at = {"box": "ana@example.com", "mail": mail.id}
    async with httpx.AsyncClient(base_url=gmail.base_url, trust_env=False) as browser:
        assert "A question" in (await browser.get("/sandbox/mail", params={"box": "ana@example.com"})).text
        assert "How are you?" in (await browser.get("/sandbox/mail", params=at)).text
        sent = await browser.post("/sandbox/mail/reply", data=at | {"text": "Yes, fine."})
        assert (sent.status_code, sent.headers["location"]) == (303, f"/sandbox/mail?box=ana%40example.com&mail={mail.id}")
    (answer,) = [one for one in gmail.office.ours.mails.values() if "INBOX" in one.labels]
    question = next(one for one in gmail.office.ours.mails.values() if "SENT" in one.labels)
    assert (answer.thread_id, answer.header("Subject")) == (question.thread_id, "Re: A question")
    body = answer.message.get_content()
    assert body.startswith("Yes, fine.")
    assert "> How are you?\n> Fine?" in body.replace("\r\n", "\n")


async def test_a_hostile_mail_is_shown_where_it_can_do_nothing(gmail: Gmail) -> None:
    gmail.office.send(gmail.office.ours, HOSTILE.encode())
    (mail,) = gmail.office.world.mailbox("ana@example.com").mails.values()
    at = {"box": "ana@example.com", "mail": mail.id}
    async with httpx.AsyncClient(base_url=gmail.base_url, trust_env=False) as browser:
        page = await browser.get("/sandbox/mail", params=at)
        assert "<script>alert" not in page.text
        inner = await browser.get("/sandbox/mail/html", params=at)
    policy = inner.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "img-src data:" in policy
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy


async def test_a_mailbox_can_be_away_or_nobodys(gmail: Gmail) -> None:
    async with httpx.AsyncClient(base_url=gmail.base_url, trust_env=False) as browser:
        gmail.office.world.mailbox("ana@example.com", "Ana")
        for form, away, bounces in (({"away": "on"}, True, False), ({"bounces": "on"}, False, True), ({}, False, False)):
            await browser.post("/sandbox/mail/answers", data=form | {"box": "ana@example.com"})
            box = gmail.office.world.mailbox("ana@example.com")
            assert (bool(box.away), box.bounces) == (away, bounces)


async def test_a_mail_is_written_handed_on_and_scanned(gmail: Gmail) -> None:
    await gmail.writes("Ana <ana@example.com>", f"Look: {gmail.base_url}/sandbox/mail?box=x and https://elsewhere.example/y")
    (mail,) = gmail.office.world.mailbox("ana@example.com").mails.values()
    at = {"box": "ana@example.com", "mail": mail.id}
    async with httpx.AsyncClient(base_url=gmail.base_url, trust_env=False) as browser:
        await browser.post("/sandbox/mail/write", data={"box": at["box"], "subject": "The\r\nBcc: eve@x", "text": "Hello"})
        await browser.post("/sandbox/mail/write", data=at | {"to": "ben@example.com", "text": "For you"})
        scanned = await browser.post("/sandbox/mail/scan", data=at)
    assert scanned.headers["location"].endswith("scanned=2")
    written = next(one for one in gmail.office.ours.mails.values() if "INBOX" in one.labels)
    assert written.header("Subject") == "The Bcc: eve@x"
    (handed_on,) = gmail.office.world.mailbox("ben@example.com").mails.values()
    assert "Look: " in handed_on.message.get_content()
