/// \file
/// Small files of text that are made at once.
#pragma once

#include <filesystem>
#include <string_view>

#include "fstool/output_file.h"

namespace fstool {

/// Writes `text` to `path`, which has it whole or stays what it was. Throws as OutputFile.
void write_text_file(const std::filesystem::path& path, std::string_view text,
                     OutputFile::Sync sync = OutputFile::Sync::Replacing);

}  // namespace fstool
