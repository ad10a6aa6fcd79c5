"""Does another Terraform ask another S3 than ours, though bucket and key are called the same?

Two sandboxes on one machine have each an S3 of their own, and no other difference between their
states.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from console.adapters.terraform.left_running import environment_of

_PROC = Path("/proc")

# The first that is set counts.
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
# With one of these, another endpoint may be asked than those name.
_OVERRULE = ("AWS_S3_ENDPOINT", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
_IN_BACKEND = ("endpoint", "endpoints")


def asks_another_s3(pid: int, theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> bool:
    """Whether a process keeps its state in another S3 than we, for sure.

    Both have to ask a port of loopback, in the same network namespace, and two ports are two
    servers. What is left is that two local proxies lead to one S3; nobody sees that from here.

    Args:
        pid: the process.
        theirs: type and settings of its backend.
        ours: those of our unit.
    """
    if not (_names_no_endpoint(theirs) and _names_no_endpoint(ours) and _is_beside_us(pid)):
        return False
    here = [os.fsencode(f"{name}={value}") for name, value in os.environ.items()]
    there, own = _port(environment_of(pid)), _port(here)
    return there is not None and own is not None and there != own


def _names_no_endpoint(backend: Mapping[str, Any]) -> bool:
    """Whether a backend is S3 and asks where the environment says."""
    config = backend["config"]
    return backend["type"] == "s3" and not any(config.get(name) for name in _IN_BACKEND)


def _is_beside_us(pid: int) -> bool:
    """Whether loopback is the same for a process as for us."""
    try:
        return (_PROC / str(pid) / "ns/net").readlink() == (_PROC / "self/ns/net").readlink()
    except OSError:
        return False


def _port(environment: Sequence[bytes]) -> int | None:
    """Return the port of loopback at which S3 is asked; None where it is asked elsewhere.

    Every name of loopback is one place: only its ports are told apart.
    """
    pairs = (entry.partition(b"=") for entry in environment)
    known = {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs}
    if any(known.get(name) for name in _OVERRULE):
        return None
    url = next((known[name] for name in _ENDPOINTS if known.get(name)), "")
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
        return port if _is_loopback(parts.hostname or "") else None
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    return host == "localhost" or ip_address(host).is_loopback
