/// \file
/// InputCollector: what one build reads from the host, for its record and its dependency file.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "fstool/context.h"
#include "inputs/input_record.h"
#include "inputs/input_state.h"
#include "output_outcome.h"

namespace fstool {

/// Used by one thread at a time.
class InputCollector {
 public:
  /// `keeps_states`: the states of inputs are wanted, so that what has none (a block device) is refused.
  explicit InputCollector(bool keeps_states);

  /// Lists `path` as it is now; what was added before is not listed again. Call it before the file is opened: then a
  /// change while it is read makes the record differ. Throws as list_input() if states are kept.
  void add(const std::filesystem::path& path, InputUse use);

  /// Adds a file that the output depends on by what it says alone, which the request of a record holds: a spec.
  void add_dependency(const std::filesystem::path& path);

  /// The record of an output of which everything was added. Reads all files. Throws as hash_inputs(), and
  /// Error(Changed) if the output is something else by now.
  InputRecord record(std::string request, const OutputOutcome& outcome, Context& context);

  /// The paths of everything that was added, in order, directories and what is below them included.
  std::vector<std::string> dependencies() const;

 private:
  bool keeps_states_;
  std::int64_t taken_at_;
  std::vector<std::filesystem::path> dependencies_;
  std::vector<RecordedInput> inputs_;
  std::set<std::pair<std::filesystem::path, InputUse>> known_;
};

}  // namespace fstool
