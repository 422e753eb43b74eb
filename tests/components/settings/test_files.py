"""The project's and the stacks' files, and the generated page, agree with the model."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from typer.testing import Result

from components.settings import PROJECT, Settings, parse, warnings
from components.settings.model import Settings as Model
from components.settings.schema import model_of, unwrap
from flagops.commands.docs import cli_page
from flagops.commands.docs.configuration_page import PAGE, configuration_page, entries
from flagops.project import VARIABLE

ROOT = Path(__file__).parents[3]
STACKS = ("local", "staging", "production")
PULUMI_TYPES = {"string": str, "boolean": bool, "integer": int}


def _read(name: str) -> dict[str, Any]:
    content = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def _stack(name: str) -> Settings:
    config = _read(f"Pulumi.{name}.yaml")["config"]
    prefix = f"{PROJECT}:"
    return parse({key.removeprefix(prefix): value for key, value in config.items() if key.startswith(prefix)})


@pytest.mark.parametrize("name", STACKS)
def test_every_stack_is_valid_and_has_three_replicas_or_more(name: str) -> None:
    found = _stack(name)

    assert found.resolved_replicas >= 3
    # What only you can say: which images, which server, and which bucket.
    told = ("not locked: ", "postgres.mode is embedded: ", "backup.s3 is not set: ")
    assert [text for text in warnings(found) if not text.startswith(told)] == []
    assert found.ingress.enabled or found.service.node_port, "there is a way in"


@pytest.mark.parametrize("name", STACKS)
def test_every_stack_disables_the_default_kubernetes_provider_only(name: str) -> None:
    assert _read(f"Pulumi.{name}.yaml")["config"]["pulumi:disable-default-providers"] == ["kubernetes"]


def test_each_stack_is_what_it_is_for() -> None:
    local, staging, production = (_stack(name) for name in STACKS)

    assert (local.context, local.size, local.url) == ("flagsmith-local", "local", "http://flags.localhost:30080")
    assert not local.ingress.await_address
    assert staging.url == "https://flags.staging.footanalytics.com"
    assert production.url == "https://flags.footanalytics.com"
    assert (production.protect, production.size) == (True, "medium")


def test_the_salt_of_the_local_stack_belongs_to_the_passphrase_local() -> None:
    version, salt, value_version, nonce, ciphertext = _read("Pulumi.local.yaml")["encryptionsalt"].split(":")
    key = PBKDF2HMAC(SHA256(), 32, base64.b64decode(salt), 1_000_000).derive(b"local")

    assert (version, value_version) == ("v1", "v1")
    assert AESGCM(key).decrypt(base64.b64decode(nonce), base64.b64decode(ciphertext), None) == b"pulumi"


def test_the_project_declares_every_single_value_it_can_with_the_models_default_and_words() -> None:
    declared = _read("Pulumi.yaml")["config"]
    expected: dict[str, dict[str, Any]] = {}
    for field in Model.model_fields.values():
        kind = unwrap(field.annotation)
        # Pulumi requires every declared key without a default, so that what defaults to nothing cannot be declared.
        if model_of(kind) is not None or getattr(kind, "__origin__", None) is dict or field.default is None:
            continue
        entry: dict[str, Any] = {"description": field.description}
        if not field.is_required():
            entry["default"] = list(field.default) if isinstance(field.default, tuple) else field.default
        expected[str(field.alias)] = entry

    compared = ("description", "default")
    assert {key: {k: v for k, v in entry.items() if k in compared} for key, entry in declared.items()} == expected


def test_the_projects_defaults_are_of_their_declared_type() -> None:
    for entry in _read("Pulumi.yaml")["config"].values():
        if entry["type"] == "array":
            assert entry["items"] == {"type": "string"}
            assert entry["default"] == []
        elif "default" in entry:
            assert type(entry["default"]) is PULUMI_TYPES[entry["type"]]


def test_the_page_is_what_the_model_says() -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == configuration_page(), "run `ff docs` and commit the page"


def test_every_key_of_the_model_is_on_the_page_and_explained() -> None:
    page = configuration_page()

    for entry in entries(Model):
        assert f"| `{entry.key}` |" in page or f"## {entry.key}\n" in page
        assert entry.meaning.endswith(".")
        assert entry.kind


def test_the_check_fails_on_a_stale_page_and_writing_it_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Callable[..., Result]
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: feature-flags\nruntime: python\n", encoding="utf-8")
    monkeypatch.setenv(VARIABLE, str(tmp_path))

    stale = run("docs", "--check")
    assert stale.exit_code == 1
    assert f"Out of date: {cli_page.PAGE}, {PAGE}." in stale.stderr
    assert "ff docs" in stale.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["Pulumi.yaml"]
    assert run("docs").exit_code == 0
    assert run("docs", "--check").exit_code == 0

    for page in (PAGE, cli_page.PAGE):
        assert (tmp_path / page).read_text(encoding="utf-8") == (ROOT / page).read_text(encoding="utf-8")
        (tmp_path / page).write_text("Another.\n", encoding="utf-8")
        assert f"Out of date: {page}." in run("docs", "--check").stderr
        run("docs")
