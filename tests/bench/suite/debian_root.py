"""A Debian (or Ubuntu) root file system of the release that this machine has."""

import os
from pathlib import Path

from .measuring import Failure, run

PACKAGES = "ca-certificates,openssh-server,python3,linux-image-cloud-amd64"
SOURCES = ("/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list.d/ubuntu.sources", "/etc/apt/sources.list")


def make_debian_root(path, sources):
    """Makes it at `path`, from the apt sources in the file `sources` or, if that is None, from this machine's."""
    if os.geteuid() != 0:
        raise Failure("only root makes a root file system with all owners and device nodes; give a tree with --root, "
                      "or leave out with --only what needs one")
    command = ["mmdebstrap", "--quiet", "--variant=important", f"--include={PACKAGES}", release_name(), str(path)]
    candidates = [sources] if sources else [Path(name) for name in SOURCES]
    run(command + [str(candidate) for candidate in candidates if candidate.is_file()][:1])


def release_name():
    for line in Path("/etc/os-release").read_text(encoding="utf-8").splitlines():
        if line.startswith("VERSION_CODENAME="):
            return line.partition("=")[2].strip('"')
    raise Failure("/etc/os-release names no VERSION_CODENAME")
