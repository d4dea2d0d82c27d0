/// \file
/// Archives put together byte by byte, so that every field can be wrong.
#pragma once

#include <fmt/format.h>

#include <boost/endian/conversion.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "archive/archive_loader.h"
#include "fstool/blob.h"
#include "fstool/checksum.h"
#include "fstool/registry.h"
#include "header.h"

namespace fstool::tar {

/// Fields of a tar's header as they are written.
struct RawMember {
  std::string name;
  char type = '0';
  std::string content = {};
  std::string link = {};
  std::string size = {};  ///< empty: that of the content
  std::string mode = "0000644";
  std::string uid = "0000000";
  std::string gid = "0000000";
  std::string mtime = "00000000000";
  std::string device_major = {};
  std::string device_minor = {};
};

inline std::string padded(std::string bytes, std::size_t block = kBlockBytes) {
  bytes.resize((bytes.size() + block - 1) / block * block);
  return bytes;
}

template <std::size_t Size>
void put(std::array<char, Size>& field, std::string_view text) {
  std::memcpy(field.data(), text.data(), std::min(text.size(), Size));
}

/// Gives a header the checksum that its bytes have.
inline std::string sealed(UstarHeader header) {
  header.checksum.fill(' ');
  std::string bytes(sizeof(header), '\0');
  std::memcpy(bytes.data(), &header, sizeof(header));
  unsigned sum = 0;
  for (const char byte : bytes) sum += static_cast<unsigned char>(byte);
  bytes.replace(148, 8, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
  return bytes;
}

inline UstarHeader header_of(const RawMember& member) {
  UstarHeader header{};
  put(header.name, member.name);
  put(header.mode, member.mode);
  put(header.uid, member.uid);
  put(header.gid, member.gid);
  put(header.size, member.size.empty() ? fmt::format("{:011o}", member.content.size()) : member.size);
  put(header.mtime, member.mtime);
  header.type = member.type;
  put(header.link_name, member.link);
  put(header.magic, "ustar");
  put(header.version, "00");
  put(header.device_major, member.device_major);
  put(header.device_minor, member.device_minor);
  return header;
}

inline std::string tar_member(const RawMember& member) { return sealed(header_of(member)) + padded(member.content); }

/// A member of type 'x' with these records in front of a member.
inline std::string pax_member(const std::vector<std::pair<std::string, std::string>>& records) {
  std::string content;
  for (const auto& [keyword, value] : records) {
    const std::size_t rest = keyword.size() + value.size() + 3;
    std::size_t length = rest;
    while (length != rest + std::to_string(length).size()) length = rest + std::to_string(length).size();
    content += fmt::format("{} {}={}\n", length, keyword, value);
  }
  return tar_member({.name = "PaxHeaders", .type = 'x', .content = content});
}

/// A number in base 256, as GNU tar writes what octal digits have no room for.
inline std::string base256(std::int64_t value, std::size_t size) {
  std::string field(size, value < 0 ? '\xff' : '\0');
  for (std::size_t i = 0; i < std::min<std::size_t>(size, 8); ++i) {
    field[size - 1 - i] = static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
  }
  field[0] = static_cast<char>(static_cast<unsigned char>(field[0]) | 0x80U);
  return field;
}

/// GNU's old format of sparse files: pairs of offset and length.
inline std::string old_sparse_member(const std::string& name,
                                     const std::vector<std::pair<std::string, std::string>>& map,
                                     const std::string& real_size, const std::string& content) {
  UstarHeader header = header_of({.name = name, .type = 'S', .content = content});
  std::string bytes(sizeof(header), '\0');
  header.magic = {'u', 's', 't', 'a', 'r', ' '};
  header.version = {' ', '\0'};
  std::memcpy(bytes.data(), &header, sizeof(header));
  std::memset(bytes.data() + 345, 0, 155);
  std::size_t at = 386;
  for (const auto& [offset, length] : map) {
    bytes.replace(at, 12, padded(offset, 12));
    bytes.replace(at + 12, 12, padded(length, 12));
    at += 24;
  }
  bytes.replace(483, 12, padded(real_size, 12));
  std::memcpy(&header, bytes.data(), sizeof(header));
  return sealed(header) + padded(content);
}

inline std::string octal(std::uint64_t value) { return fmt::format("{:011o}", value); }

/// A member of a cpio in the format newc.
struct RawCpioMember {
  std::string name;
  std::string content = {};
  std::uint32_t mode = 0100644;
  std::uint32_t inode = 1;
  std::uint32_t links = 1;
  std::uint32_t size = UINT32_MAX;       ///< all ones: that of the content
  std::uint32_t name_size = UINT32_MAX;  ///< all ones: that of the name, with NUL
};

inline std::string cpio_member(const RawCpioMember& member) {
  const std::uint32_t size =
      member.size != UINT32_MAX ? member.size : static_cast<std::uint32_t>(member.content.size());
  const std::uint32_t name_size =
      member.name_size != UINT32_MAX ? member.name_size : static_cast<std::uint32_t>(member.name.size() + 1);
  std::string bytes =
      fmt::format("070701{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}", member.inode,
                  member.mode, 0, 0, member.links, 0, size, 0, 0, 0, 0, name_size, 0);
  bytes += member.name + '\0';
  return padded(bytes, 4) + padded(member.content, 4);
}

inline std::string cpio_end() { return cpio_member({.name = "TRAILER!!!", .mode = 0}); }

/// A member of a zip. What is written is what is said here, whether that is true or not.
struct RawZipMember {
  std::string name;
  std::string content = {};
  std::uint16_t flags = 0;
  std::uint16_t method = 0;         ///< 0: stored
  std::uint32_t size = UINT32_MAX;  ///< of the content, not compressed; all ones: that of `content`
  std::uint32_t crc = 0;            ///< 0: that of the content
  std::uint32_t mode = 0100644;
  std::uint32_t header_offset = UINT32_MAX;  ///< in the directory; all ones: where it is
};

template <class Number>
void append_little(std::string& out, Number number) {
  boost::endian::native_to_little_inplace(number);
  out.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

inline std::uint32_t crc_of(const std::string& bytes) { return crc32(0, std::as_bytes(std::span(bytes))); }

/// The fields that the two kinds of headers of a zip have in common.
inline void append_zip_fields(std::string& out, const RawZipMember& member) {
  const auto stored = static_cast<std::uint32_t>(member.content.size());
  append_little<std::uint16_t>(out, 20);
  append_little(out, member.flags);
  append_little(out, member.method);
  append_little<std::uint32_t>(out, 0x21'0000);  // 1980-01-01
  append_little(out, member.crc != 0 ? member.crc : crc_of(member.content));
  append_little(out, stored);
  append_little(out, member.size != UINT32_MAX ? member.size : stored);
  append_little(out, static_cast<std::uint16_t>(member.name.size()));
  append_little<std::uint16_t>(out, 0);  // extra fields
}

/// `entries`: all ones: as many as there are.
inline std::string zip(const std::vector<RawZipMember>& members, std::uint16_t entries = UINT16_MAX) {
  std::string bytes;
  std::string directory;
  for (const RawZipMember& member : members) {
    const auto offset = static_cast<std::uint32_t>(bytes.size());
    append_little<std::uint32_t>(bytes, 0x04034b50);
    append_zip_fields(bytes, member);
    bytes += member.name + member.content;
    append_little<std::uint32_t>(directory, 0x02014b50);
    append_little<std::uint16_t>(directory, 0x031e);  // made on Unix
    append_zip_fields(directory, member);
    append_little<std::uint16_t>(directory, 0);  // comment
    append_little<std::uint16_t>(directory, 0);
    append_little<std::uint16_t>(directory, 0);
    append_little(directory, member.mode << 16U);
    append_little(directory, member.header_offset != UINT32_MAX ? member.header_offset : offset);
    directory += member.name;
  }
  const auto directory_offset = static_cast<std::uint32_t>(bytes.size());
  const auto count = entries != UINT16_MAX ? entries : static_cast<std::uint16_t>(members.size());
  bytes += directory;
  append_little<std::uint32_t>(bytes, 0x06054b50);
  append_little<std::uint32_t>(bytes, 0);
  append_little(bytes, count);
  append_little(bytes, count);
  append_little(bytes, static_cast<std::uint32_t>(directory.size()));
  append_little(bytes, directory_offset);
  append_little<std::uint16_t>(bytes, 0);
  return bytes;
}

inline BlobPtr blob_of(std::string_view bytes) {
  const auto span = std::as_bytes(std::span(bytes));
  return make_memory_blob({span.begin(), span.end()});
}

inline Layer load_bytes(std::string_view bytes, Context& context, const ArchiveLimits& limits = {}) {
  return load_archive({.file = blob_of(bytes), .name = "a.tar", .limits = limits}, context);
}

inline std::string text_of(const Node& node) {
  if (!node.content) return "";
  std::string text(node.content->size(), '?');
  node.content->read(0, std::as_writable_bytes(std::span(text)));
  return text;
}

inline const Node& node_at(const Tree& tree, std::string_view path) { return tree.node(tree.find_path(path).value()); }

}  // namespace fstool::tar
