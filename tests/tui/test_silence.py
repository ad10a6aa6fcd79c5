"""A region that falls silent is told in words, rings, and is told to those who are away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from textual.drivers.headless_driver import HeadlessDriver

from console.adapters.notify import AppriseNotifications, NotifyAddress
from console.domain.fleet import Reading, RegionName, RegionSample
from console.domain.notification import Message
from console.domain.signs import Mode
from console.domain.silence import SilenceRules
from console.domain.vocabulary import Occasion
from console.engine.herald import Herald
from console.engine.vigil import Vigil, Watched
from console.journal.incidents import IncidentFiles
from tests.notify.webhook import Webhook
from tests.tui.fleets import two_waves
from tests.tui.paper import Paper, SystemClock, console

RULES = SilenceRules(timedelta(seconds=0.6), None, timedelta(0))


class Fleet:
    """A fleet whose us-west-1 can be silenced, or hidden from sight."""

    def __init__(self, store: Path, *addresses: str) -> None:
        self.paper: Paper = two_waves()
        self.paper.mangle = self._mangle
        self.is_silent = self.is_hidden = False
        self._store = store
        self._addresses = [NotifyAddress(each, frozenset(Occasion)) for each in addresses]

    def _mangle(self, sample: RegionSample) -> RegionSample:
        if sample.region != "us-west-1":
            return sample
        if self.is_hidden:
            return replace(sample, heartbeats=Reading(sample.at, error="CloudWatch is away"))
        if self.is_silent:
            return replace(sample, heartbeats=Reading(sample.at, ()))
        return sample

    def herald(self, trouble: Callable[[str], None]) -> Herald:
        return Herald(AppriseNotifications(self._addresses), SystemClock(), trouble)

    def vigil(self, notify: Callable[[Message], None]) -> Vigil:
        incidents = IncidentFiles(self._store, "checks")
        return Vigil(Watched("checks", "test", "--config c.yaml"), RULES, incidents, notify)

    def watch(self, mode: Mode = Mode.WATCH) -> dict[str, object]:
        return {"mode": mode, "choice": None, "herald": self.herald, "vigil": self.vigil}


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what is written to a terminal that the console takes for a real one."""
    seen: list[str] = []
    monkeypatch.setattr(HeadlessDriver, "is_headless", False)
    monkeypatch.setattr(HeadlessDriver, "write", lambda _, text: seen.append(text))
    return seen


async def test_the_watch_rings_tells_it_in_words_and_notifies_once(
    tmp_path: Path, webhook: Webhook, written: list[str]
) -> None:
    fleet = Fleet(tmp_path, webhook.address)
    async with console(fleet.paper, **fleet.watch()) as watch:  # type: ignore[arg-type]
        await watch.sees("us-west-1")
        assert "\x07" not in written
        fleet.is_silent = True
        await watch.sees("nothing happens in us-west-1 since")
        await watch.until(lambda: "\x1b]2;! checks: nothing happens in us-west-1\x07" in written)
        assert written.count("\x07") == 1
        await watch.until(lambda: len(webhook.posts) == 1)
        fleet.is_silent = False
        await watch.sees("us-west-1 works again")
        await watch.until(lambda: len(webhook.posts) == 2)
        await watch.until(lambda: "\x1b]2;release-console: checks\x07" in written)
    begun, ended = webhook.posts
    assert begun["title"].startswith("checks (test): nothing happens in us-west-1 since ")
    assert "release-console recover --region us-west-1 --config c.yaml" in begun["message"]
    assert ended["title"] == "checks (test): us-west-1 works again"


async def test_the_start_form_tells_it_too(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path)
    fleet.is_silent = True
    async with console(fleet.paper, **fleet.watch(Mode.OPERATE)) as form:  # type: ignore[arg-type]
        await form.sees("nothing happens in us-west-1: none of its 3 running instances beats")


async def test_of_many_that_watch_one_tells(tmp_path: Path, webhook: Webhook) -> None:
    fleet = Fleet(tmp_path, webhook.address)
    fleet.is_silent = True
    async with console(fleet.paper, **fleet.watch()) as one:  # type: ignore[arg-type]
        await one.sees("nothing happens in us-west-1")
        async with console(fleet.paper, **fleet.watch()) as other:  # type: ignore[arg-type]
            await other.sees("nothing happens in us-west-1")
        # The second one has ended, and all that it had to tell is told.
        await one.until(lambda: len(webhook.posts) == 1)
    assert len(webhook.posts) == 1


async def test_a_region_that_cannot_be_seen_is_no_silent_one(
    tmp_path: Path, webhook: Webhook, written: list[str]
) -> None:
    fleet = Fleet(tmp_path, webhook.address)
    fleet.is_hidden = True
    async with console(fleet.paper, **fleet.watch()) as watch:  # type: ignore[arg-type]
        await watch.sees("CloudWatch is away")
        vigil = watch.conductor._calling._vigil
        assert vigil is not None
        assert not written.count("\x07")
        assert "nothing happens" not in watch.text()
    assert webhook.posts == []


async def test_who_could_not_be_notified_is_told_on_the_screen(
    tmp_path: Path, webhook: Webhook
) -> None:
    fleet = Fleet(tmp_path, f"{webhook.address}/refused/TOKEN")
    fleet.is_silent = True
    async with console(fleet.paper, **fleet.watch()) as watch:  # type: ignore[arg-type]
        await watch.sees("notify[0] (json) was not notified")
        assert "TOKEN" not in watch.text()


async def test_a_rollout_on_the_screen_is_told(tmp_path: Path, webhook: Webhook) -> None:
    fleet = Fleet(tmp_path, webhook.address)
    async with console(fleet.paper, herald=fleet.herald) as operator:
        await operator.until(lambda: len(webhook.posts) == 1)
    assert "rolling out 0.9.1" in webhook.posts[0]["title"]


def test_an_incident_is_noted_once_and_its_end_once(tmp_path: Path) -> None:
    one, other = IncidentFiles(tmp_path, "checks"), IncidentFiles(tmp_path, "checks")
    region = RegionName("us-west-1")
    assert [one.begin(region), other.begin(region)] == [True, False]
    assert [other.end(region), one.end(region)] == [True, False]


def test_what_cannot_be_noted_is_told_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file, no directory")
    assert IncidentFiles(tmp_path / "store", "checks").begin(RegionName("us-west-1"))
