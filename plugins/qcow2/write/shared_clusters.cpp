#include "write/shared_clusters.h"

#include <algorithm>
#include <optional>
#include <span>

#include "fstool/size.h"

namespace fstool::qcow2 {
namespace {

/// Fewer bytes are copied, so that the file doesn't come to consist of ever smaller extents.
constexpr std::uint64_t kMinSharedBytes = 32 * 1024;

constexpr std::size_t kBufferBytes = 256 * 1024;

}  // namespace

void SharedClusters::add(std::uint64_t to, std::uint64_t from, std::uint64_t length) {
  if (to != pending_.to + pending_.length || from != pending_.from + pending_.length) {
    finish();
    pending_ = {to, from, 0};
  }
  pending_.length += length;
}

void SharedClusters::finish() {
  const Stretch all = pending_;
  pending_ = {};
  const std::uint64_t end = all.to + all.length;
  const std::uint64_t first_block = round_up(all.to, kHostBlockBytes);
  const std::uint64_t last_block = end / kHostBlockBytes * kHostBlockBytes;
  const bool is_aligned = all.to % kHostBlockBytes == all.from % kHostBlockBytes;
  if (!is_aligned || last_block < first_block + kMinSharedBytes) return copy(all);
  const std::uint64_t head = first_block - all.to;
  const std::uint64_t body = last_block - first_block;
  copy({all.to, all.from, head});
  share({first_block, all.from + head, body});
  copy({last_block, all.from + head + body, end - last_block});
}

void SharedClusters::share(const Stretch& stretch) {
  const std::optional<HostRange> range = earlier_->host_range(stretch.from, stretch.length);
  const std::uint64_t shared = range ? output_.copy_from(stretch.to, *range, stretch.length) : 0;
  copy({stretch.to + shared, stretch.from + shared, stretch.length - shared});
}

void SharedClusters::copy(const Stretch& stretch) {
  if (stretch.length != 0) buffer_.resize(kBufferBytes);
  for (std::uint64_t done = 0; done < stretch.length;) {
    const auto bytes = std::span(buffer_).first(std::min<std::uint64_t>(buffer_.size(), stretch.length - done));
    earlier_->read(stretch.from + done, bytes);
    output_.write_at(stretch.to + done, bytes);
    done += bytes.size();
  }
}

}  // namespace fstool::qcow2
