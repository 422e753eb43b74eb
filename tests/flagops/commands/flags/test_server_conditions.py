"""Whatever the server refuses, `validate` refuses, and the double with it; what is just within, all three take."""

import json
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from flagops.commands.flags.catalogue.load import parse
from flagops.commands.flags.catalogue.problems import CatalogueError
from flagops.commands.flags.catalogue.rules import check
from tests.flagops.commands.flags.conditioned import option
from tests.flagops.commands.flags.server_conditions import CONDITIONS, FEATURES, MV, Condition
from tests.flagops.commands.flags.support import Project

FILE = Path("c.yaml")


def problems(text: str, *, warnings: bool = False) -> list[str]:
    try:
        declared, source = parse(text, FILE)
    except CatalogueError as error:
        return error.message.splitlines()
    found = check(declared, date(2026, 11, 23))
    return [source.line(problem) for problem in found if problem.is_warning is warnings]


@dataclass
class Asked:
    """A server with a flag `there`, which has a variation of 40 %, to which requests can be sent as they are."""

    project: Project

    def __post_init__(self) -> None:
        client = self.project.client
        self.flag = client.post(f"/api/v1{FEATURES}", {"name": "there"})["id"]
        self.key = self.project.environments()["staging"]
        client.post(f"/api/v1{MV.format(flag=self.flag)}", {**option("first", share=40), "feature": self.flag})

    def send(self, case: Condition) -> httpx.Response:
        body: dict[str, Any] = dict(case.body)
        if "feature" in body:
            body["feature"] = self.flag
        headers = {"Authorization": f"Api-Key {os.environ['FLAGSMITH_API_KEY']}"}
        path = case.path.format(flag=self.flag, key=self.key)
        return httpx.request(
            case.method, f"{self.project.url}/api/v1{path}", json=body, headers=headers, timeout=30, trust_env=False
        )


@pytest.mark.parametrize("case", [case for case in CONDITIONS if case.catalogue], ids=lambda case: case.name)
def test_validate_refuses_what_the_server_refuses_and_takes_what_it_takes(case: Condition) -> None:
    found = problems(case.catalogue)
    if not case.said:
        assert found == []
        return
    assert any(case.said in line for line in found), found
    assert all(line.startswith("c.yaml:") for line in found)


@pytest.mark.parametrize("case", CONDITIONS, ids=lambda case: case.name)
def test_the_server_has_this_condition(case: Condition, server: Project) -> None:
    answer = Asked(server).send(case)
    assert answer.status_code == case.status, answer.text[:500]
    assert case.answer in json.dumps(answer.json(), ensure_ascii=False).replace('\\"', '"')
