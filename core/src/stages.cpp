// The out-of-line parts of the stage interfaces: destructors (so that each class has one vtable and one type
// information, here), and what formats do that leave the reading side to the default.

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "fstool/codec.h"
#include "fstool/container.h"
#include "fstool/derivation.h"
#include "fstool/error.h"
#include "fstool/filesystem.h"
#include "fstool/partition_table.h"
#include "fstool/source.h"
#include "fstool/stream.h"
#include "fstool/usage.h"

namespace fstool {
namespace {

[[noreturn]] void throw_write_only(std::string_view stage) {
  throw Error(ErrorCode::Unsupported, "this " + std::string(stage) + " format can be written, but not read");
}

}  // namespace

Source::~Source() = default;
Filesystem::~Filesystem() = default;
Derivation::~Derivation() = default;
PartitionTable::~PartitionTable() = default;
Container::~Container() = default;
Codec::~Codec() = default;
Compressor::~Compressor() = default;
Decompressor::~Decompressor() = default;
StreamDecoder::~StreamDecoder() = default;
FrameDecoder::~FrameDecoder() = default;
StreamFormat::~StreamFormat() = default;

VolumeFacts Filesystem::inspect(BlobPtr image, Context& context) {
  return open(std::move(image), {.path = "", .depth = OpenScope::Depth::Node}, context).facts;
}
// NOLINTNEXTLINE(performance-unnecessary-value-param): for those that keep it
Volume Filesystem::open(BlobPtr /*image*/, const OpenScope& /*scope*/, Context& /*context*/) {
  throw_write_only("filesystem");
}
void Filesystem::check(BlobPtr image, Context& context) { open(std::move(image), {}, context); }
// NOLINTNEXTLINE(performance-unnecessary-value-param): for those that keep it
std::optional<VolumeUsage> Filesystem::usage(BlobPtr /*image*/, std::size_t /*largest_files*/, Context& /*context*/) {
  return std::nullopt;
}

Layout PartitionTable::open(const Blob& /*disk*/, Context& /*context*/) { throw_write_only("partition table"); }
BlobPtr PartitionTable::grow(BlobPtr disk, std::uint64_t size, Context& /*context*/) {
  return make_padded_blob(std::move(disk), size);
}
std::vector<DiskPatch> PartitionTable::repair(const Blob& /*disk*/, Context& /*context*/) { return {}; }
void PartitionTable::check(const Blob& disk, Context& context) { open(disk, context); }

BlobPtr Container::open(const ContainerFile& /*file*/, std::string_view /*snapshot*/, Context& /*context*/) {
  throw_write_only("container");
}
ContainerFacts Container::inspect(const ContainerFile& file, Context& context) {
  ContainerFacts facts;
  facts.disk_size = open(file, "", context)->size();
  return facts;
}
void Container::check(const ContainerFile& file, Context& context) { open(file, "", context); }

std::optional<std::size_t> Codec::frame_bound(std::size_t /*bytes*/) const { return std::nullopt; }
std::unique_ptr<Compressor> Codec::frame_compressor() const { return compressor(); }
std::size_t Codec::frame_bytes() const { return kUsualFrameBytes; }
std::vector<std::byte> Codec::stream_trailer(std::span<const StreamFrame> /*frames*/) const { return {}; }
std::unique_ptr<StreamFormat> Codec::stream_format() const { return nullptr; }

}  // namespace fstool
