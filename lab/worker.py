"""What happens on one host: runs its activities at their times and says when each began and ended.

Run by the recording inside a namespace, as `python -m lab.worker SITE HOST FOLDER`; the activities come on standard
input, the log goes to standard output, one JSON object a line.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from lab.actions.scene import FOLDER
from lab.command import Activity, Command
from lab.confinement import check_command, check_here
from lab.errors import ConfinementError
from lab.site import Site
from lab.sites import site_called

ATTACK = "attack "
"""Begins the kind of an activity that is one."""
MOST_AT_ONCE = 48


def to_json(start: float, activities: Sequence[Activity]) -> str:
    """Write what a worker reads; `start` is the beginning of the recording on the monotonic clock."""
    listed = [
        {
            "at_s": each.at_s,
            "kind": each.kind,
            "commands": [[list(one.argv), one.given, one.seconds, one.after_s] for one in each.commands],
        }
        for each in activities
    ]
    return json.dumps({"start": start, "activities": listed})


def from_json(text: str, host: str) -> tuple[float, list[Activity]]:
    """Read it back."""
    read = json.loads(text)
    return read["start"], [
        Activity(
            at_s=each["at_s"],
            host=host,
            kind=each["kind"],
            commands=tuple(
                Command(argv=tuple(argv), given=given, seconds=seconds, after_s=after_s)
                for argv, given, seconds, after_s in each["commands"]
            ),
        )
        for each in read["activities"]
    ]


class Worker:
    """Runs activities of one host.

    Args:
        site: The site that the host is in.
        host: Name of the host.
        folder: Of the recording; stands where commands say `{folder}`.
    """

    def __init__(self, site: Site, host: str, folder: Path) -> None:
        self.site, self.host, self.folder = site, host, folder
        self._log = threading.Lock()
        self._free = threading.BoundedSemaphore(MOST_AT_ONCE)
        self._scratch = folder / f"at-{host}"
        self._environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(self._scratch), "LC_ALL": "C"}
        self._environment |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "PYTHONPATH": os.getcwd()}  # noqa: PTH109

    def run(self, start: float, activities: Sequence[Activity]) -> None:
        """Start each activity at its time, in a thread of its own, and wait for all."""
        check_here(self.site)
        self._scratch.mkdir(exist_ok=True)
        threads = []
        for activity in activities:
            time.sleep(max(0.0, start + activity.at_s - time.monotonic()))
            thread = threading.Thread(target=self._carry_out, args=(activity,), daemon=True)
            thread.start()
            threads.append(thread)
        for thread in threads:
            thread.join()

    def _carry_out(self, activity: Activity) -> None:
        with self._free:
            begin, codes = time.time(), []
            problem = ""
            try:
                if activity.kind.startswith(ATTACK):
                    check_here(self.site)  # again at every start of an attack
                for command in activity.commands:
                    check_command(self.site, command)
                    time.sleep(command.after_s)
                    codes.append(self._execute(command))
            except (ConfinementError, OSError) as error:
                problem = str(error)
            self._say(kind=activity.kind, begin=begin, end=time.time(), codes=codes, problem=problem)

    def _execute(self, command: Command) -> int:
        """Run a command to its end, or end it after its time; gives its exit status."""
        argv = [word.replace(FOLDER, str(self.folder)) for word in command.argv]
        with subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self._environment,
            cwd=self._scratch, start_new_session=True,
        ) as process:  # fmt: skip
            try:
                process.communicate(command.given.replace(FOLDER, str(self.folder)).encode(), timeout=command.seconds)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGTERM)
                try:
                    process.wait(2)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
        return process.returncode

    def _say(self, **entry: object) -> None:
        with self._log:
            sys.stdout.write(json.dumps({"host": self.host, **entry}) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    START, ACTIVITIES = from_json(sys.stdin.read(), sys.argv[2])
    Worker(site_called(sys.argv[1]), sys.argv[2], Path(sys.argv[3])).run(START, ACTIVITIES)
