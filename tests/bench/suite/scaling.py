"""Jobs of growing size: how time goes with files, bytes and threads."""

import os
from dataclasses import dataclass
from typing import Callable

from . import disk_jobs, tree_jobs
from .bench import Bench
from .comparison import Side, run_in_turn
from .measuring import GIB, MIB

FILES = (1_000, 10_000, 100_000, 1_000_000)
FILES_OF_MKE2FS = 100_000  # at most: it takes 80 s for 1,000,000, in each round; the job empty-files has these
BYTES = (64 * MIB, 256 * MIB, 1 * GIB, 4 * GIB)
THREADS = (1, 2, 4, 8, 16, 32, 64)


@dataclass(frozen=True)
class Sample:
    """A point of a line: one side's time at one size."""

    line: str
    x: int
    side: Side


@dataclass(frozen=True)
class StepTarget:
    """What the time of `line` is at most, from the point `start` to the point `end`, both counted from 0."""

    line: str
    start: int
    end: int
    factor: float  # of time(end) to time(start)
    per_unit: bool = False  # the times are divided by x


@dataclass(frozen=True)
class Series:
    """Lines over one axis."""

    name: str
    title: str
    axis: str
    tools: tuple
    groups: Callable[[Bench], object]  # yields lists of Samples that are to be run in turn
    targets: tuple = ()


def over_files(bench):
    """Empty files: nothing but the work for each file."""
    for count in FILES:
        tree = bench.data.empty_files(count)
        comparison = tree_jobs.against_mke2fs(bench, tree)
        samples = [Sample("fstool", tree.nodes, comparison.fstool)]
        if count <= FILES_OF_MKE2FS:
            samples.append(Sample("mke2fs -d", tree.nodes, comparison.peers))
        yield samples


def over_bytes(bench):
    """One file: nothing but copying."""
    for size in BYTES:
        tree = bench.data.large_files(1, size)
        comparison = tree_jobs.against_cat(bench, tree)
        yield [Sample("fstool", tree.bytes, comparison.fstool), Sample("cat", tree.bytes, comparison.peers)]


def over_threads(bench):
    """The root's disk: compression dominates with zstd and deflate, and nothing does without."""
    tree = bench.data.root()
    size = tree.image_bytes()
    counts = [count for count in THREADS if count <= len(os.sched_getaffinity(0))]
    for codec in ("none", "zstd", "deflate"):
        yield [Sample(codec, count, disk_jobs.run_spec(bench, tree, size, codec, options=["--threads", count]))
               for count in counts]


SERIES = [
    Series("files", "Time over empty files, to ext4", "files", ("mke2fs", "e2fsck", "debugfs"), over_files,
           (StepTarget("fstool", 1, 3, 1.2, per_unit=True),)),
    Series("bytes", "Time over the bytes of one file, to ext4", "bytes", ("e2fsck", "debugfs"), over_bytes),
    Series("threads", "Time over threads: root → GPT, ext4, qcow2", "threads", ("qemu-img", "e2fsck", "debugfs"),
           over_threads, (StepTarget("zstd", 0, 1, 1 / 1.7), StepTarget("deflate", 0, 1, 1 / 1.7))),
]


def measure_series(series, bench, runs):
    """Returns the samples, measured."""
    samples = []
    for group in series.groups(bench):
        run_in_turn([sample.side for sample in group], runs)
        samples += group
    return samples
