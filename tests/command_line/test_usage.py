"""A mistake on the command line ends with code 2, one sentence and a way on."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.headless.telling import problems

from .console import REPOSITORY, Project, Ran


@dataclass(frozen=True)
class Mistake:
    """What was typed, and what has to be told."""

    typed: str
    phrases: tuple[str, ...]


AUTO = "--auto --release 0.9.1"
MISTAKES = [
    Mistake("--auto", ("--auto needs a release", "release-console --auto --release 0.9.1")),
    Mistake("--auto --release latest", ("ship a label that stays", "--release 0.9.1")),
    Mistake("--auto --release a+b", ("'a+b' is no release label", "letters, digits")),
    Mistake("--auto --release -x", ("is no release label", "nor '-' in front")),
    Mistake("--auto --release", ("--release", "requires an argument")),
    Mistake("--watch --release 0.9.1", ("--watch only looks",)),
    Mistake("--watch --sandbox --refresh", ("--refresh", "none is named")),
    Mistake("--image repo:0.9.1", ("--image says how a release is shipped", "--release 0.9.1")),
    Mistake("--watch", ("the screen needs a terminal", "release-console status")),
    Mistake("stats", ("there is no command 'stats'", "Did you mean 'status'?")),
    Mistake("docter", ("Did you mean 'doctor'?",)),
    Mistake("frobnicate", ("there is no command 'frobnicate'", "release-console --help")),
    Mistake("--relaese 0.9.1", ("--relaese", "--release")),
    Mistake("--json status", ("put --json behind 'status'",)),
    Mistake(f"{AUTO} --config no/such.yaml", ("no/such.yaml", "there is no such file")),
    Mistake(f"{AUTO} --config config", ("config", "is a directory", "release.yaml")),
    Mistake(f"{AUTO} --regions mars-north-1", ("mars-north-1", "us-east-1, eu-west-1")),
    Mistake(f"{AUTO} --regions ,", ("no region is named", "us-east-1, eu-west-1")),
    Mistake("status --config no/such.yaml", ("there is no such file",)),
    Mistake("history --config config", ("is a directory",)),
    Mistake("status --sandbox", ("no sandbox was started", "release-console sandbox up --detach")),
    Mistake("history --last many", ("--last", "many")),
    Mistake("recover rewind --yes", ("rewind", "retry")),
    Mistake("recover finish --yes", ("no rollout was ever started here", "--release LABEL")),
    Mistake("config chekc", ("chekc",)),
    Mistake("await-ready --region eu-west-1", ("--instance",)),
    Mistake(
        "await-ready --region r --instance i --release l --completions 1 --within 300",
        ("300 is no duration", "90s, 5m"),
    ),
    Mistake("sandbox up --regions everywhere", ("names no regions", "us-east-1=1")),
]


def assert_is_mistake(ran: Ran, phrases: tuple[str, ...]) -> None:
    assert ran.exit_code == 2, ran.stderr
    assert "Traceback" not in ran.stderr
    for phrase in phrases:
        assert phrase in ran.stderr


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.typed)
def test_a_mistake_is_told_with_a_way_on(mistake: Mistake, project: Project) -> None:
    before = project.files()

    ran = project.run(*mistake.typed.split(" "))

    assert_is_mistake(ran, mistake.phrases)
    assert ran.stdout == ""
    assert project.files() == before


def test_a_label_with_a_space_is_told(project: Project) -> None:
    assert_is_mistake(project.run("--auto", "--release", "a b"), ("'a b' is no release label",))


def test_settings_named_by_the_environment_are_told_by_their_name(project: Project) -> None:
    ran = project.run("status", RELEASE_CONSOLE_CONFIG="gone/release.yaml")

    assert_is_mistake(ran, ("gone/release.yaml", "there is no such file", "→"))


@pytest.mark.parametrize(
    "typed",
    [
        "--auto --json",
        "--auto --json --release latest",
        "--auto --json --release 0.9.1 --config no/such.yaml",
        "--auto --json --release 0.9.1 --config config",
        "--auto --json --release 0.9.1 --regions mars-north-1",
        "--watch --json",
        "--auto --json --relaese 0.9.1",
        "--auto --json --release",
        "recover finish --yes --json",
        "recover retry --yes --json --config no/such.yaml",
        "recover rollback --yes --json",
        "recover abort --json --region us-east-1",
        "recover skip --json",
        "recover abort --json --relaese 0.9.1",
        "rollback --yes --json",
        "resume --json --config no/such.yaml",
        "scale us-east-1 0 --json",
    ],
)
def test_with_json_the_last_line_tells_a_mistake_too(typed: str, project: Project) -> None:
    ran = project.run(*typed.split(" "))

    assert ran.exit_code == 2
    (line,) = ran.lines
    assert problems(line) == []
    assert (line["type"], line["exit_code"]) == ("rollout.finished", 2)
    assert line["reason"]
    assert "Traceback" not in ran.stderr


def test_good_settings_are_called_good(project: Project) -> None:
    ran = project.run("config", "check")

    assert ran.exit_code == 0
    assert "config/release.yaml is good: checks, 2 regions in 2 waves" in ran.stderr


def test_the_example_for_production_is_good(project: Project) -> None:
    ran = project.run("config", "check", "--config", str(REPOSITORY / "config/prod.example.yaml"))

    assert ran.exit_code == 0, ran.stderr


def test_everything_that_is_wrong_with_settings_is_told_with_its_line(project: Project) -> None:
    text = project.config.read_text()
    text = text.replace("environment: test", "enviroment: test")
    text = text.replace("count: 2", "count: two").replace("queues:", "queues: {}\nqueuez:")
    project.config.write_text(text)

    ran = project.run("config", "check")

    assert_is_mistake(ran, ("release.yaml:2", "did you mean environment?", "release.yaml:11"))
    assert "did you mean queues?" in ran.stderr


def test_the_sandboxs_settings_name_what_a_sandbox_would_have_set(project: Project) -> None:
    ran = project.run("config", "check", "--config", str(REPOSITORY / "config/sandbox.yaml"))

    assert_is_mistake(ran, ("sandbox.yaml", "SANDBOX_DIR", "SANDBOX_AWS"))


def test_the_sandboxs_settings_are_good_with_it(project: Project) -> None:
    ran = project.run(
        *("config", "check", "--config", str(REPOSITORY / "config/sandbox.yaml")),
        SANDBOX_DIR=str(project.directory),
        SANDBOX_AWS="http://127.0.0.1:4566",
        SANDBOX_SQS="http://127.0.0.1:4567",
    )

    assert ran.exit_code == 0, ran.stderr


def test_the_schema_is_printed_as_data(project: Project) -> None:
    ran = project.run("config", "schema")

    assert ran.exit_code == 0
    assert ran.stdout == (REPOSITORY / "config/schema.json").read_text("utf-8")
    assert ran.stderr == ""
