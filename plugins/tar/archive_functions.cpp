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

const ArchiveFunctions& load_module() {
  const std::filesystem::path path = boost::dll::this_line_location().parent_path() / "tar" / "archive.so";
  std::error_code error;
  // Never unloaded, like the plugin itself: contents of archives are read to the end of the program.
  auto* const module = new boost::dll::shared_library(path, error, boost::dll::load_mode::rtld_now);
  if (error) {
    throw Error(ErrorCode::Plugin,
                fmt::format("{}, which reads archives, can't be loaded: {}", path.string(), error.message()));
  }
  if (!module->has(kSymbol)) throw Error(ErrorCode::Plugin, fmt::format("{} has no {}", path.string(), kSymbol));
  return module->get<const ArchiveFunctions>(kSymbol);
}

}  // namespace

const ArchiveFunctions& archive_functions() {
  static const ArchiveFunctions& functions = load_module();
  return functions;
}

}  // namespace fstool::tar
