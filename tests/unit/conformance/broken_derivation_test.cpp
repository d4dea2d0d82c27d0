// A derivation that counts, and what the kit says if it breaks a promise.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "broken.h"

namespace fstool::test {
namespace {

using testing::Contains;
using testing::ElementsAre;

enum class Fault { None, AnotherSize, AnotherShape, TellsThreads, OptionBreaksTheSize, DividesByZero };

struct CountOptions {
  bool twice = false;
};

class Count final : public Derivation {
 public:
  Count(Fault fault, CountOptions options) : fault_(fault), options_(options) {}

  std::uint64_t size(std::uint64_t data_size) const override {
    if (fault_ == Fault::DividesByZero && data_size > INT64_MAX) crash();
    return sizeof(std::uint64_t);
  }
  std::vector<ValueShape> value_shapes() const override { return {{"total", fault_ == Fault::AnotherShape ? 3U : 8U}}; }
  Derived derive(BlobPtr data, const DerivationRequest& /*request*/, Context& context) override {
    std::uint64_t total = fault_ == Fault::TellsThreads ? context.workers().size() : 0;
    for (const std::byte byte : read_all(*data, 1 << 30U)) total += byte == std::byte{0} ? 0 : 1;
    ByteVector bytes;
    put(bytes, total);
    const bool too_large = fault_ == Fault::AnotherSize || (fault_ == Fault::OptionBreaksTheSize && options_.twice);
    if (too_large) put(bytes, total);
    return {make_memory_blob(std::move(bytes)), {{"total", fmt::format("{:08}", total)}}};
  }

 private:
  const Fault fault_;
  const CountOptions options_;
};

std::vector<std::string> failures_with(Fault fault, std::string* findings = nullptr) {
  Registry registry;
  registry.add(make_format<Derivation>(
      "count", "Counts bytes.", OptionSet<CountOptions>().add("twice", &CountOptions::twice, "Makes no difference."),
      [fault](CountOptions options) { return std::make_unique<Count>(fault, options); }));
  const auto result = test_only_format<Derivation>(registry);
  if (findings != nullptr) *findings = findings_of(result);
  return failed_checks(result);
}

TEST(ConformanceOfDerivations, FindsNothingWrongWithAGoodOne) {
  std::string findings;
  EXPECT_THAT(failures_with(Fault::None, &findings), ElementsAre()) << findings;
}

TEST(ConformanceOfDerivations, FindsResultsOfAnotherSize) {
  EXPECT_THAT(failures_with(Fault::AnotherSize), Contains("agreement"));
  EXPECT_THAT(failures_with(Fault::AnotherShape), Contains("agreement"));
}

TEST(ConformanceOfDerivations, FindsBytesThatDependOnTheThreads) {
  EXPECT_THAT(failures_with(Fault::TellsThreads), ElementsAre("determinism"));
}

TEST(ConformanceOfDerivations, FindsAnOptionThatBreaksTheSize) {
  EXPECT_THAT(failures_with(Fault::OptionBreaksTheSize), ElementsAre("options"));
}

TEST(ConformanceOfDerivations, FindsSizesThatOverflow) {
  EXPECT_THAT(failures_with(Fault::DividesByZero), ElementsAre("sizes"));
}

}  // namespace
}  // namespace fstool::test
