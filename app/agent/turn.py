"""One turn: claim it, give the model the log, show its words as they come, write them down."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from contextvars import Context
from typing import Any
from uuid import UUID

import structlog

from app import metrics
from app.agent.asking import Opening, question_of
from app.agent.context import context
from app.agent.model import Model, ModelAway, ModelRefused, budget_tokens, may_ask
from app.backoff import backoff_seconds
from app.database import AWAY
from app.domain.agent_state import AgentState
from app.domain.feedback_log import told_in
from app.domain.feedback_question import Question
from app.domain.message import MessageStatus
from app.domain.turn import MOST_ATTEMPTS, Superseded, Turn
from app.frames import Writer
from app.settings import settings

log = structlog.get_logger(__name__)
MOST_ENTRIES = 400
AT_ONCE = 50
FOLLOWERS_SECONDS = 1.0


class Answering:
    """A turn being answered by this worker. `stop()` ends it and keeps what was said; `hand_back()` leaves it to
    another worker."""

    def __init__(self, turn: Turn, model: Model) -> None:
        self.turn, self.model = turn, model
        self.writer = Writer(turn.session.id, turn.message.id, turn.fence)
        self.opening = Opening(prose=not may_ask())
        self.question: Question | None = None
        self.talking: asyncio.Task[None] | None = None
        self.over = asyncio.Event()
        self.ended_by: str | None = "stop" if turn.state.stop_requested else None

    @property
    def session_id(self) -> UUID:
        return self.turn.session.id

    @property
    def message_id(self) -> UUID:
        return self.turn.message.id

    @property
    def text(self) -> str:
        """What was said so far."""
        return self.writer.text

    async def run(self) -> None:
        """To the end, whichever it is. Raises nothing but cancellation."""
        self.begun = asyncio.create_task(self._begin(), context=Context())
        end = await self._talked()
        while True:
            try:
                await asyncio.shield(self.begun)
                await asyncio.create_task(end(), context=Context())
                return
            except Superseded:
                log.warning("turn lost to another worker")
                return
            except AWAY as error:  # what was said is kept until it can be written, or another worker has taken over
                log.warning("database away at the end of a turn", error=repr(error))
                await asyncio.sleep(0.5)

    async def _begin(self) -> None:
        await asyncio.sleep(0)  # the model is asked first
        while True:
            try:
                return await self.turn.begin()
            except AWAY as error:
                log.warning("database away at the beginning of a turn", error=repr(error))
                await asyncio.sleep(0.5)

    async def _talked(self) -> Callable[[], Coroutine[Any, Any, None]]:
        """Let the model talk; how the turn is to end."""
        if self.turn.attempt > MOST_ATTEMPTS:
            return lambda: self.turn.finish("", MessageStatus.FAILED, f"The agent gave up after {MOST_ATTEMPTS} attempts.")
        try:
            await self._talk_with_heartbeat()
        except Superseded:
            return self._superseded
        except ModelAway as away:
            reason = away
            return lambda: self._wait_for_model(reason)
        except ModelRefused as refused:
            why = str(refused)
            return lambda: self._finish(MessageStatus.FAILED, why)
        except Exception:
            log.exception("turn failed")
            return lambda: self._try_again("Something went wrong while answering.")
        if self.writer.text or self.question or self.ended_by:
            return self._finish
        return lambda: self._try_again("The model said nothing.")

    async def _superseded(self) -> None:
        raise Superseded

    def stop(self) -> None:
        self._end("stop")

    def hand_back(self) -> None:
        self._end("hand back")

    def _end(self, why: str) -> None:
        self.ended_by = self.ended_by or why
        if self.talking:
            self.talking.cancel()

    async def _talk_with_heartbeat(self) -> None:
        """Let the model talk until it is done, is ended from outside, or the lease is lost."""
        if self.ended_by:
            return
        self.talking = asyncio.create_task(self._talk())
        beating = asyncio.create_task(self._beat(), context=Context())
        done, _ = await asyncio.wait({self.talking, beating}, return_when=asyncio.FIRST_COMPLETED)
        self.talking.cancel()
        beating.cancel()
        await asyncio.gather(self.talking, beating, return_exceptions=True)
        for task in done:
            if not task.cancelled() and (error := task.exception()):
                raise error

    async def _talk(self) -> None:
        told = context(self.turn.log, budget_tokens(), await told_in(self.turn.log))
        async with aclosing(self.model.respond(told)) as pieces:  # type: ignore[type-var]
            async for piece in pieces:
                if piece := self.opening.let_through(piece):
                    await self._show(piece)
        if self.opening.held.strip():
            self.question = question_of(self.opening.held)
            if not self.question:
                await self._show(self.opening.let_go())
        self.writer.flush()

    async def _show(self, piece: str) -> None:
        first = not self.writer.text
        if first:
            await asyncio.shield(self.begun)  # nothing is shown of a turn that might not last
        self.writer.add(piece)
        if first:
            self._note_first_token()
            telling = asyncio.create_task(self.turn.responding(), context=Context())
            telling.add_done_callback(lambda task: task.cancelled() or task.exception())

    def _note_first_token(self) -> None:
        if (waited := self.turn.waited_seconds) is not None:
            metrics.note("first token", max(0.0, waited))

    async def _beat(self) -> None:
        """Keep the lease. The database may be away for a moment: the lease is lost only when another has it."""
        while True:
            await asyncio.sleep(settings().lease_seconds / 3)
            try:
                if await asyncio.create_task(self.turn.heartbeat(settings().lease_seconds), context=Context()):
                    self.stop()
            except Superseded:
                raise
            except Exception as error:
                log.warning("heartbeat missed", error=repr(error))

    async def _finish(self, status: MessageStatus = MessageStatus.COMPLETE, error: str = "") -> None:
        self.writer.flush()
        match self.ended_by:
            case "hand back":
                await self.turn.hand_back()
            case "stop":
                await self.turn.finish(self.writer.text, MessageStatus.STOPPED)
            case _ if self.question:
                await self.turn.ask(self.question)
            case _:
                await self.turn.finish(self.writer.text, status, error)

    async def _wait_for_model(self, away: ModelAway) -> None:
        """The model is away before its first word: wait, as long as it takes. It broke off later: that was an attempt."""
        if self.writer.text or self.opening.held:
            return await self._try_again(str(away))
        seconds = away.retry_after or backoff_seconds(self.turn.state.waits + 1)
        log.warning("model away", again_in_seconds=round(seconds, 1), why=str(away))
        await self.turn.postpone(seconds, str(away), counts=False)

    async def _try_again(self, why: str) -> None:
        """That was an attempt: another follows, up to the last."""
        if self.turn.attempt >= MOST_ATTEMPTS:
            return await self._finish(MessageStatus.FAILED, why)
        await self.turn.postpone(backoff_seconds(self.turn.attempt), why, counts=True)


class Answers:
    """All that this worker answers at the moment. `beside` runs beside each, until it is over and a little longer."""

    def __init__(self, model: Model, beside: Callable[[Answering], Coroutine[Any, Any, None]] | None = None) -> None:
        self.model, self.beside = model, beside
        self.under_way: dict[UUID, Answering] = {}
        self.looking: dict[UUID, bool] = {}  # whether it was asked for again meanwhile
        self.tasks: set[asyncio.Task[None]] = set()
        self.followers: set[asyncio.Task[None]] = set()
        self.leaving = False

    def begin(self, session_id: UUID) -> None:
        """`answer` in the background."""
        if session_id in self.looking:
            self.looking[session_id] = True
            return
        self._start(self.answer(session_id), self.tasks)

    async def begin_due(self) -> None:
        """Begin what is due although nobody said so."""
        for session_id in await AgentState.due(AT_ONCE):
            self.begin(session_id)

    async def answer(self, session_id: UUID) -> None:
        """Run the turns that are due in a conversation, one after the other; nothing when there is none."""
        self.looking[session_id] = True
        try:
            while not self.leaving and self.looking[session_id]:
                self.looking[session_id] = False
                entries = min(MOST_ENTRIES, budget_tokens() // 8)
                if turn := await Turn.claim(session_id, settings().lease_seconds, entries):
                    self.looking[session_id] = True
                    await self._run(turn)
        finally:
            del self.looking[session_id]

    async def _run(self, turn: Turn) -> None:
        answering = self.under_way[turn.session.id] = Answering(turn, self.model)
        with structlog.contextvars.bound_contextvars(session=str(turn.session.id), turn=turn.fence):
            if self.beside:
                self._start(self.beside(answering), self.followers)
            try:
                await answering.run()
            finally:
                answering.over.set()
                del self.under_way[turn.session.id]

    def _start(self, work: Coroutine[Any, Any, None], kept: set[asyncio.Task[None]]) -> None:
        task = asyncio.create_task(work, context=Context())
        kept.add(task)
        task.add_done_callback(kept.discard)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            log.warning("a turn, or what runs beside it, broke off", error=repr(error))

    def stop(self, session_id: UUID) -> None:
        """A person pressed Stop."""
        if answering := self.under_way.get(session_id):
            answering.stop()

    async def leave(self) -> None:
        """This worker ends: hand everything back. What runs beside may finish, but holds nothing up."""
        self.leaving = True
        for answering in list(self.under_way.values()):
            answering.hand_back()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        if self.followers:
            _, late = await asyncio.wait(self.followers, timeout=FOLLOWERS_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
