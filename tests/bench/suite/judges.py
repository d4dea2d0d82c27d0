"""Whether an output is right, in the opinion of other programs than fstool."""

import filecmp
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from .measuring import Failure, run

MAX_NODES_TO_READ = 250_000
MAX_BYTES_TO_READ = 1 << 30


def ext4(tree):
    """Of images of `tree` (a DataSet): e2fsck finds nothing, and debugfs reads what the tree has, unless it is huge.

    debugfs fills holes with zeros, so these count.
    """

    def judge(image):
        run(["e2fsck", "-fn", str(image)])
        if tree.nodes <= MAX_NODES_TO_READ and tree.apparent_bytes <= MAX_BYTES_TO_READ:
            with tempfile.TemporaryDirectory(prefix="read-", dir=image.parent) as copy:
                # Unless it is run by root, debugfs says of each file that its owner can't be set.
                subprocess.run(["debugfs", "-R", f"rdump / {copy}", str(image)], check=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                expect_files(tree.path, Path(copy))

    return judge


def partition(tree, offset):
    """Of qcow2 images with the ext4 file system of `tree` at `offset` bytes: so do qemu-img and then ext4()."""

    def judge(image):
        qcow2(image)
        with tempfile.TemporaryDirectory(prefix="judged-", dir=image.parent) as judged:
            disk, filesystem = Path(judged, "disk"), Path(judged, "ext4")
            run(["qemu-img", "convert", "-f", "qcow2", "-O", "raw", str(image), str(disk)])
            run(["dd", f"if={disk}", f"of={filesystem}", "bs=4M", f"skip={offset}", "iflag=skip_bytes", "conv=sparse"])
            ext4(tree)(filesystem)

    return judge


def qcow2(image):
    run(["qemu-img", "check", "-q", "-f", "qcow2", str(image)])


def same_disk(original, original_format, image_format):
    """Of images that have the bytes of another one."""

    def judge(image):
        if image_format == "qcow2":
            qcow2(image)
        run(["qemu-img", "compare", "-q", "-f", original_format, "-F", image_format, str(original), str(image)])

    return judge


def same_file(original):
    """Of copies of a file."""

    def judge(copy):
        run(["cmp", str(original), str(copy)])

    return judge


def expect_files(tree, copy):
    """Raises Failure unless each regular file and symbolic link of `tree` is in `copy`, with the same content."""
    for directory, directories, files in os.walk(tree):
        for name in directories + files:
            path = Path(directory, name)
            other = copy / path.relative_to(tree)
            if path.is_symlink():
                same = other.is_symlink() and os.readlink(path) == os.readlink(other)
            elif path.is_file():
                same = other.is_file() and filecmp.cmp(path, other, shallow=False)
            else:
                continue  # debugfs makes no device nodes
            if not same:
                raise Failure(f"{path} is not in the image as it is in the tree")


def missing_tools(tools):
    """Those of `tools` that are not installed."""
    return [tool for tool in tools if not shutil.which(tool)]
