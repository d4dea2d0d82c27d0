"""What the jobs are done with. Each data set is made when it is asked for first, and kept."""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from .container_image import make_container_image
from .debian_root import make_debian_root
from .made_files import make_empty_files, make_large_files, make_small_files, make_sparse_file
from .measuring import GIB, MIB, run

BLOCK = 4096

SMALL_FILES = 200_000
EMPTY_FILES = 1_000_000
LARGE_FILES = 4
LARGE_FILE_BYTES = 2_200_000_000
SPARSE_BYTES = 100 * GIB
SPARSE_DATA_BYTES = 1 * GIB


@dataclass(frozen=True)
class DataSet:
    """A file or a directory, as it was found."""

    path: Path
    nodes: int  # files of all kinds; hard links count once
    bytes: int  # of contents, without holes
    apparent_bytes: int  # with them
    blocks: int  # of BLOCK bytes, that a file system needs for contents and lists of names

    def image_bytes(self):
        """What a user would guess to be enough for a file system: a quarter more than it needs."""
        return ((self.blocks * BLOCK + self.nodes * 256) * 5 // 4 // MIB + 64) * MIB


class DataSets:
    """All data sets. Counts and sizes of those that are made by rule go by `scale`; a Debian root is what it is.

    Whoever asks for one has it read, so that all sides of a job find it in the page cache.
    """

    def __init__(self, cache, scale=1.0, root=None, sources=None):
        self.cache, self.scale, self.given_root, self.sources = cache, scale, root, sources

    def scaled(self, number):
        return max(1, round(number * self.scale))

    def root(self):
        if self.given_root:
            return look_at(self.given_root)
        return self._made("root", lambda path: make_debian_root(path, self.sources))

    def small_files(self):
        count = self.scaled(SMALL_FILES)
        return self._made(f"small-files-{count}", lambda path: make_small_files(path, count))

    def empty_files(self, count=EMPTY_FILES):
        count = self.scaled(count)
        return self._made(f"empty-files-{count}", lambda path: make_empty_files(path, count))

    def large_files(self, count=LARGE_FILES, size=LARGE_FILE_BYTES):
        size = self.scaled(size)
        return self._made(f"large-files-{count}-{size}", lambda path: make_large_files(path, count, size))

    def sparse_file(self):
        size, data = self.scaled(SPARSE_BYTES), self.scaled(SPARSE_DATA_BYTES)
        size = -(-size // MIB) * MIB
        return self._made(f"sparse-{size}-{data}", lambda path: make_sparse_file(path, size, data))

    def root_tar(self):
        root = self.root().path
        tar = ["tar", "--sort=name", "--numeric-owner", "--xattrs", "--xattrs-include=*", "-C", str(root)]
        return self._made(f"{self._root_name()}.tar", lambda path: run([*tar, "-cf", str(path), "."]))

    def root_tar_zst(self):
        return self._made(f"{self._root_name()}.tar.zst",
                          lambda path: run(["zstd", "-q", str(self.root_tar().path), "-o", str(path)]))

    def container_image(self):
        return self._made(f"{self._root_name()}.oci",
                          lambda path: make_container_image(path, self.root_tar().path))

    def _root_name(self):
        """Of what is made of the root: trees that are given have names of their own."""
        return str(self.given_root.resolve()).strip("/").replace("/", "-") if self.given_root else "root"

    def _made(self, name, make):
        path = self.cache / name
        if not path.exists():
            print(f"making {path} (once)", file=sys.stderr)
            self.cache.mkdir(parents=True, exist_ok=True)
            unfinished = self.cache / f"{name}.unfinished"
            remove(unfinished)
            make(unfinished)
            unfinished.rename(path)
        return look_at(path)


def remove(path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def look_at(path):
    """Reads all of a file or directory, and returns what it is."""
    if path.is_file():
        status = path.stat()
        size = read_data(path, status)
        return DataSet(path, 1, size, status.st_size, -(-size // BLOCK))
    nodes, size, apparent, blocks, seen = 1, 0, 0, 1, set()
    for directory, directories, files in os.walk(path):
        nodes += len(directories)
        blocks += 1 + sum(len(os.fsencode(name)) + 12 for name in directories + files) // (BLOCK // 2)
        for name in files:
            file = Path(directory, name)
            status = file.lstat()
            if (status.st_dev, status.st_ino) in seen:
                continue
            if status.st_nlink > 1:
                seen.add((status.st_dev, status.st_ino))
            nodes += 1
            if file.is_file() and not file.is_symlink():
                data = read_data(file, status)
                size += data
                apparent += status.st_size
                blocks += -(-data // BLOCK)
    return DataSet(path, nodes, size, apparent, blocks)


def read_data(path, status):
    """Reads what of a file is not holes, and returns its size in bytes."""
    if status.st_size == 0:
        return 0
    data = 0
    with open(path, "rb", buffering=0) as file:
        end = 0
        while True:
            try:
                begin = os.lseek(file.fileno(), end, os.SEEK_DATA)
            except OSError:  # ENXIO: only a hole is left
                return data
            end = os.lseek(file.fileno(), begin, os.SEEK_HOLE)
            for offset in range(begin, end, MIB):
                data += len(os.pread(file.fileno(), min(MIB, end - offset), offset))
            if end >= status.st_size:
                return data
