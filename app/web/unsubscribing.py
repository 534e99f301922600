"""No more mails of a conversation: mail programs post here by themselves when their reader says so (RFC 8058)."""

from litestar import Response, get, post
from litestar.params import FromPath

from app.domain.channel import ChannelType
from app.domain.mail_muting import mute, muted_by
from app.web.pages import AnyRequest, page, see


@get("/unsubscribe/{token:str}", opt={"open": True})
async def show_unsubscribing(request: AnyRequest, token: FromPath[str]) -> Response[bytes]:
    """Whether mails come. A machine that opens the link changes nothing."""
    session = await muted_by(token)
    return page(
        request, "unsubscribing/show.html", path=f"/unsubscribe/{token}", title=session.title,
        comes=session.channel == ChannelType.EMAIL,
    )  # fmt: skip


@post("/unsubscribe/{token:str}", opt={"open": True, "stateless": True}, status_code=303)
async def unsubscribe(request: AnyRequest, token: FromPath[str]) -> Response[bytes]:
    """The link alone says who does it, so no cookie and no form's token is looked at."""
    await mute(token)
    return see(request, f"/unsubscribe/{token}")
