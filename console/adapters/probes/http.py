"""Does a web address answer as it should?

An answer that is not as wanted is bad: another status, a body without the pattern, a JSON document
with another value. No whole answer (no name, no connection, a broken certificate, a time-out) is an
error of the probe. Redirects are not followed: a redirect is an answer, with its own status.
Neither the address nor a header is ever told: both may hold a secret.
"""

from __future__ import annotations

import asyncio
import codecs
import json
import re
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeGuard
from urllib.parse import quote

from console.adapters.probes.wording import filled, words
from console.domain.probe import Answer, ProbeAnswer
from console.engine.ports import Probed

if TYPE_CHECKING:
    import requests

# What a health page has to say stands at its beginning.
_MOST_BYTES = 1 << 20
_CHUNK_BYTES = 1 << 14
_TOLD_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class HttpSpec:
    """An HTTP check as the settings have it."""

    gate: str
    url: str = field(repr=False)
    """Words in braces are filled in, quoted for a URL."""
    method: str = "GET"
    status: tuple[int, ...] = ()
    """Any of these is good; empty for any from 200 to 299."""
    pattern: str = ""
    """A regular expression that the body must have a match for; empty for none."""
    document: Mapping[str, str] = field(default_factory=dict)
    """What a JSON body must say: dotted path to the value's text."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout: timedelta = timedelta(seconds=10)
    """For the whole answer."""


@dataclass(frozen=True, slots=True)
class Page:
    """An answer, as far as it was read."""

    status: int
    text: str
    is_whole: bool
    """Whether the body ended before the limit."""


class HttpProbe:
    """Asks an address, and compares its answer with what is wanted."""

    def __init__(self, spec: HttpSpec, executor: ThreadPoolExecutor) -> None:
        """Ask nothing yet.

        Args:
            spec: what to ask, and what to want.
            executor: the threads that wait for answers.
        """
        self._spec = spec
        self._executor = executor

    @property
    def gates(self) -> tuple[str, ...]:
        """The one gate that it answers for."""
        return (self._spec.gate,)

    async def ask(self, probed: Probed) -> tuple[ProbeAnswer, ...]:
        """Ask once; the thread ends by itself soon after the time-out."""
        asked_at = datetime.now(UTC)
        loop = asyncio.get_running_loop()
        page = await loop.run_in_executor(self._executor, fetch, self._spec, probed)
        if isinstance(page, str):
            answer, measured, reason = Answer.ERROR, "no answer", page
        else:
            answer, measured, reason = compare(self._spec, page, probed)
        return (ProbeAnswer(self._spec.gate, asked_at, answer, measured, reason),)


def fetch(spec: HttpSpec, probed: Probed) -> Page | str:
    """Return the answer, or why there is none. Blocks for no longer than about the time-out."""
    # 0.1 s of CPU, paid in the thread and only where a check is configured
    import requests
    from urllib3.exceptions import HTTPError

    seconds = spec.timeout.total_seconds()
    until = time.monotonic() + seconds
    quoted = {name: quote(value, safe="") for name, value in words(probed).items()}
    url = spec.url
    for name, value in quoted.items():
        url = url.replace(f"{{{name}}}", value)
    try:
        with requests.request(
            spec.method,
            url,
            headers={name: filled(value, probed) for name, value in spec.headers.items()},
            auth=as_configured,
            timeout=seconds,
            allow_redirects=False,
            stream=True,
        ) as response:
            return _read(response, until)
    except requests.Timeout:
        return f"no whole answer within {seconds:g} s"
    except (requests.RequestException, HTTPError) as error:
        return _why(error)


def as_configured(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Send the request as it is: else requests puts what ~/.netrc has in the header's place."""
    return request


def _read(response: requests.Response, until: float) -> Page | str:
    body, is_whole = bytearray(), True
    # Not iter_content: it waits for a whole chunk, however slowly that comes.
    while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
        body += chunk
        if time.monotonic() > until:
            return "no whole answer in time"
        if len(body) > _MOST_BYTES:
            is_whole = False
            break
    encoding = response.encoding if _is_known(response.encoding) else "utf-8"
    return Page(response.status_code, body.decode(encoding, errors="replace"), is_whole)


def _is_known(encoding: str | None) -> TypeGuard[str]:
    try:
        return encoding is not None and bool(codecs.lookup(encoding))
    except LookupError:
        return False


def _why(error: Exception) -> str:
    """Return the kind of trouble alone: requests writes the whole address into its messages."""
    reasons = {
        "SSLError": "its certificate was not accepted",
        "ProxyError": "the proxy could not be reached",
        "ConnectionError": "it could not be reached",
        "ReadTimeoutError": "no whole answer in time",
        "ProtocolError": "the answer broke off",
        "DecodeError": "the answer is not encoded as it says",
    }
    names = [kind.__name__ for kind in type(error).__mro__]
    return next((reasons[name] for name in names if name in reasons), names[0])


def compare(spec: HttpSpec, page: Page, probed: Probed) -> tuple[Answer, str, str]:
    """Return what an answer means, what was measured, and why."""
    measured = f"status {page.status}"
    is_wanted = page.status in spec.status if spec.status else 200 <= page.status < 300
    if not is_wanted:
        return Answer.BAD, measured, _beginning(page.text)
    if spec.pattern and not re.search(spec.pattern, page.text):
        return Answer.BAD, measured, "the body has no match for the pattern"
    if spec.document and (difference := _difference(spec, page, probed)):
        return Answer.BAD, measured, difference
    return Answer.GOOD, measured, ""


def _difference(spec: HttpSpec, page: Page, probed: Probed) -> str:
    try:
        document = json.loads(page.text)
    except ValueError:
        return "the body is no JSON" if page.is_whole else "the body is too long to be read as JSON"
    for path, wanted in spec.document.items():
        value = _at(document, path)
        if (told := _text(value)) != filled(wanted, probed):
            return f"{path} is {_beginning(told)}, wanted {filled(wanted, probed)}"
    return ""


_NOTHING = object()


def _at(document: object, path: str) -> object:
    """Return the value at a dotted path; a number goes into a list."""
    value = document
    for part in path.split("."):
        if isinstance(value, dict):
            value = value.get(part, _NOTHING)
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return _NOTHING
    return value


def _text(value: object) -> str:
    if value is _NOTHING:
        return "not there"
    return value if isinstance(value, str) else json.dumps(value)


def _beginning(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _TOLD_CHARACTERS else f"{line[:_TOLD_CHARACTERS]}..."
