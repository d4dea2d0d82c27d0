#include "tree_digest.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/endian/arithmetic.hpp>
#include <optional>
#include <span>
#include <vector>

namespace fstool {

namespace {

/// A list of words as text has it: "a,b". Nothing if there is something else in it.
std::optional<std::string> joined_words(const OptionValue::Array& array) {
  std::string joined;
  for (const OptionValue& element : array) {
    if (!joined.empty()) joined += ',';
    if (const auto* integer = std::get_if<std::int64_t>(&element.data)) {
      joined += std::to_string(*integer);
    } else if (const auto* text = std::get_if<std::string>(&element.data)) {
      joined += *text;
    } else {
      return std::nullopt;
    }
  }
  return joined;
}

/// Large enough that a call of the hash costs nothing, small enough for a cache.
constexpr std::size_t kBufferBytes = 64 * 1024;

/// Stands in the stream where a directory's entries end.
constexpr std::uint64_t kEndOfDirectory = ~std::uint64_t{0};

}  // namespace

void Digest::add(std::uint64_t number) {
  const boost::endian::little_uint64_t bytes(number);
  buffer_.append(reinterpret_cast<const char*>(bytes.data()), sizeof(bytes));
}

void Digest::add(std::string_view text) {
  add(std::uint64_t{text.size()});
  buffer_.append(text);
  if (buffer_.size() >= kBufferBytes) flush();
}

void Digest::flush() {
  hash_.update(std::as_bytes(std::span(buffer_)));
  buffer_.clear();
}

Seed Digest::finish() {
  flush();
  const std::vector<std::byte> hash = hash_.finish();
  return Seed({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

void Digest::add(const Node& node) {
  add(static_cast<std::uint64_t>(node.kind));
  add(std::uint64_t{node.permissions});
  add(std::uint64_t{node.uid});
  add(std::uint64_t{node.gid});
  add(std::uint64_t{node.device.major});
  add(std::uint64_t{node.device.minor});
  add(static_cast<std::uint64_t>(node.mtime.seconds));
  add(std::uint64_t{node.mtime.nanoseconds});
  add(node.content ? node.content->size() : std::uint64_t{0});
  add(node.target);
  add(node.xattrs ? std::uint64_t{node.xattrs->size()} : std::uint64_t{0});
  if (!node.xattrs) return;
  for (const Xattr& xattr : *node.xattrs) {
    add(xattr.name);
    add(xattr.value);
  }
}

void Digest::add(const Tree& tree) {
  struct Level {
    std::span<const DirEntry> entries;
    std::size_t next = 0;
  };
  // Nodes are numbered in the order of the walk: their ids depend on the order in which the source listed them.
  std::vector<std::uint32_t> numbers(tree.node_count(), 0);
  std::uint32_t seen = 0;
  add(tree.node(Tree::kRoot));
  std::vector<Level> path{{tree.entries(Tree::kRoot)}};
  while (!path.empty()) {
    Level& level = path.back();
    if (level.next == level.entries.size()) {
      add(kEndOfDirectory);
      path.pop_back();
      continue;
    }
    const DirEntry& entry = level.entries[level.next++];
    add(entry.name);
    const bool first_name = numbers[entry.node] == 0;
    if (first_name) numbers[entry.node] = ++seen;
    add(std::uint64_t{numbers[entry.node]});
    if (!first_name) continue;
    const Node& node = tree.node(entry.node);
    add(node);
    if (node.kind == NodeKind::Directory) path.push_back({tree.entries(entry.node)});
  }
}

void Digest::add(const OptionTable& options, Types types) {
  std::vector<const OptionEntry*> sorted;
  sorted.reserve(options.size());
  for (const OptionEntry& entry : options) sorted.push_back(&entry);
  std::ranges::sort(sorted, {}, &OptionEntry::key);
  add(std::uint64_t{sorted.size()});
  for (const OptionEntry* entry : sorted) {
    add(entry->key);
    add(entry->value, types);
  }
}

void Digest::add(const OptionValue& value, Types types) {
  if (types == Types::Counted) add(std::uint64_t{value.data.index()});
  if (const auto* flag = std::get_if<bool>(&value.data)) {
    add(std::string_view(*flag ? "true" : "false"));
  } else if (const auto* integer = std::get_if<std::int64_t>(&value.data)) {
    add(std::string_view(std::to_string(*integer)));
  } else if (const auto* number = std::get_if<double>(&value.data)) {
    add(std::string_view(fmt::format("{}", *number)));
  } else if (const auto* text = std::get_if<std::string>(&value.data)) {
    add(std::string_view(*text));
  } else if (const auto* array = std::get_if<OptionValue::Array>(&value.data)) {
    if (types == Types::Ignored) {
      if (const auto words = joined_words(*array)) return add(std::string_view(*words));
    }
    add(std::uint64_t{array->size()});
    for (const OptionValue& element : *array) add(element, types);
  } else {
    add(std::get<OptionTable>(value.data), types);
  }
}

}  // namespace fstool
