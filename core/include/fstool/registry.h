/// \file
/// Registry: the formats that the loaded plugins offer, by stage and name.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fstool/api.h"
#include "fstool/codec.h"
#include "fstool/container.h"
#include "fstool/derivation.h"
#include "fstool/filesystem.h"
#include "fstool/options.h"
#include "fstool/partition_table.h"
#include "fstool/source.h"

namespace fstool {

/// The stages of the pipeline.
enum class Stage { Source, Filesystem, Derivation, PartitionTable, Container, Codec };

/// "source", "filesystem", "derivation", "partition table", "container", "codec".
FSTOOL_API std::string_view stage_name(Stage stage);

template <class Interface>
inline constexpr Stage kStageOf = Stage::Source;
template <>
inline constexpr Stage kStageOf<Filesystem> = Stage::Filesystem;
template <>
inline constexpr Stage kStageOf<Derivation> = Stage::Derivation;
template <>
inline constexpr Stage kStageOf<PartitionTable> = Stage::PartitionTable;
template <>
inline constexpr Stage kStageOf<Container> = Stage::Container;
template <>
inline constexpr Stage kStageOf<Codec> = Stage::Codec;

/// What is known about a format without making one.
struct FormatInfo {
  std::string name;     ///< as a spec's `type` names it
  std::string summary;  ///< one sentence
  std::vector<OptionInfo> options;
  std::vector<OptionInfo> partition_options;  ///< partition tables: of each partition
  /// File name endings without the dot that choose this format for an output: of a container ("qcow2"); of a codec,
  /// whose ending follows that of a container or file system ("zst"); of a file system that is a file of its own
  /// ("tar").
  std::vector<std::string> extensions;
  /// Sources: whether this source reads an input. Never throws. Null: it reads what names it, and for other stages.
  std::function<Claim(const SourceInput&)> claim;
  std::string plugin;  ///< name of the plugin that offers it; filled in by the host
};

/// A format: its description and the way to make one with options. `create` throws spec_error() for bad options.
template <class Interface>
struct Format {
  FormatInfo info;
  std::function<std::unique_ptr<Interface>(const OptionTable&)> create;
};

/// Declares a format whose options are bound to `Options`; `make(options)` returns a std::unique_ptr<Interface>.
template <class Interface, class Options, class Make>
Format<Interface> make_format(std::string_view name, std::string_view summary, const OptionSet<Options>& options,
                              Make make) {
  Format<Interface> format;
  format.info.name = name;
  format.info.summary = summary;
  format.info.options = options.infos();
  format.create = [options, make = std::move(make)](const OptionTable& table) -> std::unique_ptr<Interface> {
    return make(options.parse(table));
  };
  return format;
}

/// Filled while plugins are loaded, constant afterwards: reading is thread-safe.
class FSTOOL_API Registry {
 public:
  Registry();
  ~Registry();
  Registry(Registry&&) noexcept;
  Registry& operator=(Registry&&) noexcept;

  /// Adds a format. Throws Error(Plugin) if the stage has that name already, or the name is not [a-z0-9][a-z0-9+._-]*.
  void add(Format<Source> format);
  void add(Format<Filesystem> format);
  void add(Format<Derivation> format);
  void add(Format<PartitionTable> format);
  void add(Format<Container> format);
  void add(Format<Codec> format);

  /// The formats of a stage, sorted by name.
  template <class Interface>
  const std::map<std::string, Format<Interface>, std::less<>>& all() const;

  /// The format of that name. Throws Error(NotFound): what is missing, what is there, where plugins were looked for.
  template <class Interface>
  const Format<Interface>& get(std::string_view name) const;

  /// Where plugins were looked for, in order; for messages.
  const std::vector<std::filesystem::path>& search_path() const noexcept;
  void set_search_path(std::vector<std::filesystem::path> directories);

  /// The plugin that add() credits from now on.
  void set_current_plugin(std::string name);
  /// Moves everything of `other` in, or throws Error(Plugin) and takes nothing.
  void merge(Registry&& other);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

#define FSTOOL_DECLARE_REGISTRY_STAGE(Interface)                                                            \
  template <>                                                                                               \
  FSTOOL_API const std::map<std::string, Format<Interface>, std::less<>>& Registry::all<Interface>() const; \
  template <>                                                                                               \
  FSTOOL_API const Format<Interface>& Registry::get<Interface>(std::string_view name) const;
FSTOOL_DECLARE_REGISTRY_STAGE(Source)
FSTOOL_DECLARE_REGISTRY_STAGE(Filesystem)
FSTOOL_DECLARE_REGISTRY_STAGE(Derivation)
FSTOOL_DECLARE_REGISTRY_STAGE(PartitionTable)
FSTOOL_DECLARE_REGISTRY_STAGE(Container)
FSTOOL_DECLARE_REGISTRY_STAGE(Codec)
#undef FSTOOL_DECLARE_REGISTRY_STAGE

}  // namespace fstool
