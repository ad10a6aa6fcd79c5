"""Under which name does each part of the world call AWS? The emulators accept any, so the access
log can tell them apart."""

from __future__ import annotations

OPERATOR_KEY = "AKIASANDBOXOPERATOR0"
"""What the console, Terraform and a person's shell use."""

WORLD_KEY = "AKIASANDBOXWORLD0000"
"""What the sandbox's own producer, collector and boot watcher use."""

SECRET = "sandbox-secret-not-a-secret"  # noqa: S105
"""One for all: the emulators do not check signatures."""

_INSTANCE_PREFIX = "AKIASANDBOXI"


def access_key_of(instance: str) -> str:
    """The access key of an instance's worker: `i-0a1b` calls as `AKIASANDBOXI0A1B`."""
    return _INSTANCE_PREFIX + instance.removeprefix("i-").upper()


def instance_of(access_key: str) -> str | None:
    """The instance that calls with this key; None if it is not an instance's."""
    if not access_key.startswith(_INSTANCE_PREFIX):
        return None
    return "i-" + access_key.removeprefix(_INSTANCE_PREFIX).lower()


def is_of_the_world(access_key: str) -> bool:
    """Whether the sandbox itself or one of its instances calls, not the operator."""
    return access_key == WORLD_KEY or access_key.startswith(_INSTANCE_PREFIX)
