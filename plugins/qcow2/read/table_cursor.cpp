#include "read/table_cursor.h"

#include <algorithm>
#include <boost/endian/conversion.hpp>
#include <vector>

namespace fstool::qcow2 {

std::span<const std::byte> TableCursor::bytes_at(std::uint64_t offset, std::size_t length) {
  const std::uint64_t begin = offset / kPageBytes * kPageBytes;
  if (entry_ == nullptr || begin != page_begin_) {
    const std::uint64_t size = std::min(kPageBytes, file_.file.size() - begin);
    entry_ = file_.cache.find_or_add({file_.image, begin}, size);
    page_ = entry_->get([&](std::vector<std::byte>& bytes) {
      bytes.resize(size);
      file_.file.read(begin, bytes);
    });
    page_begin_ = begin;
  }
  return page_.subspan(offset - begin, length);
}

std::uint64_t TableCursor::number_at(std::uint64_t offset) {
  const auto bytes = bytes_at(offset, sizeof(std::uint64_t));
  return boost::endian::load_big_u64(reinterpret_cast<const unsigned char*>(bytes.data()));
}

}  // namespace fstool::qcow2
