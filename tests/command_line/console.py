"""The console as a process, in a project of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
DIGEST = f"registry.example.com/checks@sha256:{'b' * 64}"

SETTINGS = """\
fleet: checks
environment: test
image:
  repository: registry.example.com/checks
terraform:
  root: {repository}/terraform/region
  resource: module.workers.aws_instance.worker
  backend: {{bucket: states, key: "{{region}}.tfstate", region: us-east-1, use_path_style: true}}
regions:
  us-east-1: {{count: 1}}
  eu-west-1: {{count: 2}}
rollout:
  waves: [[us-east-1], [eu-west-1]]
queues: {{work: checks, results: results, dead_letter: checks-dlq}}
"""


@dataclass(frozen=True)
class Ran:
    """One command that has ended."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The JSON lines on stdout."""
        return [json.loads(line) for line in self.stdout.splitlines()]


@dataclass(frozen=True)
class Project:
    """A directory with good settings, and an environment that knows no AWS."""

    directory: Path

    @property
    def config(self) -> Path:
        """Good settings."""
        return self.directory / "config/release.yaml"

    def run(self, *arguments: str, **environment: str) -> Ran:
        """Run release-console in the project."""
        return self.python("-m", "console.cli", *arguments, **environment)

    def python(self, *arguments: str, **environment: str) -> Ran:
        """Run Python in the project."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.directory,
            env=self._environment() | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def files(self) -> set[str]:
        """What is in the project, by relative path; what SQLite keeps beside a file left out."""
        return {
            str(path.relative_to(self.directory))
            for path in self.directory.rglob("*")
            if path.is_file() and not path.name.endswith(("-wal", "-shm"))
        }

    def _environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AWS_", "RELEASE_CONSOLE_", "SANDBOX_", "TF_"))
        }
        # Credentials of whoever runs the tests are none of these tests' business.
        return kept | {
            "HOME": str(self.directory),
            "PYTHONPATH": str(REPOSITORY),
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def project_in(directory: Path) -> Project:
    """Make a project."""
    project = Project(directory)
    project.config.parent.mkdir(parents=True)
    project.config.write_text(SETTINGS.format(repository=REPOSITORY))
    return project
