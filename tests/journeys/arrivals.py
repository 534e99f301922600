"""How people come to a Parley with their devices."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from playwright.async_api import Browser as Chromium

from app.domain.user import User
from tests.browsing import Browser
from tests.journeys.device import Device

SIZE = {"width": 1280, "height": 800}
PATIENCE_MS = 20_000  # machines are busy
numbers = count(1)


@dataclass
class Arrivals:
    """`await arrive("Ana")` is signed up and signed in. `devices` are all that came."""

    url: str
    window: Chromium
    stack: AsyncExitStack
    devices: list[Device] = field(default_factory=list)

    async def __call__(self, name: str = "Ana", *, email: str = "", **options: Any) -> Device:
        """A device of somebody new, or of who has `email` already. Without a `name` nobody is signed in there."""
        http = await self.stack.enter_async_context(Browser(self.url))
        if email:
            await http.sign_in(name, email)
        elif name:
            email = f"{name.lower()}-{next(numbers)}@example.com"
            await http.sign_up(name, email)
        context = await self.window.new_context(**{"viewport": SIZE, **options})
        self.stack.push_async_callback(context.close)
        context.set_default_timeout(PATIENCE_MS)
        await context.add_cookies([{"name": key, "value": value, "url": self.url} for key, value in http.cookies.items()])
        self.devices.append(Device(context, await context.new_page(), http, self.url, email))
        return self.devices[-1]

    async def enter(self, user: User, **options: Any) -> Device:
        """A device on which `user`, of a Parley within the tests, is signed in."""
        device = await self("", **options)
        await device.http.enter(user)
        await device.context.add_cookies(
            [{"name": key, "value": value, "url": self.url} for key, value in device.http.cookies.items()]
        )
        device.email = user.email
        return device


@asynccontextmanager
async def arrivals(url: str, window: Chromium) -> AsyncIterator[Arrivals]:
    """At the end no page may have complained or asked another origin."""
    async with AsyncExitStack() as stack:
        arriving = Arrivals(url, window, stack)
        yield arriving
    complaints = [one for device in arriving.devices for one in device.unexpected]
    assert not complaints, "\n".join(complaints)
