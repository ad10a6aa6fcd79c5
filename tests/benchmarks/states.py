"""How does one fleet have a state for each region now, and one state of all regions then?

So that every side of a comparison releases to the very same instances, in turn, and the sandbox
carries one fleet. The instances stay as they are; their entries move between the states.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

State = dict[str, Any]

_MODULE = "module.workers"


@dataclass(frozen=True, slots=True)
class States:
    """The states of one fleet, in a bucket."""

    client: S3Client
    bucket: str
    regions: tuple[str, ...]

    def to_single_root(self) -> None:
        """Make the one state say what the regions' states say now."""
        states = {region: self._read(_key(region)) for region in self.regions}
        self._write(_SINGLE, merged(states))

    def to_per_region(self) -> None:
        """Make the regions' states say what the one state says now."""
        single = self._read(_SINGLE)
        for region in self.regions:
            self._write(_key(region), part(single, region, self._read(_key(region))))

    def _read(self, key: str) -> State:
        body = self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        state: State = json.loads(body)
        return state

    def _write(self, key: str, state: State) -> None:
        self.client.put_object(Bucket=self.bucket, Key=key, Body=json.dumps(state).encode())


_SINGLE = "workers.tfstate"


def _key(region: str) -> str:
    return f"workers/{region}.tfstate"


def merged(states: Mapping[str, State]) -> State:
    """Return the one state of all regions that have `states`."""
    newest = max(states.values(), key=lambda state: int(state["serial"]))
    resources = [
        _moved(resource, region)
        for region, state in states.items()
        for resource in state["resources"]
        if resource["mode"] == "managed"
    ]
    lineage = str(uuid.uuid4())
    return {**newest, "lineage": lineage, "outputs": {}, "resources": resources}


def part(single: State, region: str, before: State) -> State:
    """Return the state of `region`, which was `before`, from the one state of all regions."""
    name = _in_single(region)
    resources = [
        _moved_back(resource, region)
        for resource in single["resources"]
        if resource.get("module") == name
    ]
    return {**before, "serial": int(before["serial"]) + 1, "resources": resources}


def _in_single(region: str) -> str:
    return f"{_MODULE}-{region}"


def _moved(resource: State, region: str) -> State:
    text = json.dumps(resource).replace(f'"{_MODULE}.', f'"{_in_single(region)}.')
    moved: State = json.loads(text)
    return {**moved, "module": _in_single(region), "provider": f"{moved['provider']}.{region}"}


def _moved_back(resource: State, region: str) -> State:
    text = json.dumps(resource).replace(f'"{_in_single(region)}.', f'"{_MODULE}.')
    moved: State = json.loads(text)
    provider = moved["provider"].removesuffix(f".{region}")
    return {**moved, "module": _MODULE, "provider": provider}
