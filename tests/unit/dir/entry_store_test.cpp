#include "entry_store.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <span>
#include <thread>
#include <vector>

namespace fstool::dir {
namespace {

struct Numbers {
  std::shared_ptr<std::uint64_t> memory;
  std::span<std::uint64_t> values;
};

Numbers make_run(EntryStore<std::uint64_t>& store, std::size_t count, std::uint64_t value) {
  Numbers run{store.allocate(count), {}};
  run.values = {run.memory.get(), count};
  for (std::uint64_t& number : run.values) std::construct_at(&number, value);
  return run;
}

void expect_all(const Numbers& run, std::uint64_t value) {
  for (const std::uint64_t number : run.values) ASSERT_EQ(number, value);
}

TEST(EntryStore, RunsAreApartWhateverTheirSize) {
  EntryStore<std::uint64_t> store;
  std::vector<Numbers> runs;
  for (const std::size_t count : {1U, 3U, 512U, 40'000U, 2U, 32'768U, 1'000'000U, 1U}) {
    runs.push_back(make_run(store, count, runs.size()));
  }
  for (std::size_t i = 0; i < runs.size(); ++i) expect_all(runs[i], i);
}

TEST(EntryStore, ARunOutlivesTheStoreAndItsNeighbours) {
  Numbers kept;
  {
    EntryStore<std::uint64_t> store;
    const Numbers before = make_run(store, 100, 1);
    kept = make_run(store, 100, 2);
    const Numbers behind = make_run(store, 100, 3);
    store.finish();
  }
  expect_all(kept, 2);
}

TEST(EntryStore, IsUsableAgainAfterItWasFinished) {
  EntryStore<std::uint64_t> store;
  const Numbers first = make_run(store, 10, 1);
  store.finish();
  const Numbers second = make_run(store, 10, 2);
  expect_all(first, 1);
  expect_all(second, 2);
}

TEST(EntryStore, AnyThreadMayGiveUpARun) {
  EntryStore<std::uint64_t> store;
  std::vector<Numbers> runs;
  for (std::uint64_t i = 0; i < 100; ++i) runs.push_back(make_run(store, 1000, i));
  std::thread other([&] { runs.erase(runs.begin(), runs.begin() + 50); });
  other.join();
  for (std::uint64_t i = 0; i < 100; ++i) runs.push_back(make_run(store, 1000, 100 + i));
  for (std::size_t i = 0; i < runs.size(); ++i) expect_all(runs[i], 50 + i);
}

}  // namespace
}  // namespace fstool::dir
