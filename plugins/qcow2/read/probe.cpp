#include "read/probe.h"

#include <array>
#include <boost/endian/conversion.hpp>
#include <cstddef>
#include <cstdint>

#include "ondisk/header.h"

namespace fstool::qcow2 {

bool probe(const Blob& file) {
  if (file.size() < kVersion2HeaderBytes) return false;
  std::array<std::byte, 8> start{};
  file.read(0, start);
  const auto* const bytes = reinterpret_cast<const unsigned char*>(start.data());
  const std::uint32_t version = boost::endian::load_big_u32(bytes + 4);
  return boost::endian::load_big_u32(bytes) == kMagic && (version == kVersion2 || version == kVersion3);
}

}  // namespace fstool::qcow2
