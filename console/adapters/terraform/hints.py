"""What does an operator do about an error that Terraform or AWS is known for?"""

from __future__ import annotations

import re

_HINTS: tuple[tuple[str, str], ...] = (
    (
        r"ExpiredToken|token.{0,20} (has )?expired|RequestExpired|SSO session.{0,40}expired",
        (
            "the AWS credentials have expired: log in again, then retry; after an apply, look "
            "first with release-console status: a state that could not be written has to be pushed"
        ),
    ),
    (
        r"No valid credential sources|NoCredentialProviders|failed to refresh cached credentials",
        "no AWS credentials were found: set AWS_PROFILE or log in",
    ),
    (
        r"InsufficientInstanceCapacity",
        (
            "AWS has no such machine free in that zone just now: retry later, or give "
            "terraform.variables another instance_type or subnet_ids in other zones"
        ),
    ),
    (
        r"VcpuLimitExceeded|InstanceLimitExceeded",
        (
            "the account's quota does not cover old and new instances together: raise the region's "
            "vCPU quota, or set a smaller rollout.batch"
        ),
    ),
    (
        r"InsufficientFreeAddressesInSubnet",
        (
            "the subnet has no room for old and new instances together: set a smaller "
            "rollout.batch, or give terraform.variables more subnet_ids"
        ),
    ),
    (
        r"NoSuchBucket|S3 bucket .{0,80}does not exist",
        (
            "the bucket in terraform.backend does not exist for these credentials: check its "
            "name, its region and AWS_PROFILE"
        ),
    ),
    (
        (
            r"Failed to query available provider packages|Required plugins are not installed"
            r"|provider .{0,80}was not found|could not connect to registry"
        ),
        (
            "Terraform found no provider: let this machine reach the registry, or name a directory "
            "that holds registry.terraform.io/hashicorp/aws in terraform.plugin_dir"
        ),
    ),
    (
        r"Backend (initialization required|configuration changed)",
        (
            "the unit's Terraform directory fits another backend: remove it from the work "
            "directory, then retry"
        ),
    ),
    (
        r"UnauthorizedOperation|AccessDenied|not authorized to perform",
        "these AWS credentials may not do that: check the role or AWS_PROFILE",
    ),
    (
        r"provisioner error|did not become ready|timeout - last error",
        (
            "the old worker was kept and works on; the new one's console output tells what is "
            "wrong with it"
        ),
    ),
    (
        r"connection refused|no such host|i/o timeout|dial tcp",
        "a service could not be reached: check the network and AWS_ENDPOINT_URL, then retry",
    ),
)


def hint_for(text: str) -> str:
    """Return what to do about the error in `text`; empty where nothing is known of it."""
    return next(
        (hint for pattern, hint in _HINTS if re.search(pattern, text, re.IGNORECASE | re.DOTALL)),
        "",
    )
