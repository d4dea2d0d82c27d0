// The Blobs that need no file: memory, holes, slices and bytes made on demand.

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "blob_range.h"
#include "fstool/blob.h"
#include "fstool/error.h"
#include "fstool/reuse.h"

namespace fstool {
namespace {

class MemoryBlob final : public Blob {
 public:
  explicit MemoryBlob(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {}

  std::uint64_t size() const override { return bytes_.size(); }
  void read(std::uint64_t offset, std::span<std::byte> out) const override {
    check_inside(*this, offset, out.size());
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
  }

 private:
  std::vector<std::byte> bytes_;
};

class HoleBlob final : public Blob {
 public:
  explicit HoleBlob(std::uint64_t size) : size_(size) {}

  std::uint64_t size() const override { return size_; }
  void read(std::uint64_t offset, std::span<std::byte> out) const override {
    check_inside(*this, offset, out.size());
    std::fill(out.begin(), out.end(), std::byte{0});
  }
  Run run_at(std::uint64_t offset) const override { return {size_ - offset, true}; }
  void fingerprint(std::uint64_t /*offset*/, std::uint64_t length, Fingerprint& out) const override {
    out.add_hole(length);
  }

 private:
  std::uint64_t size_;
};

class SliceBlob final : public Blob {
 public:
  SliceBlob(BlobPtr whole, std::uint64_t offset, std::uint64_t length)
      : whole_(std::move(whole)), offset_(offset), length_(length) {}

  std::uint64_t size() const override { return length_; }
  void read(std::uint64_t offset, std::span<std::byte> out) const override {
    check_inside(*this, offset, out.size());
    whole_->read(offset_ + offset, out);
  }
  Run run_at(std::uint64_t offset) const override {
    const Run run = whole_->run_at(offset_ + offset);
    return {std::min(run.length, length_ - offset), run.hole};
  }
  std::optional<HostRange> host_range(std::uint64_t offset, std::uint64_t length) const override {
    if (!is_inside(offset, length, length_)) return std::nullopt;
    return whole_->host_range(offset_ + offset, length);
  }
  void fingerprint(std::uint64_t offset, std::uint64_t length, Fingerprint& out) const override {
    check_inside(*this, offset, length);
    whole_->fingerprint(offset_ + offset, length, out);
  }

 private:
  BlobPtr whole_;
  std::uint64_t offset_;
  std::uint64_t length_;
};

class GeneratedBlob final : public Blob {
 public:
  using Generate = std::function<void(std::uint64_t offset, std::span<std::byte> out)>;

  GeneratedBlob(std::uint64_t size, Generate generate) : size_(size), generate_(std::move(generate)) {}

  std::uint64_t size() const override { return size_; }
  void read(std::uint64_t offset, std::span<std::byte> out) const override {
    check_inside(*this, offset, out.size());
    if (!out.empty()) generate_(offset, out);
  }

 private:
  std::uint64_t size_;
  Generate generate_;
};

}  // namespace

void check_inside(const Blob& blob, std::uint64_t offset, std::uint64_t length) {
  if (is_inside(offset, length, blob.size())) return;
  throw Error(ErrorCode::Internal, fmt::format("a read of {} bytes at {} reaches beyond the {} bytes there are", length,
                                               offset, blob.size()));
}

BlobPtr make_memory_blob(std::vector<std::byte> bytes) { return std::make_shared<MemoryBlob>(std::move(bytes)); }

BlobPtr make_hole_blob(std::uint64_t size) { return std::make_shared<HoleBlob>(size); }

BlobPtr make_slice_blob(BlobPtr whole, std::uint64_t offset, std::uint64_t length) {
  if (!is_inside(offset, length, whole->size())) {
    throw Error(
        ErrorCode::InvalidArgument,
        fmt::format("a slice of {} bytes at {} reaches beyond the {} bytes there are", length, offset, whole->size()));
  }
  return std::make_shared<SliceBlob>(std::move(whole), offset, length);
}

BlobPtr make_generated_blob(std::uint64_t size,
                            std::function<void(std::uint64_t offset, std::span<std::byte> out)> generate) {
  return std::make_shared<GeneratedBlob>(size, std::move(generate));
}

}  // namespace fstool
