"""An archive or a container image becomes an ext4 file system, raw; the peers unpack it first."""

import os

from . import judges
from .comparison import Comparison
from .tree_jobs import mke2fs


def against_unpacking(bench, archive, name, unpack):
    """`unpack(directory)` gives the command, and where the root is then."""
    root = bench.data.root()  # what is in it
    theirs, ours = bench.path("peers", "image.ext4"), bench.path("fstool", "image.ext4")
    command, unpacked = unpack(bench.path("peers", "unpacked"))
    commands = [["mkdir", "-p", bench.path("peers", "unpacked")], command,
                mke2fs(root, theirs, root.image_bytes(), unpacked)]
    return Comparison(bench.peers(f"{name}, mke2fs -d", theirs, commands, judges.ext4(root)),
                      bench.ours(["create", "-t", "ext4", archive.path, "-o", ours], ours, judges.ext4(root)),
                      root.nodes)


def tar(bench):
    archive = bench.data.root_tar()
    return against_unpacking(bench, archive, "tar -x", lambda directory: (
        ["tar", "--xattrs", "--xattrs-include=*", "-C", directory, "-xf", archive.path], directory))


def tar_zst(bench):
    archive = bench.data.root_tar_zst()
    return against_unpacking(bench, archive, "tar --zstd -x", lambda directory: (
        ["tar", "--zstd", "--xattrs", "--xattrs-include=*", "-C", directory, "-xf", archive.path], directory))


def container_image(bench):
    image = bench.data.container_image()
    rootless = [] if os.geteuid() == 0 else ["--rootless"]
    return against_unpacking(bench, image, "umoci unpack", lambda directory: (
        ["umoci", "unpack", *rootless, "--image", f"{image.path}:latest", directory / "bundle"],
        directory / "bundle/rootfs"))
