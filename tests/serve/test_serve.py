"""The watch on a web page, in a real browser: it shows, ends in order, and changes nothing."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import psutil
from playwright.sync_api import Browser

from console.commands.serve import watch_command
from console.domain.events import Entry, RolloutStarted
from tests.journal.stories import story

from .served import ENDED_WITHIN_S, Served, colours_in, look

# The keys that act in the operator's console, and those that answer its questions.
KEYS_THAT_ACT = ("a", "y", "p", "x", "u", "r", "c", "Control+s", "Delete", "Enter")


def files_of(served: Served) -> dict[str, bytes]:
    """What the console keeps, but for what SQLite's readers share in memory."""
    store = served.journal.path.parent
    return {
        str(path.relative_to(store)): path.read_bytes()
        for path in sorted(store.rglob("*"))
        if path.is_file() and not path.name.endswith("-shm")
    }


def another_rollout() -> list[Entry]:
    """The beginning of a rollout that is newer than the fixture's."""
    entries, _ = story("good")
    newer = [replace(entry, rollout="r2") for entry in entries]
    start = newer[0]
    assert isinstance(start.event, RolloutStarted)
    return [replace(entry, at=entry.at + (entries[-1].at - entries[0].at)) for entry in newer[:4]]


def test_what_is_served_can_only_look() -> None:
    command = watch_command(Path("/srv/my fleet/release.yaml"))

    assert command.startswith("exec ")
    assert command.endswith(" -m console.cli --watch --config '/srv/my fleet/release.yaml'")


def test_a_browser_shows_the_rollout_and_asks_no_other_host(
    served: Served, chromium: Browser, tmp_path: Path
) -> None:
    seen = look(chromium, served.url)
    seen.sees("WATCH", "checks", "0.9.0 → 0.9.1", "completed: 2 regions run 0.9.1")
    # AWS is down: the regions say so, and hide nothing of what the journal tells.
    seen.sees("! us-east-1", "! eu-west-1", "could not be reached", "✓ done")

    assert seen.page.title() == "checks (test) · watch"
    assert seen.hosts == {"127.0.0.1"}
    font = "document.fonts.check('16px \"Roboto Mono\"')"
    seen.until(lambda: bool(seen.page.evaluate(font)), "the font")

    def is_drawn() -> bool:
        picture = seen.page.screenshot(path=tmp_path / "serve.png")
        width, height, colours = colours_in(chromium, picture)
        assert (width, height) == (1280, 800)
        # An empty page has two or three; anti-aliased text in a dozen inks has hundreds.
        return colours > 100

    # What has arrived is drawn at the browser's next frame.
    seen.until(is_drawn, "a picture with text on it")


def test_no_key_pressed_in_a_browser_changes_anything(served: Served, chromium: Browser) -> None:
    seen = look(chromium, served.url)
    seen.sees("completed: 2 regions run 0.9.1", "could not be reached")
    before = files_of(served)

    for key in KEYS_THAT_ACT:
        seen.page.keyboard.press(key)
    # The last of them opens a region: one at a time from here, for ESC begins many a sequence.
    seen.sees("esc Back")
    seen.page.keyboard.press("Escape")
    seen.until(lambda: "esc Back" not in seen.text(), "the rollout's screen")
    seen.page.keyboard.press("?")

    # Keys are read in their order: once there is an answer to the last, all have been read.
    seen.sees("Keys, reasons and signs", "Earlier rollouts")
    for verb in ("Approve", "Pause", "Abort", "Interrupt", "Start", "Roll out"):
        assert verb not in seen.text()
    seen.page.keyboard.press("Control+c")
    seen.until(lambda: seen.page.locator("#ended").is_visible(), "the end of the view")
    assert files_of(served) == before
    assert served.process.poll() is None


def test_two_browsers_look_at_once_and_see_what_is_new(served: Served, chromium: Browser) -> None:
    first, second = look(chromium, served.url), look(chromium, served.url, width=900, height=600)
    for seen in (first, second):
        seen.sees("completed: 2 regions run 0.9.1")
    assert len(served.views()) == 2

    served.journal.append(another_rollout())

    first.until(lambda: "completed" not in first.text(), "the newer rollout")
    second.until(lambda: "completed" not in second.text(), "the newer rollout")
    first.page.close()
    second.until(lambda: len(served.views()) == 1, "one view less")
    second.sees("WATCH")


def test_ctrl_c_ends_the_page_and_every_view(served: Served, chromium: Browser) -> None:
    seen = look(chromium, served.url)
    seen.sees("completed: 2 regions run 0.9.1")
    views = served.views()
    assert views

    exit_code, told = served.interrupt()

    assert exit_code == 0, told
    assert "Traceback" not in told
    assert "a rollout goes on" in told
    assert not [view for view in views if view.is_running()]
    seen.until(lambda: seen.page.locator("#ended").is_visible(), "the end of the view")


def test_a_server_that_is_killed_leaves_no_view_behind(served: Served, chromium: Browser) -> None:
    seen = look(chromium, served.url)
    seen.sees("completed: 2 regions run 0.9.1")
    views = served.views()
    assert views

    served.process.kill()

    _, alive = psutil.wait_procs(views, timeout=ENDED_WITHIN_S)
    assert alive == []


def test_a_view_that_dies_says_so_instead_of_standing_still(
    served: Served, chromium: Browser
) -> None:
    seen = look(chromium, served.url)
    seen.sees("completed: 2 regions run 0.9.1")
    (view,) = served.views()

    view.send_signal(signal.SIGKILL)

    seen.until(lambda: seen.page.locator("#ended").is_visible(), "the end of the view")
    seen.forget()
    seen.page.get_by_text("Look again").click()
    seen.sees("completed: 2 regions run 0.9.1")
