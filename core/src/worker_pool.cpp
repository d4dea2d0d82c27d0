#include "fstool/worker_pool.h"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "fstool/error.h"

namespace fstool {
namespace {

unsigned usable_processors() {
  cpu_set_t processors;
  // Fails on machines with more processors than a cpu_set_t can name.
  if (::sched_getaffinity(0, sizeof(processors), &processors) == 0) {
    return static_cast<unsigned>(CPU_COUNT(&processors));
  }
  return std::max(1U, std::thread::hardware_concurrency());
}

/// The failure of a run that is to be reported: that of the lowest index. Thread-safe.
class Failure {
 public:
  /// True once anything failed. Says nothing about what other threads wrote.
  bool happened() const noexcept { return happened_.load(std::memory_order_relaxed); }

  /// Keeps the exception that is being handled.
  void record(std::uint64_t index) {
    const std::lock_guard lock(mutex_);
    if (!exception_ || index < index_) {
      exception_ = std::current_exception();
      index_ = index;
    }
    happened_.store(true, std::memory_order_relaxed);
  }

  void rethrow() const {
    if (exception_) std::rethrow_exception(exception_);
  }

 private:
  std::atomic<bool> happened_ = false;
  std::mutex mutex_;
  std::exception_ptr exception_;
  std::uint64_t index_ = 0;
};

}  // namespace

/// Threads that all run the same body, once for each round.
struct WorkerPool::Impl {
  using Body = std::function<void(unsigned worker)>;

  ~Impl() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    round_begins.notify_all();
    for (std::thread& thread : threads) thread.join();
  }

  /// Runs `body` on every worker, and `meanwhile` on this thread; returns when all are done. Neither may throw.
  template <class Meanwhile>
  void run(const Body& body, Meanwhile&& meanwhile) {
    {
      const std::lock_guard lock(mutex);
      current_body = &body;
      running = threads.size();
      ++round;
    }
    round_begins.notify_all();
    meanwhile();
    std::unique_lock lock(mutex);
    round_ends.wait(lock, [&] { return running == 0; });
  }
  void run(const Body& body) {
    run(body, [] {});
  }

  void work(unsigned worker) {
    std::uint64_t last_round = 0;
    std::unique_lock lock(mutex);
    while (true) {
      round_begins.wait(lock, [&] { return stopping || round != last_round; });
      if (stopping) return;
      last_round = round;
      const Body& body = *current_body;
      lock.unlock();
      body(worker);
      lock.lock();
      if (--running == 0) round_ends.notify_one();
    }
  }

  std::mutex mutex;
  std::condition_variable round_begins;
  std::condition_variable round_ends;
  const Body* current_body = nullptr;
  std::uint64_t round = 0;
  std::size_t running = 0;
  bool stopping = false;
  std::vector<std::thread> threads;
};

namespace {

/// The state of WorkerPool::ordered(). Product i lies in slot i % slots and may be begun once product i - slots is
/// consumed. Indices are handed out in order, so whatever is not yet consumed is either done or being worked on.
class OrderedRun {
 public:
  OrderedRun(std::uint64_t count, unsigned slots) : count_(count), done_(slots, false) {}

  /// The next index to produce, once there is a slot for it. Nothing: there is no more to do.
  std::optional<std::uint64_t> take() {
    std::unique_lock lock(mutex_);
    slot_freed_.wait(lock, [&] { return over() || next_ - consumed_ < done_.size(); });
    if (over()) return std::nullopt;
    return next_++;
  }

  void produced(std::uint64_t index) {
    {
      const std::lock_guard lock(mutex_);
      done_[slot(index)] = true;
      if (index != consumed_) return;  // the consumer waits for an earlier one
    }
    product_done_.notify_one();
  }

  /// Waits until product `index` is there; false if something failed.
  bool await(std::uint64_t index) {
    std::unique_lock lock(mutex_);
    product_done_.wait(lock, [&] { return failure_.happened() || done_[slot(index)]; });
    return !failure_.happened();
  }

  void consumed(std::uint64_t index) {
    {
      const std::lock_guard lock(mutex_);
      done_[slot(index)] = false;
      consumed_ = index + 1;
    }
    slot_freed_.notify_one();
  }

  /// Records the exception that is being handled, and ends the run.
  void fail(std::uint64_t index) {
    {
      const std::lock_guard lock(mutex_);
      failure_.record(index);
    }
    slot_freed_.notify_all();
    product_done_.notify_one();
  }

  /// Lets the workers that still wait for a slot find out that there is nothing left.
  void finish() { slot_freed_.notify_all(); }

  std::size_t slot(std::uint64_t index) const { return index % done_.size(); }
  void rethrow() const { failure_.rethrow(); }

 private:
  bool over() const { return failure_.happened() || next_ == count_; }

  const std::uint64_t count_;
  std::mutex mutex_;
  std::condition_variable slot_freed_;
  std::condition_variable product_done_;
  std::vector<bool> done_;  // by slot
  std::uint64_t next_ = 0;
  std::uint64_t consumed_ = 0;
  Failure failure_;
};

/// The state of WorkerPool::run_tasks(): the tasks that wait, the youngest first, so that a walk of a tree goes deep
/// before it goes wide and few wait at once.
class TaskRun {
 public:
  void submit(WorkerPool::Task task) {
    {
      const std::lock_guard lock(mutex_);
      if (failure_.happened()) return;
      waiting_.push_back(std::move(task));
      ++unfinished_;
    }
    changed_.notify_one();
  }

  /// Runs tasks until there are none and none can come.
  void work(unsigned worker) {
    while (std::optional<WorkerPool::Task> task = take()) {
      try {
        (*task)(worker);
      } catch (...) {
        fail();
      }
      finished();
    }
  }

  void rethrow() const { failure_.rethrow(); }

 private:
  std::optional<WorkerPool::Task> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return unfinished_ == 0 || failure_.happened() || !waiting_.empty(); });
    if (unfinished_ == 0 || failure_.happened()) return std::nullopt;
    std::optional<WorkerPool::Task> task = std::move(waiting_.back());
    waiting_.pop_back();
    return task;
  }

  void finished() {
    {
      const std::lock_guard lock(mutex_);
      if (--unfinished_ != 0) return;
    }
    changed_.notify_all();
  }

  void fail() {
    {
      const std::lock_guard lock(mutex_);
      failure_.record(failures_++);
    }
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<WorkerPool::Task> waiting_;
  std::uint64_t unfinished_ = 0;  // waiting or running
  std::uint64_t failures_ = 0;
  Failure failure_;
};

}  // namespace

WorkerPool::WorkerPool(unsigned threads) : impl_(std::make_unique<Impl>()) {
  const unsigned count = threads == 0 ? usable_processors() : threads;
  try {
    for (unsigned worker = 0; worker < count; ++worker) {
      impl_->threads.emplace_back([impl = impl_.get(), worker] { impl->work(worker); });
    }
  } catch (const std::system_error& error) {
    throw system_error(fmt::format("starting {} worker threads", count), error.code().value());
  }
}

WorkerPool::~WorkerPool() = default;

unsigned WorkerPool::size() const noexcept { return static_cast<unsigned>(impl_->threads.size()); }

// Two for each worker: one that is worked on and one that waits for its turn; and some more, so that the workers keep
// going while the consumer is busy or one product takes long.
unsigned WorkerPool::slots() const noexcept { return 2 * size() + 2; }

void WorkerPool::for_each(std::uint64_t count, const std::function<void(std::uint64_t index, unsigned worker)>& job) {
  std::atomic<std::uint64_t> next = 0;
  Failure failure;
  impl_->run([&](unsigned worker) {
    while (!failure.happened()) {
      const std::uint64_t index = next.fetch_add(1, std::memory_order_relaxed);
      if (index >= count) return;
      try {
        job(index, worker);
      } catch (...) {
        failure.record(index);
      }
    }
  });
  failure.rethrow();
}

void WorkerPool::ordered(std::uint64_t count,
                         const std::function<void(std::uint64_t index, unsigned worker, unsigned slot)>& produce,
                         const std::function<void(std::uint64_t index, unsigned slot)>& consume) {
  OrderedRun run(count, slots());
  const auto produce_all = [&](unsigned worker) {
    while (const std::optional<std::uint64_t> index = run.take()) {
      try {
        produce(*index, worker, static_cast<unsigned>(run.slot(*index)));
        run.produced(*index);
      } catch (...) {
        run.fail(*index);
      }
    }
  };
  const auto consume_all = [&] {
    for (std::uint64_t index = 0; index < count && run.await(index); ++index) {
      try {
        consume(index, static_cast<unsigned>(run.slot(index)));
        run.consumed(index);
      } catch (...) {
        run.fail(index);
      }
    }
    run.finish();
  };
  impl_->run(produce_all, consume_all);
  run.rethrow();
}

void WorkerPool::run_tasks(const std::function<void(const Submit& submit)>& first) {
  TaskRun run;
  const Submit submit = [&run](Task task) { run.submit(std::move(task)); };
  run.submit([&](unsigned) { first(submit); });
  impl_->run([&](unsigned worker) { run.work(worker); });
  run.rethrow();
}

}  // namespace fstool
