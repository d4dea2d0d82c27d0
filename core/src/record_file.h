/// \file
/// The hidden files beside an output in which a run leaves for the next one what it knows of it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "fstool/blob.h"

namespace fstool {

/// Opens a record. Throws Error(NotFound/Io), and Error(Io/InvalidArgument) for what this user has not written: a
/// symbolic link, or somebody else's file.
BlobPtr open_record(const std::filesystem::path& path);

/// Replaces the record, or the symbolic link in its place. Throws Error(NoSpace/Io/NotFound).
void write_record(const std::filesystem::path& path, std::span<const std::byte> bytes);

/// What a record that holds only until the host restarts says: without a sync, a host that lost power may have a file's
/// times and size, but not its bytes.
std::string this_boot_alone();

/// True if a record that says so still holds.
bool is_this_boot(std::string_view boot);

}  // namespace fstool
