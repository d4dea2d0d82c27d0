#include "read/disk_blob.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "fstool/error.h"
#include "fstool/run_memo.h"
#include "read/cluster_map.h"
#include "read/decompressor_pool.h"
#include "read/padded_read.h"

namespace fstool::qcow2 {
namespace {

/// Entries of L1 and L2 tables that one call looks at, at most.
constexpr std::uint64_t kPiecesAtATime = 64 * 1024;
/// What asking the host for the holes of its file counts as.
constexpr std::uint64_t kPiecesOfAHostCall = 256;

class DiskBlob final : public Blob {
 public:
  DiskBlob(DiskParts parts, const Context& context)
      : parts_(std::move(parts)),
        map_(parts_.header, parts_.l1, TableFile{*parts_.file, parts_.caches->tables, parts_.image},
             parts_.data->size()),
        decompressors_(context.registry(), parts_.header.compression) {}

  std::uint64_t size() const override { return parts_.disk_size; }

  void read(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset > size() || out.size() > size() - offset) {
      throw Error(ErrorCode::Internal, fmt::format("a read of {} bytes at {} reaches beyond the {} bytes of the disk",
                                                   out.size(), offset, size()));
    }
    with_context([&] { return "reading " + parts_.name; },
                 [&] {
                   while (!out.empty()) {
                     std::uint64_t pieces = kPiecesAtATime;
                     const Extent extent = map_.extent_at(offset, out.size(), pieces);
                     read_extent(extent, offset, out.first(extent.length));
                     offset += extent.length;
                     out = out.subspan(extent.length);
                   }
                 });
  }

  Run run_at(std::uint64_t offset) const override {
    const auto find = [&](std::uint64_t at) {
      return with_context([&] { return "reading " + parts_.name; }, [&] { return find_run(at); });
    };
    return runs_.run_at(offset, find);
  }

  std::optional<HostRange> host_range(std::uint64_t offset, std::uint64_t length) const override {
    if (length == 0 || offset >= size() || length > size() - offset) return std::nullopt;
    std::uint64_t pieces = kPiecesAtATime;
    const Extent extent =
        with_context([&] { return "reading " + parts_.name; }, [&] { return map_.extent_at(offset, length, pieces); });
    if (extent.length < length) return std::nullopt;
    if (extent.kind == ExtentKind::Plain) return parts_.data->host_range(extent.host_offset, length);
    if (extent.kind == ExtentKind::Unallocated && parts_.backing != nullptr) {
      return parts_.backing->host_range(offset, length);
    }
    return std::nullopt;
  }

 private:
  void read_extent(const Extent& extent, std::uint64_t offset, std::span<std::byte> out) const {
    switch (extent.kind) {
      case ExtentKind::Zero:
        std::ranges::fill(out, std::byte{0});
        break;
      case ExtentKind::Unallocated:
        read_backing(offset, out);
        break;
      case ExtentKind::Plain:
        // The last cluster of the file may be cut short: what is missing was never written.
        read_padded(*parts_.data, extent.host_offset, out);
        break;
      case ExtentKind::Compressed:
        with_context([&] { return fmt::format("guest cluster {}", offset >> map_.geometry().cluster_bits()); },
                     [&] {
                       read_compressed({extent.host_offset, extent.payload_bytes}, offset, out);
                     });
        break;
    }
  }

  void read_backing(std::uint64_t offset, std::span<std::byte> out) const {
    if (parts_.backing == nullptr) {
      std::ranges::fill(out, std::byte{0});
    } else {
      read_padded(*parts_.backing, offset, out);
    }
  }

  void read_compressed(const CompressedPayload& payload, std::uint64_t offset, std::span<std::byte> out) const {
    const std::uint64_t cluster_size = map_.geometry().cluster_size();
    ByteCache& cache = parts_.caches->clusters;
    const CachePlace place{parts_.image, payload.offset};
    ByteCache::Entry entry;
    if (out.size() == cluster_size) {
      // A whole cluster is rarely read twice: it need not displace another.
      entry = cache.find(place);
      if (entry == nullptr) return decompressors_.decompress(*parts_.file, payload, out);
    } else {
      entry = cache.find_or_add(place, cluster_size);
    }
    const auto cluster = entry->get([&](std::vector<std::byte>& bytes) {
      bytes.resize(cluster_size);
      decompressors_.decompress(*parts_.file, payload, bytes);
    });
    std::ranges::copy(cluster.subspan(offset % cluster_size, out.size()), out.begin());
  }

  /// A run, and whether the next one may be put to it.
  struct Stretch {
    Run run;
    bool complete = false;  ///< it is all of what the tables have in one place
  };

  Run find_run(std::uint64_t offset) const {
    std::uint64_t pieces = kPiecesAtATime;
    Extent extent = map_.extent_at(offset, size() - offset, pieces);
    Stretch stretch = stretch_of(extent, offset, pieces);
    Run run = stretch.run;
    while (stretch.complete && offset + run.length < size() && pieces > 0) {
      const std::uint64_t next = offset + run.length;
      try {
        extent = map_.extent_at(next, size() - next, pieces);
        // More than one run of the backing file would multiply the work from image to image of the chain.
        if (comes_from_backing(extent, next)) break;
        stretch = stretch_of(extent, next, pieces);
      } catch (const Error& error) {
        if (error.code() != ErrorCode::Corrupt) throw;
        break;  // damage there is an error to those who ask for what is there
      }
      if (stretch.run.hole != run.hole) break;
      run.length += stretch.run.length;
    }
    return run;
  }

  bool comes_from_backing(const Extent& extent, std::uint64_t offset) const {
    return extent.kind == ExtentKind::Unallocated && parts_.backing != nullptr && offset < parts_.backing->size();
  }

  Stretch stretch_of(const Extent& extent, std::uint64_t offset, std::uint64_t& pieces) const {
    if (comes_from_backing(extent, offset)) return {clipped(parts_.backing->run_at(offset), extent), false};
    if (extent.kind == ExtentKind::Plain) {
      // Behind the end of a file that ends amid its last cluster there are zeros.
      if (extent.host_offset >= parts_.data->size()) return {{extent.length, true}, true};
      pieces -= std::min(pieces, kPiecesOfAHostCall);
      const Run run = clipped(parts_.data->run_at(extent.host_offset), extent);
      return {run, run.length == extent.length};
    }
    return {{extent.length, extent.kind != ExtentKind::Compressed}, true};
  }

  static Run clipped(const Run& run, const Extent& extent) { return {std::min(run.length, extent.length), run.hole}; }

  DiskParts parts_;
  ClusterMap map_;
  mutable DecompressorPool decompressors_;
  mutable RunMemo runs_;
};

}  // namespace

BlobPtr make_disk_blob(DiskParts parts, const Context& context) {
  return std::make_shared<DiskBlob>(std::move(parts), context);
}

}  // namespace fstool::qcow2
