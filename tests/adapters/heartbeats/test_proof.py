"""The proof that Terraform's provisioner waits for, where CloudWatch is not the source."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.settings import Settings, load
from console.specs import await_command
from tests.settings.valid import VALID

from .looks import DIGEST


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings whose heartbeats are the lines of a file beside them."""
    run = f"[{sys.executable}, -c, 'print(open(\"beats\").read())']"
    source = f"source: command, command: {{run: {run}, timeout: 30s}}"
    text = VALID.replace("source: cloudwatch", source)
    for directory in ("terraform/region", "worker"):
        (tmp_path / directory).mkdir(parents=True)
    (tmp_path / "config").mkdir()
    path = tmp_path / "config" / "release.yaml"
    path.write_text(text, encoding="utf-8")
    # The root in there is found from the console's directory alone.
    monkeypatch.chdir(tmp_path)
    return load(path, {})


def say(settings: Settings, *, ago: float = 1, release: str = "2", **more: object) -> None:
    assert settings.source is not None
    at = (datetime.now(UTC) - timedelta(seconds=ago)).isoformat()
    line = {"instance": "i-0a", "release": release, "at": at, "runs": 3, "failures": 1} | more
    (settings.source.parent / "beats").write_text(json.dumps(line), encoding="utf-8")


def awaited(settings: Settings, completions: int = 1) -> subprocess.CompletedProcess[str]:
    """Run what Terraform runs, as it runs it: from a directory of its own."""
    asked = ("--region", "eu-west-1", "--instance", "i-0a", "--release", "2", "--digest", DIGEST)
    limits = ("--completions", str(completions), "--within", "3s")
    return subprocess.run(
        [*shlex.split(await_command(settings)), *asked, *limits],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_instance_that_beats_and_works_is_ready(settings: Settings) -> None:
    say(settings, digest=DIGEST)
    ran = awaited(settings, completions=2)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"release": "1"}, "no heartbeat as 2"),
        ({"ago": 50}, "it did beat as 2, and stopped"),
        ({"runs": 1}, "0 of 1 jobs finished, 1 failed"),
        ({"digest": "0" * 12}, "but reports the digest 000000000000"),
        ({"at": "today"}, "print lines such as"),
    ],
)
def test_anything_less_is_no_proof(
    settings: Settings, told: dict[str, object], sentence: str
) -> None:
    say(settings, **told)  # type: ignore[arg-type]  # names of fields
    ran = awaited(settings)
    assert ran.returncode == 5
    assert sentence in ran.stderr
