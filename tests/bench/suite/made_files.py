"""Files that are made by rule: the same ones each time, with contents that don't compress."""

import os
import random

from .measuring import MIB

SMALL_FILE_BYTES = 3920  # the largest small file; they are half as large on average
FILES_IN_DIRECTORY = 200
EMPTY_FILES_IN_DIRECTORY = 1000


def make_small_files(path, count):
    """`count` files of 0 to SMALL_FILE_BYTES bytes, in directories of FILES_IN_DIRECTORY."""
    choice = random.Random(1)
    noise = choice.randbytes(4 * MIB)
    for first in range(0, count, FILES_IN_DIRECTORY):
        directory = path / f"{first // 10_000:03}" / f"{first // FILES_IN_DIRECTORY % 50:02}"
        directory.mkdir(parents=True)
        for number in range(first, min(first + FILES_IN_DIRECTORY, count)):
            begin = choice.randrange(len(noise) - SMALL_FILE_BYTES)
            content = noise[begin:begin + choice.randrange(SMALL_FILE_BYTES + 1)]
            (directory / f"a-file-with-a-usual-name-{number}").write_bytes(content)


def make_empty_files(path, count):
    """`count` empty files, in directories of EMPTY_FILES_IN_DIRECTORY."""
    for first in range(0, count, EMPTY_FILES_IN_DIRECTORY):
        directory = path / f"directory-{first // EMPTY_FILES_IN_DIRECTORY:04}"
        directory.mkdir(parents=True)
        for number in range(first, min(first + EMPTY_FILES_IN_DIRECTORY, count)):
            os.mknod(directory / f"empty-file-{number}")


def make_large_files(path, count, size):
    """`count` files of `size` bytes."""
    path.mkdir()
    choice = random.Random(2)
    noise = choice.randbytes(16 * MIB)
    for number in range(count):
        with open(path / f"large-{number}", "wb", buffering=0) as file:
            while (room := size - file.tell()) > 0:
                begin = choice.randrange(len(noise) // 2)
                file.write(noise[begin:begin + room])


def make_sparse_file(path, size, data, piece=MIB):
    """A directory with one file of `size` bytes, of which about `data` are not holes: pieces, evenly spread."""
    path.mkdir()
    choice = random.Random(3)
    pieces = max(1, data // piece)
    with open(path / "sparse", "wb") as file:
        file.truncate(size)
        for number in range(pieces):
            file.seek(size // pieces * number // piece * piece)
            file.write(choice.randbytes(piece))
