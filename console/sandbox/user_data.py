"""What does an instance's user data tell it to run?

Reads the part of cloud-config that a worker's machine is made from: the `write_files` entry for
/etc/worker/worker.env. https://cloudinit.readthedocs.io/en/latest/reference/modules.html
"""

from __future__ import annotations

import base64
import binascii
import gzip
import re
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

import yaml

from console.sandbox.errors import UserDataError

if TYPE_CHECKING:
    from collections.abc import Mapping

SETTINGS_PATH = "/etc/worker/worker.env"
SERVICE_PATH = "/etc/systemd/system/worker.service"

_NEEDED = ("AWS_REGION", "WORK_QUEUE", "RESULTS_QUEUE", "FLEET", "RELEASE", "IMAGE")
_EXEC_STOP = re.compile(r"^ExecStop=.*\bdocker stop (?:-t|--time)[ =](\d+)\b", re.MULTILINE)
_HINT = f"The machine's template must write {SETTINGS_PATH} through cloud-config's write_files."


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What a worker's machine was told."""

    image: str
    release: str
    environment: Mapping[str, str]
    """All variables of worker.env, as they were written."""
    stop_grace: timedelta | None = None
    """From the stop signal to the kill, as the service has it; None where it does not say."""


def decode_user_data(encoded: str) -> str:
    """Undo what EC2 and Terraform do to user data: base64, and perhaps gzip.

    Raises:
        UserDataError: it is not base64, or not text.
    """
    try:
        raw = base64.b64decode(encoded, validate=True)
        return (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode()
    except (binascii.Error, ValueError, OSError, EOFError) as error:
        raise UserDataError(f"The user data cannot be decoded: {error}.", _HINT) from error


def parse_user_data(text: str) -> WorkerSettings:
    """Find the worker's settings in cloud-config.

    Raises:
        UserDataError: it is not cloud-config, or does not tell the worker what it must know.
    """
    if not text.lstrip().startswith("#cloud-config"):
        raise UserDataError("The user data is not cloud-config: no #cloud-config line.", _HINT)
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        where = str(error).replace("\n", " ")
        raise UserDataError(f"The user data is not valid YAML: {where}.", _HINT) from error
    settings = _file(document, SETTINGS_PATH)
    if settings is None:
        raise UserDataError(f"The user data writes no {SETTINGS_PATH}.", _HINT)
    variables = _variables(settings)
    missing = [name for name in _NEEDED if not variables.get(name)]
    if missing:
        raise UserDataError(f"{SETTINGS_PATH} does not set {', '.join(missing)}.", _HINT)
    return WorkerSettings(
        image=variables["IMAGE"],
        release=variables["RELEASE"],
        environment=MappingProxyType(variables),
        stop_grace=_stop_grace(_file(document, SERVICE_PATH) or ""),
    )


def _stop_grace(service: str) -> timedelta | None:
    found = _EXEC_STOP.search(service)
    return None if found is None else timedelta(seconds=int(found[1]))


def _file(document: object, path: str) -> str | None:
    entries = document.get("write_files") if isinstance(document, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and entry.get("path") == path:
            content = str(entry.get("content") or "")
            is_encoded = str(entry.get("encoding", "")).lower() in {"b64", "base64", "gz+b64"}
            return decode_user_data(content) if is_encoded else content
    return None


def _variables(content: str) -> dict[str, str]:
    """Read KEY=value lines as docker's --env-file does: a value is taken as it stands."""
    lines = (line.strip() for line in content.splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): value for name, equals, value in pairs if equals}
