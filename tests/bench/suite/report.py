"""The figures of a run as JSON, and which targets they miss."""

import hashlib
import json
import os
import platform
import statistics
import subprocess
from dataclasses import asdict
from pathlib import Path

from .comparison import METRICS
from .measuring import MIB, run
from .quantities import seconds, size

BASE_MEMORY = 32 * MIB
MEMORY_PER_FILE = 300  # bytes

VERSION_COMMANDS = (["mke2fs", "-V"], ["genext2fs", "--version"], ["genimage", "--version"], ["qemu-img", "--version"],
                    ["sgdisk", "--version"], ["tar", "--version"], ["cat", "--version"], ["zstd", "--version"],
                    ["umoci", "--version"], ["mkfs.xfs", "-V"])


def memory_bound(nodes):
    """The peak that fstool is held to, in bytes, for a job with so many files."""
    return BASE_MEMORY + MEMORY_PER_FILE * nodes


def describe_run(bench, runs, command):
    """What was run, and on what."""
    root = bench.data.given_root
    return {"command": command, "runs": runs, "scale": bench.data.scale, "sync": bench.sync,
            "root": str(root) if root else None,  # None: the Debian root that the suite makes
            "fstool": bench.run_fstool("--version").strip(), "build": build_hash(bench), "tools": tool_versions(),
            "machine": {"processors": len(os.sched_getaffinity(0)), "processor": processor_name(),
                        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
                        "kernel": platform.release()}}


def build_hash(bench):
    """A SHA-256 of all of fstool: two builds of one version are no longer the same program."""
    plugins = [plugin["path"] for plugin in json.loads(bench.run_fstool("plugins", "list", "--json"))["plugins"]]
    # Plugins are linked with the library; the program may be a script that runs another.
    libraries = {line.split()[2] for plugin in plugins for line in run(["ldd", plugin]).splitlines()
                 if line.split()[0].startswith("libfstool.so") and line.split()[2].startswith("/")}
    digest = hashlib.sha256()
    for path in [bench.fstool, *sorted(libraries), *sorted(plugins)]:
        digest.update(hashlib.sha256(Path(path).read_bytes()).digest())
    return digest.hexdigest()


def processor_name():
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def tool_versions():
    """The first line that each program that is installed says of its version."""
    versions = []
    for command in VERSION_COMMANDS:
        try:
            result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                    check=False)
        except FileNotFoundError:
            continue
        lines = result.stdout.decode(errors="replace").strip().splitlines()
        if lines:
            versions.append(lines[0] if command[0] in lines[0] else f"{command[0]} {lines[0]}")
    return versions


def comparison_row(job, comparison):
    ratios = comparison.ratios()
    return {"name": job.name, "title": job.title, "target": asdict(job.target), "target_text": str(job.target),
            "nodes": comparison.nodes,
            "ratio": {"min": ratios[0], "median": statistics.median(ratios), "max": ratios[-1]},
            "peers": side_row(comparison.peers), "fstool": side_row(comparison.fstool)}


def side_row(side):
    return {"name": side.name, "median": {metric: side.median(metric) for metric in METRICS},
            "output_size": side.output_size, "apparent_size": side.apparent_size,
            "runs": [asdict(usage) for usage in side.usages]}


def series_row(series, samples):
    lines = {}
    for sample in samples:
        lines.setdefault(sample.line, []).append({"x": sample.x, **side_row(sample.side)})
    return {"name": series.name, "title": series.title, "axis": series.axis, "lines": lines,
            "targets": [asdict(target) for target in series.targets]}


def missed_targets(report):
    """A sentence for each target that is missed."""
    full_size = report["run"]["scale"] >= 1
    for row in report["comparisons"]:
        for text in missed_by_comparison(row, full_size):
            yield f"{row['name']}: {text}"
    for row in report["scaling"]:
        for target in row["targets"]:
            yield from missed_steps(row, target)


def missed_by_comparison(row, full_size):
    target, ours, theirs = row["target"], row["fstool"], row["peers"]
    if row["ratio"]["median"] < target["times"]:
        yield f"{row['ratio']['median']:.2f} times as fast instead of {target['times']:.2f}"
    if full_size and target["seconds"] and ours["median"]["seconds"] > target["seconds"]:
        yield f"{seconds(ours['median']['seconds'])} instead of {seconds(target['seconds'])}"
    if target["size"] and ours["apparent_size"] > theirs["apparent_size"] * target["size"]:
        yield f"{size(ours['apparent_size'])} instead of {size(theirs['apparent_size'] * target['size'])}"
    peak = max(run["peak_memory"] for run in ours["runs"])
    if peak > memory_bound(row["nodes"]):
        yield f"{size(peak)} of memory instead of {size(memory_bound(row['nodes']))}"


def missed_steps(row, target):
    points = row["lines"].get(target["line"], [])
    if target["end"] >= len(points):
        return  # one processor has no second thread
    start, end = points[target["start"]], points[target["end"]]
    factor = end["median"]["seconds"] / start["median"]["seconds"]
    if target["per_unit"]:
        factor *= start["x"] / end["x"]
    if factor > target["factor"]:
        yield (f"{row['name']}: {target['line']}: from {start['x']} to {end['x']} {row['axis']} the time"
               f"{' for each' if target['per_unit'] else ''} becomes {factor:.2f} of what it was instead of "
               f"{target['factor']:.2f}")
