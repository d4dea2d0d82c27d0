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

  /// Runs `body`, which may not throw, on every worker; returns when all are done.
  void run(const Body& body) {
    std::unique_lock lock(mutex);
    current_body = &body;
    running = threads.size();
    ++round;
    round_begins.notify_all();
    round_ends.wait(lock, [&] { return running == 0; });
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
///
/// The worker that makes the product whose turn it is consumes it, and all that are ready behind it; meanwhile the
/// others go on. No product is handed to a thread that would have to be woken for it.
class OrderedRun {
 public:
  OrderedRun(std::uint64_t count, unsigned slots) : count_(count), done_(slots, false) {}

  /// The next index to produce, once there is a slot for it. Nothing: there is no more to do.
  std::optional<std::uint64_t> take() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    slots_freed_.wait(lock, [&] { return over() || has_free_slot(); });
    --waiting_;
    if (over()) return std::nullopt;
    return next_++;
  }

  /// Product `index` is there. True: it is the caller's to consume, and then consumed() is to be called.
  bool produced(std::uint64_t index) {
    const std::lock_guard lock(mutex_);
    done_[slot(index)] = true;
    if (is_consuming_ || index != consumed_) return false;
    is_consuming_ = true;
    return true;
  }

  /// Product `index` was consumed. Returns the next one that is the caller's to consume, if there is one.
  std::optional<std::uint64_t> consumed(std::uint64_t index) {
    const std::lock_guard lock(mutex_);
    done_[slot(index)] = false;
    consumed_ = index + 1;
    is_consuming_ = consumed_ < count_ && done_[slot(consumed_)];
    // Whoever waits for a slot is woken when there is work for a while.
    const bool has_many_free_slots = next_ - consumed_ <= done_.size() / 2;
    if (waiting_ != 0 && (has_many_free_slots || !is_consuming_)) slots_freed_.notify_all();
    return is_consuming_ ? std::optional(consumed_) : std::nullopt;
  }

  /// Records the exception that is being handled, and ends the run.
  void fail(std::uint64_t index) {
    {
      const std::lock_guard lock(mutex_);
      failure_.record(index);
    }
    slots_freed_.notify_all();
  }

  bool failed() const { return failure_.happened(); }
  std::size_t slot(std::uint64_t index) const { return index % done_.size(); }
  void rethrow() const { failure_.rethrow(); }

 private:
  bool over() const { return failure_.happened() || next_ == count_; }
  bool has_free_slot() const { return next_ - consumed_ < done_.size(); }

  const std::uint64_t count_;
  std::mutex mutex_;
  std::condition_variable slots_freed_;
  unsigned waiting_ = 0;    // workers, for a slot
  std::vector<bool> done_;  // by slot
  std::uint64_t next_ = 0;  // to be produced
  std::uint64_t consumed_ = 0;
  bool is_consuming_ = false;  // some worker consumes, or is about to
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
  const auto consume_from = [&](std::uint64_t first) {
    for (std::optional<std::uint64_t> index = first; index && !run.failed();) {
      try {
        consume(*index, static_cast<unsigned>(run.slot(*index)));
        index = run.consumed(*index);
      } catch (...) {
        run.fail(*index);
      }
    }
  };
  impl_->run([&](unsigned worker) {
    while (const std::optional<std::uint64_t> index = run.take()) {
      try {
        produce(*index, worker, static_cast<unsigned>(run.slot(*index)));
      } catch (...) {
        run.fail(*index);
        return;
      }
      if (run.produced(*index)) consume_from(*index);
    }
  });
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
