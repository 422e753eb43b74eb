"""Whether a Flagsmith keeps up with a steady number of evaluations a second, most of them local, for a time.

A mix as services have it: clients with a server-side key ask for the environment's document every so many seconds, and
evaluate it themselves with Flagsmith's engine; a share of the evaluations is remote, by GET `/identities/` and, every
tenth, by POST with a trait. All are asked for at an even pace, whether or not earlier ones are answered:

    python benchmarks/steady.py --url http://127.0.0.1:8000 --client-key KEY --server-key ser.KEY

Everything has to be on this machine's loopback interface: another address is refused. `benchmarks/project.py` makes the
project. What is printed: evaluations and requests a second, delays of remote ones, what failed, and the most seconds
that a local client fell behind.
"""

import argparse
import asyncio
import ipaddress
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from statistics import quantiles
from urllib.parse import urlsplit

import httpx
from flag_engine.engine import get_evaluation_result
from flagsmith.mappers import map_context_and_identity_data_to_context, map_environment_document_to_context

A_SECOND, SECONDS, LONGEST_SECONDS = 3000, 60, 600
REMOTE_PERCENT, CLIENTS, POLL_SECONDS = 2, 30, 10
POST_EVERY, USERS = 10, 100
PATIENCE_SECONDS, BATCHES_A_SECOND = 5, 10
TRAITS = {"plan": "premium"}


@dataclass
class Counts:
    """What was seen."""

    local: int = 0
    remote: Counter[str] = field(default_factory=Counter)
    documents: Counter[str] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)
    behind_seconds: float = 0.0


async def ask(client: httpx.AsyncClient, number: int, seen: Counts) -> None:
    """One remote evaluation, and how long it took."""
    identifier = f"user-{number % USERS}"
    began = time.monotonic()
    try:
        if number % POST_EVERY:
            answer = await client.get("/api/v1/identities/", params={"identifier": identifier})
        else:
            traits = [{"trait_key": name, "trait_value": value} for name, value in TRAITS.items()]
            answer = await client.post("/api/v1/identities/", json={"identifier": identifier, "traits": traits})
        is_right = answer.is_success and bool(answer.json()["flags"])
        seen.remote["answered" if is_right else f"status {answer.status_code}"] += 1
    except httpx.HTTPError as error:
        seen.remote[type(error).__name__] += 1
    seen.milliseconds.append(1000 * (time.monotonic() - began))


async def remote(options: argparse.Namespace, started: float, seen: Counts) -> None:
    """The remote share, at an even pace."""
    a_second = options.rate * options.remote_percent / 100
    async with (
        httpx.AsyncClient(
            base_url=options.url,
            headers={"X-Environment-Key": options.client_key},
            timeout=PATIENCE_SECONDS,
            trust_env=False,
            limits=httpx.Limits(max_connections=64),
        ) as client,
        asyncio.TaskGroup() as group,
    ):
        for number in range(int(a_second * options.seconds)):
            await asyncio.sleep(max(0.0, started + number / a_second - time.monotonic()))
            group.create_task(ask(client, number, seen))


async def local(options: argparse.Namespace, which: int, started: float, seen: Counts) -> None:
    """One client: it polls its document, and evaluates it in small batches, each at its time."""
    a_batch = options.rate * (1 - options.remote_percent / 100) / options.clients / BATCHES_A_SECOND
    context = None
    next_poll = started
    done = 0
    async with httpx.AsyncClient(
        base_url=options.url,
        headers={"X-Environment-Key": options.server_key},
        timeout=PATIENCE_SECONDS,
        trust_env=False,
    ) as client:
        for number in range(options.seconds * BATCHES_A_SECOND):
            due = started + number / BATCHES_A_SECOND
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if time.monotonic() >= next_poll:
                next_poll += options.poll_seconds
                try:
                    answer = await client.get("/api/v1/environment-document/")
                    seen.documents["answered" if answer.is_success else f"status {answer.status_code}"] += 1
                    if answer.is_success:
                        context = map_environment_document_to_context(answer.json())
                except httpx.HTTPError as error:
                    seen.documents[type(error).__name__] += 1
            if context is None:
                continue
            # Fractions of an evaluation are carried over to the next batch.
            while done < (number + 1) * a_batch:
                identity = map_context_and_identity_data_to_context(
                    context=context, identifier=f"user-{(which + done) % USERS}", traits=TRAITS
                )
                get_evaluation_result(identity)
                done += 1
                seen.local += 1
            seen.behind_seconds = max(seen.behind_seconds, time.monotonic() - due)


async def run(options: argparse.Namespace) -> Counts:
    """All clients for the time."""
    seen = Counts()
    started = time.monotonic() + 1
    async with asyncio.timeout(options.seconds * 2 + 30), asyncio.TaskGroup() as group:
        group.create_task(remote(options, started, seen))
        for which in range(options.clients):
            group.create_task(local(options, which, started, seen))
    return seen


def report(seen: Counts, seconds: int) -> str:
    """What was seen, in lines."""
    cuts = quantiles(seen.milliseconds, n=100) if len(seen.milliseconds) > 1 else [0.0] * 99
    done = seen.local + seen.remote["answered"]
    asked = seen.remote.total() + seen.documents.total()
    return "\n".join(
        (
            f"{done / seconds:,.0f} evaluations a second, {seen.local / seconds:,.0f} of them local",
            f"{asked / seconds:,.1f} requests a second; remote {dict(seen.remote)}, documents {dict(seen.documents)}",
            f"remote: median {cuts[49]:,.0f} ms, p99 {cuts[98]:,.0f} ms",
            f"a local client was at most {seen.behind_seconds:.2f} s behind",
        )
    )


def is_loopback(url: str) -> bool:
    """Whether the address is one of this machine's loopback interface, as a number."""
    try:
        return ipaddress.ip_address(urlsplit(url).hostname or "").is_loopback
    except ValueError:
        return False


def main() -> None:
    """Read the options, ask, and say whether the pace was kept: the exit code is 1 where anything failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("url", "client-key", "server-key"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--rate", type=int, default=A_SECOND, help="evaluations a second")
    parser.add_argument("--seconds", type=int, default=SECONDS, choices=range(1, LONGEST_SECONDS + 1), metavar="N")
    parser.add_argument("--remote-percent", type=float, default=REMOTE_PERCENT)
    parser.add_argument("--clients", type=int, default=CLIENTS, help="that evaluate locally")
    parser.add_argument("--poll-seconds", type=float, default=POLL_SECONDS)
    options = parser.parse_args()
    if not is_loopback(options.url):
        sys.exit(f"--url is {options.url}: it must be a loopback address such as http://127.0.0.1:8000")
    seen = asyncio.run(run(options))
    print(report(seen, options.seconds))
    failed = (set(seen.remote) | set(seen.documents)) - {"answered"}
    sys.exit(1 if failed or not seen.documents["answered"] else 0)


if __name__ == "__main__":
    main()
