#include "read/decompressor_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "fstool/error.h"

namespace fstool::qcow2 {

void DecompressorPool::decompress(const Blob& file, const CompressedPayload& payload, std::span<std::byte> out) {
  if (payload.offset >= file.size()) throw Error(ErrorCode::Corrupt, "the compressed data is not in the file");
  std::unique_ptr<Worker> worker = take();
  worker->payload.resize(std::min(payload.bytes, file.size() - payload.offset));
  file.read(payload.offset, worker->payload);
  const std::size_t size = worker->decompressor->decompress(worker->payload, out);
  give_back(std::move(worker));
  if (size == out.size()) return;
  throw Error(ErrorCode::Corrupt, fmt::format("the compressed data holds {} bytes in place of {}", size, out.size()));
}

std::unique_ptr<DecompressorPool::Worker> DecompressorPool::take() {
  const std::lock_guard lock(mutex_);
  if (!idle_.empty()) {
    std::unique_ptr<Worker> worker = std::move(idle_.back());
    idle_.pop_back();
    return worker;
  }
  if (codec_ == nullptr) {
    codec_ = registry_.get<Codec>(type_ == CompressionType::Zstd ? "zstd" : "deflate").create({});
  }
  return std::make_unique<Worker>(Worker{codec_->decompressor(), {}});
}

void DecompressorPool::give_back(std::unique_ptr<Worker> worker) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(worker));
}

}  // namespace fstool::qcow2
