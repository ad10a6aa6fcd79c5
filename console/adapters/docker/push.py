"""How does an image get into its registry, under its label?

The engine sends only the layers that the registry has not, so a push that broke off goes on where
it was. It tries a broken upload several times itself; what it does not try again is tried once more
here.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from console.adapters.docker.credentials import Login
from console.adapters.docker.engine import Engine
from console.adapters.docker.layers import Layers
from console.adapters.docker.reference import Reference
from console.adapters.docker.registry_errors import engine_gone, explained, row_of
from console.adapters.docker.stream import (
    EngineGoneError,
    EngineRefusedError,
    Record,
    ask,
    follow,
)
from console.domain.failure import Failure, FailureKind
from console.engine.ports import OnProgress, Progress, ProgressKind

if TYPE_CHECKING:
    from docker import APIClient

# Podman tells it in this line alone, Docker in a record of its own as well.
_TOLD = re.compile(r"digest: (sha256:[0-9a-f]{64})")
_ATTEMPTS = 2
_PAUSE_S = 2.0


async def push_image(
    engine: Engine,
    image: str,
    name: Reference,
    login: Login | None,
    on_progress: OnProgress,
) -> str | Failure:
    """Push and return the digest that the registry gave.

    Args:
        engine: which has the image.
        image: its id there.
        name: what it shall be called: a repository and a tag.
        login: for the registry; None where nobody has logged in.
        on_progress: hears how each layer comes along.
    """
    on_progress(Progress(ProgressKind.STARTED, f"pushing {name.repository}:{name.tag}"))
    try:
        await ask(engine, lambda client: client.tag(image, name.repository, name.tag, force=True))
        for attempt in range(1, _ATTEMPTS + 1):
            sending = _Sending(engine, name, login, on_progress)
            sent = await sending.run()
            if not sending.may_go_better or attempt == _ATTEMPTS:
                return sent
            told = "the connection to the registry broke; once more: what arrived is not sent again"
            on_progress(Progress(ProgressKind.RUNNING, told))
            await asyncio.sleep(_PAUSE_S)
    except EngineGoneError as error:
        return engine_gone("the push", str(error))
    except EngineRefusedError as error:
        if "No such image" in str(error):
            return Failure(
                FailureKind.FAILED,
                f"{engine.name} does not have the image any more that was built",
                "run the rollout again: it is built anew",
                str(error),
            )
        return explained(str(error), what="the push", where=name.repository)
    raise AssertionError("the last attempt returns")


def digest_in(record: Record) -> str:
    """Return the digest that a record of a push tells; empty where it tells none."""
    aux = record.get("aux")
    if isinstance(aux, dict) and aux.get("Digest"):
        return str(aux["Digest"])
    told = _TOLD.search(str(record.get("status", "")))
    return told[1] if told else ""


class _Sending:
    """One attempt."""

    def __init__(
        self, engine: Engine, name: Reference, login: Login | None, on_progress: OnProgress
    ) -> None:
        self._engine = engine
        self._name = name
        self._login = login
        self._layers = Layers("push", on_progress)
        self.may_go_better = False
        """Whether it failed over something that passes, and that the engine did not try again."""

    async def run(self) -> str | Failure:
        digest = error = ""
        has_retried = False
        async with aclosing(follow(self._engine, self._begin)) as records:
            async for record in records:
                if record.get("error"):
                    detail: dict[str, Any] = record.get("errorDetail") or {}
                    error = str(detail.get("message") or record["error"])
                elif told := digest_in(record):
                    digest = told
                else:
                    has_retried |= str(record.get("status", "")).startswith("Retrying in")
                    self._layers.take(record)
        if not error and digest:
            return digest
        if not error:
            return engine_gone("the push", "the stream ended without a digest")
        row = row_of(error)
        self.may_go_better = row is not None and row.is_passing and not has_retried
        return explained(error, what="the push", where=self._name.repository)

    def _begin(self, client: APIClient) -> Iterator[Record]:
        records: Iterator[Record] = client.push(
            self._name.repository,
            self._name.tag,
            stream=True,
            decode=True,
            auth_config=self._login.for_engine if self._login is not None else None,
        )
        return records
