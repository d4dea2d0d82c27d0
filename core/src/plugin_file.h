/// \file
/// Files that may be plugins: whether they may be loaded, and what loading them does.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fstool {

/// Why nobody should run code from `path`, or nothing: it is missing, of another kind than `expected` (S_IFREG or
/// S_IFDIR), or anybody may write to it.
std::optional<std::string> untrustworthy(const std::filesystem::path& path, mode_t expected);

/// Why `path` can't be loaded into this process, as its first bytes say, or nothing: it can't be read, is no shared
/// library (a text file), or is one for another processor.
std::optional<std::string> not_loadable(const std::filesystem::path& path);

/// What the dynamic linker has against a library that it can't load, without the path that its text begins with. Names
/// the C++ standard library where the library is built for another one than this process.
std::string linker_message(const std::filesystem::path& path, std::string_view dlerror_text);

/// Loads each of `files`, in turn, in a child of this process, so that code that runs while it is loaded can't hurt:
/// after an exception from there, the dynamic linker would be in no state to go on. For each file: why it must not be
/// loaded (it throws, or ends the process), or nothing; what the linker itself refuses is not told. Not thread-safe;
/// the process must have one thread. Throws Error(Io).
std::vector<std::optional<std::string>> try_loading(std::span<const std::filesystem::path> files);

}  // namespace fstool
