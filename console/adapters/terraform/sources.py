"""Where is a state kept, and how is it read without paying for Terraform's start?

A start of Terraform costs half a second of CPU, and a watcher looks every few seconds. So the two
backends that are simple are read directly; everything else goes through `terraform state pull`.
Nothing here takes a lock.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from console.adapters.aws.session import AwsSession, AwsTrouble, error_code
from console.adapters.terraform.state import parse_lock
from console.domain.failure import Failure, FailureKind
from console.domain.fleet import StateLock

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

# With any other key (assume_role, sse_customer_key, ...) the object cannot be read as simply.
_PLAIN_S3_KEYS = frozenset(
    {"bucket", "key", "region", "encrypt", "use_lockfile", "acl", "kms_key_id", "dynamodb_table"}
    | {"use_path_style", "skip_region_validation", "skip_credentials_validation"}
    | {"skip_requesting_account_id", "skip_metadata_api_check", "skip_s3_checksum", "max_retries"}
)


@dataclass(frozen=True, slots=True)
class RawState:
    """A state as it is kept."""

    text: str
    """Empty where there is none yet. Holds secrets: it goes no further than the parser."""
    lock: StateLock | None = None


class StateSource(Protocol):
    """Reads one state."""

    async def read(self) -> RawState | Failure:
        """Return the state and its lock."""


@dataclass(frozen=True, slots=True)
class S3State:
    """A state of the S3 backend; its lock is the object beside it (`use_lockfile`)."""

    session: AwsSession
    region: str
    bucket: str
    key: str

    async def read(self) -> RawState | Failure:
        """Return both objects; an object that is missing is an empty state, or no lock."""
        answer = await self.session.call("s3", self.region, self._get)
        if isinstance(answer, AwsTrouble):
            return Failure(
                FailureKind.FAILED,
                f"the state s3://{self.bucket}/{self.key} could not be read: {answer.message}",
                answer.hint,
            )
        return answer

    def _get(self, client: S3Client) -> RawState:
        # The lock last: one that is taken in between is the news that matters.
        text = self._object(client, self.key)
        lock = self._object(client, f"{self.key}.tflock")
        return RawState(text, parse_lock(lock))

    def _object(self, client: S3Client, key: str) -> str:
        try:
            return client.get_object(Bucket=self.bucket, Key=key)["Body"].read().decode()
        except Exception as error:
            if error_code(error) in {"NoSuchKey", "404"}:
                return ""
            raise


@dataclass(frozen=True, slots=True)
class LocalState:
    """A state of the local backend."""

    path: Path

    async def read(self) -> RawState | Failure:
        """Return the file and its lock, which counts only while a process holds it."""
        try:
            text = self.path.read_text() if self.path.exists() else ""
            info = self.path.with_name(f".{self.path.name}.lock.info")
            lock = parse_lock(info.read_text()) if info.exists() else None
        except OSError as error:
            return Failure(FailureKind.FAILED, f"the state could not be read: {error}")
        # A killed Terraform leaves the file with the holder's name, and no lock.
        return RawState(text, lock if lock is not None and _is_locked(self.path) else None)


@dataclass(frozen=True, slots=True)
class PulledState:
    """A state of any other backend. Who holds its lock is told only when somebody wants it."""

    pull: Callable[[], Awaitable[str | Failure]]

    async def read(self) -> RawState | Failure:
        """Return what `terraform state pull` prints."""
        text = await self.pull()
        return text if isinstance(text, Failure) else RawState(text)


def source_of(
    backend: Mapping[str, str | bool | int],
    root: Path,
    session: AwsSession,
    pull: Callable[[], Awaitable[str | Failure]],
    workspace: str = "",
) -> StateSource:
    """Return the cheapest way to read the state that `backend` names.

    Args:
        backend: the settings, with the region filled in.
        root: what a relative path is relative to.
        session: for the S3 backend.
        pull: `terraform state pull` for everything else.
        workspace: TF_WORKSPACE; any other than the default has keys of its own.
    """
    keys = set(backend)
    if workspace in {"", "default"}:
        if {"bucket", "key", "region"} <= keys <= _PLAIN_S3_KEYS:
            place = (str(backend[name]) for name in ("region", "bucket", "key"))
            return S3State(session, *place)
        if keys == {"path"}:
            return LocalState(root / str(backend["path"]))
    return PulledState(pull)


def _is_locked(path: Path) -> bool:
    """Whether another process holds the lock that Terraform takes on a local state file."""
    if sys.platform != "linux":
        return True  # struct flock is laid out otherwise; the info file has to do
    import fcntl  # absent on other platforms than POSIX

    # Asking takes no lock: one taken, however shortly, could make an apply fail.
    asked = struct.pack("hhqqi", fcntl.F_WRLCK, 0, 0, 0, 0)
    try:
        with path.open("rb") as file:
            answer = fcntl.fcntl(file, fcntl.F_GETLK, asked)
    except OSError:
        return False
    return bool(struct.unpack("hhqqi", answer)[0] != fcntl.F_UNLCK)
