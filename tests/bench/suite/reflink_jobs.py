"""Large files become an ext4 file system on XFS, where files may share blocks."""

import shutil
from dataclasses import replace

from . import tree_jobs
from .measuring import GIB, Failure, run


def against_mke2fs(bench, tree):
    """Sources and outputs are on a file system of their own, in a loop mount."""
    mount = mounted_xfs(bench, 5 * tree.bytes // 2 + GIB)
    shutil.copytree(tree.path, mount / "tree")
    run(["sync", "-f", str(mount)])
    return tree_jobs.against_mke2fs(replace(bench, work=mount), replace(tree, path=mount / "tree"))


def mounted_xfs(bench, size):
    """An XFS of `size` bytes, mounted until the end."""
    image, mount = bench.work / "reflink.xfs", bench.work / "reflink"
    mount.mkdir()
    with open(image, "wb") as file:
        file.truncate(size)
    run(["mkfs.xfs", "-q", "-m", "reflink=1", str(image)])
    try:
        run(["mount", "-o", "loop", str(image), str(mount)])
    except Failure as failure:
        raise Failure(f"a loop mount of XFS is needed: {failure}") from failure
    bench.cleanup.callback(run, ["umount", str(mount)])
    return mount
