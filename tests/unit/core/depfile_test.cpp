#include "inputs/depfile.h"

#include <gtest/gtest.h>

namespace fstool {
namespace {

TEST(Depfile, IsARuleAndOneForEachDependency) {
  EXPECT_EQ(depfile_text("out.img", {"b", "a", "b"}), "out.img: \\\n  a \\\n  b\n\na:\n\nb:\n");
  EXPECT_EQ(depfile_text("out.img", {}), "out.img:\n");
}

TEST(Depfile, EscapesAsGccDoes) {
  EXPECT_EQ(depfile_text("a b", {"$x#1"}), "a\\ b: \\\n  $$x\\#1\n\n$$x\\#1:\n");
  EXPECT_EQ(depfile_text("o", {"back\\slash", "back\\ blank"}),
            "o: \\\n  back\\\\\\ blank \\\n  back\\slash\n\nback\\\\\\ blank:\n\nback\\slash:\n");
}

TEST(Depfile, LeavesOutWhatMakeCanNotName) { EXPECT_EQ(depfile_text("o", {"new\nline", "a"}), "o: \\\n  a\n\na:\n"); }

}  // namespace
}  // namespace fstool
