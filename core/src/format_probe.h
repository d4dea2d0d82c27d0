/// \file
/// Which format some bytes have: the formats are asked, names of files say nothing.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fstool/blob.h"
#include "fstool/registry.h"

namespace fstool {

template <class Interface>
struct RecognizedFormat {
  std::string name;
  std::unique_ptr<Interface> format;  ///< with its default options
};

/// The first format of a stage, in the order of names, that says `bytes` are its own; nothing if none does.
template <class Interface>
std::optional<RecognizedFormat<Interface>> recognize(const Registry& registry, const Blob& bytes) {
  for (const auto& [name, format] : registry.all<Interface>()) {
    std::unique_ptr<Interface> candidate = format.create({});
    if (candidate->probe(bytes)) return RecognizedFormat<Interface>{name, std::move(candidate)};
  }
  return std::nullopt;
}

/// The format `name`, or if that is empty the one that recognizes `bytes`. Throws Error(NotFound) for a name that no
/// plugin offers.
template <class Interface>
std::optional<RecognizedFormat<Interface>> choose_format(const Registry& registry, const std::string& name,
                                                         const Blob& bytes) {
  if (name.empty()) return recognize<Interface>(registry, bytes);
  return RecognizedFormat<Interface>{name, registry.get<Interface>(name).create({})};
}

/// "gpt, mbr", or "none"; for messages.
template <class Interface>
std::string format_names(const Registry& registry) {
  std::vector<std::string> names;
  for (const auto& [name, format] : registry.all<Interface>()) names.push_back(name);
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace fstool
