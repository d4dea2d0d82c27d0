#include "read/extent_blob.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "fstool/error.h"
#include "fstool/run_memo.h"
#include "read/grain_map.h"
#include "read/grain_unpacker.h"

namespace fstool::vmdk {
namespace {

/// Pieces of tables that one call looks at, at most.
constexpr std::uint64_t kPiecesAtATime = 64 * 1024;

class ExtentBlob final : public Blob {
 public:
  ExtentBlob(ExtentParts parts, const Context& context)
      : parts_(std::move(parts)),
        map_(parts_.extent, *parts_.file, parts_.caches->tables, parts_.number),
        unpacker_(context.registry()) {}

  std::uint64_t size() const override { return parts_.extent.disk_bytes(); }

  void read(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset > size() || out.size() > size() - offset) {
      throw Error(ErrorCode::Internal, fmt::format("a read of {} bytes at {} reaches beyond the {} bytes of the disk",
                                                   out.size(), offset, size()));
    }
    with_context([&] { return "reading " + parts_.name; },
                 [&] {
                   while (!out.empty()) {
                     const GrainRun run = find(offset, out.size());
                     read_run(run, offset, out.first(run.length));
                     offset += run.length;
                     out = out.subspan(run.length);
                   }
                 });
  }

  Run run_at(std::uint64_t offset) const override {
    return runs_.run_at(offset, [&](std::uint64_t at) -> Run {
      const GrainRun run = find_run(at, size() - at);
      return {run.length, run.kind == GrainKind::Zero};
    });
  }

  std::optional<HostRange> host_range(std::uint64_t offset, std::uint64_t length) const override {
    if (length == 0 || offset >= size() || length > size() - offset) return std::nullopt;
    const GrainRun run = find_run(offset, length);
    if (run.kind != GrainKind::Plain || run.length < length) return std::nullopt;
    if (!is_in_file(run.file_offset, length)) return std::nullopt;
    return parts_.file->host_range(run.file_offset, length);
  }

 private:
  /// Only where a grain begins is known to be in the file.
  bool is_in_file(std::uint64_t offset, std::uint64_t length) const {
    const std::uint64_t file_size = parts_.file->size();
    return offset <= file_size && length <= file_size - offset;
  }

  GrainRun find(std::uint64_t offset, std::uint64_t length) const {
    std::uint64_t pieces = kPiecesAtATime;
    return map_.run_at(offset, length, pieces);
  }

  GrainRun find_run(std::uint64_t offset, std::uint64_t length) const {
    return with_context([&] { return "reading " + parts_.name; }, [&] { return find(offset, length); });
  }

  void read_run(const GrainRun& run, std::uint64_t offset, std::span<std::byte> out) const {
    switch (run.kind) {
      case GrainKind::Zero:
        std::ranges::fill(out, std::byte{0});
        break;
      case GrainKind::Plain:
        if (!is_in_file(run.file_offset, out.size())) {
          throw Error(ErrorCode::Corrupt, "a grain reaches beyond the end of the file: it may be cut off");
        }
        parts_.file->read(run.file_offset, out);
        break;
      case GrainKind::Compressed:
        with_context([&] { return fmt::format("grain {}", offset / parts_.extent.grain_bytes()); },
                     [&] { read_compressed(run.file_offset, offset, out); });
        break;
    }
  }

  void read_compressed(std::uint64_t marker, std::uint64_t offset, std::span<std::byte> out) const {
    const std::uint64_t grain_bytes = parts_.extent.grain_bytes();
    const std::uint64_t in_grain = offset % grain_bytes;
    const std::uint64_t needed = std::min(grain_bytes, size() - (offset - in_grain));
    ByteCache& cache = parts_.caches->grains;
    const CachePlace place{parts_.number, marker};
    ByteCache::Entry entry;
    if (out.size() == grain_bytes) {
      // A whole grain is rarely read twice: it need not displace another.
      entry = cache.find(place);
      if (entry == nullptr) return unpacker_.unpack(*parts_.file, marker, needed, out);
    } else {
      entry = cache.find_or_add(place, grain_bytes);
    }
    const auto grain = entry->get([&](std::vector<std::byte>& bytes) {
      bytes.resize(grain_bytes);
      unpacker_.unpack(*parts_.file, marker, needed, bytes);
    });
    std::ranges::copy(grain.subspan(in_grain, out.size()), out.begin());
  }

  ExtentParts parts_;
  GrainMap map_;
  mutable GrainUnpacker unpacker_;
  mutable RunMemo runs_;
};

}  // namespace

BlobPtr make_extent_blob(ExtentParts parts, const Context& context) {
  return std::make_shared<ExtentBlob>(std::move(parts), context);
}

}  // namespace fstool::vmdk
