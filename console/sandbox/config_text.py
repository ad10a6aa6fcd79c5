"""Which settings does the console need for a world, and which environment does a shell?"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import yaml

from console.sandbox.child_environment import aws_variables
from console.sandbox.credentials import OPERATOR_KEY
from console.sandbox.layout import Layout
from console.sandbox.leftovers import GUEST_MARK
from console.sandbox.spec import CONTAINERS, PROCESSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.sandbox.spec import RunningWorld, WorldSpec

STATE_BUCKET = "release-console-state"
"""The S3 bucket for Terraform's state. The world makes it."""

IMAGE_REPOSITORY = "sandbox/browser-check-worker"
"""The repository that config.yaml names."""

_HEADER = """\
# The embedded world's settings, written anew by every `release-console sandbox up`.
# To change something, copy this file and name the copy with --config.
"""


def operator_environment(world: RunningWorld) -> dict[str, str]:
    """What makes the console, Terraform, boto3 and the AWS CLI work on the world."""
    first_region = next(iter(world.regions))
    layout = Layout(world.directory)
    return {
        **aws_variables(world.aws_endpoint, world.sqs_endpoint, OPERATOR_KEY, first_region),
        "RELEASE_CONSOLE_CONFIG": str(layout.config),
    }


def shell_text(world: RunningWorld) -> str:
    """The file to source: `. D/env`."""
    exports = [
        f"export {name}={shlex.quote(value)}" for name, value in operator_environment(world).items()
    ]
    # A profile of the operator's own would win over the credentials below.
    return "\n".join(["unset AWS_PROFILE AWS_SESSION_TOKEN", *exports]) + "\n"


def config_text(world: RunningWorld) -> str:
    """The console's settings, as YAML."""
    return _HEADER + yaml.safe_dump(_settings(world), sort_keys=False, width=100)


def waves_of(regions: Sequence[str]) -> list[list[str]]:
    """The first region alone as canary, then the others together."""
    first, *others = regions
    return [[first], others] if others else [[first]]


def _settings(world: RunningWorld) -> dict[str, Any]:
    spec = world.spec
    variables = operator_environment(world)
    del variables["RELEASE_CONSOLE_CONFIG"]
    # A Terraform that works on this world ends with it.
    variables[GUEST_MARK] = str(world.directory)
    return {
        "fleet": spec.fleet,
        "environment": _environment_name(spec),
        "aws": {"environment": variables},
        "image": _image(world),
        "terraform": _terraform(world),
        "regions": {region: {"count": count} for region, count in world.regions.items()},
        "rollout": {
            "waves": waves_of(tuple(world.regions)),
            "max_parallel": 2,
            "batch": "100%",
            "min_healthy": "100%",
            "bake": "5s",
            "on_failure": "stop",
            "approve": "each-step",
        },
        "queues": {
            "work": spec.queues.work,
            "results": spec.queues.results,
            "dead_letter": spec.queues.dead_letter,
        },
        "heartbeat": _heartbeat(spec),
        "drain": {"grace": f"{spec.stop_grace.total_seconds():g}s"},
        # A machine that is busy with a whole world makes its workers late.
        "nothing_happens": {"intervals": 10},
        "readiness": {"ssh": True, "heartbeat": True, "completions": 1, "within": "60s"},
        "gates": {
            "heartbeat": {"within": "60s"},
            "completions": {"min_per_instance": 1, "within": "60s"},
            "backlog": {"per_worker": 100, "oldest": "2m"},
            "dead_letters": {"max_new": 0},
            "failures": {"max_ratio": 0.02},
        },
        "store": str(Layout(world.directory).store),
    }


def _heartbeat(spec: WorldSpec) -> dict[str, Any]:
    interval = spec.heartbeat_interval.total_seconds()
    times = {"interval": f"{interval:g}s", "silent_after": f"{10 * interval:g}s"}
    if spec.prometheus:
        return {"source": "prometheus", **times, "prometheus": {"url": spec.prometheus}}
    return {"source": "cloudwatch", "namespace": "checks", **times}


def _environment_name(spec: WorldSpec) -> str:
    """What every screen says of the world: also what its instances are, unless that was asked for.

    A name, for Terraform makes a tag of it.
    """
    is_default = spec.instances == PROCESSES and not spec.instances_why
    return "sandbox" if is_default else f"sandbox-{spec.instances}"


def _image(world: RunningWorld) -> dict[str, Any]:
    spec = world.spec
    if spec.instances == CONTAINERS:
        return {
            "repository": f"{world.registry}/{IMAGE_REPOSITORY}",
            "builder": "docker",
            "context": str(spec.context),
            "build_args": {"BASE": spec.base_image},
            "test": ["python3", "-m", "py_compile", "launcher.py"],
        }
    return {
        "repository": IMAGE_REPOSITORY,
        "builder": "directory",
        "directory": str(Layout(world.directory).images),
        "context": str(spec.context),
    }


def _terraform(world: RunningWorld) -> dict[str, Any]:
    is_single = world.spec.layout == "single-root"
    module = "module.workers-{region}" if is_single else "module.workers"
    return {
        "root": str(world.spec.terraform_root),
        "layout": world.spec.layout,
        "resource": f"{module}.aws_instance.worker",
        "backend": {
            "bucket": STATE_BUCKET,
            "key": "workers.tfstate" if is_single else "workers/{region}.tfstate",
            "region": "us-east-1",
            "use_lockfile": True,
            # A bucket's name in front of 127.0.0.1 would be no address.
            "use_path_style": True,
        },
        "variables": {
            "instance_type": "t3.medium",
            "workers": 5,
            # One minute instead of five: a sandbox has less time.
            "alarm": {"evaluation_periods": 1},
            "ssh": {
                "user": "ec2-user",
                "private_key_file": str(Layout(world.directory).operator_key),
                "bastion": {"host": "127.0.0.1", "port": world.ssh_port, "user": "{region}"},
            },
        },
        "mark": "taint",
    }
