#include "write/append_buffer.h"

#include <algorithm>

namespace fstool::simg {
namespace {

constexpr std::size_t kBufferBytes = 1 << 20U;

}  // namespace

void AppendBuffer::append(std::span<const std::byte> bytes) {
  if (bytes.size() > kBufferBytes - pending_.size()) flush();
  if (bytes.size() > kBufferBytes / 2) {
    flush();
    output_.write_at(begin_, bytes);
    begin_ += bytes.size();
    return;
  }
  pending_.reserve(kBufferBytes);
  pending_.insert(pending_.end(), bytes.begin(), bytes.end());
}

void AppendBuffer::replace(std::uint64_t offset, std::span<const std::byte> bytes) {
  if (offset < begin_) return output_.write_at(offset, bytes);
  std::ranges::copy(bytes, pending_.begin() + static_cast<std::ptrdiff_t>(offset - begin_));
}

void AppendBuffer::flush() {
  if (pending_.empty()) return;
  output_.write_at(begin_, pending_);
  begin_ += pending_.size();
  pending_.clear();
}

}  // namespace fstool::simg
