"""Take `report.png`: `python -m screenshots.take_report`.

The report of a recorded rollout that halted, in a real browser. Fonts and browsers differ from
machine to machine, so nothing compares it.
"""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import sync_playwright

from console.domain.figures import figures_of
from console.domain.report.assembly import report_of
from console.report.html import to_html
from screenshots.recording import recorded

PICTURE = Path(__file__).parent / "report.png"
HALTED = "0.9.2"
WIDTH, HEIGHT = 1080, 1480
WINDOW = timedelta(minutes=15)


def main() -> None:
    """Write the report, and keep what a browser shows of it."""
    recording = recorded(HALTED)
    samples = sorted(recording.samples, key=lambda sample: sample.at)
    figures = [figures_of(sample, timedelta(minutes=1), WINDOW) for sample in samples]
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=arguments
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_content(to_html(report_of(recording.entries, figures)))
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
