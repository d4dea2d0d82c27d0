#include "crc32_run.h"

#include <gtest/gtest.h>

#include <span>
#include <vector>

#include "codec_fixture.h"
#include "fstool/checksum.h"

namespace fstool::simg {
namespace {

TEST(Crc32Run, PartsMakeTheSumOfTheWhole) {
  const auto bytes = fstool::test::random_bytes(100'000, 1);
  for (const std::size_t cut : {std::size_t{0}, std::size_t{1}, std::size_t{4095}, std::size_t{65'536}, bytes.size()}) {
    Crc32Run run = Crc32Run::of(std::span(bytes).first(cut));
    run += Crc32Run::of(std::span(bytes).subspan(cut));
    EXPECT_EQ(run.crc, crc32(0, bytes)) << cut;
    EXPECT_EQ(run.length, bytes.size());
  }
}

TEST(Crc32Run, RepetitionsNeedNotBeSeen) {
  const auto pattern = fstool::test::random_bytes(12, 2);
  for (const std::size_t count : {0, 1, 2, 3, 7, 64, 1000}) {
    std::vector<std::byte> whole;
    for (std::size_t i = 0; i < count; ++i) whole.insert(whole.end(), pattern.begin(), pattern.end());
    EXPECT_EQ(Crc32Run::of(pattern).repeated(count).crc, crc32(0, whole)) << count;
    EXPECT_EQ(Crc32Run::of(pattern).repeated(count).length, whole.size());
  }
}

}  // namespace
}  // namespace fstool::simg
