"""A container image: an OCI image layout (OCI Image Specification 1.0) with two layers, gzip-compressed."""

import hashlib
import io
import json
import platform
import subprocess
import tarfile

TAG = "latest"
ADDED_FILE = "etc/added-by-the-second-layer"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
MEDIA_TYPE = "application/vnd.oci.image."


def make_container_image(path, root_tar):
    """Makes it at `path`: the first layer is `root_tar`, the second adds one file."""
    blobs = path / "blobs/sha256"
    blobs.mkdir(parents=True)
    second = path / "second.tar"
    write_second_layer(second)
    layers = [add_layer(blobs, tar) for tar in (root_tar, second)]
    second.unlink()
    config = add_json(blobs, "config.v1+json", {
        "architecture": ARCHITECTURES.get(platform.machine(), platform.machine()), "os": "linux", "config": {},
        "rootfs": {"type": "layers", "diff_ids": [content for _, content in layers]},
        "history": [{"created_by": "the benchmark suite"} for _ in layers]})
    manifest = add_json(blobs, "manifest.v1+json", {
        "schemaVersion": 2, "mediaType": MEDIA_TYPE + "manifest.v1+json", "config": config,
        "layers": [descriptor for descriptor, _ in layers]})
    manifest["annotations"] = {"org.opencontainers.image.ref.name": TAG}
    (path / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [manifest]}), encoding="ascii")
    (path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}', encoding="ascii")


def write_second_layer(path):
    content = b"This file is in the second layer.\n"
    member = tarfile.TarInfo(ADDED_FILE)
    member.size = len(content)
    with tarfile.open(path, "w") as tar:
        tar.addfile(member, io.BytesIO(content))


def add_layer(blobs, tar):
    """Returns the layer's descriptor, and the digest of its content, which is the tar itself."""
    compressed = blobs / "layer"
    with open(compressed, "wb") as output:
        subprocess.run(["gzip", "--no-name", "--stdout", str(tar)], check=True, stdout=output)
    return add_blob(blobs, compressed, "layer.v1.tar+gzip"), digest_of(tar)


def add_json(blobs, kind, value):
    path = blobs / "json"
    path.write_text(json.dumps(value), encoding="ascii")
    return add_blob(blobs, path, kind)


def add_blob(blobs, path, kind):
    """Gives the file the name of its digest, and returns its descriptor."""
    digest, size = digest_of(path), path.stat().st_size
    path.rename(blobs / digest.partition(":")[2])
    return {"mediaType": MEDIA_TYPE + kind, "digest": digest, "size": size}


def digest_of(path):
    with open(path, "rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
