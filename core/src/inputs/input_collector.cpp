#include "inputs/input_collector.h"

#include <algorithm>
#include <utility>

#include "fstool/error.h"
#include "record_file.h"

namespace fstool {

InputCollector::InputCollector(bool keeps_states) : keeps_states_(keeps_states), taken_at_(time_now()) {}

void InputCollector::add(const std::filesystem::path& path, InputUse use) {
  // What is known for its metadata is known for its content, too.
  if (known_.contains({path, InputUse::Metadata}) || !known_.emplace(path, use).second) return;
  RecordedInput recorded{.input = {.path = path, .use = use}, .states = {}};
  std::error_code error;
  // Without a need for states, what has none is a dependency all the same.
  const bool has_states = keeps_states_ || std::filesystem::is_directory(path, error);
  if (has_states) recorded.states = list_input(recorded.input);
  inputs_.push_back(std::move(recorded));
}

void InputCollector::add_dependency(const std::filesystem::path& path) { dependencies_.push_back(path); }

InputRecord InputCollector::record(std::string request, const OutputOutcome& outcome, Context& context) {
  if (outcome.files.empty()) throw Error(ErrorCode::Changed, "the output was changed as soon as it was there");
  InputRecord record{.request = std::move(request),
                     .boot = outcome.is_synced ? std::string() : this_boot_alone(),
                     .outputs = {},
                     .taken_at = taken_at_,
                     .inputs = inputs_};
  hash_inputs(all_states(record.inputs), context);
  for (const OutputOutcome::File& file : outcome.files) {
    record.outputs.push_back({file.path, file.stamp.size, file.stamp.modified_at});
  }
  return record;
}

std::vector<std::string> InputCollector::dependencies() const {
  std::vector<std::string> paths;
  for (const std::filesystem::path& path : dependencies_) paths.push_back(path.string());
  for (const RecordedInput& recorded : inputs_) {
    if (recorded.states.empty()) paths.push_back(recorded.input.path.string());
    for (const InputState& state : recorded.states) paths.push_back(state.path);
  }
  return paths;
}

}  // namespace fstool
