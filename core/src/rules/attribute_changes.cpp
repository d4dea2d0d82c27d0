#include "rules/attribute_changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

#include "base64.h"
#include "fstool/posix_acl.h"
#include "time_text.h"

namespace fstool {

namespace {

constexpr std::size_t kMaxXattrName = 255;      // XATTR_NAME_MAX of the kernel
constexpr std::size_t kMaxXattrValue = 65'536;  // XATTR_SIZE_MAX

/// Hexadecimal digits, two a byte.
std::optional<std::string> from_hex(std::string_view text) {
  const auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  };
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]);
    const int low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

std::string parse_xattr_value(const OptionValue& value, const std::string& name) {
  const std::string text = parse_text(value, name);
  std::optional<std::string> bytes = text;
  if (text.starts_with("0x") || text.starts_with("0X")) bytes = from_hex(std::string_view(text).substr(2));
  if (text.starts_with("0s") || text.starts_with("0S")) bytes = from_base64(std::string_view(text).substr(2));
  if (!bytes)
    throw spec_error(value.location, fmt::format("the value of {} is no {}", name,
                                                 text[1] == 's' || text[1] == 'S' ? "base64" : "hexadecimal"));
  if (bytes->size() > kMaxXattrValue) {
    throw spec_error(value.location, fmt::format("the value of {} has more than {} bytes", name, kMaxXattrValue));
  }
  return *std::move(bytes);
}

void refuse_bad_name(const OptionEntry& entry) {
  const std::size_t dot = entry.key.find('.');
  const bool has_namespace = dot != std::string::npos && dot > 0 && dot + 1 < entry.key.size();
  if (has_namespace && entry.key.size() <= kMaxXattrName && entry.key.find('\0') == std::string::npos) return;
  throw spec_error(entry.location, fmt::format("\"{}\" is no name of an extended attribute, which has a namespace, as "
                                               "in \"user.comment\", and up to {} bytes",
                                               entry.key, kMaxXattrName));
}

}  // namespace

Timestamp parse_timestamp(const OptionValue& value, std::string_view key) {
  if (const auto* seconds = std::get_if<std::int64_t>(&value.data)) return {.seconds = *seconds};
  if (const auto* text = std::get_if<std::string>(&value.data)) {
    if (const auto time = parse_time(*text)) return *time;
    if (const auto time = parse_time("@" + *text)) return *time;  // seconds as text, from a variable for instance
  }
  throw spec_error(value.location,
                   fmt::format("{} must be seconds since 1970, or a time such as \"2024-05-06T07:08:09Z\"", key));
}

std::vector<XattrChange> parse_xattrs(const OptionValue& value) {
  std::vector<XattrChange> changes;
  for (const OptionEntry& entry : as_table(value, "xattr")) {
    refuse_bad_name(entry);
    XattrChange change{.name = entry.key, .value = std::nullopt};
    const auto* flag = std::get_if<bool>(&entry.value.data);
    if (flag == nullptr) {
      change.value = parse_xattr_value(entry.value, entry.key);
    } else if (*flag) {
      throw wrong_type(entry.value, entry.key, "text, or false");
    }
    changes.push_back(std::move(change));
  }
  return changes;
}

AttributeChanges read_attribute_changes(TableReader& reader) {
  AttributeChanges changes;
  reader.read("owner", [&](const OptionValue& value) {
    OwnerPair pair = parse_owner_pair(value, "owner");
    changes.owner = std::move(pair.user);
    changes.group = std::move(pair.group);
  });
  reader.read("group", [&](const OptionValue& value) {
    if (changes.group) throw spec_error(value.location, "the owner names a group already");
    changes.group = parse_owner(value, "group");
  });
  reader.read("mode", [&](const OptionValue& value) {
    if (const auto number = parse_mode_integer(value, "mode")) {
      changes.mode = ModeChange(*number);
    } else if (const auto* text = std::get_if<std::string>(&value.data)) {
      changes.mode = ModeChange::parse(*text);
    }
    if (changes.mode) return;
    throw spec_error(value.location, "mode must be octal, from \"0000\" to \"7777\", or as in \"u+s,go-w\"");
  });
  reader.read("mtime", [&](const OptionValue& value) { changes.mtime = parse_timestamp(value, "mtime"); });
  reader.read("xattr", [&](const OptionValue& value) { changes.xattrs = parse_xattrs(value); });
  return changes;
}

void change_xattrs(Node& node, const std::vector<XattrChange>& changes) {
  if (changes.empty()) return;
  Xattrs xattrs = node.xattrs ? *node.xattrs : Xattrs();
  for (const XattrChange& change : changes) {
    const auto place = std::ranges::lower_bound(xattrs, change.name, {}, &Xattr::name);
    const bool is_there = place != xattrs.end() && place->name == change.name;
    if (!change.value) {
      if (is_there) xattrs.erase(place);
    } else if (is_there) {
      place->value = *change.value;
    } else {
      xattrs.insert(place, {change.name, *change.value});
    }
  }
  if (node.xattrs ? xattrs == *node.xattrs : xattrs.empty()) return;
  node.xattrs = xattrs.empty() ? nullptr : std::make_shared<const Xattrs>(std::move(xattrs));
}

ResolvedChanges::ResolvedChanges(const AttributeChanges& changes, OwnerResolver& owners) : changes_(changes) {
  if (changes.owner) uid_ = owners.id_of(*changes.owner, OwnerKind::User);
  std::ranges::copy_if(changes.xattrs, std::back_inserter(of_others_),
                       [](const XattrChange& change) { return !change.value || !change.name.starts_with("user."); });
  if (changes.group) gid_ = owners.id_of(*changes.group, OwnerKind::Group);
}

void ResolvedChanges::apply(Node& node) const {
  if (uid_) node.uid = *uid_;
  if (gid_) node.gid = *gid_;
  if (changes_.mode && node.kind != NodeKind::Symlink) {
    set_permissions(node, changes_.mode->apply(node.permissions, node.kind == NodeKind::Directory));
  }
  if (changes_.mtime) node.mtime = *changes_.mtime;
  change_xattrs(node, node.kind == NodeKind::File || node.kind == NodeKind::Directory ? changes_.xattrs : of_others_);
}

}  // namespace fstool
