#include "fstool/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace fstool {
namespace {

class WorkerPoolTest : public testing::TestWithParam<unsigned> {
 protected:
  WorkerPool pool_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Threads, WorkerPoolTest, testing::Values(1U, 2U, 7U));

template <class Work>
std::string failure_of(Work&& work) {
  try {
    work();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "none";
}

[[noreturn]] void fail(std::uint64_t index) { throw std::runtime_error(std::to_string(index)); }

TEST(WorkerPool, HasAWorkerForEachProcessorByDefault) { EXPECT_GE(WorkerPool(0).size(), 1U); }

TEST_P(WorkerPoolTest, RunsEveryJobOnce) {
  constexpr std::uint64_t kCount = 10'000;
  std::vector<std::atomic<int>> calls(kCount);
  std::atomic<bool> known_workers = true;
  pool_.for_each(kCount, [&](std::uint64_t index, unsigned worker) {
    ++calls[index];
    if (worker >= pool_.size()) known_workers = false;
  });
  for (const auto& count : calls) ASSERT_EQ(count, 1);
  EXPECT_TRUE(known_workers);
  pool_.for_each(0, [](std::uint64_t index, unsigned) { fail(index); });
}

TEST_P(WorkerPoolTest, GivesAWorkersStateToOneJobAtATime) {
  std::vector<std::uint64_t> calls(pool_.size());  // without locks
  for (int round = 0; round < 20; ++round) {
    pool_.for_each(100, [&](std::uint64_t, unsigned worker) { ++calls[worker]; });
  }
  std::uint64_t sum = 0;
  for (const std::uint64_t count : calls) sum += count;
  EXPECT_EQ(sum, 2000U);
}

TEST_P(WorkerPoolTest, ReportsTheFailureOfTheLowestIndex) {
  for (int round = 0; round < 50; ++round) {
    std::atomic<std::uint64_t> started = 0;
    EXPECT_EQ(failure_of([&] {
                pool_.for_each(1'000'000, [&](std::uint64_t index, unsigned) {
                  ++started;
                  if (index >= 20) fail(index);
                });
              }),
              "20");
    EXPECT_LE(started, 21U + pool_.size()) << "jobs were started after the failure";
  }
}

TEST_P(WorkerPoolTest, ConsumesInOrder) {
  constexpr std::uint64_t kCount = 5000;
  std::vector<std::uint64_t> products(pool_.slots());
  std::vector<std::uint64_t> consumed;
  pool_.ordered(
      kCount, [&](std::uint64_t index, unsigned, unsigned slot) { products.at(slot) = index * index; },
      [&](std::uint64_t index, unsigned slot) {
        EXPECT_EQ(products.at(slot), index * index);
        consumed.push_back(index);
      });
  ASSERT_EQ(consumed.size(), kCount);
  for (std::uint64_t i = 0; i < kCount; ++i) ASSERT_EQ(consumed[i], i);
}

TEST_P(WorkerPoolTest, ConsumesOneProductAtATime) {
  std::atomic<bool> is_consuming = false;
  std::atomic<bool> clash = false;
  pool_.ordered(
      2000, [](std::uint64_t, unsigned, unsigned) {},
      [&](std::uint64_t, unsigned) {
        if (is_consuming.exchange(true)) clash = true;
        is_consuming = false;
      });
  EXPECT_FALSE(clash);
}

TEST_P(WorkerPoolTest, RunsNothingOnTheCallingThread) {
  const std::thread::id caller = std::this_thread::get_id();
  pool_.ordered(
      10, [&](std::uint64_t, unsigned, unsigned) { EXPECT_NE(std::this_thread::get_id(), caller); },
      [&](std::uint64_t, unsigned) { EXPECT_NE(std::this_thread::get_id(), caller); });
}

TEST_P(WorkerPoolTest, OrdersNothingAtAll) {
  pool_.ordered(
      0, [](std::uint64_t, unsigned, unsigned) { FAIL(); }, [](std::uint64_t, unsigned) { FAIL(); });
}

TEST_P(WorkerPoolTest, NeverHasTwoProductsInOneSlot) {
  std::vector<std::atomic<bool>> taken(pool_.slots());
  std::atomic<bool> clash = false;
  pool_.ordered(
      2000,
      [&](std::uint64_t, unsigned, unsigned slot) {
        if (taken[slot].exchange(true)) clash = true;
      },
      [&](std::uint64_t, unsigned slot) { taken[slot] = false; });
  EXPECT_FALSE(clash);
}

TEST(WorkerPool, ProducesWhileItConsumes) {
  // Consuming the first product waits for a later one to be produced: without overlap this would never end.
  WorkerPool pool(2);
  std::mutex mutex;
  std::condition_variable changed;
  bool second_produced = false;
  pool.ordered(
      2,
      [&](std::uint64_t index, unsigned, unsigned) {
        if (index != 1) return;
        const std::lock_guard lock(mutex);
        second_produced = true;
        changed.notify_all();
      },
      [&](std::uint64_t index, unsigned) {
        if (index != 0) return;
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return second_produced; });
      });
}

TEST_P(WorkerPoolTest, StopsWhenAProducerFails) {
  for (int round = 0; round < 50; ++round) {
    std::uint64_t consumed = 0;
    EXPECT_EQ(failure_of([&] {
                pool_.ordered(
                    100'000,
                    [&](std::uint64_t index, unsigned, unsigned) {
                      if (index >= 100) fail(index);
                    },
                    [&](std::uint64_t, unsigned) { ++consumed; });
              }),
              "100");
    EXPECT_LE(consumed, 100U);
  }
}

TEST_P(WorkerPoolTest, StopsWhenTheConsumerFails) {
  for (int round = 0; round < 50; ++round) {
    std::atomic<std::uint64_t> produced = 0;
    EXPECT_EQ(failure_of([&] {
                pool_.ordered(
                    100'000, [&](std::uint64_t, unsigned, unsigned) { ++produced; },
                    [&](std::uint64_t index, unsigned) {
                      if (index == 100) fail(index);
                    });
              }),
              "100");
    EXPECT_LE(produced, 101U + pool_.slots());
  }
}

TEST_P(WorkerPoolTest, RunsTasksThatMakeTasks) {
  // A binary tree of depth 12, one task for each of its 2^12 - 1 nodes.
  std::atomic<int> visited = 0;
  std::function<void(const WorkerPool::Submit&, int)> visit = [&](const WorkerPool::Submit& submit, int depth) {
    ++visited;
    for (int child = 0; child < 2 && depth > 1; ++child) submit([&, depth](unsigned) { visit(submit, depth - 1); });
  };
  pool_.run_tasks([&](const WorkerPool::Submit& submit) { visit(submit, 12); });
  EXPECT_EQ(visited, 4095);
}

TEST_P(WorkerPoolTest, RunsNoMoreTasksAfterOneFailed) {
  std::atomic<int> started = 0;
  EXPECT_EQ(failure_of([&] {
              pool_.run_tasks([&](const WorkerPool::Submit& submit) {
                for (int i = 0; i < 1000; ++i) submit([&](unsigned) { ++started; });
                fail(7);
              });
            }),
            "7");
  EXPECT_EQ(failure_of([&] { pool_.run_tasks([](const WorkerPool::Submit&) {}); }), "none");
}

TEST_P(WorkerPoolTest, IsUsableAfterAFailure) {
  EXPECT_EQ(failure_of([&] { pool_.for_each(5, [](std::uint64_t index, unsigned) { fail(index); }); }), "0");
  std::atomic<int> calls = 0;
  pool_.for_each(5, [&](std::uint64_t, unsigned) { ++calls; });
  EXPECT_EQ(calls, 5);
}

}  // namespace
}  // namespace fstool
