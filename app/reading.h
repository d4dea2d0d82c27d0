/// \file
/// What the commands that read images have in common.
#pragma once

#include <boost/program_options.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "command_line.h"
#include "format_overrides.h"
#include "fstool/context.h"
#include "fstool/error.h"
#include "session.h"
#include "target.h"

namespace fstool {

/// Adds --format.
void add_format_option(boost::program_options::options_description& options);

/// Adds --format, --strict and --quiet. A command whose work is done by several threads adds --threads itself.
void add_reading_options(boost::program_options::options_description& options);

/// Calls `work` for each path; an error that concerns one alone (there is no such file, it is damaged, it can't be
/// read) is told, and the others go on. Returns the exit code.
int for_each_path(const std::vector<std::string>& paths, const std::function<void(const std::string& path)>& work);

/// The plugins and the context of one command that reads. Damage and other warnings go to standard error.
class Reading {
 public:
  /// Loads the plugins, warning about those that can't be used unless --quiet. Throws UsageError for wrong values of
  /// the options.
  explicit Reading(const ParsedOptions& options);
  /// With other settings than context_settings() makes of the options.
  Reading(const ParsedOptions& options, Context::Settings settings);

  Context& context() noexcept { return *context_; }
  const Session& session() const noexcept { return session_; }
  /// What --format says.
  const FormatOverrides& overrides() const noexcept { return overrides_; }

  /// As Target::open().
  Target open(const std::string& text) { return Target::open(text, overrides_, *context_); }

 private:
  Session session_;
  FormatOverrides overrides_;
  std::unique_ptr<Context> context_;
};

}  // namespace fstool
