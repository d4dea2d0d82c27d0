#include "read/node_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "fstool/error.h"
#include "read/file_content.h"
#include "read/inode_fields.h"
#include "read/nokey_name.h"

namespace fstool::ext4 {

namespace {

constexpr std::uint16_t kPermissions = 07777;

std::string as_string(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The target of an encrypted symlink as it is shown without the key. It is stored as its length (16 bits) and the
/// ciphertext.
std::string nokey_target(const std::string& stored) {
  little_uint16_t length(0);
  if (stored.size() > sizeof(length)) std::memcpy(&length, stored.data(), sizeof(length));
  if (length == 0 || length > stored.size() - sizeof(length)) {
    throw Error(ErrorCode::Corrupt, "its encrypted target is damaged");
  }
  const auto shown = nokey_name(std::string_view(stored).substr(sizeof(length), length), {});
  if (!shown) throw Error(ErrorCode::Corrupt, "its encrypted target is too short");
  return *shown;
}

}  // namespace

NodeReader::NodeReader(std::shared_ptr<const VolumeState> volume, InodeTable& inodes)
    : volume_(std::move(volume)), xattrs_(*volume_, inodes) {}

std::optional<Node> NodeReader::read(const InodeRecord& record, const Report& report) {
  const Inode& inode = record.fields;
  const std::optional<NodeKind> kind = kind_of(inode);
  if (!kind || inode.links_count == 0 || (inode.flags & kInodeEaInode) != 0) {
    report(!kind ? fmt::format("inode {} has mode {:o}, which is no kind of file", record.number, inode.mode.value())
                 : fmt::format("inode {} is not one of a file, or was deleted", record.number));
    return std::nullopt;
  }
  if (!has_valid_checksum(record, *volume_)) {
    report(fmt::format("the checksum of inode {} is wrong", record.number));
  }
  Node node;
  node.kind = *kind;
  node.permissions = inode.mode & kPermissions;
  node.uid = owner_of(inode);
  node.gid = group_of(inode);
  node.mtime = mtime_of(record);
  node.recorded = recorded_inode_of(record, volume_->layout);
  InodeXattrs xattrs = xattrs_.read(record);
  for (const std::string& damage : xattrs.damage) report(damage);
  node.xattrs = std::move(xattrs.visible);
  switch (*kind) {
    case NodeKind::File:
      node.content = content(record, xattrs.inline_data, report);
      break;
    case NodeKind::Symlink:
      node.target = target(record, xattrs.inline_data, report);
      if (node.target.empty()) return std::nullopt;
      break;
    case NodeKind::CharDevice:
    case NodeKind::BlockDevice:
      node.device = device_of(inode);
      break;
    case NodeKind::Directory:
    case NodeKind::Fifo:
    case NodeKind::Socket:
      break;
  }
  return node;
}

BlobPtr NodeReader::content(const InodeRecord& record, const std::optional<std::string>& inline_data,
                            const Report& report) const {
  const std::uint64_t size = size_of(record.fields, volume_->layout);
  const std::uint32_t block_size = volume_->layout.block_size;
  if (size == 0) return nullptr;
  if (size > kMaxFileBlocks * block_size) {
    report(fmt::format("its size of {} bytes is more than a file can have", size));
    return std::make_shared<UnreadableContent>(block_size, ErrorCode::Corrupt,
                                               fmt::format("inode {} has an impossible size", record.number));
  }
  if ((record.fields.flags & kInodeEncrypted) != 0) {
    return std::make_shared<UnreadableContent>(
        size, ErrorCode::Unsupported,
        fmt::format("inode {} is encrypted: its content can't be read without the key", record.number));
  }
  if ((record.fields.flags & kInodeInlineData) != 0) {
    return inline_content(record, inline_data.value_or(""), size, report);
  }
  return std::make_shared<FileContent>(volume_, record.map_root(), size);
}

BlobPtr NodeReader::inline_content(const InodeRecord& record, const std::string& inline_data, std::uint64_t size,
                                   const Report& report) const {
  if (size > kMaxFileBlocks * volume_->layout.block_size) {
    report(fmt::format("its size of {} bytes is more than a file can have", size));
    return std::make_shared<UnreadableContent>(size, ErrorCode::Corrupt,
                                               fmt::format("inode {} does not have all of its content", record.number));
  }
  const std::span<const std::byte> in_inode = record.fields.block;
  std::vector<std::byte> bytes(in_inode.begin(), in_inode.end());
  const auto more = std::as_bytes(std::span(inline_data));
  bytes.insert(bytes.end(), more.begin(), more.end());
  bytes.resize(std::min<std::uint64_t>(size, bytes.size()));
  bytes.shrink_to_fit();
  const bool is_whole = bytes.size() == size;
  BlobPtr stored = make_memory_blob(std::move(bytes));
  if (is_whole) return stored;
  BlobBuilder content;
  content.add(0, std::move(stored));
  return content.finish(size);  // what was never written is zero
}

std::string NodeReader::stored_target(const InodeRecord& record, const std::optional<std::string>& inline_data) const {
  const Inode& inode = record.fields;
  const std::uint64_t size = size_of(inode, volume_->layout);
  if (size == 0 || size > volume_->layout.block_size) {
    throw Error(ErrorCode::Corrupt, fmt::format("its target has {} bytes", size));
  }
  if ((inode.flags & kInodeInlineData) != 0) {
    std::string target = as_string(inode.block) + inline_data.value_or("");
    if (size > target.size()) throw Error(ErrorCode::Corrupt, "its target is cut off");
    target.resize(size);
    return target;
  }
  if (is_fast_symlink(inode, volume_->layout)) {
    if (size > inode.block.size()) throw Error(ErrorCode::Corrupt, "its target is cut off");
    return as_string(std::span(inode.block).first(size));
  }
  std::string target(size, '\0');
  BlockClaims claims;
  const FileMap map = read_file_map(*volume_, record.map_root(), 1, claims);
  if (map.empty() || map.front().logical != 0) throw Error(ErrorCode::Corrupt, "its target is missing");
  volume_->blocks.read(map.front().physical, std::as_writable_bytes(std::span(target)));
  return target;
}

std::string NodeReader::target(const InodeRecord& record, const std::optional<std::string>& inline_data,
                               const Report& report) const {
  try {
    std::string target = stored_target(record, inline_data);
    if ((record.fields.flags & kInodeEncrypted) != 0) return nokey_target(target);
    const std::size_t end = target.find('\0');
    if (end == 0) throw Error(ErrorCode::Corrupt, "its target is empty");
    if (end != std::string::npos) {
      report("its target has a NUL");
      target.resize(end);
    }
    return target;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::Corrupt) throw;
    report(error.what());
    return {};
  }
}

}  // namespace fstool::ext4
