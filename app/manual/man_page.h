/// \file
/// Manual pages of commands, in the notation of scdoc(5).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "manual/program_manual.h"

namespace fstool {

/// The name of a command's page, without section: "fstool-plugins-list".
std::string page_name(std::string_view command);

/// The page of a command.
std::string command_page(const DescribedEntry& entry);

/// The page of another name of a command: in roff, a pointer.
std::string alias_page(const DescribedEntry& entry);

/// `text` with "@COMMANDS@", "@OPTIONS@", "@EXIT_CODES@" and "@VERSION@", each alone on its line but the last,
/// replaced by what the program declares.
std::string fill_page(std::string text, const std::vector<DescribedEntry>& entries);

}  // namespace fstool
