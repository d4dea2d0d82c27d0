"""A tree becomes an ext4 file system, raw."""

from . import judges
from .comparison import Comparison
from .measuring import run

INODE_RATIO = 16384  # bytes for each inode that mke2fs makes


def mke2fs(tree, image, size, directory=None):
    """The command that puts `tree` into a file system of `size` bytes, with enough inodes."""
    inodes = tree.nodes * 11 // 10 + 64
    return ["mke2fs", "-q", "-F", "-t", "ext4", *(["-N", inodes] if inodes > size // INODE_RATIO else []), "-d",
            directory or tree.path, image, f"{size // 1024}k"]


def against_mke2fs(bench, tree):
    """A given size, as mke2fs needs it."""
    size = tree.image_bytes()
    theirs, ours = bench.path("peers", "image.ext4"), bench.path("fstool", "image.ext4")
    return Comparison(
        bench.peers("mke2fs -d", theirs, [mke2fs(tree, theirs, size)], judges.ext4(tree)),
        bench.ours(["create", "-t", "ext4", tree.path, "-o", ours, "--size", size], ours, judges.ext4(tree)),
        tree.nodes)


def fitted(bench, tree, options=(), name="fstool", directory="fstool"):
    """A side of fstool that finds the size by itself; the other arguments are those of disk_jobs.run_spec()."""
    ours = bench.path(directory, "image.ext4")
    return bench.ours(["create", "-t", "ext4", tree.path, "-o", ours, *options], ours, judges.ext4(tree), name)


def against_resize2fs(bench, tree):
    """As small as possible."""
    theirs = bench.path("peers", "image.ext4")
    peers = bench.peers("mke2fs -d, resize2fs -M", theirs,
                        [mke2fs(tree, theirs, tree.image_bytes()), ["resize2fs", "-M", theirs]], judges.ext4(tree))
    return Comparison(peers, fitted(bench, tree), tree.nodes)


def against_genext2fs(bench, tree):
    """genext2fs makes ext2: no journal, no extents, no checksums."""
    theirs = bench.path("peers", "image.ext2")
    command = ["genext2fs", "--block-size", 4096, "--size-in-blocks", tree.image_bytes() // 4096, "--number-of-inodes",
               tree.nodes * 11 // 10 + 64, "--root", tree.path, theirs]
    peers = bench.peers("genext2fs", theirs, [command], lambda image: run(["e2fsck", "-fn", str(image)]))
    return Comparison(peers, fitted(bench, tree), tree.nodes)


def against_tar(bench, tree):
    """tar only puts the files one after the other."""
    theirs = bench.path("peers", "archive.tar")
    peers = bench.peers("tar -cf", theirs, [["tar", "-C", tree.path, "-cf", theirs, "."]])
    return Comparison(peers, fitted(bench, tree), tree.nodes)


def against_cat(bench, tree):
    """cat only copies the contents."""
    theirs = bench.path("peers", "all")
    files = sorted(path for path in tree.path.iterdir() if path.is_file())
    peers = bench.peers("cat", theirs, [["sh", "-c", 'exec cat "$@" > "$0"', theirs, *files]])
    return Comparison(peers, fitted(bench, tree), tree.nodes)
