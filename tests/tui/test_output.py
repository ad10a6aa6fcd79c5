"""What tools print: how much of it there is, where all of it is, and what of it is searched for."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from console.adapters.terraform.logs import LogTail
from console.domain import effects
from console.domain.policy import Approve as Approvals
from console.domain.signs import Mode
from console.engine.ports import ProgressKind
from console.tui.widgets.gates import Gates
from tests.tui.fleets import one_region, two_waves
from tests.tui.paper import console, output

BEGAN = datetime(2026, 1, 2, 17, 0, tzinfo=UTC)


def wrote(directory: Path, text: str, *, at: datetime = BEGAN, name: str = "us-east-1") -> Path:
    path = directory / f"{at:%Y%m%dT%H%M%S.%f}-{name}-apply.jsonl"
    directory.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(text)
    return path


def message(text: str, **more: object) -> str:
    hook = {"resource": {"addr": "aws_instance.worker[0]"}, "secret": "hunter2", **more}
    told = {"@message": text, "type": "apply_start", "hook": hook}
    return json.dumps(told) + "\n"


async def test_the_title_tells_how_many_lines_hold_the_text_and_where_all_of_them_are() -> None:
    paper = one_region(approve=Approvals.ONCE)
    paper.performer.holds.add(effects.ApplyPlan)
    paper.performer.lines = [output(f"worker[{n}]: Creating...") for n in range(12)]
    async with console(paper, logs=Path("/store/terraform/logs")) as shown:
        await shown.sees("Ship 0.9.1?")
        await shown.sees("No tool has printed anything yet.")
        await shown.say_yes()
        await shown.sees("12 lines · follows · complete in /store/terraform/logs")
        assert "No tool has printed" not in shown.text()
        await shown.pilot.press("slash", *"worker[1", "enter")
        await shown.sees("3 of 12 lines hold 'worker[1'")
        await shown.pilot.press("f")
        await shown.sees("stays where it is")
        await shown.pilot.press("escape")
        await shown.sees("12 lines · stays")


async def test_a_watcher_reads_along_what_the_operators_tools_print(tmp_path: Path) -> None:
    paper = one_region(approve=Approvals.ONCE)
    logs = tmp_path / "terraform" / "logs"
    wrote(logs, message("somebody's rollout of last year"), at=BEGAN - timedelta(days=365))
    async with console(paper) as operator:
        await operator.sees("Ship 0.9.1?")
        watching = {"mode": Mode.WATCH, "choice": None, "roll_out": None, "logs": logs}
        async with console(paper, overhear=LogTail(logs).read, **watching) as watcher:  # type: ignore[arg-type]
            await watcher.sees("Ship 0.9.1?")
            await watcher.pilot.press("2")
            await watcher.sees("or its console runs on another machine")
            now = datetime.now(UTC)
            wrote(logs, message("worker[0]: [red] Creating... \x1b[31m"), at=now)
            await watcher.sees("us-east-1  worker[0]: [red] Creating... \\x1b[31m")
            wrote(logs, "half a li", at=now)
            wrote(logs, "ne, now whole\n", at=now)
            await watcher.sees("half a line, now whole")
            assert "last year" not in watcher.text()
            assert "hunter2" not in watcher.text()


async def test_a_watcher_without_logs_is_told_where_they_are() -> None:
    paper = one_region()
    async with console(paper, mode=Mode.WATCH, choice=None, roll_out=None) as watcher:
        await watcher.pilot.press("2")
        await watcher.sees("on the disk of the console that runs them")


def test_a_log_is_told_once_line_by_line_and_only_its_messages(tmp_path: Path) -> None:
    tail = LogTail(tmp_path / "logs")
    assert tail.read(BEGAN) == []
    path = wrote(tmp_path / "logs", message("first") + "plain text\n" + '{"type": "version"}\n')
    assert [(p.unit, p.message) for p in tail.read(BEGAN)] == [
        ("us-east-1", "first"),
        ("us-east-1", "plain text"),
    ]
    assert tail.read(BEGAN) == []
    trouble = {"severity": "error", "summary": "no such bucket", "detail": "arn..."}
    wrote(tmp_path / "logs", json.dumps({"type": "diagnostic", "diagnostic": trouble}) + "\n")
    assert [(p.kind, p.message) for p in tail.read(BEGAN)] == [
        (ProgressKind.FAILED, "no such bucket")
    ]
    path.unlink()
    assert tail.read(BEGAN) == []


def test_of_a_log_that_is_long_already_only_the_end_is_read(tmp_path: Path) -> None:
    wrote(tmp_path, "".join(f"line {n}\n" for n in range(100_000)))
    told = [p.message for p in LogTail(tmp_path).read(BEGAN)]
    assert told[-1] == "line 99999"
    assert len(told) < 50_000
    assert all(text.startswith("line ") for text in told)


async def test_plans_and_gates_are_filtered_as_well() -> None:
    paper = two_waves(approve=Approvals.ONCE)
    async with console(paper, (200, 60)) as shown:
        await shown.sees("Ship 0.9.1?")
        await shown.say_yes()
        await shown.sees("completed: 3 regions")
        await shown.pilot.press("4")
        await shown.sees("completions")
        await shown.pilot.press("slash", *"eu-west-1", "enter")
        gates = shown.app.screen.query_one(Gates)

        def regions() -> set[str]:
            return {str(gates.get_row_at(n)[0]) for n in range(gates.row_count)}

        await shown.until(lambda: regions() == {"eu-west-1"})
        await shown.pilot.press("3")
        plans = shown.app.screen.query_one("#plan-text")
        await shown.until(lambda: "eu-west-1" in str(plans.render()))
        assert "us-west-1" not in str(plans.render())
        await shown.pilot.press("escape", "4")
        await shown.until(lambda: gates.row_count > 10)
        assert "us-west-1" in str(plans.render())


async def test_a_long_line_is_wrapped_and_the_panel_stands_at_its_end_whatever_its_size() -> None:
    paper = one_region(approve=Approvals.ONCE)
    paper.performer.holds.add(effects.ApplyPlan)
    paper.performer.lines = [
        *(output(f"line {n}") for n in range(40)),
        output(f"module.workers.aws_instance.worker[0]: {'word ' * 30}the end"),
    ]
    async with console(paper) as shown:
        await shown.sees("Ship 0.9.1?")
        await shown.say_yes()
        await shown.sees("us-east-1  slot 0: word")
        for size in ((120, 36), (80, 24), (120, 30), (200, 60)):
            await shown.pilot.resize_terminal(*size)
            await shown.sees("the end")
        await shown.sees("41 lines · follows")
