"""The program that the README shows does what it says."""

import asyncio
import os
import re
import sys
from asyncio.subprocess import PIPE

from app.domain.api_key import ApiKey
from app.domain.channel import ChannelType
from app.domain.inbox import waiting_for
from app.domain.scope import Scope
from app.domain.user import User
from tests.conftest import free_port
from tests.house import ROOT
from tests.waiting import until
from tests.web_processes import web_processes


async def test_a_program_waits_for_an_approval_over_a_restart_of_parley(migrated: None, ana: User) -> None:
    (program,) = re.findall(r"```python\n(import json.*?)```", (ROOT / "README.md").read_text(), re.S)
    assert len([line for line in program.splitlines() if line]) <= 20
    port, key = free_port(), await ApiKey.make(ana, name="deploy", scopes=[Scope.FEEDBACK])
    written = program.replace("http://127.0.0.1:8000", f"http://127.0.0.1:{port}")
    environment = {"API_KEY": key, "PATH": os.environ["PATH"], "no_proxy": "*"}
    async with web_processes(1, first_port=port):
        running = await asyncio.create_subprocess_exec(sys.executable, "-c", written, env=environment, stdout=PIPE)
        (request,) = await until(lambda: waiting_for(ana.id), 30)
        assert request.question == "Shall we ship version 2?"
    async with web_processes(1, first_port=port):
        assert running.returncode is None, "it goes on while nobody answers"
        await request.respond(ana, True, ChannelType.WEB)
        async with asyncio.timeout(10):
            told, _ = await running.communicate()
    assert (told.decode().strip(), running.returncode) == ("Approved by Ana on the page.", 0)
