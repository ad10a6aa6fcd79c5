"""Which settings and which build context does a scenario's own rollout have?"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from console.sandbox.books import replace_text
from console.sandbox.spec import SAMPLE_WORKER

if TYPE_CHECKING:
    from console.sandbox.scenarios.scenario import Stage

LAUNCHERS = Path(__file__).parent / "launchers"
"""What is wrong with each release: a file for each, which takes the launcher's place."""

SHORT = "20s"
"""How long readiness and gates wait: a practice is no place to sit through a real time-out."""

_RETRIES = "max_retries = var.max_retries"

_SAMPLE = "sample_worker.py"
"""What the sample worker's launcher is called beside the one that took its place."""


def write_settings(
    stage: Stage,
    scenario: str,
    *,
    context: Path | None = None,
    within: str = SHORT,
    bake: str | None = None,
    root: Path | None = None,
) -> Path:
    """Write the world's settings with a few changes, and return where they are.

    Args:
        stage: the world.
        scenario: its name, for the file's.
        context: the build context; None for the world's.
        within: the time that readiness and gates have.
        bake: the bake's length; None for the world's.
        root: the Terraform root; None for the world's.
    """
    settings: dict[str, Any] = yaml.safe_load(stage.layout.config.read_text(encoding="utf-8"))
    if context is not None:
        settings["image"]["context"] = str(context)
    if root is not None:
        settings["terraform"]["root"] = str(root)
    if bake is not None:
        settings["rollout"]["bake"] = bake
    settings["readiness"]["within"] = within
    for gate in ("heartbeat", "completions"):
        settings["gates"][gate]["within"] = within
    path = stage.layout.scenario(scenario)
    header = f"# Written by `release-console sandbox scenario {scenario}`.\n"
    replace_text(path, header + yaml.safe_dump(settings, sort_keys=False, width=100))
    return path


def make_context(destination: Path, launcher: str) -> Path:
    """Make a build context of the sample worker with another launcher in its place.

    Args:
        destination: where; whatever is there goes first.
        launcher: the name of one in `launchers`.
    """
    shutil.rmtree(destination, ignore_errors=True)
    shutil.copytree(SAMPLE_WORKER, destination, ignore=shutil.ignore_patterns("__pycache__"))
    (destination / "launcher.py").rename(destination / _SAMPLE)
    shutil.copyfile(LAUNCHERS / f"{launcher}.py", destination / "launcher.py")
    dockerfile = destination / "Dockerfile"
    text = dockerfile.read_text(encoding="utf-8")
    told = text.replace("COPY launcher.py ", f"COPY launcher.py {_SAMPLE} ")
    dockerfile.write_text(told, encoding="utf-8")
    return destination


def copy_root(stage: Stage, scenario: str, *, max_retries: int | None = None) -> Path:
    """Copy the world's Terraform root, with the modules beside it, and return the copy.

    Terraform leaves errored.tfstate in the root itself, which many worlds share.

    Args:
        stage: the world.
        scenario: whose copy.
        max_retries: how often its providers repeat a call that fails; None for the root's own.
    """
    root = stage.world.spec.terraform_root
    copy = stage.layout.directory / "practice" / scenario / root.name
    unwanted = shutil.ignore_patterns(".terraform*", "*.tfstate*")
    for name in (root.name, "modules"):
        shutil.copytree(root.parent / name, copy.parent / name, ignore=unwanted, dirs_exist_ok=True)
    if max_retries is not None:
        for file in copy.glob("*.tf"):
            text = file.read_text(encoding="utf-8")
            file.write_text(
                text.replace(_RETRIES, f"max_retries = {max_retries}"),
                encoding="utf-8",
            )
    return copy
