"""How many of 10,000 requests are lost while Flagsmith and its database are killed, at the edge and at the API.

Both are asked 50 times a second each, at the same time: `/flags/`, and `/identities/` by POST with a trait, in turn.
After a fifth of them a command kills Flagsmith and its database, and after three fifths another starts both again:

    python benchmarks/edge_away.py --api http://127.0.0.1:8000 --edge http://127.0.0.1:8001 --key CLIENT_SIDE_KEY \
        --kill COMMAND --start COMMAND
"""

import argparse
import asyncio
import shlex
import subprocess
import time
from collections import Counter

import httpx

REQUESTS, A_SECOND, PATIENCE_SECONDS = 10_000, 50, 5


async def ask(client: httpx.AsyncClient, number: int, flags: int) -> str:
    """Why a request is lost; empty when it is answered with all flags."""
    try:
        if number % 2:
            answer = await client.get("/api/v1/flags/")
            found = answer.json() if answer.is_success else []
        else:
            traits = [{"trait_key": "plan", "trait_value": "premium"}]
            body = {"identifier": f"user-{number % 100}", "traits": traits}
            answer = await client.post("/api/v1/identities/", json=body)
            found = answer.json()["flags"] if answer.is_success else []
    except httpx.HTTPError as error:
        return type(error).__name__
    return "" if len(found) == flags else f"status {answer.status_code}"


async def asked(url: str, key: str, started: float, requests: int) -> list[str]:
    """Ask at an even pace, whether or not earlier requests are answered."""
    async with httpx.AsyncClient(
        base_url=url, headers={"X-Environment-Key": key}, timeout=PATIENCE_SECONDS, trust_env=False
    ) as client:
        flags = len((await client.get("/api/v1/flags/", timeout=30)).json())
        tasks = []
        for number in range(requests):
            await asyncio.sleep(max(0.0, started + number / A_SECOND - time.monotonic()))
            tasks.append(asyncio.create_task(ask(client, number, flags)))
        return await asyncio.gather(*tasks)


async def at(moment: float, command: str) -> None:
    """Run a command at a moment, without holding up what is asked meanwhile."""
    await asyncio.sleep(max(0.0, moment - time.monotonic()))
    await asyncio.to_thread(subprocess.run, shlex.split(command), check=True, stdout=subprocess.DEVNULL)


async def run(options: argparse.Namespace) -> None:
    """All of it, and what was lost."""
    started = time.monotonic() + 3
    seconds = options.requests / A_SECOND
    *answered, _, _ = await asyncio.gather(
        asked(options.edge, options.key, started, options.requests),
        asked(options.api, options.key, started, options.requests),
        at(started + seconds / 5, options.kill),
        at(started + seconds * 3 / 5, options.start),
    )
    for name, found in zip(("edge", "API"), answered, strict=True):
        lost = Counter(reason for reason in found if reason)
        print(f"{name}: {lost.total():,} of {len(found):,} lost {dict(lost)}")


def main() -> None:
    """Read the options, and ask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("api", "edge", "key", "kill", "start"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--requests", type=int, default=REQUESTS, help="to each of both")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
