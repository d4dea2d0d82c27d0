"""All comparisons, by name, with the targets."""

from dataclasses import dataclass
from typing import Callable

from . import archive_jobs, conversion_jobs, disk_jobs, rebuild_jobs, reflink_jobs, tree_jobs
from .bench import Bench
from .comparison import Comparison, Target, at_most_time

E2FSPROGS = ("mke2fs", "e2fsck", "debugfs")
CHAIN = (*E2FSPROGS, "sgdisk", "qemu-img")
EXT4_JUDGES = ("cmp", "e2fsck", "debugfs")


@dataclass(frozen=True)
class Job:
    """A comparison that can be made."""

    name: str
    title: str
    target: Target
    tools: tuple  # the programs that it needs
    make: Callable[[Bench], Comparison]  # makes its data set, too
    source: str = ""  # the source of fstool that it needs, if not all versions have it
    as_root: bool = False


JOBS = [
    # The Debian root.
    Job("ext4", "root → ext4 of a given size", Target(4), E2FSPROGS,
        lambda bench: tree_jobs.against_mke2fs(bench, bench.data.root())),
    Job("ext4-smallest", "root → ext4, as small as possible", Target(4, size=1), (*E2FSPROGS, "resize2fs"),
        lambda bench: tree_jobs.against_resize2fs(bench, bench.data.root())),
    Job("ext4-genext2fs", "root → ext4 (ext2)", Target(3), ("genext2fs", *E2FSPROGS),
        lambda bench: tree_jobs.against_genext2fs(bench, bench.data.root())),
    Job("ext4-tar", "root → ext4 (tar)", Target(at_most_time(1.3)), ("tar", *E2FSPROGS),
        lambda bench: tree_jobs.against_tar(bench, bench.data.root())),
    Job("qcow2-deflate", "root → GPT, ext4, qcow2, deflate", Target(8), CHAIN,
        lambda bench: disk_jobs.against_chain(bench, bench.data.root(), "deflate")),
    Job("qcow2-zstd", "root → GPT, ext4, qcow2, zstd", Target(4), CHAIN,
        lambda bench: disk_jobs.against_chain(bench, bench.data.root(), "zstd")),
    Job("qcow2-plain", "root → GPT, ext4, qcow2", Target(3), CHAIN,
        lambda bench: disk_jobs.against_chain(bench, bench.data.root(), "none")),
    Job("genimage", "root → GPT, ext4, qcow2", Target(8), ("genimage", *CHAIN),
        lambda bench: disk_jobs.against_genimage(bench, bench.data.root(), "none")),
    Job("genimage-deflate", "root → GPT, ext4, qcow2, deflate", Target(8), ("genimage", *CHAIN),
        lambda bench: disk_jobs.against_genimage(bench, bench.data.root(), "deflate")),
    # The same once more, after some of its files have changed. The peer is fstool itself.
    Job("rebuild-deflate", "root rebuilt, 1 % changed → GPT, ext4, qcow2, deflate", Target(5),
        (*EXT4_JUDGES, "qemu-img"), lambda bench: rebuild_jobs.to_qcow2(bench, bench.data.root(), "deflate")),
    Job("rebuild-zstd", "root rebuilt, 1 % changed → GPT, ext4, qcow2, zstd", Target(5),
        (*EXT4_JUDGES, "qemu-img"), lambda bench: rebuild_jobs.to_qcow2(bench, bench.data.root(), "zstd")),
    Job("rebuild-deflate-6", "root rebuilt, 1 % changed → GPT, ext4, qcow2, deflate, level 6", Target(5),
        (*EXT4_JUDGES, "qemu-img"), lambda bench: rebuild_jobs.to_qcow2(bench, bench.data.root(), "deflate", level=6)),
    Job("rebuild-deflate-xfs", "root rebuilt, 1 % changed → GPT, ext4, qcow2, deflate, on XFS", Target(5),
        ("mkfs.xfs", *EXT4_JUDGES, "qemu-img"),
        lambda bench: rebuild_jobs.to_qcow2_on_xfs(bench, bench.data.root(), "deflate"), as_root=True),
    Job("rebuild-zstd-xfs", "root rebuilt, 1 % changed → GPT, ext4, qcow2, zstd, on XFS", Target(5),
        ("mkfs.xfs", *EXT4_JUDGES, "qemu-img"),
        lambda bench: rebuild_jobs.to_qcow2_on_xfs(bench, bench.data.root(), "zstd"), as_root=True),
    Job("rebuild-raw", "root rebuilt, 1 % changed → ext4, on XFS", Target(), ("mkfs.xfs", *EXT4_JUDGES),
        lambda bench: rebuild_jobs.to_ext4_on_xfs(bench, bench.data.root()), as_root=True),
    # What the root is packed into.
    Job("tar", "tar of the root → ext4", Target(), ("tar", *E2FSPROGS), archive_jobs.tar),
    Job("tar-zst", "tar.zst of the root → ext4", Target(), ("tar", "zstd", *E2FSPROGS), archive_jobs.tar_zst),
    Job("container-image", "container image of the root → ext4", Target(), ("tar", "gzip", "umoci", *E2FSPROGS),
        archive_jobs.container_image, source="oci"),
    # Many small files, and none but names.
    Job("small-files", "200,000 small files → ext4", Target(4), E2FSPROGS,
        lambda bench: tree_jobs.against_mke2fs(bench, bench.data.small_files())),
    Job("small-files-genext2fs", "200,000 small files → ext4 (ext2)", Target(2.5), ("genext2fs", *E2FSPROGS),
        lambda bench: tree_jobs.against_genext2fs(bench, bench.data.small_files())),
    Job("small-files-tar", "200,000 small files → ext4 (tar)", Target(at_most_time(1.2)), ("tar", *E2FSPROGS),
        lambda bench: tree_jobs.against_tar(bench, bench.data.small_files())),
    Job("empty-files", "1,000,000 empty files → ext4", Target(5), E2FSPROGS,
        lambda bench: tree_jobs.against_mke2fs(bench, bench.data.empty_files())),
    # Large files.
    Job("large-files", "4 files of 2.2 GB → ext4", Target(2), E2FSPROGS,
        lambda bench: tree_jobs.against_mke2fs(bench, bench.data.large_files())),
    Job("large-files-cat", "4 files of 2.2 GB → ext4 (one file)", Target(at_most_time(1.1)), E2FSPROGS,
        lambda bench: tree_jobs.against_cat(bench, bench.data.large_files())),
    Job("large-files-reflink", "4 files of 2.2 GB → ext4, on XFS", Target(2, seconds=1), ("mkfs.xfs", *E2FSPROGS),
        lambda bench: reflink_jobs.against_mke2fs(bench, bench.data.large_files()), as_root=True),
    Job("sparse-ext4", "100 GiB with 1 GiB of data → ext4", Target(1), E2FSPROGS,
        lambda bench: tree_jobs.against_mke2fs(bench, bench.data.sparse_file())),
    Job("sparse-qcow2", "raw, 100 GiB with 1 GiB of data → qcow2", Target(1), ("qemu-img",),
        conversion_jobs.sparse_to_qcow2),
    # Conversions of the root's disk.
    Job("convert-deflate", "raw → qcow2, deflate", Target(6, size=1.08), ("qemu-img",),
        lambda bench: conversion_jobs.to_qcow2(bench, conversion_jobs.root_disk(bench), "deflate")),
    Job("convert-deflate-6", "raw → qcow2, deflate, level 6", Target(1, size=1.01), ("qemu-img",),
        lambda bench: conversion_jobs.to_qcow2(bench, conversion_jobs.root_disk(bench), "deflate", ",level=6")),
    Job("convert-zstd", "raw → qcow2, zstd", Target(1.3, size=1), ("qemu-img",),
        lambda bench: conversion_jobs.to_qcow2(bench, conversion_jobs.root_disk(bench), "zstd")),
    Job("convert-plain", "raw → qcow2", Target(1, size=1.001), ("qemu-img",),
        lambda bench: conversion_jobs.to_qcow2(bench, conversion_jobs.root_disk(bench), "none")),
    Job("read-deflate", "qcow2 with deflate → raw", Target(1.5), ("qemu-img",),
        lambda bench: conversion_jobs.to_raw(bench, conversion_jobs.root_qcow2(bench, "deflate"))),
    Job("read-zstd", "qcow2 with zstd → raw", Target(1.5), ("qemu-img",),
        lambda bench: conversion_jobs.to_raw(bench, conversion_jobs.root_qcow2(bench, "zstd"))),
    Job("read-stream", "raw in a zstd stream → raw", Target(), ("zstd",), conversion_jobs.from_stream),
]
