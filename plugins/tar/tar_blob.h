/// \file
/// A tar as a Blob: headers are made when they are read, contents are those of the tree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fstool/blob.h"
#include "fstool/context.h"
#include "fstool/tree.h"

namespace fstool::tar {

/// Members are the names of the tree, depth first in the order of their byte values, directories before what is in
/// them, the root as "./". The second name of a node is a hard link to the first. Owners are numbers, without names;
/// there is no time but the time of modification. Files with enough holes to be worth it are sparse files.
class TarBlob final : public Blob {
 public:
  /// Looks for holes, but reads no content. Sockets are left out, with a warning. Throws Error(Unsupported) for what a
  /// tar can't hold.
  TarBlob(std::shared_ptr<const Tree> tree, Context& context);

  std::uint64_t size() const override { return size_; }
  void read(std::uint64_t offset, std::span<std::byte> out) const override;
  Run run_at(std::uint64_t offset) const override;
  std::optional<HostRange> host_range(std::uint64_t offset, std::uint64_t length) const override;

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Member {
    std::uint64_t offset = 0;  // of its first header
    std::uint64_t header_bytes = 0;
    NodeId node = 0;
    NodeId directory = 0;
    std::string_view name;         // empty: the root
    std::uint32_t first = kNone;   // of a hard link: the index of the member that has the content
    std::uint32_t sparse = kNone;  // of a sparse file: index into sparse_
  };

  /// The data of a sparse file.
  struct SparseContent {
    std::vector<DataExtent> extents;
    BlobPtr data;  // all pieces, one after the other
  };

  /// What of a member's range lies at an offset.
  struct Place {
    const Member& member;
    std::uint64_t content_begin;
    std::uint64_t content_end;
    std::uint64_t end;  // where the next member begins
  };

  void add_everything(Context& context);
  void add(NodeId directory, std::string_view name, NodeId node, std::uint32_t first);
  std::string path(const Member& member) const;
  std::string header(const Member& member) const;
  /// What follows the header; null for nothing.
  const Blob* content(const Member& member) const;
  std::uint64_t content_size(const Member& member) const;
  /// Nothing behind the last member.
  std::optional<Place> place_at(std::uint64_t offset) const;

  std::shared_ptr<const Tree> tree_;
  std::vector<Member> members_;  // sorted by offset
  std::vector<SparseContent> sparse_;
  std::uint64_t members_end_ = 0;
  std::uint64_t size_ = 0;
};

}  // namespace fstool::tar
