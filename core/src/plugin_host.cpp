#include "plugin_host.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOOST_DLL_USE_STD_FS
#include <algorithm>
#include <array>
#include <boost/dll/shared_library.hpp>
#include <cerrno>
#include <cstring>
#include <optional>
#include <set>
#include <system_error>

#include "fstool/error.h"
#include "fstool/plugin.h"

namespace fstool {

namespace {

namespace fs = std::filesystem;

constexpr char kDescriptorSymbol[] = "fstool_plugin";

std::string strerror_text(int error_number) { return std::generic_category().message(error_number); }

/// Why nobody should run code from `path`, or nothing. `expected` is S_IFREG or S_IFDIR.
std::optional<std::string> untrustworthy(const fs::path& path, mode_t expected) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return strerror_text(errno);
  if ((status.st_mode & S_IFMT) != expected) return expected == S_IFDIR ? "not a directory" : "not a regular file";
  if ((status.st_mode & S_IWOTH) != 0) return "writable by everyone";
  return std::nullopt;
}

/// Why `path` can't be read as a shared library, or nothing. Tells a stray text file apart without loading it.
std::optional<std::string> not_elf(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return strerror_text(errno);
  std::array<char, 4> magic{};
  const ssize_t count = ::read(fd, magic.data(), magic.size());
  const int error = errno;
  ::close(fd);
  if (count < 0) return strerror_text(error);
  if (count != 4 || std::string_view(magic.data(), 4) != "\177ELF") return "not a shared library";
  return std::nullopt;
}

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

/// Lets the plugin register its formats, apart from those of others until all went well. Returns why it failed.
std::optional<std::string> register_formats(const PluginDescriptor& descriptor, Registry& registry,
                                            std::vector<PluginFormat>& formats) {
  // A plugin may throw anything; it is code that this host does not know.
  try {
    Registry own;
    own.set_current_plugin(descriptor.name);
    descriptor.register_formats(own);
    formats = all_formats(own);
    registry.merge(std::move(own));
    return std::nullopt;
  } catch (const std::exception& error) {
    formats.clear();
    return fmt::format("can't register its formats: {}", error.what());
  } catch (...) {
    formats.clear();
    return "can't register its formats: it threw something that is not a std::exception";
  }
}

/// What the dynamic linker has against the library that it just failed to load. Its text begins with the path, which
/// the reader has seen already.
std::string dynamic_linker_message(const fs::path& path, const std::error_code& otherwise) {
  const char* const text = ::dlerror();
  if (text == nullptr) return otherwise.message();
  std::string_view message = text;
  const std::string prefix = path.string() + ": ";
  if (message.starts_with(prefix)) message.remove_prefix(prefix.size());
  return std::string(message);
}

/// Keeps a library loaded for as long as the process lives, static destructors included.
void keep_loaded(boost::dll::shared_library library) {
  static auto* const libraries = new std::vector<boost::dll::shared_library>;
  libraries->push_back(std::move(library));
}

class Loader {
 public:
  explicit Loader(Registry& registry) : registry_(registry) {}

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
    for (const fs::path& file : files) load_file(file);
  }

  std::vector<PluginRecord> take_records() { return std::move(records_); }

 private:
  void refuse(const fs::path& path, std::string reason) {
    PluginRecord record;
    record.path = path;
    record.reason = std::move(reason);
    records_.push_back(std::move(record));
  }

  void load_file(const fs::path& path) {
    PluginRecord record;
    record.path = path;
    if (auto reason = load(path, record)) {
      record.reason = *std::move(reason);
      std::ranges::replace(record.reason, '\n', ' ');
    } else {
      record.status = PluginStatus::Loaded;
    }
    records_.push_back(std::move(record));
  }

  /// Loads one plugin and fills in `record`. Returns why it is not used.
  std::optional<std::string> load(const fs::path& path, PluginRecord& record) {
    if (auto reason = untrustworthy(path, S_IFREG)) return reason;
    if (auto reason = not_elf(path)) return reason;

    boost::dll::fs::error_code error;
    boost::dll::shared_library library(path, error, boost::dll::load_mode::rtld_now);
    if (error) {
      return "can't be loaded: " + dynamic_linker_message(path, error);
    }
    if (!library.has(kDescriptorSymbol)) return "not a plugin: it has no symbol fstool_plugin";
    const auto& descriptor = library.get<const PluginDescriptor>(kDescriptorSymbol);
    if (auto reason = incompatible(descriptor)) return reason;

    record.name = descriptor.name;
    record.version = descriptor.version;
    record.license = descriptor.license;
    record.summary = descriptor.summary;
    const auto same_name = [&](const PluginRecord& other) {
      return other.status == PluginStatus::Loaded && other.name == record.name;
    };
    if (const auto other = std::ranges::find_if(records_, same_name); other != records_.end()) {
      if (other->path.parent_path() != path.parent_path()) record.status = PluginStatus::Shadowed;
      return fmt::format("the plugin \"{}\" is loaded from {}", record.name, other->path.string());
    }
    keep_loaded(std::move(library));
    return register_formats(descriptor, registry_, record.formats);
  }

  Registry& registry_;
  std::vector<PluginRecord> records_;
  std::set<fs::path> searched_;
};

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
  const fs::path prefix = executable.parent_path().parent_path();
  for (const char* relative : {"lib/fstool/plugins", FSTOOL_PLUGIN_INSTALL_DIR}) {
    // An absolute install directory replaces the prefix.
    const fs::path directory = (prefix / relative).lexically_normal();
    if (std::ranges::find(directories, directory) == directories.end()) directories.push_back(directory);
  }
  return directories;
}

std::vector<PluginRecord> load_plugins(const std::vector<fs::path>& directories, Registry& registry) {
  registry.set_search_path(directories);
  Loader loader(registry);
  for (const fs::path& directory : directories) loader.load_directory(directory);
  return loader.take_records();
}

}  // namespace fstool
