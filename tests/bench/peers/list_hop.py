"""The least that hands a job over: one list in Valkey, one process that takes from it. `python list_hop.py URL`.

It takes the sender's monotonic nanoseconds from `bench:jobs` and gives the nanoseconds it took back on `bench:started`.
"""

import asyncio
import sys
import time

import redis.asyncio as redis


async def main(url: str) -> None:
    valkey = redis.Redis.from_url(url)
    await valkey.lpush("bench:ready", b"list_hop")
    while True:
        _, sent = await valkey.brpop(["bench:jobs"])
        took = time.monotonic_ns() - int(sent)
        await valkey.lpush("bench:started", took)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
