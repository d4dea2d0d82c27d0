#include "rules/id_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/endian/buffers.hpp>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "fstool/error.h"
#include "fstool/posix_acl.h"
#include "rules/owner_choice.h"
#include "tree_walk.h"

namespace fstool {

namespace {

using boost::endian::little_uint32_buf_t;

/// File capabilities of revision 3 (struct vfs_ns_cap_data of the kernel): those of a user namespace.
struct NamespacedCapability {
  little_uint32_buf_t magic;
  little_uint32_buf_t sets[4];  // NOLINT(modernize-avoid-c-arrays): the kernel's
  little_uint32_buf_t root_id;
};
static_assert(sizeof(NamespacedCapability) == 24);

constexpr std::uint32_t kRevisionMask = 0xFF000000;
constexpr std::uint32_t kRevision3 = 0x03000000;

std::optional<std::uint32_t> take_number(std::string_view& text) {
  const std::string_view field = text.substr(0, text.find(':'));
  std::uint32_t number = 0;
  const auto [stop, error] = std::from_chars(field.data(), field.data() + field.size(), number);
  if (error != std::errc() || stop != field.data() + field.size()) return std::nullopt;
  text.remove_prefix(std::min(field.size() + 1, text.size()));
  return number;
}

IdRange parse_range(const OptionValue& value, std::string_view key) {
  const std::string text = parse_text(value, key);
  std::string_view rest = text;
  const auto from = take_number(rest);
  const auto to = from ? take_number(rest) : std::nullopt;
  const auto count = to ? take_number(rest) : std::nullopt;
  constexpr std::uint64_t kIds = std::uint64_t{kMaxOwnerId} + 1;
  const bool is_good = count && *count > 0 && rest.empty() && std::ranges::count(text, ':') == 2 &&
                       std::uint64_t{*from} + *count <= kIds && std::uint64_t{*to} + *count <= kIds;
  if (is_good) return {*from, *to, *count};
  throw spec_error(value.location,
                   fmt::format("{} must have ranges FROM:TO:COUNT, as in \"100000:0:65536\", not \"{}\"", key, text));
}

std::optional<std::uint32_t> mapped(std::uint32_t id, const std::vector<IdRange>& ranges) {
  if (ranges.empty()) return id;
  for (const IdRange& range : ranges) {
    if (id >= range.from && id - range.from < range.count) return range.to + (id - range.from);
  }
  return std::nullopt;
}

/// An owner that no range has.
struct Unmapped {
  std::uint32_t id;
  OwnerKind kind;
};

using Problem = std::optional<Unmapped>;

class Mapper {
 public:
  explicit Mapper(const IdMaps& maps) : maps_(maps) {}

  /// Leaves the node as it was if it says what can't be mapped.
  Problem apply(Node& node) const {
    std::uint32_t uid = node.uid;
    std::uint32_t gid = node.gid;
    if (Problem problem = map(uid, OwnerKind::User)) return problem;
    if (Problem problem = map(gid, OwnerKind::Group)) return problem;
    if (node.xattrs) {
      if (Problem problem = map_xattrs(node)) return problem;
    }
    node.uid = uid;
    node.gid = gid;
    return std::nullopt;
  }

 private:
  Problem map(std::uint32_t& id, OwnerKind kind) const {
    const auto to = mapped(id, kind == OwnerKind::User ? maps_.users : maps_.groups);
    if (!to) return Unmapped{id, kind};
    id = *to;
    return std::nullopt;
  }

  Problem map_xattrs(Node& node) const {
    Xattrs xattrs = *node.xattrs;
    for (Xattr& xattr : xattrs) {
      Problem problem;
      if (xattr.name == kAccessAclXattr || xattr.name == kDefaultAclXattr) problem = map_acl(xattr.value);
      if (xattr.name == "security.capability") problem = map_capability(xattr.value);
      if (problem) return problem;
    }
    if (xattrs != *node.xattrs) node.xattrs = std::make_shared<const Xattrs>(std::move(xattrs));
    return std::nullopt;
  }

  Problem map_acl(std::string& value) const {
    std::optional<Acl> acl = acl_from_xattr(value);
    if (!acl) return std::nullopt;
    for (AclEntry& entry : *acl) {
      if (!entry.has_id()) continue;
      if (Problem problem = map(entry.id, entry.tag == AclTag::User ? OwnerKind::User : OwnerKind::Group))
        return problem;
    }
    std::ranges::sort(*acl);
    value = acl_to_xattr(*acl);
    return std::nullopt;
  }

  Problem map_capability(std::string& value) const {
    NamespacedCapability capability;
    if (value.size() != sizeof(capability)) return std::nullopt;
    std::memcpy(&capability, value.data(), sizeof(capability));
    if ((capability.magic.value() & kRevisionMask) != kRevision3) return std::nullopt;
    std::uint32_t id = capability.root_id.value();
    if (Problem problem = map(id, OwnerKind::User)) return problem;
    capability.root_id = id;
    std::memcpy(value.data(), &capability, sizeof(capability));
    return std::nullopt;
  }

  const IdMaps& maps_;
};

std::string find_path_of(const Tree& tree, NodeId wanted) {
  std::string path = "/";
  bool is_found = false;
  walk_tree(tree, Tree::kRoot, "", [&](const WalkedName& walked) {
    if (walked.node == wanted && !is_found) {
      path = fmt::format("/{}", walked.path);
      is_found = true;
    }
    return !is_found;
  });
  return path;
}

}  // namespace

std::vector<IdRange> parse_id_map(const OptionValue& value, std::string_view key) {
  const auto* list = std::get_if<OptionValue::Array>(&value.data);
  if (list == nullptr && !std::holds_alternative<std::string>(value.data)) {
    throw wrong_type(value, key, "a list of ranges \"FROM:TO:COUNT\"");
  }
  std::vector<IdRange> ranges;
  const auto add = [&](const OptionValue& element) {
    const IdRange range = parse_range(element, key);
    const bool overlaps = std::ranges::any_of(ranges, [&](const IdRange& other) {
      return range.from < std::uint64_t{other.from} + other.count &&
             other.from < std::uint64_t{range.from} + range.count;
    });
    if (overlaps) throw spec_error(element.location, fmt::format("two ranges of {} have the same numbers", key));
    ranges.push_back(range);
  };
  if (list == nullptr) {
    add(value);
  } else {
    for (const OptionValue& element : *list) add(element);
  }
  return ranges;
}

void apply_id_maps(Tree& tree, const IdMaps& maps) {
  if (maps.users.empty() && maps.groups.empty()) return;
  const Mapper mapper(maps);
  for (std::size_t i = 0; i < tree.node_count(); ++i) {
    const auto id = static_cast<NodeId>(i);
    if (tree.links(id) == 0) continue;
    const Problem problem = mapper.apply(tree.node(id));
    if (!problem) continue;
    const bool is_user = problem->kind == OwnerKind::User;
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("{}: the {} {} is in no range of {}", find_path_of(tree, id), is_user ? "user" : "group",
                            problem->id, is_user ? "uid_map" : "gid_map"));
  }
}

}  // namespace fstool
