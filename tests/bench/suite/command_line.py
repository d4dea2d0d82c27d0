"""The command: what is asked for, and doing it."""

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from . import report as reports
from . import sittings
from .bench import Bench
from .catalogue import JOBS
from .comparison import ROUNDS_OF_SLOW, SLOW_SECONDS
from .data_sets import DataSets
from .documents import update_documents, write_results
from .judges import missing_tools
from .measuring import Failure
from .scaling import SERIES, measure_series
from .tables import report_text

REPOSITORY = Path(__file__).resolve().parents[3]
NAMES = [entry.name for entry in (*JOBS, *SERIES)]


def main(description):
    options = parse_arguments(description)
    try:
        report = read_report(options.replay) if options.replay else measure(options)
        finish(report, options)
        if options.update_docs:
            update_documents(report, REPOSITORY / "docs")
        print(json.dumps(report, indent=2) if options.json else report_text(report))
    except Failure as failure:
        sys.exit(f"peers: {failure}")
    if report["failed"] or options.check and (report["missed"] or report["skipped"]):
        sys.exit(1)


def read_report(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Failure(f"{path} is not a report: {error}") from error


def finish(report, options):
    """Adds what is missed, and writes what there is into the folder for results."""
    report["missed"] = list(reports.missed_targets(report))
    if options.results:
        write_results(report, options.results)


def parse_arguments(description):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    caches = os.environ.get("XDG_CACHE_HOME")
    parser.add_argument("--fstool", type=Path, default=REPOSITORY / "build/release/bin/fstool", help="the program")
    parser.add_argument("--root", type=Path, help="use this tree instead of making a Debian root")
    parser.add_argument("--cache", type=Path, help="keep the data sets here",
                        default=Path(caches) / "fstool-bench" if caches else REPOSITORY / "build/bench")
    parser.add_argument("--sources", type=Path, help="apt sources to make the root from (default: this machine's)")
    parser.add_argument("--work", type=Path, default=os.environ.get("TMPDIR", "/var/tmp"), help="put the outputs here")
    parser.add_argument("--scale", type=positive, default=1.0,
                        help="counts and sizes of the data sets but the root, as a share of the full ones")
    parser.add_argument("--runs", type=int, default=7,
                        help=f"pairs to measure (default: 7); {ROUNDS_OF_SLOW} at most where a side takes more than "
                        f"{SLOW_SECONDS} s")
    parser.add_argument("--sync", action="store_true", help="make fstool wait for the disk, as mke2fs does")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, metavar="NAME",
                        help=f"leave the others out: {', '.join(NAMES)}")
    parser.add_argument("--json", action="store_true", help="print JSON, with every single measurement")
    parser.add_argument("--results", type=Path, help="write JSON, tables and plots into this folder")
    parser.add_argument("--update-docs", action="store_true", help="write the section and plots of docs/performance.md")
    earlier = parser.add_mutually_exclusive_group()
    earlier.add_argument("--replay", type=Path, metavar="REPORT", help="measure nothing; take this report.json")
    earlier.add_argument("--add", type=Path, metavar="REPORT",
                         help="take this report.json, of the same machine, programs and data sets, with what --only "
                         "names measured anew or added")
    parser.add_argument("--check", action="store_true",
                        help="exit with 1 if a target is missed or a comparison left out, too, not only if a program "
                        "fails or an output is wrong")
    options = parser.parse_args()
    if options.runs < 1:
        parser.error("--runs: at least 1")
    if options.add and options.only is NAMES:
        parser.error("--add: say with --only what is to be measured")
    return options


def positive(text):
    number = float(text)
    if not number > 0:
        raise ValueError
    return number


def measure(options):
    """Runs everything that was chosen and can be run, and returns the report. Results are written after each job."""
    fstool = options.fstool.resolve()
    if not os.access(fstool, os.X_OK):
        raise Failure(f"{fstool} is not there: build it, or say where it is with --fstool")
    if missing_tools(["time"]):
        raise Failure("time(1) is needed: scripts/setup bench")
    data = DataSets(options.cache.resolve(), options.scale, options.root and options.root.resolve(), options.sources)
    run = reports.describe_run(Bench(fstool, data, options.work, options.sync), options.runs, command_line())
    report = sittings.continued(read_report(options.add), run) if options.add else sittings.new_report(run)
    for entry in (*JOBS, *SERIES):
        if entry.name not in options.only:
            continue
        with tempfile.TemporaryDirectory(prefix="fstool-bench-", dir=options.work) as work:
            with Bench(fstool, data, Path(work), options.sync) as bench:
                sittings.put(report, *measure_entry(entry, bench, options.runs), NAMES)
        finish(report, options)
    return report


def measure_entry(entry, bench, runs):
    """Returns a row for the report, or why there is none, after its kind."""
    if reason := why_not(entry, bench):
        return "skipped", {"name": entry.name, "reason": reason}
    print(f"{entry.name} …", file=sys.stderr)
    try:
        if entry in JOBS:
            comparison = entry.make(bench)
            comparison.measure(runs)
            return "comparisons", reports.comparison_row(entry, comparison)
        return "scaling", reports.series_row(entry, measure_series(entry, bench, runs))
    except (Failure, OSError, subprocess.SubprocessError) as failure:
        print(f"peers: {entry.name}: {failure}", file=sys.stderr)
        return "failed", {"name": entry.name, "reason": str(failure)}


def why_not(entry, bench):
    """Why a comparison can't be made here; nothing if it can."""
    if missing := missing_tools(entry.tools):
        return f"{', '.join(missing)} not found"
    if getattr(entry, "source", "") and not bench.has_source(entry.source):
        return f"this fstool has no source {entry.source}"
    if getattr(entry, "as_root", False) and os.geteuid() != 0:
        return "only root can"
    return ""


def command_line():
    """As it was given, from the root of the repository."""
    return " ".join(["tests/bench/peers", *map(shlex.quote, sys.argv[1:])])
