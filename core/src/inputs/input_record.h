/// \file
/// InputRecord: what an output was made of, kept beside it, so that a later run knows whether there is anything to do.
///
/// The record of DIR/NAME is the file DIR/.NAME.fstool-inputs, a text of lines:
///
///     fstool-inputs 2
///     request HASH                                what was asked for: see InputRecord::request
///     boot ID                                     only if the output was not synced: see InputRecord::boot
///     output SIZE MTIME PATH                      a file of the output, as it was left
///     taken TIME                                  when the states below were listed
///     input USE PATH                              a file or directory that was named; its states follow
///     state STAMP CHANGED SIZE METADATA HASH PATH
///     end
///
/// Times are nanoseconds since 1970, "-" stands for nothing, and in paths "\\" is a backslash and "\n" a newline.
/// What can't be read as such a record counts as none.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "fstool/context.h"
#include "inputs/input_state.h"

namespace fstool {

/// An input and all that was found below it.
struct RecordedInput {
  Input input;
  std::vector<InputState> states;
};

/// A file that was written, as it was left.
struct RecordedOutput {
  std::filesystem::path path;
  std::uint64_t size = 0;        ///< bytes
  std::int64_t modified_at = 0;  ///< nanoseconds since 1970
};

/// The states of several inputs, in their order.
std::vector<InputState*> all_states(std::vector<RecordedInput>& inputs);

struct InputRecord {
  /// Names everything beside the inputs that decides on the output: the spec after its expansion, options, versions of
  /// fstool and of the plugins, SOURCE_DATE_EPOCH.
  std::string request;
  /// Empty, or the record holds only until the host restarts: see this_boot_alone().
  std::string boot;
  std::vector<RecordedOutput> outputs;
  std::int64_t taken_at = 0;  ///< before the first state was listed: nanoseconds since 1970
  std::vector<RecordedInput> inputs;
};

/// Where the record of `output` is.
std::filesystem::path record_path(const std::filesystem::path& output);

/// The record of `output`; nothing if there is none.
std::optional<InputRecord> load_record(const std::filesystem::path& output);

/// Replaces the record of `output`. Throws as write_record().
void save_record(const InputRecord& record, const std::filesystem::path& output);

/// Nanoseconds since 1970, for InputRecord::taken_at.
std::int64_t time_now();

enum class Freshness {
  Changed,    ///< something differs, is missing or can't be told
  Unchanged,  ///< everything is as the record says
  Touched,    ///< the same, but stamps have changed: the record was brought up to date and is worth saving
};

/// Compares the outputs and inputs of `record` with what the host has now. Contents are read only where a stamp has
/// changed, or is so young that it may not have had to. Throws Error(Cancelled) alone.
Freshness compare(InputRecord& record, const std::string& request, Context& context);

}  // namespace fstool
