"""A disk image becomes another one."""

from . import judges
from .comparison import Comparison
from .disk_jobs import PEER_CODECS, QEMU_IMG, spec_text
from .measuring import run


def root_disk(bench):
    """The GPT disk of the root, raw."""

    def make(path):
        tree = bench.data.root()
        spec = path.with_suffix(".toml")
        spec.write_text(spec_text(tree, tree.image_bytes(), "none"), encoding="utf-8")
        bench.run_fstool("run", "-q", spec, "-o", path)

    return bench.kept("disk.raw", make)


def root_qcow2(bench, codec):
    """The same, in a compressed image of qemu-img's."""
    return bench.kept(f"disk-{codec}.qcow2",
                      lambda path: run([*QEMU_IMG, *PEER_CODECS[codec], str(root_disk(bench)), str(path)]))


def to_qcow2(bench, raw, codec, options=""):
    """A raw disk; `options` are those of fstool's codec, as -O takes them."""
    theirs, ours = bench.path("peers", "disk.qcow2"), bench.path("fstool", "disk.qcow2")
    judge = judges.same_disk(raw, "raw", "qcow2")
    chosen = "container=qcow2" + ("" if codec == "none" else f",codec={codec}{options}")
    return Comparison(
        bench.peers("qemu-img convert", theirs, [[*QEMU_IMG, *PEER_CODECS[codec], raw, theirs]], judge),
        bench.ours(["convert", raw, ours, "-O", chosen], ours, judge))


def to_raw(bench, qcow2):
    theirs, ours = bench.path("peers", "disk.raw"), bench.path("fstool", "disk.raw")
    judge = judges.same_disk(qcow2, "qcow2", "raw")
    return Comparison(
        bench.peers("qemu-img convert", theirs,
                    [["qemu-img", "convert", "-W", "-m", "16", "-O", "raw", qcow2, theirs]], judge),
        bench.ours(["convert", qcow2, ours, "-O", "container=raw"], ours, judge))


def from_stream(bench):
    """A raw disk in a zstd stream as zstd(1) makes it: one frame."""
    raw = root_disk(bench)
    stream = bench.kept("disk.raw.zst", lambda path: run(["zstd", "-q", str(raw), "-o", str(path)]))
    theirs, ours = bench.path("peers", "disk.raw"), bench.path("fstool", "disk.raw")
    judge = judges.same_file(raw)
    return Comparison(
        bench.peers("zstd -d", theirs, [["zstd", "-q", "-d", "--sparse", stream, "-o", theirs]], judge),
        bench.ours(["convert", stream, ours, "-O", "container=raw"], ours, judge))


def sparse_to_qcow2(bench):
    tree = bench.data.sparse_file()
    return to_qcow2(bench, tree.path / "sparse", "none")
