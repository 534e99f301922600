"""The worker process: every job and every timed job."""

import asyncio
import os
from contextlib import suppress
from typing import Any
from uuid import UUID

import structlog
from litestar_saq import SAQPlugin
from saq.types import Context

from app import database, live, queue
from app.agent.model import Model
from app.agent.turn import Answers
from app.channels import slack_client
from app.channels.email import Email
from app.channels.registry import connect
from app.channels.slack import Slack
from app.channels.slack_live import follow
from app.channels.slack_workspace import is_set_up
from app.channels.webhook import Webhook
from app.disk import disk
from app.domain.measure import keep_telling
from app.garbage import spare_what_stays
from app.jobs.check_doubles import check_doubles
from app.jobs.climb import climb, climb_due
from app.jobs.deliver import Post, deliver
from app.jobs.erase_who_left import erase_who_left
from app.jobs.find_due import find_due
from app.jobs.forget_old import forget_old
from app.jobs.join_slack import join_slack
from app.jobs.listen_to_slack import listen_to_slack
from app.jobs.meet_in_sandbox import meet_in_sandbox
from app.jobs.mirror import mirror
from app.jobs.read_mail import read_mail, read_mailbox
from app.jobs.run_agent import run_agent
from app.jobs.sweep import sweep
from app.jobs.take_in import take_in, take_in_due
from app.settings import settings

log = structlog.get_logger(__name__)
JOBS = [run_agent, deliver, climb, take_in, read_mail]
YIELDS = 5  # on a busy machine whoever waits for an acknowledgement comes before words that are still being thought


async def start(ctx: Context) -> None:
    """Open what the jobs need and look for due rows each second."""
    await database.connect()
    post, webhook, beside = Post(), Webhook(), None
    connect("webhook", webhook)
    if settings().has_mail:
        connect("email", Email())
    if is_set_up():
        connect("slack", Slack())
        beside = follow
    answers = Answers(Model(), beside)
    listener = live.Listener(lambda _, event: _told(answers, event), lambda: None)
    listener.start(live.WORKERS)
    looks = find_due(answers.begin_due, post.begin_due, climb_due, check_doubles, take_in_due, mirror)
    kept = (erase_who_left(), forget_old(), sweep(), keep_telling("worker"))
    outside = (join_slack(), listen_to_slack(), meet_in_sandbox(), read_mailbox())
    timed = [asyncio.create_task(each) for each in (looks, *kept, *outside)]
    ctx.update(answers=answers, post=post, webhook=webhook, listener=listener, timed=timed)  # type: ignore[call-arg]


async def stop(ctx: Any) -> None:
    """Hand running turns back, then close everything."""
    for task in ctx["timed"]:
        task.cancel()
    await ctx["answers"].leave()
    await ctx["post"].leave()
    await ctx["webhook"].close()
    await slack_client.close()
    await ctx["listener"].stop()
    await ctx["answers"].model.close()
    await queue.close()
    await live.close()
    await disk.close()
    await database.disconnect()


def _told(answers: Answers, event: live.Event) -> None:
    match event["kind"]:
        case "stop":
            answers.stop(UUID(event["session"]))
        case "wake":
            answers.begin(UUID(event["session"]))


def plugin() -> SAQPlugin:
    """litestar-saq with our one queue and all jobs."""
    return SAQPlugin(queue.saq_config(tasks=JOBS, startup=start, shutdown=stop))


async def run() -> None:
    """Work until SIGTERM or SIGINT."""
    os.nice(YIELDS)
    worker = plugin().get_workers()[queue.NAME]
    spare_what_stays()
    with suppress(asyncio.CancelledError):
        await worker.start()
