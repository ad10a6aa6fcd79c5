"""How does the console talk to AWS without blocking, raising or changing more than it may?

boto3 is slow to import and not made for threads: one session, one client for each service and
region, made under a lock in a thread of our own (Textual's thread workers share asyncio's pool).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from console.adapters.aws.trouble import AwsTrouble, error_code, explain

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config
    from botocore.model import OperationModel

T = TypeVar("T")

_CONNECT_TIMEOUT_S = 3
_READ_TIMEOUT_S = 5
_ATTEMPTS = 2
# Between the tries of a call that AWS refuses because there were too many.
_PAUSES_S = (0.25, 0.5, 1.0)

# The read list: what a watcher may ask. Everything else fails before it is sent.
READS = frozenset(
    {"DescribeInstances", "DescribeInstanceAttribute", "GetConsoleOutput", "DescribeAlarms"}
    | {"GetMetricData", "GetQueueUrl", "GetQueueAttributes", "GetParameter", "GetCallerIdentity"}
    | {"GetObject", "HeadObject", "ListObjectsV2"}
)


class ReadOnlyError(Exception):
    """A call that is not on the session's list."""


class AwsSession:
    """A session on which only certain calls are sent."""

    def __init__(
        self, *, profile: str | None = None, threads: int = 16, allowed: frozenset[str] = READS
    ) -> None:
        """Make a session; nothing is imported or sent before the first call.

        Args:
            profile: a profile of the shared configuration; None for the environment's.
            threads: calls that may be under way at once.
            allowed: the operations, in AWS's words; all others fail before they are sent.
        """
        self._profile = profile
        self._threads = threads
        self._allowed = allowed
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="aws")
        self._lock = threading.Lock()
        self._session: boto3.Session | None = None
        self._clients: dict[tuple[str, str], Any] = {}

    async def call(self, service: str, region: str, act: Callable[[Any], T]) -> T | AwsTrouble:
        """Run `act` with the client of `service` in `region`, in a thread.

        Args:
            service: boto3's name of it, such as ec2.
            region: where.
            act: takes the client; may make several calls; may raise anything of botocore's.

        Returns:
            What `act` returned, or why AWS did not answer.
        """
        loop = asyncio.get_running_loop()
        for pause in _PAUSES_S:
            answer = await loop.run_in_executor(self._executor, self._run, service, region, act)
            if not (isinstance(answer, AwsTrouble) and answer.is_throttling):
                return answer
            # No thread waits meanwhile: another region's call may have it.
            await asyncio.sleep(pause)
        return await loop.run_in_executor(self._executor, self._run, service, region, act)

    def close(self) -> None:
        """Take no more calls. Those under way end by themselves, at their timeouts if need be."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _run(self, service: str, region: str, act: Callable[[Any], T]) -> T | AwsTrouble:
        try:
            return act(self._client(service, region))
        except Exception as error:
            trouble = explain(error, service, region)
            if trouble is None:
                raise  # no word of AWS: a bug of ours
            return trouble

    def _client(self, service: str, region: str) -> Any:  # noqa: ANN401  # as many types as services
        with self._lock:
            client = self._clients.get((service, region))
            if client is None:
                client = self._made().client(service, region, config=self._config())  # type: ignore[call-overload]
                self._clients[service, region] = client
            return client

    def _made(self) -> boto3.Session:
        if self._session is None:
            import boto3  # 0.3 s of CPU, paid in the thread and only where AWS is asked

            self._session = boto3.Session(profile_name=self._profile)
            self._session.events.register("before-parameter-build.*.*", self._refuse_others)
        return self._session

    def _refuse_others(self, model: OperationModel, **_: object) -> None:
        if model.name not in self._allowed:
            raise ReadOnlyError(f"{model.name} is not on the list of this session")

    def _config(self) -> Config:
        from botocore.config import Config

        return Config(
            connect_timeout=_CONNECT_TIMEOUT_S,
            read_timeout=_READ_TIMEOUT_S,
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
            max_pool_connections=self._threads,
        )


__all__ = ["READS", "AwsSession", "AwsTrouble", "ReadOnlyError", "error_code"]
