#include "fstool/checksum.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace fstool {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span<const char>(text.data(), text.size()));
}

// The check values of the catalogue of parametrised CRC algorithms: the checksum of "123456789".
constexpr std::string_view kCheck = "123456789";

TEST(Crc32, HasTheCheckValueOfIeee8023) { EXPECT_EQ(crc32(0, bytes_of(kCheck)), 0xCBF43926U); }

TEST(Crc32c, IsTheRawRegisterWithoutInversion) {
  EXPECT_EQ(crc32c(~0U, bytes_of(kCheck)), ~0xE3069283U);
  EXPECT_EQ(crc32c(0, bytes_of(kCheck)), 0x58E3FA20U);
}

TEST(Crc16, HasTheCheckValueOfArc) { EXPECT_EQ(crc16(0, bytes_of(kCheck)), 0xBB3DU); }
TEST(Crc16, HasTheCheckValueOfModbusWhenItStartsWithOnes) { EXPECT_EQ(crc16(0xFFFF, bytes_of(kCheck)), 0x4B37U); }

TEST(Checksums, GoOnWhereTheyStopped) {
  std::vector<std::byte> bytes(5000);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 7 + i / 256);
  const std::span<const std::byte> all(bytes);
  for (const std::size_t split : {0U, 1U, 7U, 64U, 4099U, 5000U}) {
    EXPECT_EQ(crc32(crc32(0, all.first(split)), all.subspan(split)), crc32(0, all));
    EXPECT_EQ(crc32c(crc32c(~0U, all.first(split)), all.subspan(split)), crc32c(~0U, all));
    EXPECT_EQ(crc16(crc16(0xFFFF, all.first(split)), all.subspan(split)), crc16(0xFFFF, all));
  }
}

TEST(Checksums, OfNothingAreTheInitialValue) {
  EXPECT_EQ(crc32(17, {}), 17U);
  EXPECT_EQ(crc32c(17, {}), 17U);
  EXPECT_EQ(crc16(17, {}), 17U);
}

}  // namespace
}  // namespace fstool
