#include "format_overrides.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "fstool/error.h"
#include "fstool/options.h"

namespace fstool {

namespace {

/// A stage whose format can be named.
struct OverriddenStage {
  Stage stage;
  std::string FormatOverrides::*choice;
  std::vector<std::string> names;
};

template <class Interface>
OverriddenStage stage_of(const Registry& registry, std::string FormatOverrides::*choice) {
  OverriddenStage stage{kStageOf<Interface>, choice, {}};
  for (const auto& [name, format] : registry.all<Interface>()) stage.names.push_back(name);
  return stage;
}

std::vector<OverriddenStage> stages_of(const Registry& registry) {
  std::vector<OverriddenStage> stages = {
      stage_of<Codec>(registry, &FormatOverrides::codec),
      stage_of<Container>(registry, &FormatOverrides::container),
      stage_of<PartitionTable>(registry, &FormatOverrides::partition_table),
      stage_of<Filesystem>(registry, &FormatOverrides::filesystem),
      stage_of<Source>(registry, &FormatOverrides::source),
  };
  for (OverriddenStage& stage : stages) {
    if (stage.stage == Stage::PartitionTable) stage.names.emplace_back(kNoPartitionTable);
  }
  return stages;
}

Error unknown_format(std::string_view name, const std::vector<OverriddenStage>& stages) {
  std::vector<std::string> known;
  std::string text;
  for (const OverriddenStage& stage : stages) {
    known.insert(known.end(), stage.names.begin(), stage.names.end());
    if (stage.names.empty()) continue;
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", stage_name(stage.stage), fmt::join(stage.names, ", "));
  }
  return Error(ErrorCode::InvalidArgument,
               fmt::format("no format is called \"{}\"{}; there is {}", name, did_you_mean(name, known), text));
}

void choose(std::string_view name, const std::vector<OverriddenStage>& stages, FormatOverrides& overrides) {
  const auto has_name = [&](const OverriddenStage& stage) {
    return std::ranges::find(stage.names, name) != stage.names.end();
  };
  const auto stage = std::ranges::find_if(stages, has_name);
  if (stage == stages.end()) throw unknown_format(name, stages);
  std::string& choice = overrides.*(stage->choice);
  if (!choice.empty()) {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("\"{}\" and \"{}\" are both a {}: name one", choice, name, stage_name(stage->stage)));
  }
  choice = name;
}

}  // namespace

FormatOverrides parse_format_overrides(std::string_view text, const Registry& registry) {
  const std::vector<OverriddenStage> stages = stages_of(registry);
  FormatOverrides overrides;
  while (true) {
    const std::size_t comma = std::min(text.find(','), text.size());
    choose(text.substr(0, comma), stages, overrides);
    if (comma == text.size()) return overrides;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace fstool
