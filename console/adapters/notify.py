"""How does a message reach chat, mail, pager or webhook? Through Apprise.

An address may be a secret as a whole, so neither it nor what a service answered is ever told: of an
answer only its HTTP status is. Apprise is imported with the first message; it takes a quarter of a
second to look through its services.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from console.domain.notification import Message
from console.domain.sentence import Tone
from console.domain.vocabulary import Occasion
from console.engine.ports import Recipient

if TYPE_CHECKING:
    from apprise import NotifyBase

T = TypeVar("T")

# Apprise gives each connection and each answer four seconds; a service may need several.
_DEADLINE_S = 12.0
_LOADING = threading.Lock()
_STATUS = re.compile(r"error=(\d{3})\b")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?=://)")


@dataclass(frozen=True, slots=True)
class NotifyAddress:
    """One address of the settings."""

    url: str = field(repr=False)
    occasions: frozenset[Occasion]


class AppriseNotifications:
    """Implements `ports.Notifications`."""

    def __init__(self, addresses: Sequence[NotifyAddress]) -> None:
        """Import nothing and connect to nobody yet."""
        self._addresses = tuple(addresses)
        self.recipients: tuple[Recipient, ...] = tuple(
            Recipient(f"notify[{index}] ({_scheme(address.url)})", address.occasions)
            for index, address in enumerate(self._addresses)
        )
        """Who is told, by their place in the settings."""

    async def send(self, index: int, message: Message) -> str | None:
        """Tell one recipient; return why that failed."""
        url = self._addresses[index].url
        try:
            async with asyncio.timeout(_DEADLINE_S):
                return await _in_thread(lambda: _send(url, message))
        except TimeoutError:
            return f"it did not answer within {_DEADLINE_S:.0f} s"

    def services(self) -> tuple[str | None, ...]:
        """Return the service that each address names; None where Apprise knows none. Blocking."""
        plugins = (_plugin(address.url) for address in self._addresses)
        return tuple(str(plugin.service_name) if plugin is not None else None for plugin in plugins)


def _scheme(url: str) -> str:
    match = _SCHEME.match(url)
    return match[0].lower() if match else "no address"


def _plugin(url: str) -> NotifyBase | None:
    import apprise

    # Its own log quotes addresses: none of it may reach a terminal or a file of ours.
    logger = logging.getLogger("apprise")
    logger.propagate = False
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    with _LOADING:  # the first one loads every service
        made = apprise.Apprise.instantiate(url)
    return made if isinstance(made, apprise.NotifyBase) else None


def _send(url: str, message: Message) -> str | None:
    plugin = _plugin(url)
    if plugin is None:
        return "Apprise knows no service by this address"
    import apprise

    with _statuses() as statuses:
        is_sent = plugin.notify(
            body=message.body,
            title=message.title,
            notify_type=apprise.NotifyType(_TYPES.get(message.tone, "info")),
            # Whatever a service would take for markup is text here.
            body_format=apprise.NotifyFormat.TEXT,
        )
    if is_sent:
        return None
    return f"it answered {statuses[-1]}" if statuses else "it could not be reached"


_TYPES = {Tone.GOOD: "success", Tone.WARN: "warning", Tone.ASK: "warning", Tone.BAD: "failure"}


@contextlib.contextmanager
def _statuses() -> Iterator[list[str]]:
    """Collect the HTTP statuses that Apprise logs in this thread while the block runs."""
    found: list[str] = []
    own = threading.get_ident()

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == own:
                found.extend(_STATUS.findall(record.getMessage()))

    logger, collector = logging.getLogger("apprise"), Collector(logging.WARNING)
    logger.addHandler(collector)
    try:
        yield found
    finally:
        logger.removeHandler(collector)


async def _in_thread(work: Callable[[], T]) -> T:
    """Run `work` in a thread that nobody waits for at the end: a service may hang for ever."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(value: T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(value)  # type: ignore[arg-type]  # without an error it is there

    def run() -> None:
        value, error = None, None
        try:
            value = work()
        except BaseException as raised:  # noqa: BLE001 - raised again where it is waited for
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop may be closed by now
            loop.call_soon_threadsafe(settle, value, error)

    threading.Thread(target=run, name="notify", daemon=True).start()
    return await future
