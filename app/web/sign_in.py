"""Signing in and out."""

from litestar import Response, get, post

from app.auth import passwords
from app.auth.cookies import signed_in, signed_out
from app.domain.sign_in import SignIn
from app.domain.user import User
from app.live import announce_everywhere
from app.web.forms import field
from app.web.pages import AnyRequest, local, page, see, visitor_of


@get("/", opt={"open": True})
async def home(request: AnyRequest) -> Response[bytes]:
    """To the chat, to the sign-in, or to the sign-up while nobody is there yet."""
    if visitor_of(request).user:
        return see(request, "/chat")
    return see(request, "/sign-up" if await User.nobody_yet() else "/sign-in")


@get("/sign-in", opt={"open": True})
async def show_sign_in(request: AnyRequest, next: str = "") -> Response[bytes]:
    return page(request, "sign_in/show.html", error="", email="", next=local(next, ""))


@post("/sign-in", opt={"open": True}, status_code=303)
async def sign_in(request: AnyRequest) -> Response[bytes]:
    """A new sign-in with a new id, whatever cookies came along."""
    email, back = (await field(request, "email")).strip(), await field(request, "next")
    user = await User.by_email(email)
    if not await passwords.matches(await field(request, "password"), user.password_hash if user else None) or not user:
        error = "That e-mail address and password don't belong together."
        return page(request, "sign_in/show.html", status=422, error=error, email=email, next=local(back, ""))
    begun = await SignIn.begin(user, request.headers.get("user-agent", ""))
    visitor_of(request).cookies += signed_in(user, begun)
    return see(request, local(back, "/chat"))


@post("/sign-out", opt={"open": True}, status_code=303)
async def sign_out(request: AnyRequest) -> Response[bytes]:
    """End this device's sign-in; its open pages are told."""
    visitor = visitor_of(request)
    if visitor.sign_in_id and (ending := await SignIn.objects().get(SignIn.id == visitor.sign_in_id)):
        await ending.end()
        announce_everywhere("sign-in.ended", {"id": str(ending.id)})
    visitor.cookies[:] = signed_out()
    return see(request, "/sign-in")
