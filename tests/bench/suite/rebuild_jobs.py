"""An image is made again after a few files have changed: with --incremental, and from scratch.

Both sides replace the output of the round before, and both outputs have the same bytes.
"""

import itertools
import os
import random
import time
from dataclasses import replace
from pathlib import Path

from . import judges
from .comparison import Comparison
from .data_sets import look_at
from .disk_jobs import run_spec
from .measuring import GIB, Failure, run
from .reflink_jobs import mounted_xfs
from .tree_jobs import fitted

FILES_FOR_EACH_CHANGED = 100
SETTLING_SECONDS = 3.1  # fstool trusts no file that changed in the last 2 seconds, counted in whole ones


def to_qcow2(bench, tree, codec, level=None):
    """A GPT disk with ext4."""
    copy = copied(bench, tree)
    return against_scratch(copy, lambda **side: run_spec(bench, copy, copy.image_bytes(), codec, level, **side))


def to_ext4_on_xfs(bench, tree):
    """Raw, where files may share blocks: the outputs among themselves and with the tree."""
    bench = on_xfs(bench, tree)
    copy = copied(bench, tree)
    return against_scratch(copy, lambda **side: fitted(bench, copy, **side))


def to_qcow2_on_xfs(bench, tree, codec):
    """A GPT disk with ext4, where files may share blocks."""
    return to_qcow2(on_xfs(bench, tree), tree, codec)


def on_xfs(bench, tree):
    """The same on a file system of its own."""
    # The tree, two outputs, one that is to replace another, and what debugfs reads; and some room.
    return replace(bench, work=mounted_xfs(bench, 6 * tree.image_bytes() + GIB))


def against_scratch(tree, make_side):
    """`make_side` gives a side of fstool for its `directory` and `name` and more `options`. Makes the first outputs."""
    scratch = replace(make_side(directory="peers", name="fstool, from scratch"), kept=True)
    incremental = replace(make_side(directory="fstool", name="fstool --incremental", options=["--incremental"]),
                          kept=True)
    settle()
    scratch.build()
    incremental.build()
    return Comparison(scratch, incremental, tree.nodes, before_round=changing(tree),
                      after_round=lambda: judges.same_file(scratch.output)(incremental.output))


def copied(bench, tree):
    """A copy of `tree` (a DataSet) in the work directory: its files will be changed.

    It has no holes: what XFS allocates ahead in them counts as a hole until someone reads it, so that the tree would
    not be the same for both sides.
    """
    return look_at(bench.kept("tree", lambda path: run(["cp", "-a", "--sparse=never", str(tree.path), str(path)])))


def changing(tree):
    """Returns a function that changes a share of the files, others each time, and waits until they have settled."""
    files = changeable_files(tree.path)
    if not files:
        raise Failure(f"{tree.path} has no files that can be changed")
    random.Random(4).shuffle(files)
    endless = itertools.cycle(files)

    def change():
        for path in itertools.islice(endless, max(1, len(files) // FILES_FOR_EACH_CHANGED)):
            change_first_byte(path)
        settle()

    return change


def changeable_files(root):
    """Regular files that have bytes and may be written, sorted by name; one name of each."""
    paths = sorted(Path(directory, name) for directory, _, names in os.walk(root) for name in names)
    files = {}
    for path in paths:
        if path.is_file() and not path.is_symlink() and path.stat().st_size and os.access(path, os.W_OK):
            files.setdefault(path.stat().st_ino, path)
    return list(files.values())


def change_first_byte(path):
    with open(path, "r+b") as file:
        changed = file.read(1)[0] ^ 1
        file.seek(0)
        file.write(bytes([changed]))


def settle():
    """Waits until nothing is left to be written to disks, and until fstool trusts all files that there are."""
    os.sync()
    time.sleep(SETTLING_SECONDS)
