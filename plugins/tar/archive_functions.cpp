#include "archive_functions.h"

#include <fmt/format.h>

// Boost.DLL as of Boost 1.74 knows std::filesystem, but has to be told.
#define BOOST_DLL_USE_STD_FS
#include <boost/dll/runtime_symbol_info.hpp>
#include <boost/dll/shared_library.hpp>
#include <filesystem>
#include <system_error>

#include "fstool/error.h"

namespace fstool::tar {

namespace {

constexpr const char* kSymbol = "fstool_tar_archive_functions";

boost::dll::shared_library load_module() {
  const std::filesystem::path path = boost::dll::this_line_location().parent_path() / "tar" / "archive.so";
  std::error_code error;
  boost::dll::shared_library module(path, error, boost::dll::load_mode::rtld_now);
  if (error) {
    throw Error(ErrorCode::Plugin,
                fmt::format("{}, which reads archives, can't be loaded: {}", path.string(), error.message()));
  }
  if (!module.has(kSymbol)) throw Error(ErrorCode::Plugin, fmt::format("{} has no {}", path.string(), kSymbol));
  return module;
}

}  // namespace

const ArchiveFunctions& archive_functions() {
  // Loaded until the program ends, like the plugin itself: contents of archives may be read until then.
  static const boost::dll::shared_library module = load_module();
  return module.get<const ArchiveFunctions>(kSymbol);
}

}  // namespace fstool::tar
