"""Has the error tracker seen new kinds of errors by this release?

Sentry's API, https://docs.sentry.io/api/events/list-a-projects-issues/: a project's issues, page
by page (`Link` header), those that the release was the first to have and that were first seen since
the rollout began. Self-hosted Sentry and GlitchTip answer in the same shape. The token goes to the
configured origin only, whatever a `Link` says.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from console.adapters.probes.http import as_configured
from console.adapters.probes.wording import filled
from console.domain.counted import counted
from console.domain.probe import Answer, ProbeAnswer
from console.engine.ports import Probed

if TYPE_CHECKING:
    import requests

# A hundred issues a page; who has more new ones than this allows has enough of them.
_MOST_PAGES = 10
_TOLD_ISSUES = 3
_TOLD_CHARACTERS = 80
_PATIENCE = timedelta(seconds=60)
"""After a 429 that does not say how long to wait."""
_LONGEST_PATIENCE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class TrackerSpec:
    """An error tracker as the settings have it."""

    gate: str
    url: str
    organization: str
    project: str
    token: str = field(repr=False)
    max_new: int
    release: str = "{release}"
    """What the tracker calls the release; words in braces are filled in."""
    query: str = ""
    """Further terms of Sentry's search."""
    timeout: timedelta = timedelta(seconds=10)
    """For all pages together."""


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Why the tracker told nothing."""

    reason: str
    wait: timedelta | None = None


class ErrorTrackerProbe:
    """Counts the issues that are new with the release."""

    def __init__(self, spec: TrackerSpec, executor: ThreadPoolExecutor) -> None:
        """Ask nothing yet.

        Args:
            spec: whom to ask, and for what.
            executor: the threads that wait for answers.
        """
        self._spec = spec
        self._executor = executor

    @property
    def gates(self) -> tuple[str, ...]:
        """The one gate that it answers for."""
        return (self._spec.gate,)

    async def ask(self, probed: Probed) -> tuple[ProbeAnswer, ...]:
        """Ask once, for as many pages as it takes to know."""
        asked_at = datetime.now(UTC)
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._executor, self._issues, probed)
        if isinstance(found, _Trouble):
            again = asked_at + found.wait if found.wait is not None else None
            return (
                ProbeAnswer(
                    self._spec.gate,
                    asked_at,
                    Answer.ERROR,
                    "no answer",
                    found.reason,
                    ask_again_at=again,
                ),
            )
        is_good = len(found) <= self._spec.max_new
        answer = Answer.GOOD if is_good else Answer.BAD
        reason = "" if is_good else "; ".join(found[:_TOLD_ISSUES])
        measured = counted(len(found), "new issue")
        return (ProbeAnswer(self._spec.gate, asked_at, answer, measured, reason),)

    def _issues(self, probed: Probed) -> list[str] | _Trouble:
        """Return the titles of the new issues: all, or enough of them to be too many."""
        import requests  # 0.1 s of CPU, paid in the thread and only where a tracker is configured

        spec = self._spec
        seconds = spec.timeout.total_seconds()
        until = time.monotonic() + seconds
        organization, project = quote(spec.organization, safe=""), quote(spec.project, safe="")
        url = f"{spec.url.rstrip('/')}/api/0/projects/{organization}/{project}/issues/"
        page: str | None = f"{url}?query={quote(self._query(probed), safe='')}&limit=100"
        found: list[str] = []
        try:
            for _ in range(_MOST_PAGES):
                if page is None or len(found) > spec.max_new:
                    return found
                left = until - time.monotonic()
                if left <= 0:
                    return _Trouble(f"not all pages came within {seconds:g} s")
                response = requests.get(
                    page,
                    headers={"Authorization": f"Bearer {spec.token}"},
                    auth=as_configured,
                    timeout=left,
                    allow_redirects=False,
                )
                issues = _read(response)
                if isinstance(issues, _Trouble):
                    return issues
                found += [_title(issue) for issue in issues if _is_new(issue, probed.since)]
                page = _next(response)
                if page is not None and _origin(page) != _origin(url):
                    return _Trouble("its next page is another server's, which gets no token")
        except requests.Timeout:
            return _Trouble(f"it did not answer within {seconds:g} s")
        except requests.RequestException as error:
            # requests writes the whole address into its messages.
            return _Trouble(f"it could not be reached ({type(error).__name__})")
        if page is None or len(found) > spec.max_new:
            return found
        return _Trouble(f"more than {_MOST_PAGES} pages of issues, too many to be read")

    def _query(self, probed: Probed) -> str:
        release = filled(self._spec.release, probed)
        since = f"{probed.since.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
        terms = [f'firstRelease:"{release}"', f"firstSeen:>={since}"]
        return " ".join([*terms, filled(self._spec.query, probed)]).strip()


def _read(response: requests.Response) -> list[dict[str, Any]] | _Trouble:
    if response.status_code == 429:
        wait = _wait(response.headers.get("Retry-After", ""))
        return _Trouble(f"it asks for {wait.total_seconds():.0f} s of patience (429)", wait)
    if response.status_code in {401, 403}:
        return _Trouble(f"it does not accept the token ({response.status_code})")
    if response.status_code == 404:
        return _Trouble("it knows no such project (404); check organization and project")
    if response.status_code != 200:
        return _Trouble(f"it answered with status {response.status_code}")
    try:
        issues = response.json()
    except ValueError:
        return _Trouble("its answer is no JSON; check the url")
    if not isinstance(issues, list) or not all(isinstance(issue, dict) for issue in issues):
        return _Trouble("its answer is no list of issues; check the url")
    return issues


def _wait(told: str) -> timedelta:
    """Return what Retry-After asks for: seconds, or a date."""
    try:
        wait = timedelta(seconds=float(told))
    except (ValueError, OverflowError):
        try:
            wait = parsedate_to_datetime(told) - datetime.now(UTC)
        except (ValueError, TypeError):
            wait = _PATIENCE
    return min(max(wait, timedelta(seconds=1)), _LONGEST_PATIENCE)


def _is_new(issue: dict[str, Any], since: datetime) -> bool:
    """Whether it was first seen since then; one that does not tell is believed to be."""
    try:
        return datetime.fromisoformat(str(issue.get("firstSeen"))) >= since.replace(microsecond=0)
    except (ValueError, TypeError):
        return True


def _title(issue: dict[str, Any]) -> str:
    short, title = str(issue.get("shortId") or issue.get("id") or ""), str(issue.get("title") or "")
    text = " ".join(f"{short} {title}".split())
    return text if len(text) <= _TOLD_CHARACTERS else f"{text[:_TOLD_CHARACTERS]}..."


def _next(response: requests.Response) -> str | None:
    """Return the next page's address; None where this one was the last."""
    link = response.links.get("next", {})
    return None if link.get("results") == "false" else link.get("url")


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
