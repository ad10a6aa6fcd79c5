"""Which environment does a process of the sandbox get? A clean one, with the world's mark."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from console.sandbox.credentials import SECRET
from console.sandbox.leftovers import MARK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.sandbox.layout import Layout

_TAKEN_OVER = ("LANG", "LC_ALL", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def clean_environment(
    directory: Path, home: Path, extra: Mapping[str, str], *, tools: Path | None = None
) -> dict[str, str]:
    """An environment without the operator's own AWS settings.

    Args:
        directory: the world's directory.
        home: the process's home.
        extra: variables to add.
        tools: a directory that comes before everything else in PATH.
    """
    interpreter = str(Path(sys.executable).parent)
    path = [*([str(tools)] if tools else []), interpreter, os.environ.get("PATH", os.defpath)]
    return {
        **{name: os.environ[name] for name in _TAKEN_OVER if name in os.environ},
        "PATH": os.pathsep.join(path),
        "HOME": str(home),
        # An image's directory is addressed by its content: no caches may appear in it.
        "PYTHONDONTWRITEBYTECODE": "1",
        MARK: str(directory),
        **extra,
    }


def aws_variables(aws: str, sqs: str, access_key: str, region: str) -> dict[str, str]:
    """What makes every AWS SDK, and Terraform, call the world's endpoints.

    Args:
        aws: URL of the AWS endpoint.
        sqs: URL of the SQS endpoint.
        access_key: the name to call under.
        region: the default region.
    """
    return {
        "AWS_ENDPOINT_URL": aws,
        "AWS_ENDPOINT_URL_SQS": sqs,
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def metrics_variables(layout: Layout) -> dict[str, str]:
    """What makes the sample worker show its heartbeats to Prometheus, and not to CloudWatch."""
    return {"METRICS_PORT": "0", "METRICS_TARGETS": str(layout.targets)}
