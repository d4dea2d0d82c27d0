#include "check/sparse_bitmap.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace fstool::ext4 {

namespace {

/// The bits from `begin` up to `end`, which are 0 … 64.
std::uint64_t mask_of(std::uint64_t begin, std::uint64_t end) {
  const std::uint64_t below_end = end == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << end) - 1;
  return below_end & ~((std::uint64_t{1} << begin) - 1);
}

}  // namespace

SparseBitmap::Part SparseBitmap::first_part(std::uint64_t first, std::uint64_t count) {
  const std::uint64_t begin = first % kSegmentBits;
  return {first / kSegmentBits, begin, begin + std::min(count, kSegmentBits - begin)};
}

void SparseBitmap::set_words(Words& words, const Part& part, const OnRange& on_taken) {
  for (std::uint64_t bit = part.begin; bit < part.end;) {
    const std::uint64_t word = bit / kWordBits;
    const std::uint64_t end = std::min(part.end, (word + 1) * kWordBits);
    const std::uint64_t mask = mask_of(bit % kWordBits, end - word * kWordBits);
    for (std::uint64_t taken = words[word] & mask; taken != 0;) {
      const auto at = static_cast<std::uint64_t>(std::countr_zero(taken));
      const auto length = static_cast<std::uint64_t>(std::countr_one(taken >> at));
      on_taken(part.segment * kSegmentBits + word * kWordBits + at, length);
      taken &= ~mask_of(at, at + length);
    }
    words[word] |= mask;
    bit = end;
  }
}

void SparseBitmap::set(std::uint64_t first, std::uint64_t count, const OnRange& on_taken) {
  while (count > 0) {
    const Part part = first_part(first, count);
    const std::uint64_t length = part.end - part.begin;
    const auto found = segments_.find(part.segment);
    if (found == segments_.end()) {
      Segment& segment = segments_[part.segment];
      if (length < kSegmentBits) {
        segment = std::make_unique<Words>();
        set_words(*segment, part, on_taken);
      }
    } else if (found->second == nullptr) {
      on_taken(first, length);
    } else {
      set_words(*found->second, part, on_taken);
      if (length == kSegmentBits) found->second = nullptr;
    }
    first += length;
    count -= length;
  }
}

void SparseBitmap::find_in_words(const Words& words, const Part& part, Found& found) {
  for (std::uint64_t bit = part.begin; bit < part.end;) {
    const std::uint64_t word = bit / kWordBits;
    const std::uint64_t end = std::min(part.end, (word + 1) * kWordBits);
    const std::uint64_t set = words[word] & mask_of(bit % kWordBits, end - word * kWordBits);
    if (set != 0 && found.count == 0) {
      found.first = part.segment * kSegmentBits + word * kWordBits + static_cast<std::uint64_t>(std::countr_zero(set));
    }
    found.count += static_cast<std::uint64_t>(std::popcount(set));
    bit = end;
  }
}

SparseBitmap::Found SparseBitmap::find(std::uint64_t first, std::uint64_t count) const {
  Found found;
  while (count > 0 && !segments_.empty()) {
    const Part part = first_part(first, count);
    const std::uint64_t length = part.end - part.begin;
    const auto segment = segments_.find(part.segment);
    if (segment != segments_.end() && segment->second == nullptr) {
      if (found.count == 0) found.first = first;
      found.count += length;
    } else if (segment != segments_.end()) {
      find_in_words(*segment->second, part, found);
    }
    first += length;
    count -= length;
  }
  return found;
}

void SparseBitmap::copy(std::uint64_t first, std::span<std::byte> out) const {
  static_assert(std::endian::native == std::endian::little);  // the bytes of a word are those of the bitmap
  while (!out.empty()) {
    const Part part = first_part(first, out.size() * 8);
    const auto bytes = out.first((part.end - part.begin) / 8);
    const auto found = segments_.find(part.segment);
    if (found == segments_.end()) {
      std::fill(bytes.begin(), bytes.end(), std::byte{0});
    } else if (found->second == nullptr) {
      std::fill(bytes.begin(), bytes.end(), std::byte{0xFF});
    } else {
      const auto words = std::as_bytes(std::span(*found->second));
      std::memcpy(bytes.data(), words.data() + part.begin / 8, bytes.size());
    }
    first += bytes.size() * 8;
    out = out.subspan(bytes.size());
  }
}

}  // namespace fstool::ext4
