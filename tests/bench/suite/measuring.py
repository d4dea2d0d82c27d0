"""Runs one program and measures what it takes."""

import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

KIB = 1 << 10
MIB = 1 << 20
GIB = 1 << 30


class Failure(Exception):
    """A program that had to succeed did not, or something that is needed is missing."""


@dataclass(frozen=True)
class Usage:
    """What a program took, with all the programs that it ran and waited for."""

    seconds: float = 0  # by the clock
    cpu_seconds: float = 0  # of all processors, in user mode and in the kernel
    peak_memory: int = 0  # bytes, of the largest resident set of a single program
    bytes_read: int = 0  # by system calls, from the page cache or not
    bytes_written: int = 0
    storage_read: int = 0  # what of them came from block devices
    storage_written: int = 0  # what of them was to go there: pages made dirty

    def __add__(self, other):
        """Of two programs, one after the other."""
        return Usage(self.seconds + other.seconds, self.cpu_seconds + other.cpu_seconds,
                     max(self.peak_memory, other.peak_memory), self.bytes_read + other.bytes_read,
                     self.bytes_written + other.bytes_written, self.storage_read + other.storage_read,
                     self.storage_written + other.storage_written)


def run_measured(command):
    """Runs `command`, which has to succeed, and returns its Usage.

    time(1) starts it: a program that Python starts is charged with Python's own memory (Linux takes the resident set of
    the caller of execve(2) for the program's first peak).
    """
    with tempfile.NamedTemporaryFile("r") as peak, tempfile.TemporaryFile() as messages:
        begin = time.perf_counter()
        process = subprocess.Popen(["time", "--quiet", "--format=%M", f"--output={peak.name}", *command],
                                   stdin=subprocess.DEVNULL, stdout=messages, stderr=messages)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        seconds = time.perf_counter() - begin
        transfers = read_transfers(process.pid)  # while it is still in the process table
        _, status, resources = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            messages.seek(0)
            raise Failure(f"{' '.join(command)} failed:\n{messages.read().decode(errors='replace')}")
        return Usage(seconds, resources.ru_utime + resources.ru_stime, int(peak.read()) * KIB, transfers["rchar"],
                     transfers["wchar"], transfers["read_bytes"], transfers["write_bytes"])


def read_transfers(pid):
    """The counters of /proc/PID/io (proc(5)). What goes through io_uring is in read_bytes and write_bytes alone."""
    lines = Path(f"/proc/{pid}/io").read_text(encoding="ascii").splitlines()
    return {name: int(value) for name, _, value in (line.partition(":") for line in lines)}


def run(command, **options):
    """Runs `command`, which has to succeed, and returns what it says on standard output."""
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            check=False, **options)
    if result.returncode != 0:
        text = (result.stdout + result.stderr).decode(errors="replace")
        raise Failure(f"{' '.join(map(str, command))} failed:\n{text}")
    return result.stdout.decode(errors="replace")
