// Hostile images for the formats that are fuzzed together, which are loaded as the host does: what the fuzzer kept
// (scripts/fuzz).

#include <gtest/gtest.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "fuzzed_plugins.h"
#include "packed_image.h"
#include "walk_formats.h"

namespace fstool::fuzz {
namespace {

class FuzzersCorpus : public testing::TestWithParam<FuzzedPlugins> {};

TEST_P(FuzzersCorpus, IsRefusedOrRead) {
  const Registry formats = load_formats(GetParam(), FSTOOL_FUZZED_PLUGINS);
  std::size_t inputs = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(std::filesystem::path(FSTOOL_TEST_CORPUS) / GetParam().target)) {
    SCOPED_TRACE(file.path());
    std::ifstream stream(file.path(), std::ios::binary);
    const std::vector<char> packed{std::istreambuf_iterator<char>(stream), {}};
    walk_formats(unpack_image(std::as_bytes(std::span(packed))), formats);
    ++inputs;
  }
  EXPECT_GT(inputs, 20U);
}

INSTANTIATE_TEST_SUITE_P(Targets, FuzzersCorpus, testing::Values(kTables, kFat, kDisks),
                         [](const auto& instance) { return instance.param.target; });

}  // namespace
}  // namespace fstool::fuzz
