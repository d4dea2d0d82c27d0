"""Runs one program and measures what it takes."""

import os
import subprocess
import tempfile
import time
from dataclasses import dataclass

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


# Writes the peak memory of the program "$@" in KiB to the file "$0", and then the counters of proc(5), /proc/PID/io:
# the shell's own, to which those of programs that it waited for are added.
MEASURING_SCRIPT = """
command time --quiet --format=%M --output="$0" "$@"
status=$?
while read -r counter; do echo "$counter"; done < /proc/$$/io >> "$0"
exit $status
"""


def run_measured(command):
    """Runs `command`, which has to succeed, and returns its Usage.

    time(1) starts it: a program that Python starts is charged with Python's own memory (Linux takes the resident set of
    the caller of execve(2) for the program's first peak). What goes through io_uring is in the counters of block
    devices alone.
    """
    with tempfile.NamedTemporaryFile("r") as figures, tempfile.TemporaryFile() as messages:
        begin = time.perf_counter()
        process = subprocess.Popen(["sh", "-c", MEASURING_SCRIPT, figures.name, *command], stdin=subprocess.DEVNULL,
                                   stdout=messages, stderr=messages)
        _, status, resources = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            messages.seek(0)
            raise failure(command, process.returncode, messages.read())
        peak, *counters = figures.read().splitlines()
        transfers = {name: int(value) for name, _, value in (line.partition(":") for line in counters)}
        return Usage(seconds, resources.ru_utime + resources.ru_stime, int(peak) * KIB, transfers["rchar"],
                     transfers["wchar"], transfers["read_bytes"], transfers["write_bytes"])


def run(command, **options):
    """Runs `command`, which has to succeed, and returns what it says on standard output."""
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            check=False, **options)
    if result.returncode != 0:
        raise failure(command, result.returncode, result.stdout + result.stderr)
    return result.stdout.decode(errors="replace")


def failure(command, code, messages):
    """Of a program that ended with `code` (subprocess.Popen.returncode)."""
    text = messages.decode(errors="replace").strip()
    return Failure(f"{' '.join(map(str, command))} ended with {code}: {text}")
