"""Where is the fleet's Terraform, and how is it driven?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, JsonValue

from console.domain.policy import Mark
from console.settings.fields import Flag, Section, Text, VariableName
from console.settings.locations import FilePath

_IDENTIFIER = r"[A-Za-z_][A-Za-z0-9_-]*"
_RESOURCE = re.compile(
    rf'(?:module\.{_IDENTIFIER}(?:\["[^"\]]+"\]|\[[0-9]+\])?\.)*{_IDENTIFIER}\.{_IDENTIFIER}'
)
_INDEX = re.compile(r"\[[^\]]*\]$")


class Layout(StrEnum):
    """How regions and states belong together."""

    PER_REGION = "per-region"
    """One root module, applied with a state of its own in each region."""
    SINGLE_ROOT = "single-root"
    """One root module with a module block for each region, and one state."""


def _resource(text: str) -> str:
    if _INDEX.search(text):
        raise ValueError("an address with an index; leave the index out, the slots are its indices")
    if not _RESOURCE.fullmatch(text.replace("{region}", "region")):
        raise ValueError(
            "no address of a resource; write one such as module.workers.aws_instance.worker "
            "(only {region} may stand in braces)"
        )
    return text


class Backend(Section):
    """The S3 backend: what `terraform init` is given as -backend-config."""

    bucket: Text = Field(examples=["acme-tfstate"])
    """Bucket of the state."""
    key: Text = Field(examples=["workers/{region}.tfstate"])
    """Object of the state. With layout: per-region it must contain {region}, so that each region
    has a state of its own; with single-root it must not."""
    region: Text = Field(examples=["us-east-1"])
    """Region of the bucket."""
    use_lockfile: Flag = True
    """Lock the state with an object beside it, by S3's conditional writes."""
    dynamodb_table: Text | None = None
    """DynamoDB table of the state lock, for configurations that still lock there."""
    encrypt: Flag | None = None
    """Ask S3 to encrypt the state."""
    kms_key_id: Text | None = None
    """KMS key that encrypts the state."""
    profile: Text | None = None
    """AWS profile for the backend, where it is another than the rest uses."""
    workspace_key_prefix: Text | None = None
    """Prefix of the states of workspaces other than the default."""
    use_path_style: Flag | None = None
    """Address the bucket in the path, as many S3 emulators want it."""
    skip_credentials_validation: Flag | None = None
    """Do not ask STS whether the credentials are good."""
    skip_region_validation: Flag | None = None
    """Take a bucket region that Terraform does not know."""
    skip_requesting_account_id: Flag | None = None
    """Do not ask for the account's id."""
    skip_metadata_api_check: Flag | None = None
    """Do not ask the instance's metadata service for credentials."""
    skip_s3_checksum: Flag | None = None
    """Leave out the checksum, which some S3 emulators do not take."""


class Terraform(Section):
    """The fleet's Terraform configuration and how the console drives it."""

    root: FilePath = Field(examples=["terraform/region"])
    """Directory of the root module. Looked for beside this file, then in the current directory."""
    layout: Layout = Layout.PER_REGION
    """per-region: the root is applied with one state for each region. single-root: the root has a
    module block for each region, and one state."""
    resource: Annotated[str, AfterValidator(_resource)] = Field(
        examples=["module.workers.aws_instance.worker"]
    )
    """Address of the workers' resource, without an index. {region} stands for the region's name;
    with single-root it must be there."""
    backend: Backend | None = None
    """S3 backend of the state. Needed with layout: per-region; with single-root it may be left out
    where the root has a complete backend block."""
    variables: Mapping[VariableName, JsonValue] = Field(
        default_factory=dict, repr=False, examples=[{"instance_type": "t3.medium"}]
    )
    """Values for the root's variables. With layout: per-region, {region} in a text stands for the
    region's name. The console itself gives fleet, region and slots, which cannot be set here; and,
    unless they are set here, environment, heartbeat, readiness, the queues' URLs, and where there
    are some stop_grace_seconds and ami_id."""
    mark: Mark = Mark.TAINT
    """How a slot is marked for replacement. taint: written to the state before the plan. replace:
    -replace at plan time, nothing is written to the state before the apply."""
    plugin_dir: FilePath | None = Field(default=None, examples=["/usr/share/terraform/plugins"])
    """Directory with provider plugins, for machines that reach no registry. Looked for beside this
    file, then in the current directory."""
    ami_parameter: Text | None = Field(
        default=None,
        examples=["/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"],
    )
    """SSM parameter that names a machine image. Its value is read once for each region when the
    rollout starts and pinned for the whole of it. Without it nothing is pinned."""
