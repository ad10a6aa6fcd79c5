"""What still works on a unit, and what it has printed."""

from __future__ import annotations

from pathlib import Path

from console.adapters.terraform.left_running import LogReader, newest_log, working_in

from .conftest import Start


def test_what_works_in_a_unit_is_found_until_it_has_ended(tmp_path: Path, start: Start) -> None:
    here, elsewhere = tmp_path / "data/us-east-1", tmp_path / "data/eu-west-1"
    process = start(TF_DATA_DIR=str(here))

    assert working_in(here) == (process.pid,)
    assert working_in(elsewhere) == ()
    process.kill()
    process.wait()
    assert working_in(here) == ()


def test_a_log_is_read_on_where_it_was_left_line_by_line(tmp_path: Path) -> None:
    for name in ("20260102T170000.000000-us-east-1-plan", "20260102T170100.000000-us-east-1-apply"):
        (tmp_path / f"{name}.jsonl").write_text("one\ntw")
    told: list[str] = []
    path = newest_log(tmp_path, "us-east-1")
    assert path is not None
    reader = LogReader(path, told.append)

    reader.read()
    with path.open("a") as file:
        file.write("o\nthree\n")
    reader.read()

    assert path.name.endswith("apply.jsonl")
    assert [line.strip() for line in told] == ["one", "two", "three"]
