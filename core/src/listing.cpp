#include "listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <vector>

#include "fstool/size.h"
#include "node_status.h"
#include "time_text.h"

namespace fstool {

namespace {

bool has_xattr(const Node& node, std::string_view name) {
  return node.xattrs && std::ranges::find(*node.xattrs, name, &Xattr::name) != node.xattrs->end();
}

bool is_device(const Node& node) { return node.kind == NodeKind::CharDevice || node.kind == NodeKind::BlockDevice; }

/// What follows the mode: '+' for an access control list, '.' for a security context.
char access_mark(const Node& node) {
  if (has_xattr(node, "system.posix_acl_access") || has_xattr(node, "system.posix_acl_default")) return '+';
  return has_xattr(node, "security.selinux") ? '.' : ' ';
}

/// An owner's column: names stand left, numbers right.
struct OwnerColumn {
  const OwnerNames& names;
  bool numeric;
  std::size_t width = 0;

  const std::string* name_of(std::uint32_t id) const { return numeric ? nullptr : names.name_of(id); }
  void fit(std::uint32_t id, const ShowName& show) {
    const std::string* const name = name_of(id);
    width = std::max(width, name != nullptr ? show(*name).size() : std::to_string(id).size());
  }
  std::string text(std::uint32_t id, const ShowName& show) const {
    const std::string* const name = name_of(id);
    return name != nullptr ? fmt::format("{:<{}}", show(*name), width) : fmt::format("{:>{}}", id, width);
  }
};

/// The long lines of one listing.
class LongLines {
 public:
  LongLines(const ListingStyle& style, const Owners& owners, const ShowName& show)
      : style_(style),
        show_(show),
        users_{owners.users, style.numeric_owners},
        groups_{owners.groups, style.numeric_owners} {}

  void fit(const ListedName& listed) {
    const Node& node = listed.tree->node(listed.node);
    const NodeStatus status = status_of(*listed.tree, listed.node);
    links_width_ = std::max(links_width_, std::to_string(status.links).size());
    users_.fit(node.uid, show_);
    groups_.fit(node.gid, show_);
    marks_access_ = marks_access_ || access_mark(node) != ' ';
    if (is_device(node)) {
      major_width_ = std::max(major_width_, std::to_string(node.device.major).size());
      minor_width_ = std::max(minor_width_, std::to_string(node.device.minor).size());
      size_width_ = std::max(size_width_, major_width_ + 2 + minor_width_);
    } else {
      size_width_ = std::max(size_width_, std::to_string(status.size).size());
    }
  }

  /// All in front of the name.
  std::string text(const ListedName& listed) const {
    const Node& node = listed.tree->node(listed.node);
    const NodeStatus status = status_of(*listed.tree, listed.node);
    std::string mode = mode_text(status.mode);
    if (marks_access_) mode += access_mark(node);
    return fmt::format("{} {:>{}} {} {} {} {} ", mode, status.links, links_width_, users_.text(node.uid, show_),
                       groups_.text(node.gid, show_), size_text(node, status),
                       format_time(node.mtime, style_.time_format));
  }

 private:
  std::string size_text(const Node& node, const NodeStatus& status) const {
    if (!is_device(node)) return fmt::format("{:>{}}", status.size, size_width_);
    const std::size_t blanks = size_width_ - (major_width_ + 2 + minor_width_);
    return fmt::format("{:>{}}, {:>{}}", node.device.major, major_width_ + blanks, node.device.minor, minor_width_);
  }

  const ListingStyle& style_;
  const ShowName& show_;
  OwnerColumn users_;
  OwnerColumn groups_;
  bool marks_access_ = false;
  std::size_t links_width_ = 0;
  std::size_t size_width_ = 0;
  std::size_t major_width_ = 0;
  std::size_t minor_width_ = 0;
};

std::string inode_text(const ListedName& listed) {
  const auto number = status_of(*listed.tree, listed.node).inode;
  return number ? std::to_string(*number) : "?";
}

/// The number of characters that a terminal shows of valid UTF-8.
std::size_t shown_width(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](unsigned char c) { return (c & 0xC0U) != 0x80U; }));
}

/// How many columns of which widths let `cells` fill lines of `width`, one column after the other.
std::vector<std::size_t> column_widths(std::span<const std::size_t> cells, std::size_t width) {
  constexpr std::size_t kGap = 2;
  for (std::size_t rows = 1; rows < cells.size(); ++rows) {
    std::vector<std::size_t> widths;
    for (std::size_t first = 0; first < cells.size(); first += rows) {
      const auto column = cells.subspan(first, std::min(rows, cells.size() - first));
      widths.push_back(*std::ranges::max_element(column) + kGap);
    }
    if (std::accumulate(widths.begin(), widths.end(), std::size_t{0}) - kGap < width) return widths;
  }
  return {width};
}

std::string in_columns(std::span<const std::string> cells, std::size_t width) {
  std::vector<std::size_t> cell_widths;
  for (const std::string& cell : cells) cell_widths.push_back(shown_width(cell));
  const std::vector<std::size_t> widths = column_widths(cell_widths, width);
  const std::size_t rows = div_ceil(cells.size(), widths.size());
  std::string text;
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t i = row, column = 0; i < cells.size(); i += rows, ++column) {
      text += cells[i];
      if (i + rows < cells.size()) text.append(widths[column] - cell_widths[i], ' ');
    }
    text += '\n';
  }
  return text;
}

}  // namespace

std::string format_listing(std::span<const ListedName> names, const ListingStyle& style, const Owners& owners,
                           const ShowName& show) {
  LongLines lines(style, owners, show);
  std::size_t inode_width = 0;
  for (const ListedName& listed : names) {
    if (style.long_format) lines.fit(listed);
    if (style.inode_numbers) inode_width = std::max(inode_width, inode_text(listed).size());
  }
  std::vector<std::string> cells;
  for (const ListedName& listed : names) {
    std::string& cell = cells.emplace_back();
    if (style.inode_numbers) cell = fmt::format("{:>{}} ", inode_text(listed), inode_width);
    if (style.long_format) cell += lines.text(listed);
    cell += show(listed.name);
    const Node& node = listed.tree->node(listed.node);
    if (style.long_format && node.kind == NodeKind::Symlink) cell += " -> " + show(node.target);
  }
  if (style.columns > 0 && !style.long_format) return in_columns(cells, style.columns);
  std::string text;
  for (const std::string& cell : cells) text.append(cell).append("\n");
  return text;
}

std::string total_line(std::span<const ListedName> names) {
  constexpr std::uint64_t kSectorsPerKib = 2;
  std::uint64_t sectors = 0;
  for (const ListedName& listed : names) sectors += status_of(*listed.tree, listed.node).sectors;
  return fmt::format("total {}\n", div_ceil(sectors, kSectorsPerKib));
}

}  // namespace fstool
