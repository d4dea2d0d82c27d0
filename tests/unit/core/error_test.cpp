#include "fstool/error.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace fstool {
namespace {

TEST(Error, TellsWhatWasBeingDoneFromTheOutsideIn) {
  try {
    with_context([] { return "building root partition"; },
                 [] {
                   with_context([] { return "reading ./rootfs/bin/sh"; },
                                [] { throw Error(ErrorCode::Changed, "the file changed"); });
                 });
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::Changed);
    EXPECT_STREQ(error.what(), "building root partition: reading ./rootfs/bin/sh: the file changed");
  }
}

TEST(Error, DescribesTheContextOnlyIfThereIsAnError) {
  bool described = false;
  const int result = with_context(
      [&] {
        described = true;
        return "counting";
      },
      [] { return 7; });
  EXPECT_EQ(result, 7);
  EXPECT_FALSE(described);
}

TEST(Error, GetsItsKindFromTheSystemsErrorNumber) {
  EXPECT_EQ(system_error("opening x", ENOENT).code(), ErrorCode::NotFound);
  EXPECT_EQ(system_error("opening x", ENOTDIR).code(), ErrorCode::NotFound);
  EXPECT_EQ(system_error("writing x", ENOSPC).code(), ErrorCode::NoSpace);
  EXPECT_EQ(system_error("writing x", EDQUOT).code(), ErrorCode::NoSpace);
  EXPECT_EQ(system_error("reading x", EACCES).code(), ErrorCode::Io);
  EXPECT_STREQ(system_error("reading x", EACCES).what(), "reading x: Permission denied");
}

}  // namespace
}  // namespace fstool
