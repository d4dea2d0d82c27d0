#include "header.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "fstool/error.h"
#include "fstool/posix_acl.h"

namespace fstool::tar {

namespace {

constexpr std::uint64_t kLargestSevenDigits = 07777777;
constexpr std::uint64_t kLargestElevenDigits = 077777777777;

// The typeflags of POSIX.1-2017, pax, "ustar Interchange Format" and "pax Interchange Format".
constexpr char kFile = '0';
constexpr char kHardLink = '1';
constexpr char kSymlink = '2';
constexpr char kCharDevice = '3';
constexpr char kBlockDevice = '4';
constexpr char kDirectory = '5';
constexpr char kFifo = '6';
constexpr char kExtended = 'x';

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char byte) { return static_cast<unsigned char>(byte) < 0x80; });
}

template <std::size_t Size>
void put_octal(std::array<char, Size>& field, std::uint64_t value) {
  const std::string digits = fmt::format("{:0{}o}", value, Size - 1);
  std::memcpy(field.data(), digits.data(), Size - 1);
}

/// As much as fits.
template <std::size_t Size>
void put_text(std::array<char, Size>& field, std::string_view text) {
  std::memcpy(field.data(), text.data(), std::min(text.size(), Size));
}

/// "LENGTH KEYWORD=VALUE\n", where LENGTH counts its own digits.
void append_record(std::string& records, std::string_view keyword, std::string_view value) {
  const std::size_t without_length = keyword.size() + value.size() + 3;  // blank, "=" and newline
  std::size_t length = without_length + 1;
  while (length != without_length + fmt::formatted_size("{}", length)) {
    length = without_length + fmt::formatted_size("{}", length);
  }
  records += fmt::format("{} ", length);
  records += keyword;
  records += '=';
  records += value;
  records += '\n';
}

std::string_view tag_text(AclTag tag) {
  switch (tag) {
    case AclTag::UserObj:
    case AclTag::User:
      return "user";
    case AclTag::GroupObj:
    case AclTag::Group:
      return "group";
    case AclTag::Mask:
      return "mask";
    case AclTag::Other:
      return "other";
  }
  return "";
}

/// "user::rwx,user:1000:r-x,group::r-x,mask::r-x,other::r--": what the keywords SCHILY.acl.access and
/// SCHILY.acl.default hold. Users and groups are numbers, which need no host to be understood.
std::string acl_to_text(const Acl& acl) {
  std::string text;
  for (const AclEntry& entry : acl) {
    if (!text.empty()) text += ',';
    text += tag_text(entry.tag);
    text += ':';
    if (entry.has_id()) text += fmt::to_string(entry.id);
    text += ':';
    for (const auto& [bit, letter] : {std::pair(4, 'r'), std::pair(2, 'w'), std::pair(1, 'x')}) {
      text += (entry.permissions & bit) != 0 ? letter : '-';
    }
  }
  return text;
}

std::string time_text(const Timestamp& time) {
  // A time before 1970 is a whole negative number and nanoseconds that go on from there; in decimal they go back.
  const bool negative = time.seconds < 0;
  const std::int64_t whole = negative && time.nanoseconds != 0 ? time.seconds + 1 : time.seconds;
  const std::uint32_t nanoseconds =
      negative && time.nanoseconds != 0 ? 1'000'000'000 - time.nanoseconds : time.nanoseconds;
  std::string text = negative && whole == 0 ? "-0" : fmt::to_string(whole);
  if (nanoseconds == 0) return text;
  text += fmt::format(".{:09}", nanoseconds);
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

/// "=" ends a keyword, so names of attributes are written as GNU tar does.
std::string xattr_keyword(std::string_view name) {
  std::string keyword = "SCHILY.xattr.";
  for (const char byte : name) {
    if (byte == '=') {
      keyword += "%3D";
    } else if (byte == '%') {
      keyword += "%25";
    } else {
      keyword += byte;
    }
  }
  return keyword;
}

class HeaderMaker {
 public:
  explicit HeaderMaker(const MemberDescription& member) : member_(member), node_(member.node) {}

  std::string make() {
    if (!member_.extents.empty()) make_map();
    const UstarHeader header = own_header();
    std::string blocks;
    add_records();
    if (!records_.empty()) {
      // It stands in front of all records: the names in them are bytes, whatever they look like.
      if (has_binary_) {
        std::string first;
        append_record(first, "hdrcharset", "BINARY");
        records_.insert(0, first);
      }
      append(blocks, extended_header());
      append_padded(blocks, records_);
    }
    append(blocks, header);
    append_padded(blocks, map_);
    return blocks;
  }

 private:
  void make_map() {
    const std::uint64_t size = node_.content->size();
    const DataExtent& last = member_.extents.back();
    const bool ends_with_hole = last.offset + last.length != size;  // told by an empty piece at the end
    map_ = fmt::format("{}\n", member_.extents.size() + (ends_with_hole ? 1 : 0));
    for (const DataExtent& extent : member_.extents) map_ += fmt::format("{}\n{}\n", extent.offset, extent.length);
    if (ends_with_hole) map_ += fmt::format("{}\n0\n", size);
  }

  char type() const {
    if (!member_.link.empty()) return kHardLink;
    switch (node_.kind) {
      case NodeKind::File:
        return kFile;
      case NodeKind::Directory:
        return kDirectory;
      case NodeKind::Symlink:
        return kSymlink;
      case NodeKind::CharDevice:
        return kCharDevice;
      case NodeKind::BlockDevice:
        return kBlockDevice;
      case NodeKind::Fifo:
        return kFifo;
      case NodeKind::Socket:
        break;
    }
    throw Error(ErrorCode::Internal, "a tar can't hold a socket");
  }

  std::uint64_t content_size() const { return round_up(map_) + member_.stored; }
  static std::uint64_t round_up(const std::string& text) { return round_up_to_block(text.size()); }

  std::string_view link_name() const { return member_.link.empty() ? std::string_view(node_.target) : member_.link; }

  /// What a header can hold of the node; the rest goes into records.
  UstarHeader own_header() const {
    UstarHeader header{};
    put_text(header.name, map_.empty() ? member_.path : "GNUSparseFile.0/" + member_.path);
    put_octal(header.mode, node_.permissions);
    put_octal(header.uid, std::min<std::uint64_t>(node_.uid, kLargestSevenDigits));
    put_octal(header.gid, std::min<std::uint64_t>(node_.gid, kLargestSevenDigits));
    put_octal(header.size, std::min(content_size(), kLargestElevenDigits));
    put_octal(header.mtime, static_cast<std::uint64_t>(std::clamp<std::int64_t>(
                                node_.mtime.seconds, 0, static_cast<std::int64_t>(kLargestElevenDigits))));
    header.type = type();
    put_text(header.link_name, link_name());
    if (node_.kind == NodeKind::CharDevice || node_.kind == NodeKind::BlockDevice) {
      if (node_.device.major > kLargestSevenDigits || node_.device.minor > kLargestSevenDigits) {
        throw Error(ErrorCode::Unsupported, fmt::format("{}: a tar can't hold the device number {}:{}", member_.path,
                                                        node_.device.major, node_.device.minor));
      }
      put_octal(header.device_major, node_.device.major);
      put_octal(header.device_minor, node_.device.minor);
    }
    finish(header);
    return header;
  }

  /// Of the member with the records.
  UstarHeader extended_header() const {
    UstarHeader header{};
    put_text(header.name, "PaxHeaders/" + member_.path);
    put_octal(header.mode, 0644);
    put_octal(header.uid, 0);
    put_octal(header.gid, 0);
    put_octal(header.size, records_.size());
    put_octal(header.mtime, 0);
    header.type = kExtended;
    finish(header);
    return header;
  }

  static void finish(UstarHeader& header) {
    put_text(header.magic, "ustar");
    put_text(header.version, "00");
    header.checksum.fill(' ');
    std::uint64_t sum = 0;
    std::array<unsigned char, sizeof(header)> bytes{};
    std::memcpy(bytes.data(), &header, sizeof(header));
    for (const unsigned char byte : bytes) sum += byte;
    put_text(header.checksum, fmt::format("{:06o}", sum));
    header.checksum[6] = '\0';
  }

  void add_records() {
    if (!map_.empty()) {
      add("GNU.sparse.major", "1");
      add("GNU.sparse.minor", "0");
      add_name("GNU.sparse.name", member_.path);
      add("GNU.sparse.realsize", fmt::to_string(node_.content->size()));
    } else if (member_.path.size() > sizeof(UstarHeader::name)) {
      add_name("path", member_.path);
    }
    if (link_name().size() > sizeof(UstarHeader::link_name)) add_name("linkpath", link_name());
    if (node_.uid > kLargestSevenDigits) add("uid", fmt::to_string(node_.uid));
    if (node_.gid > kLargestSevenDigits) add("gid", fmt::to_string(node_.gid));
    if (content_size() > kLargestElevenDigits) add("size", fmt::to_string(content_size()));
    if (node_.mtime.nanoseconds != 0 || node_.mtime.seconds < 0 ||
        node_.mtime.seconds > static_cast<std::int64_t>(kLargestElevenDigits)) {
      add("mtime", time_text(node_.mtime));
    }
    // A hard link has the attributes of the member that it leads to.
    if (!node_.xattrs || !member_.link.empty()) return;
    for (const Xattr& xattr : *node_.xattrs) add_xattr(xattr);
  }

  void add(std::string_view keyword, std::string_view value) { append_record(records_, keyword, value); }

  void add_name(std::string_view keyword, std::string_view name) {
    if (!is_ascii(name)) has_binary_ = true;
    add(keyword, name);
  }

  void add_xattr(const Xattr& xattr) {
    if (xattr.name == kAccessAclXattr || xattr.name == kDefaultAclXattr) {
      if (const std::optional<Acl> acl = acl_from_xattr(xattr.value)) {
        add(xattr.name == kAccessAclXattr ? "SCHILY.acl.access" : "SCHILY.acl.default", acl_to_text(*acl));
        return;
      }
    }
    add(xattr_keyword(xattr.name), xattr.value);
  }

  static void append(std::string& blocks, const UstarHeader& header) {
    blocks.append(reinterpret_cast<const char*>(&header), sizeof(header));
  }

  static void append_padded(std::string& blocks, const std::string& content) {
    blocks += content;
    blocks.resize(round_up_to_block(blocks.size()));
  }

  const MemberDescription& member_;
  const Node& node_;
  std::string map_;      // of a sparse file; else empty
  std::string records_;  // of the extended header
  bool has_binary_ = false;
};

}  // namespace

std::string member_header(const MemberDescription& member) { return HeaderMaker(member).make(); }

}  // namespace fstool::tar
