"""`python -m tests.bench [rows] [--rounds N] [--quick] [--peers]`: the rows of promises.md that are measured."""

import argparse
import resource
import sys
import traceback
from collections.abc import Awaitable, Callable

import uvloop

from tests.bench.ground import Ground, ground
from tests.bench.rounds import Line, table
from tests.bench.rows import first_token, frames, limiter, markdown, page, posts, queue, stop, streams, switching, tokens

Row = Callable[[Ground], Awaitable[list[Line]]]
ROWS: dict[int, Row] = {
    20: first_token.one_session,
    21: first_token.many_sessions,
    22: first_token.cost_of_a_token,
    23: streams.most_streams,
    24: posts.acknowledged,
    25: switching.seen_elsewhere,
    26: frames.cost_and_memory,
    27: queue.enqueue_to_start,
    28: markdown.per_token,
    29: page.task_time,
    30: stop.stopped,
    33: limiter.added,
    34: tokens.checked,
}


def row(word: str) -> int:
    """A row's number, as typed."""
    if not word.isdigit() or int(word) not in ROWS:
        raise argparse.ArgumentTypeError(f"{word} is none of {[*ROWS]}")
    return int(word)


def asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure Parley beside its peers.")
    parser.add_argument("rows", nargs="*", type=row, metavar="ROW", help=f"all of {[*ROWS]} if none")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds: to see that it runs")
    parser.add_argument("--peers", action="store_true", help="measure the peers alone, without Parley")
    return parser.parse_args()


async def run(wanted: argparse.Namespace) -> int:
    lines: list[Line] = []
    async with ground() as under:
        under.rounds, under.quick = (2 if wanted.quick else wanted.rounds), wanted.quick
        under.without_parley = "not asked for" if wanted.peers else None
        for number in wanted.rows or ROWS:
            print(f"row {number} ...", file=sys.stderr, flush=True)
            try:
                lines += await ROWS[number](under)
            except Exception as error:  # a row that can't be measured must not hide the others
                traceback.print_exc()
                lines.append(Line(number, "could not be measured", "", note=f"{type(error).__name__}: {error}"[:200]))
        print(table(lines))
        if under.without_parley:
            print(f"\nParley was not measured: {under.without_parley}")
    unmeasured = any(not line.bounds for line in lines)
    failed = any(line.verdict(bound) == "FAIL" for line in lines for bound in line.bounds)
    return 1 if failed or unmeasured or (under.without_parley and not wanted.peers) else 0


def main() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65536) if most > 0 else 65536, most))
    sys.exit(uvloop.run(run(asked())))


if __name__ == "__main__":
    main()
