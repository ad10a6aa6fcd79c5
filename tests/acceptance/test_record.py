"""The record sees what a watch must not do; else the proof that it does not would prove nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from .record import Record

STARTS_TERRAFORM_AND_ASKS_DOCKER = """
import socket, subprocess, sys, threading

def act():
    subprocess.run([sys.argv[1], "plan"], check=True)
    try:
        socket.socket(socket.AF_UNIX).connect("/no/such/docker.sock")
    except OSError:
        pass

thread = threading.Thread(target=act)
thread.start()
thread.join()
"""


def test_a_program_and_an_engine_are_seen_even_when_a_thread_is_quick_about_them(
    tmp_path: Path,
) -> None:
    terraform = tmp_path / "terraform"
    terraform.write_text("#!/bin/sh\ntrue\n", encoding="utf-8")
    terraform.chmod(0o755)
    record = Record(tmp_path / "strace")

    program = [sys.executable, "-c", STARTS_TERRAFORM_AND_ASKS_DOCKER, str(terraform)]
    subprocess.run(record.of(program), check=True)

    assert record.started() == [sys.executable, str(terraform)]
    assert record.reached() == {"/no/such/docker.sock"}
