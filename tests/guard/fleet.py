"""Real plans: Terraform, the AWS provider, and an endpoint in this process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from console.adapters.terraform.addresses import Addresses
from console.adapters.terraform.binary import Binary
from console.adapters.terraform.environment import child_environment
from console.adapters.terraform.planfile import parse_plan, plan_id
from console.adapters.terraform.state import parse_state
from console.domain.fleet import RegionState, SlotTarget
from console.domain.plan import Plan

from .verdicts import EU, NEW, OLD

TREE = Path(__file__).resolve().parents[2] / "terraform"
WORKER = "module.workers.aws_instance.worker"
ADDRESSES = Addresses(WORKER, (EU,))

# One that the endpoint knows: the provider asks for the root device of an image.
_AMI = "ami-1e749f67"
_DESTROY_FIRST = """
resource "aws_instance" "worker" {
  lifecycle {
    create_before_destroy = false
  }
}
"""


@dataclass(frozen=True)
class Made:
    """How a plan is made."""

    slots: tuple[SlotTarget, ...]
    state: str = "whole"
    """The name of the state that it starts from; see `RealFleet.state`."""
    options: tuple[str, ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict, hash=False)
    destroys_first: bool = False
    """Whether somebody has turned create_before_destroy off."""


class RealFleet:
    """Three workers at the old release, and the states that accidents make of them.

    Nothing is ever destroyed, so that all states describe the same world, and each is made once.
    """

    def __init__(self, directory: Path, binary: Binary, endpoint: str) -> None:
        self._directory = directory
        self._binary = binary
        tree = directory / "terraform"
        ignored = shutil.ignore_patterns(".terraform", "*.tfstate*", "*_override.tf")
        shutil.copytree(TREE, tree, ignore=ignored)
        module = tree / "modules/worker-fleet"
        shutil.copy(module / "without_ssh_override.tf.example", module / "without_ssh_override.tf")
        self._root = tree / "region"
        (self._root / "local_override.tf").write_text('terraform {\n  backend "local" {}\n}\n')
        parent = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TF_VAR_"))}
        self._environment = child_environment(parent, directory / "data") | {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        self._locks: dict[str, threading.Lock] = {}
        self._counter = 0
        self._count = threading.Lock()
        self._makers: dict[str, Callable[[Path], None]] = {
            "whole": self._make_whole,
            "all tainted": self._taint_all,
            "failed": self._make_failed,
            "failed, untainted": lambda path: self._untaint("failed", path),
            "failed twice": self._make_failed_twice,
            "failed twice, untainted": lambda path: self._untaint("failed twice", path),
            "no current": self._make_no_current,
            "no current, failed": self._make_no_current_failed,
        }

    def initialise(self, plugins: Path | None) -> None:
        """Make the root ready, and its twin that destroys before it creates."""
        mirror = () if plugins is None else (f"-plugin-dir={plugins}",)
        self._run(self._root, "init", *mirror)
        twin = self._directory / "destroys-first"
        shutil.copytree(self._root.parent, twin)
        override = twin / "modules/worker-fleet/destroy_first_override.tf"
        override.write_text(_DESTROY_FIRST)
        self._twin = twin / "region"

    def plan(self, made: Made) -> tuple[Plan, RegionState]:
        """Return a plan as the product reads it, and the state that it was made from."""
        before = self.state(made.state)
        path = self._file("tfstate")
        shutil.copy(before, path)
        root = self._twin if made.destroys_first else self._root
        saved = self._save(root, made.slots, path, "true", made.variables, made.options)
        text = self._run(root, "show", "-json", str(saved))
        state = read(path)
        return parse_plan(text, plan_id(saved), state, ADDRESSES, is_targeted=False), state

    def state(self, name: str) -> Path:
        """Return the file of a state, made with real commands when it is first asked for."""
        with self._count:
            lock = self._locks.setdefault(name, threading.Lock())
        path = self._directory / f"{name}.tfstate"
        with lock:
            if not path.exists():
                making = self._file("tfstate")
                self._makers[name](making)
                making.rename(path)
        return path

    def _make_whole(self, path: Path) -> None:
        self._apply((OLD,) * 3, path, "true")

    def _taint_all(self, path: Path) -> None:
        shutil.copy(self.state("whole"), path)
        for slot in range(3):
            self._run(self._root, "taint", f"-state={path}", f"{WORKER}[{slot}]")

    def _make_failed(self, path: Path) -> None:
        shutil.copy(self.state("whole"), path)
        self._apply((OLD, NEW, OLD), path, "false")

    def _make_failed_twice(self, path: Path) -> None:
        shutil.copy(self.state("failed"), path)
        self._apply((OLD, NEW, OLD), path, "false")

    def _untaint(self, name: str, path: Path) -> None:
        shutil.copy(self.state(name), path)
        self._run(self._root, "untaint", f"-state={path}", f"{WORKER}[1]")

    def _make_no_current(self, path: Path) -> None:
        """Forget slot 1's current object, as a Terraform that was killed in mid-apply did."""
        document = json.loads(self.state("failed").read_text())
        for resource in document["resources"]:
            if resource["type"] == "aws_instance":
                resource["instances"] = [
                    found
                    for found in resource["instances"]
                    if found["index_key"] != 1 or "deposed" in found
                ]
        path.write_text(json.dumps(document | {"serial": document["serial"] + 1}))

    def _make_no_current_failed(self, path: Path) -> None:
        shutil.copy(self.state("no current"), path)
        self._apply((OLD, NEW, OLD), path, "false")

    def _apply(self, slots: tuple[SlotTarget, ...], path: Path, await_command: str) -> None:
        """Apply; an await command that fails must make the apply fail."""
        saved = self._save(self._root, slots, path, await_command, {}, ())
        code = 1 if await_command == "false" else 0
        self._run(self._root, "apply", f"-state={path}", str(saved), code=code)

    def _save(
        self,
        root: Path,
        slots: tuple[SlotTarget, ...],
        path: Path,
        await_command: str,
        more: Mapping[str, Any],
        options: tuple[str, ...],
    ) -> Path:
        variables, saved = self._file("tfvars.json"), self._file("tfplan")
        given = {
            "region": EU,
            "fleet": "checks",
            "environment": "test",
            "slots": [{"release": slot.release, "image": slot.image} for slot in slots],
            "work_queue_url": "https://sqs.example.com/1/checks",
            "results_queue_url": "https://sqs.example.com/1/results",
            "ami_id": _AMI,
            "readiness": {"await_command": await_command, "within_seconds": 30},
        }
        variables.write_text(json.dumps(given | dict(more)))
        named = (f"-var-file={variables}", f"-state={path}", f"-out={saved}")
        self._run(root, "plan", "-lock=false", *named, *options)
        return saved

    def _run(self, root: Path, command: str, *arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            (*self._binary.argv, f"-chdir={root}", command, "-no-color", *arguments),
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, f"{command}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def _file(self, suffix: str) -> Path:
        with self._count:
            self._counter += 1
            return self._directory / f"{self._counter}.{suffix}"


def read(path: Path) -> RegionState:
    """Return a state file's only region."""
    return parse_state(path.read_text(), ADDRESSES)[EU]
