"""Running a command in a process of its own: its time, its peak memory, the most that its folder held on disk."""

import os
import subprocess
import time
from bisect import bisect_left
from dataclasses import dataclass, field
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Process:
    """What a process took: seconds by the clock and of all processors, bytes of memory and of disk at their peak.

    `samples` are the moment (seconds of the epoch) and the processor seconds until then, twice a second.
    """

    seconds: float
    processor: float
    memory: int
    disk: int
    samples: list[tuple[float, float]] = field(repr=False)

    def processor_between(self, start: float, end: float) -> float:
        """Processor seconds between two moments, to about half a second."""
        at = [self.samples[min(bisect_left(self.samples, (moment,)), len(self.samples) - 1)] for moment in (start, end)]
        return at[1][1] - at[0][1]


def run(command: list[str | Path], environment: dict[str, str], folder: Path) -> Process:
    """Run a command and wait; its output goes to output.txt in `folder`. Raises CalledProcessError if it fails."""
    folder.mkdir(parents=True, exist_ok=True)
    started, disk = time.time(), 0
    samples = [(started, 0.0)]
    with (folder / "output.txt").open("wb") as output:
        process = subprocess.Popen(command, env=os.environ | environment, stdout=output, stderr=subprocess.STDOUT)
        while True:
            finished, status, usage = os.wait4(process.pid, os.WNOHANG)
            if finished:
                break
            samples.append((time.time(), _processor(process.pid)))
            disk = max(disk, size(folder))
            time.sleep(0.5)
    processor = usage.ru_utime + usage.ru_stime
    samples.append((time.time(), processor))
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, [str(part) for part in command])
    return Process(samples[-1][0] - started, processor, usage.ru_maxrss * 1024, max(disk, size(folder)), samples)


def size(folder: Path) -> int:
    """Bytes on disk below a folder, without links to other files; what goes away meanwhile counts as nothing."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                status = Path(place, name).lstat()
            except FileNotFoundError:
                continue
            total += status.st_blocks * 512 if status.st_nlink == 1 else 0
    return total


def _processor(process: int) -> float:
    """Processor seconds of a process that has not been waited for (Linux: fields 14 and 15 of its stat)."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
