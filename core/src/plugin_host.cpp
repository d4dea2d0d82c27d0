#include "plugin_host.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <sys/stat.h>

#define BOOST_DLL_USE_STD_FS
#include <algorithm>
#include <boost/dll/shared_library.hpp>
#include <cstring>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "fstool/error.h"
#include "fstool/plugin.h"
#include "plugin_file.h"

namespace fstool {

namespace {

namespace fs = std::filesystem;

constexpr char kDescriptorSymbol[] = "fstool_plugin";

/// Why this host can't use a plugin with this descriptor, or nothing. Looks at no field before those that say what the
/// field is.
std::optional<std::string> incompatible(const PluginDescriptor& descriptor) {
  if (descriptor.magic != kPluginMagic) return "its descriptor is not one of fstool";
  if (descriptor.abi != kPluginAbi) {
    return fmt::format("built for plugin ABI {}, but this fstool has {}: {}", descriptor.abi, kPluginAbi,
                       descriptor.abi > kPluginAbi ? "update fstool" : "rebuild the plugin");
  }
  if (descriptor.descriptor_size != sizeof(PluginDescriptor)) {
    return fmt::format("its descriptor has {} bytes instead of {}: rebuild the plugin", descriptor.descriptor_size,
                       sizeof(PluginDescriptor));
  }
  const auto present = [](const char* text) { return text != nullptr && *text != '\0'; };
  if (!present(descriptor.compiler_abi) || std::strcmp(descriptor.compiler_abi, FSTOOL_COMPILER_ABI) != 0) {
    return fmt::format("built for the C++ ABI {}, but this fstool has {}: rebuild the plugin",
                       present(descriptor.compiler_abi) ? descriptor.compiler_abi : "(none)", FSTOOL_COMPILER_ABI);
  }
  if (!present(descriptor.name) || descriptor.version == nullptr || descriptor.license == nullptr ||
      descriptor.summary == nullptr || descriptor.register_formats == nullptr) {
    return "its descriptor is incomplete";
  }
  return std::nullopt;
}

template <class Interface>
void list_formats(const Registry& registry, std::vector<PluginFormat>& formats) {
  for (const auto& [name, format] : registry.all<Interface>()) formats.push_back({kStageOf<Interface>, name});
}

std::vector<PluginFormat> all_formats(const Registry& registry) {
  std::vector<PluginFormat> formats;
  list_formats<Source>(registry, formats);
  list_formats<Filesystem>(registry, formats);
  list_formats<Derivation>(registry, formats);
  list_formats<PartitionTable>(registry, formats);
  list_formats<Container>(registry, formats);
  list_formats<Codec>(registry, formats);
  return formats;
}

/// Adds the formats of `from` to `to`, but for those that another plugin offers which `preferred` names: these are
/// returned.
template <class Interface>
void add_unless_preferred(const Registry& from, Registry& to, const Registry& all,
                          const std::vector<std::string>& preferred, std::vector<PluginFormat>& overridden) {
  const auto& present = all.all<Interface>();
  for (const auto& [name, format] : from.all<Interface>()) {
    const auto other = present.find(name);
    if (other != present.end() && std::ranges::find(preferred, other->second.info.plugin) != preferred.end()) {
      overridden.push_back({kStageOf<Interface>, name});
    } else {
      to.add(format);
    }
  }
}

/// The formats of a plugin that the registry takes.
struct Offer {
  Registry formats;
  std::vector<PluginFormat> overridden;
};

Offer offer_of(const PluginDescriptor& descriptor, const Registry& registry,
               const std::vector<std::string>& preferred) {
  Registry own;
  descriptor.register_formats(own);
  Offer offer;
  offer.formats.set_current_plugin(descriptor.name);
  add_unless_preferred<Source>(own, offer.formats, registry, preferred, offer.overridden);
  add_unless_preferred<Filesystem>(own, offer.formats, registry, preferred, offer.overridden);
  add_unless_preferred<Derivation>(own, offer.formats, registry, preferred, offer.overridden);
  add_unless_preferred<PartitionTable>(own, offer.formats, registry, preferred, offer.overridden);
  add_unless_preferred<Container>(own, offer.formats, registry, preferred, offer.overridden);
  add_unless_preferred<Codec>(own, offer.formats, registry, preferred, offer.overridden);
  return offer;
}

/// Lets the plugin register its formats, apart from those of others until all went well, and fills in `record`. Returns
/// why it failed.
std::optional<std::string> register_formats(const PluginDescriptor& descriptor, Registry& registry,
                                            const std::vector<std::string>& preferred, PluginRecord& record) {
  // A plugin may throw anything; it is code that this host does not know.
  Offer offer;
  try {
    offer = offer_of(descriptor, registry, preferred);
  } catch (const std::exception& error) {
    return fmt::format("can't register its formats: {}", error.what());
  } catch (...) {
    return "can't register its formats: it threw something that is not a std::exception";
  }
  std::vector<PluginFormat> formats = all_formats(offer.formats);
  try {
    registry.merge(std::move(offer.formats));
  } catch (const Error& error) {
    return fmt::format("can't register its formats: {}; --plugin {} prefers this one", error.what(), descriptor.name);
  }
  record.formats = std::move(formats);
  record.overridden = std::move(offer.overridden);
  return std::nullopt;
}

/// Keeps a library loaded for as long as the process lives, static destructors included.
void keep_loaded(boost::dll::shared_library library) {
  static auto* const libraries = new std::vector<boost::dll::shared_library>;
  libraries->push_back(std::move(library));
}

/// Finds plugins and loads their libraries first; then lets them register their formats, those that are preferred
/// before the others.
class Loader {
 public:
  Loader(Registry& registry, const PluginLoading& how) : registry_(registry), how_(how) {}

  void load_directory(const fs::path& directory) {
    if (!directory.is_absolute()) {
      refuse(directory, "not an absolute path");
      return;
    }
    std::error_code error;
    const fs::path real = fs::canonical(directory, error);
    if (error == std::errc::no_such_file_or_directory) return;
    if (error) {
      refuse(directory, error.message());
      return;
    }
    if (!searched_.insert(real).second) return;
    if (auto reason = untrustworthy(directory, S_IFDIR)) {
      refuse(directory, *std::move(reason));
      return;
    }
    std::vector<fs::path> files;
    fs::directory_iterator entries(directory, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
      if (entries->path().extension() == ".so") files.push_back(entries->path());
    }
    if (error) {
      refuse(directory, error.message());
      return;
    }
    std::ranges::sort(files);
    load_files(files, std::ranges::find(how_.trusted, directory) != how_.trusted.end());
  }

  void register_all() {
    std::ranges::stable_sort(libraries_, {}, [&](const Library& library) { return rank(library.descriptor->name); });
    for (Library& library : libraries_) {
      PluginRecord& record = records_[library.record];
      if (auto reason = add(library, record)) {
        set_reason(record, *std::move(reason));
      } else {
        record.status = PluginStatus::Loaded;
      }
    }
  }

  std::vector<PluginRecord> take_records() { return std::move(records_); }

 private:
  /// A library with a descriptor that this host can use.
  struct Library {
    boost::dll::shared_library handle;
    const PluginDescriptor* descriptor;
    std::size_t record;  ///< index in records_
  };

  static void set_reason(PluginRecord& record, std::string reason) {
    record.reason = std::move(reason);
    std::ranges::replace(record.reason, '\n', ' ');
  }

  void refuse(const fs::path& path, std::string reason) {
    records_.emplace_back().path = path;
    set_reason(records_.back(), std::move(reason));
  }

  /// The place in the order of registering: that among the preferred plugins, or behind them.
  std::size_t rank(std::string_view name) const {
    return static_cast<std::size_t>(std::ranges::find(how_.preferred, name) - how_.preferred.begin());
  }

  void load_files(const std::vector<fs::path>& files, bool trusted) {
    std::vector<std::optional<std::string>> reasons(files.size());
    std::vector<fs::path> loadable;
    for (std::size_t i = 0; i < files.size(); ++i) {
      reasons[i] = untrustworthy(files[i], S_IFREG);
      if (!reasons[i]) reasons[i] = not_loadable(files[i]);
      if (!reasons[i]) loadable.push_back(files[i]);
    }
    if (!trusted) {
      auto found = try_loading(loadable);
      auto next = found.begin();
      for (std::optional<std::string>& reason : reasons) {
        if (!reason) reason = std::move(*next++);
      }
    }
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (!reasons[i]) reasons[i] = load(files[i]);
      if (reasons[i]) refuse(files[i], *std::move(reasons[i]));
    }
  }

  /// Loads one library and begins its record. Returns why it is not used.
  std::optional<std::string> load(const fs::path& path) {
    boost::dll::fs::error_code error;
    boost::dll::shared_library handle(path, error, boost::dll::load_mode::rtld_now);
    if (error) {
      const char* const text = ::dlerror();  // NOLINT(concurrency-mt-unsafe): it is of this thread, in glibc
      return "can't be loaded: " + (text != nullptr ? linker_message(path, text) : error.message());
    }
    if (!handle.has(kDescriptorSymbol)) return "not a plugin: it has no symbol fstool_plugin";
    const auto& descriptor = handle.get<const PluginDescriptor>(kDescriptorSymbol);
    if (auto reason = incompatible(descriptor)) return reason;

    PluginRecord& record = records_.emplace_back();
    record.path = path;
    record.name = descriptor.name;
    record.version = descriptor.version;
    record.license = descriptor.license;
    record.summary = descriptor.summary;
    libraries_.push_back({std::move(handle), &descriptor, records_.size() - 1});
    return std::nullopt;
  }

  /// Adds the formats of a plugin. Returns why not.
  std::optional<std::string> add(Library& library, PluginRecord& record) {
    const auto same_name = [&](const PluginRecord& other) {
      return other.status == PluginStatus::Loaded && other.name == record.name;
    };
    if (const auto other = std::ranges::find_if(records_, same_name); other != records_.end()) {
      if (other->path.parent_path() != record.path.parent_path()) record.status = PluginStatus::Shadowed;
      return fmt::format("the plugin \"{}\" is loaded from {}", record.name, other->path.string());
    }
    keep_loaded(std::move(library.handle));
    return register_formats(*library.descriptor, registry_, how_.preferred, record);
  }

  Registry& registry_;
  const PluginLoading& how_;
  std::vector<PluginRecord> records_;
  std::vector<Library> libraries_;
  std::set<fs::path> searched_;
};

/// Throws if a plugin that shall be preferred is not there.
void check_preferred(const std::vector<std::string>& preferred, const std::vector<PluginRecord>& records) {
  for (const std::string& name : preferred) {
    std::vector<std::string> known;
    const PluginRecord* refused = nullptr;
    bool loaded = false;
    for (const PluginRecord& record : records) {
      if (!record.name.empty()) known.push_back(record.name);
      if (record.name != name) continue;
      loaded = loaded || record.status == PluginStatus::Loaded;
      refused = &record;
    }
    if (loaded) continue;
    if (refused != nullptr) {
      throw Error(ErrorCode::Plugin, fmt::format("the plugin {} can't be used: {}", name, refused->reason));
    }
    throw Error(ErrorCode::NotFound, fmt::format("no plugin is called \"{}\"{}", name, did_you_mean(name, known)));
  }
}

}  // namespace

std::string_view plugin_status_name(PluginStatus status) {
  switch (status) {
    case PluginStatus::Loaded:
      return "loaded";
    case PluginStatus::Shadowed:
      return "shadowed";
    case PluginStatus::Refused:
      return "refused";
  }
  throw Error(ErrorCode::Internal, "no such plugin status");
}

std::vector<fs::path> plugin_search_path(const std::vector<fs::path>& explicit_directories, const char* environment,
                                         const fs::path& executable) {
  std::vector<fs::path> directories;
  for (const fs::path& directory : explicit_directories) {
    std::error_code error;
    if (!fs::is_directory(directory, error)) {
      throw Error(ErrorCode::NotFound, fmt::format("the plugin directory {} does not exist", directory.string()));
    }
    directories.push_back(fs::absolute(directory).lexically_normal());
  }
  std::string_view rest = environment != nullptr ? environment : "";
  while (!rest.empty()) {
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    if (colon > 0) directories.emplace_back(rest.substr(0, colon));
    rest.remove_prefix(std::min(colon + 1, rest.size()));
  }
  for (const fs::path& directory : installed_plugin_directories(executable)) {
    if (std::ranges::find(directories, directory) == directories.end()) directories.push_back(directory);
  }
  return directories;
}

std::vector<fs::path> installed_plugin_directories(const fs::path& executable) {
  const fs::path prefix = executable.parent_path().parent_path();
  std::vector<fs::path> directories;
  for (const char* relative : {"lib/fstool/plugins", FSTOOL_PLUGIN_INSTALL_DIR}) {
    // An absolute install directory replaces the prefix.
    fs::path directory = (prefix / relative).lexically_normal();
    if (std::ranges::find(directories, directory) == directories.end()) directories.push_back(std::move(directory));
  }
  return directories;
}

std::vector<PluginRecord> load_plugins(const std::vector<fs::path>& directories, Registry& registry,
                                       const PluginLoading& how) {
  registry.set_search_path(directories);
  Loader loader(registry, how);
  for (const fs::path& directory : directories) loader.load_directory(directory);
  loader.register_all();
  std::vector<PluginRecord> records = loader.take_records();
  check_preferred(how.preferred, records);
  return records;
}

}  // namespace fstool
