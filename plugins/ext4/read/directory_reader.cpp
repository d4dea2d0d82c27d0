#include "read/directory_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "fstool/error.h"
#include "read/inode_fields.h"
#include "read/nokey_name.h"

namespace fstool::ext4 {

namespace {

constexpr std::uint64_t kReadBytes = std::uint64_t{256} << 10;
/// The first bytes of an inline directory are its parent's inode number, in place of "." and "..".
constexpr std::size_t kInlineParentBytes = 4;
/// Values of a hash version from here on: the same algorithms with unsigned characters.
constexpr std::uint8_t kFirstUnsignedVersion = 3;

bool is_dot(std::string_view name) { return name == "." || name == ".."; }

}  // namespace

DirectoryReader::DirectoryReader(const VolumeState& volume) : volume_(volume) {}

void DirectoryReader::read(const InodeRecord& directory, std::uint32_t parent, std::string_view inline_data,
                           const Sink& sink, const Report& report) {
  const Layout& layout = volume_.layout;
  const std::uint32_t flags = directory.fields.flags;
  const bool encrypted = (flags & kInodeEncrypted) != 0;
  const bool is_inline = (flags & kInodeInlineData) != 0;
  Job job{directory, parent, sink, report, {layout.block_size, layout.inodes, false}, std::nullopt};
  job.format.entries_carry_hash = encrypted && (flags & kInodeCasefolded) != 0;
  // As the kernel: short directories are taken for indexed ones.
  const bool indexed =
      layout.features.has_compat(kCompatDirIndex) &&
      ((flags & kInodeIndexed) != 0 || is_inline || size_of(directory.fields, layout) / layout.block_size == 1);
  if (encrypted && indexed) job.hash_version = layout.default_hash_version;
  if (is_inline) {
    read_inline(job, inline_data);
  } else {
    read_blocks(job);
  }
}

void DirectoryReader::read_inline(Job& job, std::string_view inline_data) {
  const std::span<const std::byte> in_inode = job.directory.fields.block;
  little_uint32_t recorded_parent;
  std::memcpy(&recorded_parent, in_inode.data(), sizeof(recorded_parent));
  if (recorded_parent != job.parent) {
    job.report(fmt::format("its parent is inode {} instead of {}", recorded_parent.value(), job.parent));
  }
  names_.clear();
  for (const auto region : {in_inode.subspan(kInlineParentBytes), std::as_bytes(std::span(inline_data))}) {
    if (const auto damage = parse_entries(region, job.format, names_)) job.report(*damage);
  }
  for (const StoredName& name : names_) emit(job, name);
}

void DirectoryReader::read_blocks(Job& job) {
  const std::uint64_t size = size_of(job.directory.fields, volume_.layout);
  const std::uint32_t block_size = volume_.layout.block_size;
  if (size % block_size != 0 || size == 0) job.report(fmt::format("its size is {} bytes", size));
  const std::uint64_t blocks = std::min((size + block_size - 1) / block_size, kMaxFileBlocks);
  const FileMap map = read_file_map(volume_, job.directory.map_root(), blocks, claims_);
  std::uint64_t mapped = 0;
  for (MappedExtent extent : map) {
    extent.length = static_cast<std::uint32_t>(std::min<std::uint64_t>(extent.length, blocks - extent.logical));
    mapped += extent.length;
    read_extent(job, extent);
  }
  if (mapped < blocks) job.report(fmt::format("{} of its {} blocks are holes", blocks - mapped, blocks));
}

void DirectoryReader::read_extent(Job& job, const MappedExtent& extent) {
  if (!claims_.claim(extent.physical, extent.length)) {
    job.report(fmt::format("its {} blocks from {} on are in use already", extent.length, extent.physical));
    return;
  }
  const std::uint32_t block_size = volume_.layout.block_size;
  bool reported = false;
  for (std::uint32_t done = 0; done < extent.length;) {
    volume_.context.check_cancelled();
    const std::uint64_t physical = extent.physical + done;
    const BlockReader::Stored stored = volume_.blocks.readable_at(physical, extent.length - done);
    if (stored.missing) {
      if (!reported) job.report(fmt::format("its block {} is missing", physical));
      reported = true;
      done += static_cast<std::uint32_t>(stored.blocks);
      continue;
    }
    const auto count = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(stored.blocks, std::max<std::uint64_t>(kReadBytes / block_size, 1)));
    buffer_.resize(std::size_t{count} * block_size);
    volume_.blocks.read(physical, buffer_);
    for (std::uint32_t i = 0; i < count; ++i) {
      read_block(job, std::uint64_t{extent.logical} + done + i,
                 std::span(buffer_).subspan(std::size_t{i} * block_size, block_size));
    }
    done += count;
  }
}

void DirectoryReader::read_block(Job& job, std::uint64_t logical, std::span<const std::byte> block) {
  const bool indexed = (job.directory.fields.flags & kInodeIndexed) != 0;
  if (volume_.layout.metadata_checksums) {
    const std::uint32_t seed = volume_.inode_seed(job.directory.number, job.directory.fields.generation);
    switch (check_directory_seal(block, indexed, seed)) {
      case BlockSeal::Valid:
        break;
      case BlockSeal::Wrong:
        job.report(fmt::format("the checksum of its block {} is wrong", logical));
        break;
      case BlockSeal::Missing:
        job.report(fmt::format("its block {} has no checksum", logical));
        break;
    }
  }
  if (logical == 0 && indexed && job.hash_version) {
    if (const auto version = index_hash_version(block)) job.hash_version = version;
  }
  names_.clear();
  const auto damage = parse_entries(block, job.format, names_);
  if (damage) job.report(fmt::format("block {}: {}", logical, *damage));
  if (logical == 0) check_dots(job, names_);
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (!is_dot(names_[i].name)) {
      emit(job, names_[i]);
    } else if (logical != 0 || i >= 2) {
      job.report(fmt::format("\"{}\" is not at its beginning", names_[i].name));
    }
  }
}

void DirectoryReader::check_dots(const Job& job, const std::vector<StoredName>& names) const {
  const auto check = [&](std::size_t index, std::string_view name, std::uint32_t inode) {
    if (index >= names.size() || names[index].name != name) {
      job.report(fmt::format("it has no \"{}\"", name));
    } else if (names[index].inode != inode) {
      job.report(fmt::format("its \"{}\" is inode {} instead of {}", name, names[index].inode, inode));
    }
  };
  check(0, ".", job.directory.number);
  check(1, "..", job.parent);
}

void DirectoryReader::emit(const Job& job, const StoredName& name) const {
  if ((job.directory.fields.flags & kInodeEncrypted) != 0) {
    if (const auto shown = nokey_name(name.name, hash_of(job, name))) {
      job.sink(*shown, name.inode);
    } else {
      job.report(fmt::format("the encrypted name of inode {} is too short", name.inode));
    }
    return;
  }
  if (is_dot(name.name) || name.name.find_first_of(std::string_view("/\0", 2)) != std::string_view::npos) {
    job.report(fmt::format("inode {} has a name that can't be one", name.inode));
    return;
  }
  job.sink(name.name, name.inode);
}

NameHash DirectoryReader::hash_of(const Job& job, const StoredName& name) const {
  if (job.format.entries_carry_hash) return name.hash;
  if (!job.hash_version) return {};
  const bool is_signed = *job.hash_version < kFirstUnsignedVersion && !volume_.layout.unsigned_hash;
  const auto version = static_cast<std::uint8_t>(*job.hash_version % kFirstUnsignedVersion);
  if (*job.hash_version >= 2 * kFirstUnsignedVersion) return {};  // of casefolded directories, whose entries carry it
  return hash_name({static_cast<HashVersion>(version), is_signed, volume_.layout.hash_seed}, name.name);
}

}  // namespace fstool::ext4
