#include "fstool/context.h"

#include <gtest/gtest.h>

#include "fstool/error.h"
#include "fstool/registry.h"

namespace fstool {
namespace {

class Recorder : public ProgressListener {
 public:
  void begin(std::string_view step, std::uint64_t total, std::string_view unit) override {
    heard += "begin " + std::string(step) + " " + std::to_string(total) + " " + std::string(unit) + "; ";
  }
  void advance(std::uint64_t done) override { heard += "advance " + std::to_string(done) + "; "; }
  void warn(std::string_view message) override { heard += "warn " + std::string(message) + "; "; }

  std::string heard;
};

TEST(Context, PassesProgressAndWarningsOn) {
  const Registry registry;
  const auto recorder = std::make_shared<Recorder>();
  Context context(registry, {1, {}, recorder, nullptr});
  context.begin_step("reading", 7, "bytes");
  context.advance(3);
  context.warn("odd");
  EXPECT_EQ(recorder->heard, "begin reading 7 bytes; advance 3; warn odd; ");
  EXPECT_EQ(&context.registry(), &registry);
  EXPECT_EQ(context.workers().size(), 1U);
}

TEST(Context, WarnsOfDamageUpToALimit) {
  const Registry registry;
  const auto recorder = std::make_shared<Recorder>();
  Context context(registry, {1, {}, recorder, nullptr});
  std::string expected;
  for (unsigned i = 0; i < kMaxDamageWarnings; ++i) expected += "warn bad " + std::to_string(i) + "; ";
  expected += "warn there is more damage than is worth telling one by one; ";
  for (unsigned i = 0; i < kMaxDamageWarnings + 5; ++i) context.report_damage("bad " + std::to_string(i));
  EXPECT_EQ(recorder->heard, expected);
}

TEST(Context, WarnsOfTheSameDamageOnce) {
  const Registry registry;
  const auto recorder = std::make_shared<Recorder>();
  Context context(registry, {1, {}, recorder, nullptr});
  for (unsigned i = 0; i < kMaxDamageWarnings + 5; ++i) context.report_damage("bad");
  context.report_damage("worse");
  EXPECT_EQ(recorder->heard, "warn bad; warn worse; ");
}

TEST(Context, RefusesDamageWhenStrict) {
  const Registry registry;
  Context context(registry, {.threads = 1, .strict = true});
  EXPECT_THROW(context.report_damage("bad"), Error);
}

TEST(Context, NeedsNoListener) {
  const Registry registry;
  Context context(registry, {});
  context.begin_step("reading", 0, "files");
  context.advance(1);
  context.warn("odd");
}

TEST(Context, StopsWorkThatIsCancelled) {
  const Registry registry;
  std::atomic<bool> cancelled = false;
  Context context(registry, {1, {}, nullptr, &cancelled});
  context.advance(1);
  context.check_cancelled();
  cancelled = true;
  try {
    context.advance(1);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::Cancelled);
  }
  EXPECT_THROW(context.check_cancelled(), Error);
}

TEST(Context, TakesTheTimeFromTheEnvironmentOrTheTree) {
  const Registry registry;
  Tree tree;
  tree.node(Tree::kRoot).mtime = {1000, 5};
  EXPECT_EQ(Context(registry, {1, {}, nullptr, nullptr}).clock(tree), (Timestamp{1000, 5}));
  EXPECT_EQ(Context(registry, {1, 42, nullptr, nullptr}).clock(tree), (Timestamp{42, 0}));
}

}  // namespace
}  // namespace fstool
