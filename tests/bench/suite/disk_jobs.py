"""A tree becomes a GPT disk with one ext4 partition, in a qcow2 image."""

import json

from . import judges
from .comparison import Comparison
from .measuring import MIB
from .tree_jobs import mke2fs

PARTITION_START = 1 * MIB
QEMU_IMG = ["qemu-img", "convert", "-O", "qcow2", "-W", "-m", "16"]
PEER_CODECS = {"deflate": ["-c", "-o", "compression_type=zlib"], "zstd": ["-c", "-o", "compression_type=zstd"],
               "none": []}


def against_chain(bench, tree, codec):
    """mke2fs, sgdisk, dd and qemu-img; `codec` is "deflate", "zstd" or "none"."""
    size = tree.image_bytes()
    filesystem, disk = bench.path("peers", "root.ext4"), bench.path("peers", "disk.raw")
    theirs = bench.path("peers", "disk.qcow2")
    commands = [
        mke2fs(tree, filesystem, size),
        ["truncate", "-s", disk_bytes(size), disk],
        ["sgdisk", f"--new=1:{PARTITION_START // 512}:+{size // 1024}K", "--typecode=1:8300", "--change-name=1:root",
         disk],
        ["dd", f"if={filesystem}", f"of={disk}", "bs=4M", f"seek={PARTITION_START}", "oflag=seek_bytes",
         "conv=notrunc,sparse", "status=none"],
        [*QEMU_IMG, *PEER_CODECS[codec], disk, theirs],
    ]
    peers = bench.peers("mke2fs -d, sgdisk, dd, qemu-img convert", theirs, commands,
                        judges.partition(tree, PARTITION_START))
    return Comparison(peers, run_spec(bench, tree, size, codec), tree.nodes)


def against_genimage(bench, tree, codec):
    """genimage copies the tree, and runs mke2fs and qemu-img."""
    size = tree.image_bytes()
    theirs = bench.path("peers", "disk.qcow2")
    configuration = bench.kept(f"genimage-{codec}.cfg",
                               lambda path: path.write_text(genimage_configuration(size, codec), encoding="utf-8"))
    command = ["genimage", "--loglevel", 0, "--config", configuration, "--rootpath", tree.path, "--tmppath",
               theirs.parent / "tmp", "--inputpath", theirs.parent, "--outputpath", theirs.parent]
    peers = bench.peers("genimage", theirs, [command], judges.partition(tree, PARTITION_START))
    return Comparison(peers, run_spec(bench, tree, size, codec), tree.nodes)


def genimage_configuration(size, codec):
    return f"""
image root.ext4 {{
  ext4 {{ use-mke2fs = true }}
  size = {size}
}}
image disk.raw {{
  hdimage {{ partition-table-type = "gpt" }}
  partition root {{
    image = "root.ext4"
    offset = {PARTITION_START}
    partition-type-uuid = "L"
  }}
}}
image disk.qcow2 {{
  qemu {{
    format = "qcow2"
    extraargs = "{' '.join(PEER_CODECS[codec])}"
  }}
  partition disk {{ image = "disk.raw" }}
}}
"""


def disk_bytes(size):
    """Of the disk: room for both tables around the partition."""
    return size + 2 * MIB


def run_spec(bench, tree, size, codec, level=None, options=(), name="fstool", directory="fstool"):
    """A side of fstool, named `name`, in its `directory`; `options` are more of its command line's."""
    ours = bench.path(directory, "disk.qcow2")
    spec = bench.kept(f"{tree.path.name}-{codec}-{level or 'default'}.toml",
                      lambda path: path.write_text(spec_text(tree, size, codec, level), encoding="utf-8"))
    return bench.ours(["run", spec, "-o", ours, *options], ours, judges.partition(tree, PARTITION_START), name)


def spec_text(tree, size, codec, level=None):
    codec_table = "" if codec == "none" else f'[codec]\ntype = "{codec}"\n'
    if level is not None:
        codec_table += f"level = {level}\n"
    return (f'{codec_table}[image]\npartition_table = "gpt"\nsize = {disk_bytes(size)}\n[[partitions]]\nname = "root"\n'
            f'type = "linux"\nsize = {size}\n[partitions.filesystem]\ntype = "ext4"\n'
            f'source = {json.dumps(str(tree.path.resolve()))}\n')
