/// \file
/// Bytes and plugins that several benchmarks use.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <random>
#include <span>
#include <string_view>
#include <vector>

#include "fstool/registry.h"
#include "plugin_loader.h"

namespace fstool::bench {

/// Bytes that don't compress.
inline std::vector<std::byte> random_bytes(std::size_t size) {
  std::mt19937 random(1);
  std::vector<std::byte> bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() & 0xffU);
  return bytes;
}

/// Words in random order: compresses to about a third.
inline std::vector<std::byte> text_bytes(std::size_t size) {
  static constexpr std::string_view kWords[] = {"cluster ", "image ",  "the ",   "of ",      "refcount ", "table\n",
                                                "and ",     "offset ", "bytes ", "sector\n", "disk ",     "block "};
  std::mt19937 random(1);
  std::vector<std::byte> bytes;
  bytes.reserve(size + 16);
  while (bytes.size() < size) {
    const auto word = std::as_bytes(std::span(kWords[random() % std::size(kWords)]));
    bytes.insert(bytes.end(), word.begin(), word.end());
  }
  bytes.resize(size);
  return bytes;
}

/// The formats of the plugins named.
inline Registry load_plugins(std::initializer_list<const char*> names) {
  Registry registry;
  for (const char* const name : names) test::register_plugin(FSTOOL_BENCHMARK_PLUGINS, name, registry);
  return registry;
}

}  // namespace fstool::bench
