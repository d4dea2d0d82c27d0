#include "fstool/run_memo.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <stdexcept>
#include <vector>

namespace fstool {
namespace {

TEST(RunMemoTest, TheRestOfARunIsKnown) {
  RunMemo memo;
  std::vector<std::uint64_t> asked;
  const auto at = [&](std::uint64_t offset) {
    return memo.run_at(offset, [&](std::uint64_t from) {
      asked.push_back(from);
      return from < 100 ? fstool::Run{100 - from, true} : fstool::Run{1000 - from, false};
    });
  };
  EXPECT_EQ(at(10).length, 90U);
  EXPECT_TRUE(at(99).hole);
  EXPECT_EQ(at(99).length, 1U);
  EXPECT_EQ(at(100).length, 900U);
  EXPECT_FALSE(at(999).hole);
  EXPECT_EQ(at(0).length, 100U);
  EXPECT_EQ(asked, (std::vector<std::uint64_t>{10, 100, 0}));
}

TEST(RunMemoTest, AnErrorLeavesWhatIsKnown) {
  RunMemo memo;
  memo.run_at(0, [](std::uint64_t) { return fstool::Run{10, true}; });
  EXPECT_THROW(memo.run_at(10, [](std::uint64_t) -> fstool::Run { throw std::runtime_error("damaged"); }),
               std::runtime_error);
  EXPECT_EQ(memo.run_at(5, [](std::uint64_t) { return fstool::Run{1, false}; }).length, 5U);
}

}  // namespace
}  // namespace fstool
