"""What was taken and comes back goes on by another way; a channel that has ended is told of by another one."""

from datetime import timedelta

from app.clock import now
from app.database import sql
from app.domain.channel import ChannelStatus, ChannelType, CommunicationChannel
from app.domain.coming_back import bounced, disconnect
from app.domain.delivery import Delivery, DeliveryKind
from app.domain.feedback import FeedbackRequest
from app.domain.notice import notices_for
from app.domain.timeline import timeline
from app.domain.user import User
from tests.channels.engine import ask, at_rest, reached_by, statuses, work_until
from tests.channels.fickle import Fickle


async def sent_by(request: FeedbackRequest, via: str) -> Delivery:
    sent = await Delivery.objects().get((Delivery.request == request.id) & (Delivery.via == via))
    assert sent
    return sent


async def test_a_mail_that_comes_back_after_days_lets_the_request_go_on_by_slack(ana: User) -> None:
    slack, mail = Fickle(), Fickle()
    await reached_by(ana, email=mail, slack=slack)
    request = await ask(ana)
    await work_until(at_rest)
    assert (mail.seen(), slack.sends) == ({str(request.id): 1}, 0)
    sent = await sent_by(request, "email")
    await sql("UPDATE feedback_recipients SET next_at = $1", now() + timedelta(days=2))
    for _ in range(2):
        await bounced(sent.id, "550 mailbox full")
        await work_until(at_rest)
    assert slack.seen() == {str(request.id): 1}
    assert await statuses(request) == {"email": "bounced", "slack": "accepted", "web": "accepted"}
    told = [(one.what, one.via, one.detail) for one in await timeline(request.id, ana.id)]
    assert told.count(("bounced", "email", "550 mailbox full")) == 1


async def test_what_comes_back_with_no_way_left_is_an_alarm(ana: User) -> None:
    await reached_by(ana, email=Fickle())
    request = await ask(ana)
    await work_until(at_rest)
    await bounced((await sent_by(request, "email")).id, "550 no such user", gone=True)
    await work_until(at_rest)
    assert (await sql("SELECT alarm FROM feedback_recipients"))[0]["alarm"] == "No channel has taken it: email bounced."
    assert (await CommunicationChannel.of(ana.id))[0].status == ChannelStatus.DISCONNECTED


async def test_what_comes_back_after_the_answer_asks_nobody_again(ana: User) -> None:
    slack = Fickle()
    await reached_by(ana, email=Fickle(), slack=slack)
    request = await ask(ana)
    await work_until(at_rest)
    await request.respond(ana, True, ChannelType.WEB)
    await bounced((await sent_by(request, "email")).id, "550 mailbox full")
    await work_until(at_rest)
    assert slack.sends == 0


async def test_who_loses_a_channel_is_told_by_another_one_and_on_the_page_once(ana: User) -> None:
    slack, mail = Fickle(lambda: "gone"), Fickle()
    await reached_by(ana, slack=slack, email=mail)
    requests = [await ask(ana) for _ in range(3)]
    await work_until(at_rest)
    assert mail.seen() == {str(one.id): 1 for one in requests}
    words = (
        "Slack (slack of Ana) takes nothing any more: account closed. "
        "You are asked by your other channels until you mend it."
    )
    told = [copy.payload for copy in mail.copies.values() if copy.kind == DeliveryKind.NOTICE]
    assert told == [{"from": "Parley", "text": words}]
    assert [note.text for note in await notices_for(ana.id)] == [words]


async def test_asked_while_every_channel_is_broken_is_an_alarm_until_one_is_mended(ana: User) -> None:
    slack = Fickle()
    await reached_by(ana, slack=slack)
    (channel, *_) = await CommunicationChannel.of(ana.id)
    await disconnect(channel.id, "account closed")
    request = await ask(ana)
    assert (await sql("SELECT alarm FROM feedback_recipients"))[0]["alarm"] == "No channel has taken it: slack rejected."
    mail = Fickle()
    await reached_by(ana, email=mail)
    await sql("UPDATE feedback_recipients SET next_at = now()")
    await work_until(at_rest)
    assert (mail.seen(), slack.sends) == ({str(request.id): 1}, 0)
    assert (await sql("SELECT alarm FROM feedback_recipients"))[0]["alarm"] == ""
