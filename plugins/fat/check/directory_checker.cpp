#include "check/directory_checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "fstool/error.h"
#include "fstool/size.h"
#include "ondisk/unicode.h"
#include "ondisk/upper_case.h"
#include "read/boot_sector_reader.h"

namespace fstool::fat {

namespace {

constexpr unsigned kMaxPaths = 1000;
constexpr std::uint8_t kFirstPrintable = 0x20;

/// fatgen103: what short names can't have.
bool is_valid_short_name(const ShortName& name) {
  if (name[0] == ' ') return false;
  return std::ranges::all_of(name, [&](const std::uint8_t& character) {
    if (&character == name.data() && character == kEscapedE5) return true;
    if (character < kFirstPrintable || (character >= 'a' && character <= 'z')) return false;
    return std::string_view("\"*+,./:;<=>?[\\]|").find(static_cast<char>(character)) == std::string_view::npos;
  });
}

bool is_valid_long_name(std::u16string_view name) {
  return std::ranges::all_of(name, [](char16_t unit) {
    return unit >= kFirstPrintable && std::u16string_view(u"\"*/:<>?\\|").find(unit) == std::u16string_view::npos;
  });
}

}  // namespace

void DirectoryChecker::check() {
  check_root();
  // The list grows while it is gone through.
  for (std::size_t i = 0; i < directories_.size(); ++i) {
    check_directory(i);
    volume_.context.check_cancelled();
  }
}

void DirectoryChecker::check_root() {
  Directory& root = directories_.emplace_back();
  if (volume_.geometry.variant != Variant::Fat32) return;
  ClusterChain chain = claims_.claim(volume_.geometry.root_cluster);
  if (!chain.damage.empty()) report(0, "", chain.damage);
  root.runs = std::move(chain.runs);
}

std::string DirectoryChecker::path_of(std::size_t index) const {
  std::vector<std::string_view> names;
  for (; index != 0; index = directories_[index].parent) names.emplace_back(directories_[index].name);
  std::string path;
  std::ranges::for_each(names.rbegin(), names.rend(), [&](std::string_view name) { path.append("/").append(name); });
  return path.empty() ? "/" : path;
}

void DirectoryChecker::report(std::size_t index, std::string_view name, std::string_view what) {
  // Paths may be as long as the tree is deep: making very many of them would take very long.
  std::string path = reports_++ < kMaxPaths ? path_of(index) : "…";
  if (!name.empty()) path.append(path == "/" ? "" : "/").append(name);
  volume_.context.report_damage(fmt::format("{}: {}", path, what));
}

void DirectoryChecker::check_directory(std::size_t index) {
  const Geometry& geometry = volume_.geometry;
  short_names_.clear();
  names_.clear();
  const auto report_here = [&](const std::string& what) { report(index, "", what); };
  std::size_t entries = 0;
  std::uint64_t orphans = 0;
  DirectoryParser parser([&](const NamedEntry& entry) { check_entry(index, entry, entries++); }, [&] { ++orphans; });
  const auto visit = [&](const DirectoryEntry& slot) { parser.feed(slot); };
  if (index == 0 && geometry.variant != Variant::Fat32) {
    read_slots(*volume_.image, geometry.root_offset(), geometry.root_bytes(), visit, report_here);
  }
  const std::vector<ClusterRun> runs = std::move(directories_[index].runs);
  for (const ClusterRun& run : runs) {
    read_slots(*volume_.image, geometry.cluster_offset(run.first), run.count * geometry.cluster_size(), visit,
               report_here);
  }
  parser.finish();
  if (orphans > 0) report_here(fmt::format("it has {} long names that belong to no file", orphans));
  if (index != 0 && entries < 2) report_here("it lacks the entries \".\" and \"..\"");
}

void DirectoryChecker::check_entry(std::size_t index, const NamedEntry& entry, std::size_t number) {
  const DirectoryEntry& fields = entry.fields;
  std::string name = short_name_text(fields);
  if (!entry.long_name.empty()) {
    bool is_valid = true;
    name = to_utf8(entry.long_name, is_valid);
    if (!is_valid) report(index, short_name_text(fields), "its long name is not valid UTF-16");
  }
  const Report report_here = [&](const std::string& what) { report(index, name, what); };
  if (fields.is_volume_label()) return check_label(index, fields);
  const bool is_dots = fields.name == kDotName || fields.name == kDotDotName;
  if (is_dots || (index != 0 && number < 2)) return check_dots(index, fields, number, report_here);
  check_names(entry, report_here);
  if (fields.is_directory()) {
    add_directory(index, name, fields, report_here);
  } else {
    check_file(fields, report_here);
  }
}

void DirectoryChecker::check_dots(std::size_t index, const DirectoryEntry& slot, std::size_t number,
                                  const Report& report) const {
  if (index == 0) return report("the root directory has no such entry");
  const bool is_dot = slot.name == kDotName;
  if (slot.name != (number == 0 ? kDotName : kDotDotName) || number > 1) {
    return report("a directory begins with the entries \".\" and \"..\", and has no others of these names");
  }
  const Directory& directory = directories_[index];
  const std::uint32_t expected = is_dot ? directory.first_cluster : directories_[directory.parent].first_cluster;
  const std::uint32_t found = slot.first_cluster(volume_.geometry.variant);
  if (!slot.is_directory()) report("it is not marked as a directory");
  if (found != expected) report(fmt::format("it refers to cluster {} in place of {}", found, expected));
}

void DirectoryChecker::check_label(std::size_t index, const DirectoryEntry& slot) {
  ShortName name = slot.name;
  if (name[0] == kEscapedE5) name[0] = kDeletedMark;
  std::string label = decode_label(name);
  if (index != 0) return report(index, label, "a label belongs into the root directory");
  if (label_) return report(index, label, fmt::format("it is a second label beside \"{}\"", *label_));
  label_ = std::move(label);
}

void DirectoryChecker::check_names(const NamedEntry& entry, const Report& report) {
  if (!is_valid_short_name(entry.fields.name)) {
    report("its short name has characters that short names can't have");
  }
  if (!is_valid_long_name(entry.long_name)) report("its long name has characters that names can't have");
  // Which letters other characters are, only those who know the code page can tell.
  const bool is_ascii = std::ranges::all_of(entry.fields.name, [](std::uint8_t character) { return character < 0x80; });
  const std::u16string short_name =
      is_ascii ? upper_case(to_utf16(short_name_text(entry.fields)).value_or(u"")) : std::u16string();
  const std::u16string long_name = upper_case(entry.long_name);
  const bool is_new = short_names_.insert(entry.fields.name).second;
  if (!is_new || (is_ascii && !names_.insert(short_name).second)) report("the directory has its short name twice");
  if (!long_name.empty() && long_name != short_name && !names_.insert(long_name).second) {
    report("the directory has this name twice");
  }
}

void DirectoryChecker::check_file(const DirectoryEntry& fields, const Report& report) {
  const Geometry& geometry = volume_.geometry;
  const std::uint64_t size = fields.size;
  const std::uint32_t first_cluster = fields.first_cluster(geometry.variant);
  if (size == 0 && first_cluster == 0) return;
  const ClusterChain chain = claims_.claim(first_cluster);
  if (!chain.damage.empty()) report(chain.damage);
  const std::uint64_t expected = div_ceil(size, geometry.cluster_size());
  if (chain.clusters < expected) {
    report(fmt::format("it has {} bytes, but its {} clusters hold only {}", size, chain.clusters,
                       chain.clusters * geometry.cluster_size()));
  } else if (chain.clusters > expected) {
    report(fmt::format("it has {} bytes, which take {} clusters, but it has {}", size, expected, chain.clusters));
  }
}

void DirectoryChecker::add_directory(std::size_t parent, std::string_view name, const DirectoryEntry& fields,
                                     const Report& report) {
  if (fields.size != 0) report(fmt::format("it is a directory, and its size is {} and not 0", fields.size.value()));
  const std::uint32_t first_cluster = fields.first_cluster(volume_.geometry.variant);
  ClusterChain chain = claims_.claim(first_cluster);
  if (!chain.damage.empty()) report(chain.damage);
  if (chain.clusters == 0) return;
  directories_.push_back({parent, std::string(name), first_cluster, std::move(chain.runs)});
}

}  // namespace fstool::fat
