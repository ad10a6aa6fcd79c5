"""Which processes run on an instance? The `ps` and `pgrep` that someone who logs in finds there.

They are those with the instance's mark, or those of its container.

A script: `python -I process_list.py ps|pgrep ARGUMENTS...`. Knows what readiness checks use: `ps`
in any of its long forms, with `-o` and `-p`; `pgrep` with `-f -x -c -l -a -n -o` and a pattern.
"""

from __future__ import annotations

import getopt
import os
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

import psutil

from console.sandbox.containers.top import ENGINE, LISTED_CONTAINER, TopError, top

LISTED = "SANDBOX_LISTED_INSTANCE"
"""The variable that holds the instance whose processes are listed."""

_MARK = "SANDBOX_INSTANCE"
# The same as leftovers.INSTANCE_MARK; this script runs alone, for the sake of a quick `ps`.


@dataclass(frozen=True, slots=True)
class Listed:
    """One process as `ps` shows it."""

    pid: int
    ppid: int
    user: str
    started: float
    """Seconds since 1970."""
    cpu: float
    """Seconds of processor time."""
    name: str
    command: str

    def column(self, name: str) -> str:
        """A column of `ps -o`; unknown ones are a dash."""
        minutes, seconds = divmod(int(self.cpu), 60)
        columns = {
            "pid": str(self.pid),
            "ppid": str(self.ppid),
            "user": self.user,
            "uid": self.user,
            "comm": self.name,
            "etimes": str(int(time.time() - self.started)),
            "time": f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}",
            "stime": time.strftime("%H:%M", time.localtime(self.started)),
        }
        return columns.get(name, self.command if name in _COMMAND_COLUMNS else "-")


_COMMAND_COLUMNS = frozenset({"args", "cmd", "command"})


def list_processes(environment: Mapping[str, str]) -> list[Listed]:
    """The live processes of the instance that the variables name, by process number."""
    if environment.get(LISTED_CONTAINER):
        return _of_container(environment[ENGINE], environment[LISTED_CONTAINER])
    return _marked(environment.get(LISTED, ""))


def _of_container(engine: str, container: str) -> list[Listed]:
    now = time.time()
    found = [
        Listed(
            pid=line.pid,
            ppid=line.ppid,
            user=line.user,
            started=now - line.elapsed_s,
            cpu=line.cpu_s,
            name=line.command.partition(" ")[0].rpartition("/")[2],
            command=line.command,
        )
        for line in top(engine, container)
    ]
    return sorted(found, key=lambda each: each.pid)


def _marked(instance: str) -> list[Listed]:
    found = []
    for process in psutil.process_iter():
        try:
            with process.oneshot():
                if process.status() == psutil.STATUS_ZOMBIE:
                    continue
                if process.environ().get(_MARK) == instance:
                    found.append(_describe(process))
        except (psutil.Error, OSError):
            continue
    return sorted(found, key=lambda each: each.pid)


def _describe(process: psutil.Process) -> Listed:
    times = process.cpu_times()
    return Listed(
        pid=process.pid,
        ppid=process.ppid(),
        user=process.username(),
        started=process.create_time(),
        cpu=times.user + times.system,
        name=process.name(),
        command=" ".join(process.cmdline()) or f"[{process.name()}]",
    )


def format_ps(processes: list[Listed], arguments: list[str]) -> tuple[str, int]:
    """What `ps` prints, and its exit code."""
    columns, pids = ["user", "pid", "ppid", "c", "stime", "tty", "time", "cmd"], None
    words = iter(arguments)
    for word in words:
        if word in {"-o", "o"} or (word.startswith("-") and word.endswith("o")):
            columns = [each for each in re.split(r"[,\s]+", next(words, "")) if each]
        elif word in {"-p", "p", "--pid"}:
            pids = {int(each) for each in re.split(r"[,\s]+", next(words, "")) if each.isdigit()}
    shown = [each for each in processes if pids is None or each.pid in pids]
    titles = [name.partition("=")[0].upper() for name in columns]
    rows = [[each.column(name.rstrip("=")) for name in columns] for each in shown]
    has_titles = not all(name.endswith("=") for name in columns)
    lines = [" ".join(f"{cell:<8}" for cell in row[:-1]) + f" {row[-1]}" for row in rows]
    header = [" ".join(f"{title:<8}" for title in titles)] if has_titles else []
    return "\n".join([*header, *(line.strip() for line in lines)]), 0 if shown else 1


def format_pgrep(processes: list[Listed], arguments: list[str]) -> tuple[str, int]:
    """What `pgrep` prints, and its exit code: 0 found, 1 nothing, 2 bad usage."""
    try:
        options, patterns = getopt.getopt(arguments, "fxclanou:U:")
        pattern = re.compile(patterns[0])
    except (getopt.GetoptError, IndexError, re.error) as error:
        return f"pgrep: {error}", 2
    chosen = {name for name, _ in options}
    match = pattern.fullmatch if "-x" in chosen else pattern.search
    found = [each for each in processes if match(each.command if "-f" in chosen else each.name)]
    if "-n" in chosen or "-o" in chosen:
        found.sort(key=lambda each: each.started, reverse="-n" in chosen)
        del found[1:]
    if "-c" in chosen:
        return str(len(found)), 0 if found else 1
    lines = [f"{each.pid}{_details(each, chosen)}" for each in found]
    return "\n".join(lines), 0 if found else 1


def _details(process: Listed, options: set[str]) -> str:
    if "-a" in options:
        return f" {process.command}"
    return f" {process.name}" if "-l" in options else ""


def main(arguments: list[str]) -> int:
    """Print the list that was asked for. Returns the exit code."""
    name, *rest = arguments
    try:
        processes = list_processes(os.environ)
    except TopError as error:
        sys.stderr.write(f"{name}: {error}\n")
        return 2
    text, code = (format_pgrep if name == "pgrep" else format_ps)(processes, rest)
    if text:
        (sys.stderr if code == 2 else sys.stdout).write(text + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
