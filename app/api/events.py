"""What happens in a conversation, as a stream and as a socket; by the socket one may say things, too."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import get, websocket
from litestar.params import FromQuery
from litestar.types import ASGIApp

from app import limits
from app.api.callers import AnyRequest, Id, check_scope
from app.api.problems import MEDIA_TYPE, headers_of, problem
from app.api.telling import AS_IT_IS, Framed, Streamed
from app.auth.bearer import Caller
from app.auth.live import AnyConnection, listener
from app.domain.agent_state import AgentState
from app.domain.channel import ChannelType
from app.domain.errors import Unfit
from app.domain.scope import Scope
from app.domain.session import ChatSession
from app.limits import Kind
from app.live import encode
from app.rooms.outbox import Outbox
from app.rooms.place import LARGEST, Place
from app.rooms.sockets import AnySocket, converse, open_socket, refuse_socket
from app.rooms.streams import Stream


@get("/sessions/{session_id:uuid}/events", opt={"live": True}, media_type="text/event-stream")
async def stream(request: AnyRequest, session_id: Id, after: FromQuery[str] = "0") -> ASGIApp:
    """What happens from now on, after a `seq` or a cursor. `Last-Event-ID`, the cursor of the last event, wins."""
    who = await _let_in(request, session_id)
    came_to = Place.parse(request.headers.get("last-event-id", "")) or place_of(after)
    return Stream(request.app.state.house, session_id, Outbox(Streamed, who.sign_in_id, who.key_id), came_to)


@websocket("/sessions/{session_id:uuid}/socket")
async def open_to_programs(socket: AnySocket, session_id: Id) -> None:
    """The same events as frames; it takes `{"type": "message", "text", "client_id"?}` and `{"type": "stop"}`."""
    try:
        who = await _let_in(socket, session_id)
        came_to = place_of(socket.query_params.get("after", "0"))
    except Exception as error:
        found = problem(error)
        headers = {"Content-Type": MEDIA_TYPE, **headers_of(error, found["status"])}
        return await refuse_socket(socket, found["status"], encode(found), headers)
    await open_socket(socket)
    box = Outbox(Framed, who.sign_in_id, who.key_id)
    await converse(socket, socket.app.state.house, session_id, box, came_to, Saying(who, session_id, box).hear)


async def _let_in(connection: AnyConnection, session_id: UUID) -> Caller:
    who = await listener(connection)
    check_scope(who, Scope.CHAT)
    await who.user.session(session_id)
    return who


def place_of(after: str) -> Place:
    """The place that `after` names: a cursor, or the `seq` of the last entry that is known."""
    if place := Place.parse(after):
        return place
    if not (after.isascii() and after.isdigit() and len(after) < 11 and int(after) <= LARGEST):
        raise Unfit("`after` takes the seq of a message, or the cursor of an event.")
    return Place(AS_IT_IS, int(after))


class Frame(msgspec.Struct):
    """What a program sends by a socket."""

    type: str
    text: str = ""
    client_id: str | None = None


class Saying:
    """What comes by a program's socket, done as the same request would be."""

    def __init__(self, who: Caller, session_id: UUID, box: Outbox) -> None:
        self.who, self.session_id, self.box = who, session_id, box

    async def hear(self, data: str | bytes) -> None:
        """Do what a frame asks for; what goes wrong is told as a frame."""
        try:
            frame = msgspec.json.decode(data, type=Frame)
            await self._do(frame)
        except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
            self._complain(Unfit(f"A frame is JSON with a type, message or stop: {error}"))
        except Exception as error:
            self._complain(error, **({"client_id": frame.client_id} if frame.client_id else {}))

    async def _do(self, frame: Frame) -> None:
        match frame.type:
            case "message":
                await limits.admit(Kind.WRITE, self.who.user.id)
                session = ChatSession.named(self.session_id)
                await session.say(frame.text, by=self.who.user, via=ChannelType.WEB, client_id=frame.client_id)
            case "stop":
                await AgentState.stop(self.session_id)
            case other:
                raise Unfit(f"A frame's type is message or stop, not {other[:50]!r}.")

    def _complain(self, error: Exception, **more: Any) -> None:
        found = problem(error)
        self.box.put(encode({"type": "error", "data": found | more | headers_of(error, found["status"])}) + b"\n")
