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

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_name_char(char c) { return is_name_start(c) || c == '+' || c == '.' || c == '_' || c == '-'; }
bool is_format_name(std::string_view name) {
  return !name.empty() && is_name_start(name.front()) && std::all_of(name.begin(), name.end(), is_name_char);
}

template <class Interface>
Error taken(const Format<Interface>& present) {
  return Error(ErrorCode::Plugin,
               fmt::format("there is already a {} \"{}\"{}", stage_name(kStageOf<Interface>), present.info.name,
                           present.info.plugin.empty() ? "" : fmt::format(" from plugin {}", present.info.plugin)));
}

}  // namespace

struct Registry::Impl {
  std::tuple<Formats<Source>, Formats<Filesystem>, Formats<Derivation>, Formats<PartitionTable>, Formats<Container>,
             Formats<Codec>>
      stages;
  std::vector<std::filesystem::path> search_path;
  std::string current_plugin;

  template <class Interface>
  Formats<Interface>& formats() {
    return std::get<Formats<Interface>>(stages);
  }

  template <class Interface>
  void add(Format<Interface> format) {
    if (!is_format_name(format.info.name)) {
      throw Error(ErrorCode::Plugin,
                  fmt::format("\"{}\" can't be the name of a {}: names consist of a-z, 0-9, \"+\", \".\", \"_\" and "
                              "\"-\" and begin with a letter or digit",
                              format.info.name, stage_name(kStageOf<Interface>)));
    }
    format.info.plugin = current_plugin;
    std::string name = format.info.name;
    const auto [position, added] = formats<Interface>().try_emplace(std::move(name), std::move(format));
    if (!added) throw taken(position->second);
  }

  template <class Interface>
  const Format<Interface>& get(std::string_view name) {
    const auto& present = formats<Interface>();
    if (const auto found = present.find(name); found != present.end()) return found->second;
    std::vector<std::string> names;
    for (const auto& [known, format] : present) names.push_back(known);
    std::vector<std::string> places;
    for (const auto& directory : search_path) places.push_back(directory.string());
    throw Error(ErrorCode::NotFound,
                fmt::format("no {} is called \"{}\"{}: {}; {}", stage_name(kStageOf<Interface>), name,
                            did_you_mean(name, names),
                            names.empty() ? "there is none" : fmt::format("there is {}", fmt::join(names, ", ")),
                            places.empty() ? "plugins were looked for nowhere"
                                           : fmt::format("plugins were looked for in {}", fmt::join(places, ", "))));
  }

  template <class Interface>
  void check_disjoint(Impl& other) {
    for (const auto& [name, format] : other.formats<Interface>()) {
      if (const auto found = formats<Interface>().find(name); found != formats<Interface>().end()) {
        throw taken(found->second);
      }
    }
  }

  template <class... Interface>
  void merge(Impl& other) {
    (check_disjoint<Interface>(other), ...);
    (formats<Interface>().merge(other.formats<Interface>()), ...);
  }
};

std::string_view stage_name(Stage stage) {
  switch (stage) {
    case Stage::Source:
      return "source";
    case Stage::Filesystem:
      return "filesystem";
    case Stage::Derivation:
      return "derivation";
    case Stage::PartitionTable:
      return "partition table";
    case Stage::Container:
      return "container";
    case Stage::Codec:
      return "codec";
  }
  return "stage";
}

Registry::Registry() : impl_(std::make_unique<Impl>()) {}
Registry::~Registry() = default;
Registry::Registry(Registry&&) noexcept = default;
Registry& Registry::operator=(Registry&&) noexcept = default;

void Registry::add(Format<Source> format) { impl_->add(std::move(format)); }
void Registry::add(Format<Filesystem> format) { impl_->add(std::move(format)); }
void Registry::add(Format<Derivation> format) { impl_->add(std::move(format)); }
void Registry::add(Format<PartitionTable> format) { impl_->add(std::move(format)); }
void Registry::add(Format<Container> format) { impl_->add(std::move(format)); }
void Registry::add(Format<Codec> format) { impl_->add(std::move(format)); }

#define FSTOOL_DEFINE_REGISTRY_STAGE(Interface)                         \
  template <>                                                           \
  const Formats<Interface>& Registry::all<Interface>() const {          \
    return impl_->formats<Interface>();                                 \
  }                                                                     \
  template <>                                                           \
  const Format<Interface>& Registry::get(std::string_view name) const { \
    return impl_->get<Interface>(name);                                 \
  }
FSTOOL_DEFINE_REGISTRY_STAGE(Source)
FSTOOL_DEFINE_REGISTRY_STAGE(Filesystem)
FSTOOL_DEFINE_REGISTRY_STAGE(Derivation)
FSTOOL_DEFINE_REGISTRY_STAGE(PartitionTable)
FSTOOL_DEFINE_REGISTRY_STAGE(Container)
FSTOOL_DEFINE_REGISTRY_STAGE(Codec)
#undef FSTOOL_DEFINE_REGISTRY_STAGE

const std::vector<std::filesystem::path>& Registry::search_path() const noexcept { return impl_->search_path; }

void Registry::set_search_path(std::vector<std::filesystem::path> directories) {
  impl_->search_path = std::move(directories);
}

void Registry::set_current_plugin(std::string name) { impl_->current_plugin = std::move(name); }

void Registry::merge(Registry&& other) {
  impl_->merge<Source, Filesystem, Derivation, PartitionTable, Container, Codec>(*other.impl_);
}

}  // namespace fstool
