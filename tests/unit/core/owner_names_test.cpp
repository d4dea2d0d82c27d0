#include "owner_names.h"

#include <gtest/gtest.h>

namespace fstool {
namespace {

TEST(OwnerNames, ReadsPasswd) {
  const OwnerNames names("root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh");
  EXPECT_EQ(names.text(0), "root");
  EXPECT_EQ(names.text(1000), "alice");
  EXPECT_EQ(names.text(7), "7");
  EXPECT_EQ(names.name_of(7), nullptr);
  EXPECT_EQ(names.id_of("alice"), 1000U);
  EXPECT_EQ(names.id_of("bob"), std::nullopt);
}

TEST(OwnerNames, PassesOverWhatIsNoEntry) {
  const OwnerNames names("\n:x:1\nshort\n# comment:x:y\nbig:x:4294967296\nneg:x:-1\na:x:5\na:x:6\nb:x:5\n");
  EXPECT_EQ(names.text(1), "1");
  EXPECT_EQ(names.text(5), "a") << "the first name of a number";
  EXPECT_EQ(names.id_of("a"), 5U) << "the first number of a name";
  EXPECT_EQ(names.id_of("big"), std::nullopt);
}

}  // namespace
}  // namespace fstool
