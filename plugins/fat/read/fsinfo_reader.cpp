#include "read/fsinfo_reader.h"

#include <span>

namespace fstool::fat {

std::optional<FsInfo> read_fsinfo(const Blob& image, const Boot& boot) {
  if (!boot.fat32) return std::nullopt;
  const std::uint32_t sector = boot.fat32->fsinfo_sector;
  if (sector == 0 || sector >= boot.geometry.reserved_sectors) return std::nullopt;
  const std::uint64_t offset = std::uint64_t{sector} * boot.geometry.sector_size;
  FsInfo fsinfo{};
  if (image.size() < sizeof(fsinfo) || offset > image.size() - sizeof(fsinfo)) return std::nullopt;
  image.read(offset, std::as_writable_bytes(std::span(&fsinfo, 1)));
  if (!fsinfo.is_valid()) return std::nullopt;
  return fsinfo;
}

}  // namespace fstool::fat
