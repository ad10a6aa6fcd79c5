"""A copy of the `terraform/` tree to work in, and a Terraform that needs no registry."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest

from console.adapters.terraform.binary import find_binary
from console.adapters.terraform.environment import child_environment
from console.adapters.terraform.plugins import find_plugin_dir

TREE = Path(__file__).resolve().parents[2] / "terraform"

Finished = subprocess.CompletedProcess[str]
Run = Callable[..., Finished]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a copy, so that no `.terraform` is left among the sources."""
    ignored = shutil.ignore_patterns(".terraform*", "*.tfstate*", "*_override.tf")
    return Path(shutil.copytree(TREE, tmp_path / "terraform", ignore=ignored))


@pytest.fixture
def terraform(tmp_path: Path) -> Run:
    """Return a function that runs Terraform in a directory, with more environment if wanted."""
    binary = find_binary()

    def run(
        directory: Path, *arguments: str, stdin: IO[str] | None = None, **environment: str
    ) -> Finished:
        return subprocess.run(
            (*binary.argv, *arguments),
            cwd=directory,
            stdin=stdin,
            env=child_environment(os.environ, tmp_path / "data") | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def init(terraform: Run) -> Callable[..., None]:
    """Return a function that makes a directory ready, from a mirror where there is one."""
    mirror = find_plugin_dir()

    def initialise(directory: Path, *arguments: str) -> None:
        plugins = () if mirror is None else (f"-plugin-dir={mirror}",)
        done = terraform(directory, "init", "-no-color", *arguments, *plugins)
        assert done.returncode == 0, done.stderr

    return initialise
