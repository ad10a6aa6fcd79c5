"""Is every module and root well formed, valid, and what its own tests say?"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

SOURCES = Path(__file__).resolve().parents[2] / "terraform"
MODULES = ("modules/worker-fleet", "modules/work-queue")
ROOTS = ("queues", "region", "single-root")
EXAMPLES = ("modules/worker-fleet/examples/one-region",)

Run = Callable[..., CompletedProcess[str]]
Init = Callable[..., None]


def test_every_file_is_formatted(terraform: Run, tree: Path) -> None:
    done = terraform(tree, "fmt", "-check", "-recursive", "-diff")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("directory", [*MODULES, *ROOTS, *EXAMPLES])
def test_the_configuration_is_valid(directory: str, terraform: Run, init: Init, tree: Path) -> None:
    init(tree / directory, "-backend=false")
    done = terraform(tree / directory, "validate", "-no-color")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("directory", [*MODULES, *ROOTS])
def test_its_own_tests_pass(directory: str, terraform: Run, init: Init, tree: Path) -> None:
    init(tree / directory, "-backend=false")
    done = terraform(tree / directory, "test", "-no-color")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Success! [1-9]\d* passed, 0 failed", done.stdout), "no test was run"


def _types(root: str) -> dict[str, str]:
    text = (SOURCES / root / "variables.tf").read_text()
    blocks = re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', text, re.MULTILINE | re.DOTALL)
    assert blocks, f"no variables in {root}"
    return {name: _type_of(body) for name, body in blocks}


def _type_of(body: str) -> str:
    """Return the type expression: up to the line that closes what its first line opens."""
    found = re.search(r"^  type += (\w+$|.*?(?:^  \}\)*|\))$)", body, re.MULTILINE | re.DOTALL)
    assert found is not None, body
    return " ".join(found[1].split())


def test_a_value_that_both_roots_take_has_the_modules_own_type() -> None:
    module = _types("modules/worker-fleet")
    by_region = {"slots", "subnet_ids", "security_group_ids"}
    for name, expected in module.items():
        in_region, in_single = _types("region"), _types("single-root")
        assert in_region[name] == expected, name
        if name in in_single and name not in by_region:
            assert in_single[name] == expected, name


def test_the_address_of_a_worker_is_the_one_that_the_console_is_told() -> None:
    assert (
        'resource "aws_instance" "worker"' in (SOURCES / "modules/worker-fleet/main.tf").read_text()
    )
    assert 'module "workers"' in (SOURCES / "region/main.tf").read_text()
    for region in ("us-east-1", "us-west-1", "eu-west-1"):
        assert f'module "workers-{region}"' in (SOURCES / "single-root/main.tf").read_text()
