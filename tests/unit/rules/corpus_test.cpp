// Hostile layers and rules: what the fuzzer kept (scripts/fuzz).

#include <gtest/gtest.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <vector>

#include "walk_layers.h"

namespace fstool::fuzz {
namespace {

TEST(LayersFuzzersCorpus, IsRefusedOrSound) {
  std::size_t inputs = 0;
  for (const auto& file : std::filesystem::directory_iterator(FSTOOL_TEST_CORPUS)) {
    SCOPED_TRACE(file.path());
    std::ifstream stream(file.path(), std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(stream), {}};
    walk_layers(std::as_bytes(std::span(bytes)));
    ++inputs;
  }
  EXPECT_GE(inputs, 7U);
}

}  // namespace
}  // namespace fstool::fuzz
