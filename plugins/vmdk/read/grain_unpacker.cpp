#include "read/grain_unpacker.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "fstool/error.h"

namespace fstool::vmdk {

GrainMarker read_grain_marker(const Blob& file, std::uint64_t offset, std::uint64_t grain_bytes) {
  GrainMarker marker;
  if (offset > file.size() || file.size() - offset < sizeof(marker)) {
    throw Error(ErrorCode::Corrupt, "the marker is not in the file");
  }
  file.read(offset, std::as_writable_bytes(std::span(&marker, 1)));
  if (marker.bytes == 0) throw Error(ErrorCode::Corrupt, "there is no compressed grain behind the marker");
  if (marker.bytes > 2 * grain_bytes || marker.bytes > file.size() - offset - sizeof(marker)) {
    throw Error(ErrorCode::Corrupt,
                fmt::format("a compressed grain of {} bytes is too long or not in the file", marker.bytes.value()));
  }
  return marker;
}

void GrainUnpacker::unpack(const Blob& file, std::uint64_t offset, std::uint64_t needed, std::span<std::byte> out) {
  const GrainMarker marker = read_grain_marker(file, offset, out.size());
  std::unique_ptr<Worker> worker = take();
  worker->packed.resize(marker.bytes);
  file.read(offset + sizeof(marker), worker->packed);
  const std::size_t size = worker->decompressor->decompress(worker->packed, out);
  give_back(std::move(worker));
  if (size < needed) {
    throw Error(ErrorCode::Corrupt, fmt::format("the compressed grain holds {} bytes in place of {}", size, needed));
  }
  std::ranges::fill(out.subspan(size), std::byte{0});
}

std::unique_ptr<GrainUnpacker::Worker> GrainUnpacker::take() {
  const std::lock_guard lock(mutex_);
  if (!idle_.empty()) {
    std::unique_ptr<Worker> worker = std::move(idle_.back());
    idle_.pop_back();
    return worker;
  }
  if (codec_ == nullptr) codec_ = registry_.get<Codec>("zlib").create({});
  return std::make_unique<Worker>(Worker{codec_->decompressor(), {}});
}

void GrainUnpacker::give_back(std::unique_ptr<Worker> worker) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(worker));
}

}  // namespace fstool::vmdk
