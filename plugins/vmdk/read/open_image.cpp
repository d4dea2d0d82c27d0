#include "read/open_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/endian/conversion.hpp>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "fstool/error.h"
#include "ondisk/descriptor.h"
#include "read/extent_blob.h"
#include "read/read_caches.h"

namespace fstool::vmdk {
namespace {

namespace fs = std::filesystem;

void refuse_what_is_encrypted_or_has_a_parent(const Descriptor& descriptor) {
  if (descriptor.encrypted) {
    throw Error(ErrorCode::Unsupported, "it is encrypted and can't be read; decrypt it with VMware's programs first");
  }
  if (descriptor.parent == kNoParent) return;
  throw Error(
      ErrorCode::Unsupported,
      fmt::format("it only holds what differs from its parent{}, and can't be read; make a copy that holds all, "
                  "with qemu-img convert or vmware-vdiskmanager",
                  descriptor.parent_file.empty() ? "" : ' ' + printable(descriptor.parent_file)));
}

[[noreturn]] void throw_esx_sparse(const char* name) {
  throw Error(
      ErrorCode::Unsupported,
      fmt::format("it is in the format {} of VMware ESX and can't be read; make a copy in another, with qemu-img "
                  "convert",
                  name));
}

std::string read_descriptor_file(const Blob& file) {
  if (file.size() > kMaxDescriptorBytes) throw Error(ErrorCode::Corrupt, "the descriptor is too large");
  std::string text(file.size(), '\0');
  file.read(0, std::as_writable_bytes(std::span(text)));
  return text;
}

/// A descriptor that is a file of its own, of a disk that can be read.
Descriptor read_separate_descriptor(const Blob& file) {
  Descriptor descriptor = parse_descriptor(read_descriptor_file(file));
  refuse_what_is_encrypted_or_has_a_parent(descriptor);
  if (descriptor.extents.empty()) throw Error(ErrorCode::Corrupt, "the descriptor has no extents");
  for (const ExtentLine& line : descriptor.extents) {
    if (line.type == "VMFSSPARSE") throw_esx_sparse("vmfsSparse");
    if (line.type == "SESPARSE") throw_esx_sparse("seSparse");
    if (line.type != "SPARSE" && line.type != "FLAT" && line.type != "VMFS" && line.type != "ZERO") {
      throw Error(ErrorCode::Unsupported,
                  fmt::format("it has an extent of the type {}, which can't be read", printable(line.type)));
    }
    if (line.access == "NOACCESS") {
      throw Error(ErrorCode::Unsupported,
                  fmt::format("its extent {} may not be accessed (NOACCESS)", printable(line.file)));
    }
  }
  return descriptor;
}

/// The descriptor in an extent, if there is one, of a disk that can be read.
std::optional<Descriptor> read_own_descriptor(const Blob& file, const SparseExtent& extent) {
  const std::string text = read_embedded_descriptor(file, extent);
  if (text.empty()) return std::nullopt;
  Descriptor descriptor = parse_descriptor(text);
  refuse_what_is_encrypted_or_has_a_parent(descriptor);
  if (descriptor.extents.size() > 1) {
    throw Error(ErrorCode::Unsupported, "the descriptor in it names further extents, which can't be read");
  }
  if (!descriptor.extents.empty() && descriptor.extents.front().type != "SPARSE") {
    throw Error(ErrorCode::Corrupt, "the descriptor in it says that it is not sparse");
  }
  return descriptor;
}

struct OwnExtent {
  SparseExtent extent;
  std::optional<Descriptor> descriptor;
};

OwnExtent read_own_extent(const Blob& file) {
  OwnExtent own{read_sparse_extent(file), std::nullopt};
  own.descriptor = read_own_descriptor(file, own.extent);
  return own;
}

void warn_of_state(const OwnExtent& own, Context& context) {
  if (!own.descriptor) context.warn("it has no descriptor: it may be only one of the files of a disk");
}

/// A file that a descriptor names.
ContainerFile open_extent_file(const ExtentLine& line, const ContainerFile& descriptor, const Context& context) {
  if (descriptor.path.empty()) {
    throw Error(ErrorCode::Unsupported,
                fmt::format("it keeps the disk in {}, which is only opened for a descriptor that is a file of its own",
                            printable(line.file)));
  }
  fs::path path = descriptor.path.parent_path() / line.file;
  std::error_code error;
  const fs::file_type type = fs::status(path, error).type();
  if (type == fs::file_type::not_found) throw Error(ErrorCode::NotFound, "it does not exist");
  if (error) throw system_error("opening it", error.value());
  if (type != fs::file_type::regular) {
    throw Error(ErrorCode::Unsupported, "it is not a regular file: a descriptor can't have another be opened");
  }
  context.note_input(path);
  BlobPtr bytes = open_file_blob(path);
  return {std::move(bytes), std::move(path)};
}

/// The bytes of a flat extent.
BlobPtr open_flat(const ExtentLine& line, const BlobPtr& file) {
  if (!is_inside(*file, line.offset, line.sectors * kSectorBytes)) {
    throw Error(ErrorCode::Corrupt,
                fmt::format("it has {} bytes and should have {} sectors from sector {} on: it may be cut off",
                            file->size(), line.sectors, line.offset));
  }
  return make_slice_blob(file, line.offset * kSectorBytes, line.sectors * kSectorBytes);
}

SparseExtent read_named_extent(const ExtentLine& line, const Blob& file) {
  if (kind_of(file) == FileKind::Cowd) throw_esx_sparse("vmfsSparse");
  const SparseExtent extent = read_sparse_extent(file);
  if (extent.capacity < line.sectors) {
    throw Error(ErrorCode::Corrupt, fmt::format("it has {} sectors of the disk, and the descriptor says {}",
                                                extent.capacity, line.sectors));
  }
  return extent;
}

std::string context_of(const ExtentLine& line) { return fmt::format("extent {}", printable(line.file)); }

/// Composes the disk of a descriptor.
BlobPtr open_extents(const ContainerFile& file, const Descriptor& descriptor, const Context& context) {
  const auto caches = std::make_shared<ReadCaches>();
  BlobBuilder disk;
  disk.reserve(descriptor.extents.size());
  std::uint64_t offset = 0;
  std::uint32_t number = 0;
  for (const ExtentLine& line : descriptor.extents) {
    const std::uint64_t bytes = line.sectors * kSectorBytes;
    if (line.type != "ZERO") {
      with_context([&] { return context_of(line); },
                   [&] {
                     const ContainerFile opened = open_extent_file(line, file, context);
                     if (line.type != "SPARSE") return disk.add(offset, open_flat(line, opened.bytes));
                     ExtentParts parts{printable(opened.path.string()), read_named_extent(line, *opened.bytes),
                                       opened.bytes, caches, number};
                     disk.add(offset, make_extent_blob(std::move(parts), context), 0, bytes);
                   });
    }
    offset += bytes;
    ++number;
  }
  return disk.finish(offset);
}

/// The names of the files with the disk, as the descriptor has them.
std::string data_files(const Descriptor& descriptor) {
  std::string first;
  std::size_t others = 0;
  for (const ExtentLine& line : descriptor.extents) {
    if (line.file.empty() || line.file == first) continue;
    if (first.empty()) {
      first = line.file;
    } else {
      ++others;
    }
  }
  return others == 0 ? first : fmt::format("{} and {} more", first, others);
}

[[noreturn]] void throw_other(FileKind kind) {
  if (kind == FileKind::Cowd) throw_esx_sparse("vmfsSparse");
  if (kind == FileKind::SeSparse) throw_esx_sparse("seSparse");
  throw Error(ErrorCode::Corrupt, "it begins neither as a sparse extent nor as a descriptor of a VMDK disk");
}

}  // namespace

FileKind kind_of(const Blob& file) {
  std::array<char, kDescriptorSignature.size()> start{};
  if (file.size() < start.size()) return FileKind::Other;
  file.read(0, std::as_writable_bytes(std::span(start)));
  const auto* const bytes = reinterpret_cast<const unsigned char*>(start.data());
  const std::uint32_t magic = boost::endian::load_little_u32(bytes);
  if (magic == kSparseMagic && file.size() >= sizeof(SparseExtentHeader)) return FileKind::SparseExtent;
  if (magic == kCowdMagic) return FileKind::Cowd;
  if (boost::endian::load_little_u64(bytes) == kSeSparseMagic) return FileKind::SeSparse;
  if (equal_words({start.data(), start.size()}, kDescriptorSignature)) return FileKind::Descriptor;
  return FileKind::Other;
}

BlobPtr open_image(const ContainerFile& file, Context& context) {
  const FileKind kind = kind_of(*file.bytes);
  if (kind == FileKind::Descriptor) return open_extents(file, read_separate_descriptor(*file.bytes), context);
  if (kind != FileKind::SparseExtent) throw_other(kind);
  const OwnExtent own = read_own_extent(*file.bytes);
  warn_of_state(own, context);
  return make_extent_blob({file.path.empty() ? "the image" : printable(file.path.string()), own.extent, file.bytes,
                           std::make_shared<ReadCaches>(), 0},
                          context);
}

ContainerFacts inspect_image(const ContainerFile& file) {
  ContainerFacts facts;
  const FileKind kind = kind_of(*file.bytes);
  const auto add_descriptor = [&](const Descriptor& descriptor) {
    facts.features.push_back(printable(descriptor.create_type));
    if (!descriptor.adapter_type.empty()) facts.features.push_back(printable(descriptor.adapter_type));
  };
  if (kind == FileKind::Descriptor) {
    const Descriptor descriptor = read_separate_descriptor(*file.bytes);
    add_descriptor(descriptor);
    facts.disk_size = descriptor.sectors() * kSectorBytes;
    facts.data_file = data_files(descriptor);
    return facts;
  }
  if (kind != FileKind::SparseExtent) throw_other(kind);
  const OwnExtent own = read_own_extent(*file.bytes);
  if (own.descriptor) add_descriptor(*own.descriptor);
  for (std::string& name : own.extent.feature_names()) facts.features.push_back(std::move(name));
  facts.disk_size = own.extent.disk_bytes();
  facts.unit_size = own.extent.grain_bytes();
  return facts;
}

void visit_sparse_extents(
    const ContainerFile& file, Context& context,
    const std::function<void(const std::string& name, const Blob& file, const SparseExtent& extent)>& visit) {
  const FileKind kind = kind_of(*file.bytes);
  if (kind == FileKind::SparseExtent) {
    const OwnExtent own = read_own_extent(*file.bytes);
    warn_of_state(own, context);
    return visit("", *file.bytes, own.extent);
  }
  if (kind != FileKind::Descriptor) throw_other(kind);
  for (const ExtentLine& line : read_separate_descriptor(*file.bytes).extents) {
    if (line.type == "ZERO") continue;
    try {
      with_context([&] { return context_of(line); },
                   [&] {
                     const ContainerFile opened = open_extent_file(line, file, context);
                     if (line.type == "SPARSE") {
                       visit(context_of(line), *opened.bytes, read_named_extent(line, *opened.bytes));
                     } else {
                       open_flat(line, opened.bytes);
                     }
                   });
    } catch (const Error& error) {
      if (error.code() != ErrorCode::Corrupt && error.code() != ErrorCode::NotFound) throw;
      context.report_damage(error.what());
    }
  }
}

}  // namespace fstool::vmdk
