#include "read/image.h"

#include <fmt/format.h>

#include <bit>
#include <span>

#include "fstool/error.h"
#include "fstool/size.h"

namespace fstool::vdi {
namespace {

Header load_header(const Blob& file) {
  if (file.size() < sizeof(Header)) throw Error(ErrorCode::Corrupt, "the file ends in the VDI header");
  Header header;
  file.read(0, std::as_writable_bytes(std::span(&header, 1)));
  if (header.signature != kSignature) throw Error(ErrorCode::Corrupt, "the file doesn't begin like a VDI image");
  if (header.version != kVersion) {
    throw Error(ErrorCode::Unsupported, fmt::format("it is VDI of version {}.{}; version 1.1 can be read",
                                                    header.version >> 16U, header.version & 0xffffU));
  }
  return header;
}

ImageType checked_type(const Header& header) {
  const auto type = static_cast<ImageType>(header.image_type.value());
  if (type == ImageType::Differencing || !header.linkage_uuid.is_nil() || !header.parent_modification_uuid.is_nil()) {
    throw Error(ErrorCode::Unsupported,
                "it is a differencing image, which holds only what differs from its parent, and can't be read; make a "
                "copy that isn't, with VBoxManage clonemedium");
  }
  if (type == ImageType::Undo) throw Error(ErrorCode::Unsupported, "it is an undo image, which can't be read");
  if (type != ImageType::Dynamic && type != ImageType::Static) {
    throw Error(ErrorCode::Unsupported,
                fmt::format("the image is of a type that is not known ({})", header.image_type.value()));
  }
  return type;
}

void check_blocks(const Header& header) {
  const std::uint64_t block_size = header.block_size;
  if (block_size < kSectorSize || !std::has_single_bit(block_size)) {
    throw Error(ErrorCode::Corrupt, fmt::format("the header says that a block has {} bytes", block_size));
  }
  if (header.block_extra_size != 0) {
    throw Error(ErrorCode::Unsupported, fmt::format("there are {} more bytes before each block, which can't be read",
                                                    header.block_extra_size.value()));
  }
  if (header.blocks > kMaxBlocks) {
    throw Error(ErrorCode::Unsupported, fmt::format("the disk has {} blocks, and the largest that can be read have {}",
                                                    header.blocks.value(), kMaxBlocks));
  }
  if (header.disk_size > header.blocks * block_size) {
    throw Error(ErrorCode::Corrupt,
                fmt::format("the disk has {} bytes, and its {} blocks have only {}", header.disk_size.value(),
                            header.blocks.value(), header.blocks * block_size));
  }
}

}  // namespace

Image read_image(const Blob& file, Context& context) {
  const Header header = load_header(file);
  Image image;
  image.type = checked_type(header);
  check_blocks(header);
  image.disk_size = round_up(header.disk_size, kSectorSize);
  image.block_size = header.block_size;
  image.map_offset = header.blocks_offset;
  image.data_offset = header.data_offset;
  image.blocks = header.blocks;
  image.blocks_allocated = header.blocks_allocated;
  const std::uint64_t map_bytes = image.blocks * sizeof(MapEntry);
  if (image.map_offset > file.size() || map_bytes > file.size() - image.map_offset) {
    throw Error(ErrorCode::Corrupt, fmt::format("the block map, {} bytes at byte {}, is not in the file: it may be cut "
                                                "off",
                                                map_bytes, image.map_offset));
  }
  if (image.map_offset < sizeof(Header) && image.blocks != 0) {
    context.report_damage(fmt::format("the block map, at byte {}, overlaps the header", image.map_offset));
  }
  if (image.data_offset < image.map_offset + map_bytes && image.blocks != 0) {
    context.report_damage(fmt::format("the blocks begin at byte {}, before the end of the block map, which is at {}",
                                      image.data_offset, image.map_offset + map_bytes));
  }
  return image;
}

bool probe(const Blob& file) {
  if (file.size() < sizeof(Header)) return false;
  boost::endian::little_uint32_t signature;
  file.read(offsetof(Header, signature), std::as_writable_bytes(std::span(&signature, 1)));
  return signature == kSignature;
}

}  // namespace fstool::vdi
