// Hostile input of all codecs, which are loaded as the host does: what the fuzzer kept (scripts/fuzz).

#include <gtest/gtest.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <vector>

#include "fstool/registry.h"
#include "plugin_loader.h"
#include "walk_codec.h"

namespace fstool {
namespace {

const Registry& codecs() {
  static const Registry registry = [] {
    Registry loaded;
    for (const char* const plugin : {"codec-deflate", "codec-lz4", "codec-xz", "codec-zstd"}) {
      test::register_plugin(FSTOOL_TEST_CODECS, plugin, loaded);
    }
    return loaded;
  }();
  return registry;
}

TEST(HostileCodecInput, TheFuzzersCorpus) {
  std::size_t inputs = 0;
  for (const auto& file : std::filesystem::directory_iterator(FSTOOL_TEST_CORPUS)) {
    SCOPED_TRACE(file.path());
    std::ifstream stream(file.path(), std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(stream), {}};
    fuzz::walk_codec(std::as_bytes(std::span(bytes)), codecs());
    ++inputs;
  }
  EXPECT_GT(inputs, 20U);
}

}  // namespace
}  // namespace fstool
