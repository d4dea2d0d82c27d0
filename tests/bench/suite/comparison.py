"""Sides that do the same job, and running them in turn."""

import shutil
import statistics
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

from .measuring import Usage, run, run_measured

METRICS = ("seconds", "cpu_seconds", "peak_memory", "bytes_read", "bytes_written", "storage_read", "storage_written")


SLOW_SECONDS = 30
ROUNDS_OF_SLOW = 3  # at most, where a side takes longer than SLOW_SECONDS


def no_judge(_output):
    """For outputs that are not judged: a peer's archive, a copy by cat."""


def nothing():
    """For rounds around which nothing is to be done."""


@dataclass
class Side:
    """One way to do a job."""

    name: str  # of the programs: "mke2fs", "fstool"
    directory: Path  # its own: emptied after each run, unless kept
    output: Path  # in the directory
    commands: list  # lists of words, run one after the other
    judge: Callable[[Path], None] = no_judge  # raises Failure if the output is wrong
    kept: bool = False  # what is in the directory stays, so that the next run replaces the output
    usages: list = field(default_factory=list)
    output_size: int = 0  # bytes on disk
    apparent_size: int = 0  # bytes

    def build(self):
        """Makes the output, unmeasured."""
        self.directory.mkdir(parents=True, exist_ok=True)
        for command in self.commands:
            run(command)

    def run(self):
        """One run; the output stays."""
        self.directory.mkdir(parents=True, exist_ok=True)
        run(["sync", "-f", str(self.directory)])  # what others left to be written is not this side's affair
        self.usages.append(sum(map(run_measured, self.commands), Usage()))
        status = self.output.stat()
        self.output_size = status.st_blocks * 512
        self.apparent_size = status.st_size

    def clear(self):
        if not self.kept:
            shutil.rmtree(self.directory, ignore_errors=True)

    def median(self, metric):
        return statistics.median(getattr(usage, metric) for usage in self.usages)


@dataclass(frozen=True)
class Target:
    """What fstool is held to beside the peers; its memory, by report.memory_bound(), in all jobs."""

    times: float = 0  # at least so many times as fast; 0: that is not compared
    seconds: float = 0  # at most so many; 0: any. Holds for data sets of full size
    size: float = 0  # the output is at most so many times as large as the peers'; 0: that is not compared

    def __str__(self):
        words = []
        if self.times >= 1:
            words.append(f"≥ {self.times:g}")
        elif self.times:
            words.append(f"≥ {self.times:.2f} (≤ {1 / self.times:g} × the time)")
        if self.seconds:
            words.append(f"≤ {self.seconds:g} s")
        return ", ".join(words) or "–"


def at_most_time(factor):
    """The number of times as fast that is `factor` times the peers' time."""
    return 1 / factor


@dataclass
class Comparison:
    """A job as the peers do it and as fstool does."""

    peers: Side
    fstool: Side
    nodes: int = 0  # files of all kinds that the job has to do with
    before_round: Callable[[], None] = nothing
    after_round: Callable[[], None] = nothing  # raises Failure if outputs that are kept are wrong

    def measure(self, runs):
        run_in_turn([self.peers, self.fstool], runs, self.before_round, self.after_round)

    def ratios(self):
        """How many times as fast fstool was, pair by pair, sorted."""
        return sorted(p.seconds / f.seconds for p, f in zip(self.peers.usages, self.fstool.usages))


def run_in_turn(sides, runs, before_round=nothing, after_round=nothing):
    """Runs all sides `runs` times, each round in the opposite order, and has their first outputs judged.

    What is slow is run ROUNDS_OF_SLOW times at most.
    """
    for number in range(runs):
        if number >= ROUNDS_OF_SLOW and any(side.median("seconds") > SLOW_SECONDS for side in sides):
            break
        before_round()
        for side in sides if number % 2 == 0 else reversed(sides):
            try:
                side.run()
                if number == 0:
                    side.judge(side.output)
            finally:
                side.clear()
        after_round()
