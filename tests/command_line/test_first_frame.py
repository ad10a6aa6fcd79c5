"""The first frame waits for nothing that it does not show."""

from __future__ import annotations

from .console import Project

BEHIND_IT = (
    "boto3",
    "botocore",
    "pydantic",
    "yaml",
    "cattrs",
    "docker",
    "console.wiring",
    "console.domain.events",
    "console.domain.rollout",
    "console.engine.ports",
)


def loaded(project: Project, more: str = "") -> list[str]:
    """Return which modules of `BEHIND_IT` the start form needs."""
    program = (
        "import sys\n"
        "from console.commands import opening, screen\n"
        "from console.tui import app, screens\n"
        "screens.StartScreen\n"
        f"{more}\n"
        f"print(*(name for name in {BEHIND_IT!r} if name in sys.modules))\n"
    )
    ran = project.python("-c", program)
    assert ran.exit_code == 0, ran.stderr
    return ran.stdout.split()


def test_the_start_form_loads_no_rollout_no_settings_and_no_aws(project: Project) -> None:
    assert loaded(project) == []


def test_the_probe_sees_them(project: Project) -> None:
    """Else the test above could not fail."""
    assert set(loaded(project, "import console.wiring")) >= {"console.domain.events", "pydantic"}
