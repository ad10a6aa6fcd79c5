"""What do the settings say to the adapters of Terraform and of Docker?"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from console.adapters.docker.spec import ImageSpec
from console.adapters.terraform.spec import TerraformSpec
from console.adapters.terraform.variables import Given, Layout, Readiness
from console.domain.fleet import RegionName
from console.domain.policy import Policy
from console.settings import Settings
from console.settings.heartbeat import HeartbeatSource as HeartbeatKind


def terraform_spec(settings: Settings, policy: Policy) -> TerraformSpec:
    """Return what the settings say about Terraform."""
    terraform, readiness = settings.terraform, settings.readiness
    wants_proof = readiness.heartbeat or readiness.completions > 0
    return TerraformSpec(
        root=terraform.root,
        resource=terraform.resource,
        backend=terraform.backend.model_dump(exclude_none=True) if terraform.backend else {},
        layout=Layout(terraform.layout.value),
        given=Given(
            fleet=settings.fleet,
            environment=settings.environment,
            namespace=settings.heartbeat.namespace,
            interval=settings.heartbeat.interval,
            readiness=Readiness(
                await_command=await_command(settings) if wants_proof else "",
                completions=readiness.completions,
                within=readiness.within,
            ),
            stop_grace=settings.drain.grace,
            settings=terraform.variables,
        ),
        units={unit.name: unit.regions for unit in policy.units},
        regions={RegionName(name): region.count for name, region in settings.regions.items()},
        work_dir=settings.store / "terraform",
        plugin_dir=terraform.plugin_dir,
    )


def image_spec(settings: Settings, policy: Policy) -> ImageSpec:
    """Return what the settings say about the image, for the regions of `policy`."""
    image = settings.image
    return ImageSpec(
        repository=image.repository,
        regions=tuple(region.name for region in policy.regions),
        context=image.context,
        dockerfile=image.dockerfile,
        args=image.build_args,
        target=image.target,
        platform=image.platform,
        test=image.test,
        test_within=image.test_within,
        reuse=image.reuse,
        replicated_within=image.replicated_within,
        profile=settings.aws.profile,
    )


def await_command(settings: Settings) -> str:
    """Return what Terraform's provisioner runs: this console, whatever is on its PATH.

    Where CloudWatch is the source, the settings' values go with it, so that a process for each
    instance need not read them again. Any other needs more than a command line may show.
    """
    heartbeat = settings.heartbeat
    program = (sys.executable, "-m", "console.cli", "await-ready")
    # Terraform runs it elsewhere, and some paths in the settings are relative to here.
    file = ("--config", str(settings.source)) if settings.source else ()
    here = ("--directory", str(Path.cwd()), *file)
    drain = ("--drain",) if settings.drain.command else ()
    if heartbeat.source is not HeartbeatKind.CLOUDWATCH:
        return shlex.join([*program, *drain, *here])
    return shlex.join(
        [
            *program,
            *("--fleet", settings.fleet, "--namespace", heartbeat.namespace),
            *("--interval", f"{heartbeat.interval.total_seconds():g}s"),
            *((*drain, *here) if drain else ()),
        ]
    )
