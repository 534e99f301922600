"""What people do on the page. Each answers a browser with the page again, and htmx with nothing: the stream shows it."""

from typing import Any

from litestar import Request, Response, post
from litestar.exceptions import NotFoundException

from app.sandbox.faults import Faults
from app.sandbox.slack import interactions, people
from app.sandbox.slack.filling import Form
from app.sandbox.slack.looking import Look, context
from app.sandbox.slack.showing import page
from app.sandbox.slack.workspace import Workspace
from app.sandbox.slack.world import Place, Said, View

AnyRequest = Request[Any, Any, Any]


class Doing:
    """A form that somebody sent: where they look, and what stands in it."""

    def __init__(self, workspace: Workspace, form: Form, by_htmx: bool) -> None:
        self.workspace = workspace
        self.form = form
        self.look = Look.of(workspace, {name: values[0] for name, values in form.items()})
        self._by_htmx = by_htmx

    @classmethod
    async def of(cls, request: AnyRequest) -> "Doing":
        given = await request.form()
        form = {name: [str(one) for one in given.getall(name)] for name in given}
        form |= {name: [str(value)] for name, value in request.query_params.items()}
        return cls(request.app.state.slack, form, request.headers.get("HX-Request") == "true")

    def text(self, name: str) -> str:
        return (self.form.get(name) or [""])[0].replace("\r\n", "\n")

    @property
    def place(self) -> Place:
        if not (found := self.look.place(self.workspace)):
            raise NotFoundException
        return found

    @property
    def said(self) -> Said:
        found = self.place.said.get(self.text("ts"))
        if found is None or found.only_for not in ("", self.look.user):
            raise NotFoundException
        return found

    @property
    def own(self) -> Said:
        """A message that this person may change."""
        if self.said.user != self.look.user:
            raise NotFoundException
        return self.said

    @property
    def view(self) -> View:
        """The modal or Home tab that is before this person."""
        world = self.workspace.world
        found = world.views.get(self.text("view")) or world.homes.get(self.look.user)
        if found is None or found.user != self.look.user or found.id != self.text("view"):
            raise NotFoundException
        return found

    def done(self) -> Response[bytes]:
        if self._by_htmx:
            return Response(b"", status_code=204)
        return Response(b"", status_code=303, headers={"Location": self.look.url()})

    def composer(self) -> Response[bytes]:
        """An empty composer in place of the one that was sent."""
        if not self._by_htmx:
            return self.done()
        return page(
            "sandbox/_composer.html",
            self.workspace,
            **context(self.workspace, self.look),
            in_thread=bool(self.text("reply")),
        )


@post("/sandbox/slack/messages")
async def write(request: AnyRequest) -> Response[bytes]:
    """Say something; words that begin with / are a command."""
    doing = await Doing.of(request)
    text = doing.text("text").strip()
    thread = doing.look.thread if doing.text("reply") else ""
    if text.startswith("/"):
        name, _, rest = text.partition(" ")
        await interactions.command(doing.workspace, doing.look.user, doing.place, name, rest.strip())
    elif text:
        people.write(doing.workspace, doing.look.user, doing.place, text, thread)
    return doing.composer()


@post("/sandbox/slack/edits")
async def edit(request: AnyRequest) -> Response[bytes]:
    doing = await Doing.of(request)
    if text := doing.text("text").strip():
        people.edit(doing.workspace, doing.place, doing.own, text)
    return doing.done()


@post("/sandbox/slack/deletions")
async def delete(request: AnyRequest) -> Response[bytes]:
    doing = await Doing.of(request)
    people.take_back(doing.workspace, doing.place, doing.own)
    return doing.done()


@post("/sandbox/slack/stops")
async def stop(request: AnyRequest) -> Response[bytes]:
    """End an answer that is still being written."""
    doing = await Doing.of(request)
    people.stop_stream(doing.workspace, doing.place, doing.said)
    return doing.done()


@post("/sandbox/slack/clicks")
async def click(request: AnyRequest) -> Response[bytes]:
    """Use a button or menu of a message, modal or Home tab. `click` names it, and after a tab what was chosen in it."""
    doing = await Doing.of(request)
    field, _, choice = doing.text("click").partition("\t")
    form = doing.form | {"choice": [choice]}
    try:
        if doing.text("view"):
            await interactions.click_in_view(doing.workspace, doing.look.user, doing.view, field, form)
        else:
            await interactions.click_in_message(doing.workspace, doing.look.user, doing.place, doing.said, field, form)
    except LookupError:
        raise NotFoundException from None
    return doing.done()


@post("/sandbox/slack/submissions")
async def submit(request: AnyRequest) -> Response[bytes]:
    """Send a modal."""
    doing = await Doing.of(request)
    await interactions.submit(doing.workspace, doing.look.user, doing.view, doing.form)
    return doing.done()


@post("/sandbox/slack/dismissals")
async def dismiss(request: AnyRequest) -> Response[bytes]:
    """Close a modal."""
    doing = await Doing.of(request)
    await interactions.dismiss(doing.workspace, doing.look.user, doing.view)
    return doing.done()


@post("/sandbox/slack/uninstalls")
async def uninstall(request: AnyRequest) -> Response[bytes]:
    """Remove the app."""
    doing = await Doing.of(request)
    people.uninstall(doing.workspace)
    return doing.done()


@post("/sandbox/slack/trouble")
async def trouble(request: AnyRequest) -> Response[bytes]:
    """Let calls go wrong, as the page's form says."""
    doing = await Doing.of(request)
    doing.workspace.faults = Faults.model_validate(
        {"rate": doing.text("rate"), "kinds": doing.form.get("kinds", []), "latency_seconds": doing.text("latency_seconds"),
         "dead": doing.text("dead")}
    )  # fmt: skip
    return doing.done()
