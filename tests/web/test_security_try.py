import pytest
from tests.browsing import Browser
async def test_it(server, db):
    async with Browser(server) as b:
        r = await b.sign_up("Ana"); print(r.status_code, r.headers, b.cookies)
        s = await b.open_chat("hello")
        r = await b.say(s, "more"); print(r.status_code, r.headers)
        async with b.stream(s) as events:
            e = await anext(events); print(e)
        r = await b.sign_out(); print(r.status_code, b.cookies)
        r = await b.open("/"); print(r.url, r.status_code)
        r = await b.sign_in("Ana"); print(r.status_code, b.cookies.keys())
