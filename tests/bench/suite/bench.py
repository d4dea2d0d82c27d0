"""What the jobs need: the program, the data sets, and a place for the outputs."""

import contextlib
from dataclasses import dataclass, field
from pathlib import Path

from .comparison import Side, no_judge
from .data_sets import DataSets
from .measuring import run


@dataclass
class Bench:
    fstool: Path
    data: DataSets
    work: Path  # for outputs, and inputs that only some jobs need; removed at the end by whoever made it
    sync: bool = False  # fstool waits until its outputs are on stable storage, as mke2fs does
    cleanup: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)  # what is to be undone at the end

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.cleanup.close()

    def path(self, side, name):
        """Where an output goes; `side` is the name of its directory: "peers", "fstool"."""
        return self.work / side / name

    def peers(self, name, output, commands, judge=no_judge):
        """The peers' side of a job; `output` is as path("peers", …) gave it."""
        return Side(name, output.parent, output, [list(map(str, command)) for command in commands], judge)

    def ours(self, arguments, output, judge=no_judge, name="fstool"):
        """The side of fstool, which is run with `arguments` and quietly."""
        command = [self.fstool, *arguments, "--quiet", *(["--sync"] if self.sync else [])]
        return Side(name, output.parent, output, [list(map(str, command))], judge)

    def kept(self, name, make):
        """A file in the work directory that `make` makes when it is asked for first."""
        path = self.work / "inputs" / name
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            make(path)
        return path

    def run_fstool(self, *arguments):
        return run([str(self.fstool), *map(str, arguments)])

    def has_source(self, name):
        """True if fstool has a source of that name."""
        return f"source {name}" in self.run_fstool("plugins", "list").replace(",", "\n")
