#include "foreign_formats.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "fstool/error.h"

namespace fstool {

namespace {

using namespace std::string_view_literals;

/// What a file begins with.
struct Signature {
  std::string_view bytes;
  std::string_view format;
};

constexpr Signature kSignatures[] = {
    {"vhdxfile"sv, "a VHDX image"},                       // MS-VHDX 2.2.1
    {"QFI\xfb\0\0\0\1"sv, "a qcow image of version 1"},   // QEMU block/qcow.c
    {"QED\0"sv, "a QED image"},                           // QEMU docs/interop/qed_spec
    {"WithoutFreeSpace"sv, "a Parallels image"},          // QEMU docs/interop/parallels
    {"WithouFreSpacExt"sv, "a Parallels image"},          // the same
    {"Bochs Virtual HD Image"sv, "a Bochs image"},        // QEMU block/bochs.c
    {"EVF\x09\x0d\x0a\xff\0"sv, "an EnCase image"},       // libewf, EWF-E01
    {"\x02\x21\x4c\x18"sv, "a stream of legacy LZ4"},     // lz4_Frame_format, 0x184C2102
    {"\x5d\0\0"sv, "a stream of LZMA"},                   // LZMA SDK lzma-specification; and its size, see below
    {"BZh"sv, "a stream of bzip2"},                       // libbzip2; and the first block's mark, see below
    {"\x89LZO\0\x0d\x0a\x1a\x0a"sv, "a stream of lzop"},  // lzop's magic(5) entry
    {"LZIP\x01"sv, "a stream of lzip"},                   // lzip manual, "File format"
};

constexpr std::string_view kUdifEnd = "koly";  // what the last 512 bytes of Apple's disk images begin with
constexpr std::uint64_t kUdifEndBytes = 512;

std::string_view read_text(const Blob& bytes, std::uint64_t offset, std::span<char> buffer) {
  if (offset >= bytes.size()) return {};
  const auto part = buffer.first(std::min<std::uint64_t>(buffer.size(), bytes.size() - offset));
  bytes.read(offset, std::as_writable_bytes(part));
  return {part.data(), part.size()};
}

/// For signatures that are so short that other bytes may be like them.
bool is_confirmed(std::string_view signature, std::string_view begin) {
  if (signature == "BZh") {
    const std::string_view mark = begin.substr(std::min<std::size_t>(begin.size(), 4), 6);
    return mark == "\x31\x41\x59\x26\x53\x59"sv || mark == "\x17\x72\x45\x38\x50\x90"sv;
  }
  if (signature.front() == '\x5d') {  // of a size that isn't known
    return begin.size() >= 13 && begin.substr(5, 8) == "\xff\xff\xff\xff\xff\xff\xff\xff"sv;
  }
  return true;
}

std::string_view foreign_format(const Blob& bytes) {
  std::array<char, 32> buffer{};
  const std::string_view begin = read_text(bytes, 0, buffer);
  for (const Signature& signature : kSignatures) {
    if (begin.starts_with(signature.bytes) && is_confirmed(signature.bytes, begin)) return signature.format;
  }
  if (bytes.size() < kUdifEndBytes) return {};
  std::array<char, kUdifEnd.size()> end{};
  return read_text(bytes, bytes.size() - kUdifEndBytes, end) == kUdifEnd ? "an Apple disk image (DMG)" : "";
}

}  // namespace

void refuse_foreign_format(const Blob& bytes) {
  const std::string_view format = foreign_format(bytes);
  if (format.empty()) return;
  throw Error(
      ErrorCode::Unsupported,
      fmt::format("it is {}, which no plugin reads; unpack or convert it first, or take its bytes as a disk with "
                  "--format raw",
                  format));
}

}  // namespace fstool
