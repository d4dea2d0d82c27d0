#include "fstool/registry.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <tuple>

#include "fstool/error.h"

namespace fstool {

namespace {

template <class Interface>
using Formats = std::map<std::string, Format<Interface>, std::less<>>;

bool is_valid_name(std::string_view name) {
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && alphanumeric(name.front()) && std::all_of(name.begin(), name.end(), [&](char c) {
    return alphanumeric(c) || c == '+' || c == '.' || c == '_' || c == '-';
  });
}

template <class Interface>
void check_new(const Formats<Interface>& formats, const std::string& name) {
  const auto found = formats.find(name);
  if (found == formats.end()) return;
  throw Error(ErrorCode::Plugin, fmt::format("it offers the {} \"{}\", which plugin \"{}\" offers already",
                                             stage_name(kStageOf<Interface>), name, found->second.info.plugin));
}

}  // namespace

struct Registry::Impl {
  std::tuple<Formats<Source>, Formats<Filesystem>, Formats<PartitionTable>, Formats<Container>, Formats<Codec>> stages;
  std::vector<std::filesystem::path> search_path;
  std::string current_plugin;

  template <class Interface>
  void add(Format<Interface> format) {
    auto& formats = std::get<Formats<Interface>>(stages);
    const std::string name = format.info.name;
    if (!is_valid_name(name)) {
      throw Error(ErrorCode::Plugin, fmt::format("\"{}\" is not a valid name for a format", name));
    }
    check_new<Interface>(formats, name);
    format.info.plugin = current_plugin;
    formats.emplace(name, std::move(format));
  }

  template <class Interface>
  const Format<Interface>& get(std::string_view name) const {
    const auto& formats = std::get<Formats<Interface>>(stages);
    const auto found = formats.find(name);
    if (found != formats.end()) return found->second;
    std::vector<std::string> known;
    for (const auto& [key, format] : formats) known.push_back(key);
    std::vector<std::string> places;
    for (const auto& directory : search_path) places.push_back(directory.string());
    throw Error(ErrorCode::NotFound,
                fmt::format("no plugin offers the {} \"{}\"{}; there {}; plugins were looked for in {}",
                            stage_name(kStageOf<Interface>), name, did_you_mean(name, known),
                            known.empty() ? "is none" : fmt::format("is {}", fmt::join(known, ", ")),
                            places.empty() ? "no directory" : fmt::format("{}", fmt::join(places, ", "))));
  }
};

Registry::Registry() : impl_(std::make_unique<Impl>()) {}
Registry::~Registry() = default;
Registry::Registry(Registry&&) noexcept = default;
Registry& Registry::operator=(Registry&&) noexcept = default;

const std::vector<std::filesystem::path>& Registry::search_path() const noexcept { return impl_->search_path; }
void Registry::set_search_path(std::vector<std::filesystem::path> directories) {
  impl_->search_path = std::move(directories);
}
void Registry::set_current_plugin(std::string name) { impl_->current_plugin = std::move(name); }

void Registry::merge(Registry&& other) {
  const auto each_stage = [&](auto&& action) {
    std::apply([&](auto&... from) { (action(from), ...); }, other.impl_->stages);
  };
  each_stage([&]<class Interface>(Formats<Interface>& from) {
    for (const auto& [name, format] : from) check_new<Interface>(std::get<Formats<Interface>>(impl_->stages), name);
  });
  each_stage(
      [&]<class Interface>(Formats<Interface>& from) { std::get<Formats<Interface>>(impl_->stages).merge(from); });
}

#define FSTOOL_DEFINE_REGISTRY_STAGE(Interface)                                                   \
  void Registry::add(Format<Interface> format) { impl_->add(std::move(format)); }                 \
  template <>                                                                                     \
  const std::map<std::string, Format<Interface>, std::less<>>& Registry::all<Interface>() const { \
    return std::get<Formats<Interface>>(impl_->stages);                                           \
  }                                                                                               \
  template <>                                                                                     \
  const Format<Interface>& Registry::get<Interface>(std::string_view name) const {                \
    return impl_->get<Interface>(name);                                                           \
  }
FSTOOL_DEFINE_REGISTRY_STAGE(Source)
FSTOOL_DEFINE_REGISTRY_STAGE(Filesystem)
FSTOOL_DEFINE_REGISTRY_STAGE(PartitionTable)
FSTOOL_DEFINE_REGISTRY_STAGE(Container)
FSTOOL_DEFINE_REGISTRY_STAGE(Codec)
#undef FSTOOL_DEFINE_REGISTRY_STAGE

}  // namespace fstool
