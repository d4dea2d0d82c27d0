#include "fstool/worker_pool.h"

#include <sched.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>


namespace fstool {

namespace {

/// Products that may be alive in ordered(): enough that no worker waits while the consumer is at one.
unsigned slots_for(unsigned threads) { return 2 * threads + 2; }

unsigned usable_processors() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof(set), &set) == 0) return static_cast<unsigned>(std::max(CPU_COUNT(&set), 1));
  return std::max(std::thread::hardware_concurrency(), 1U);
}

/// The exception of the lowest index that failed.
class FirstFailure {
 public:
  void record(std::uint64_t index, std::exception_ptr exception) {
    if (exception_ && index >= index_) return;
    index_ = index;
    exception_ = std::move(exception);
  }
  bool any() const { return exception_ != nullptr; }
  void rethrow_if_any() const {
    if (exception_) std::rethrow_exception(exception_);
  }

 private:
  std::uint64_t index_ = 0;
  std::exception_ptr exception_;
};

}  // namespace

/// The threads sleep until a call gives them a `step`. Each of them then calls it again and again, with the mutex held
/// on entry and exit, until it returns false; the call is over when all threads have left it.
struct WorkerPool::Impl {
  explicit Impl(unsigned count) {
    threads.reserve(count);
    for (unsigned worker = 0; worker < count; ++worker) threads.emplace_back([this, worker] { run(worker); });
  }

  ~Impl() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    wake.notify_all();
    for (std::thread& thread : threads) thread.join();
  }

  using Lock = std::unique_lock<std::mutex>;
  using Step = std::function<bool(unsigned worker, Lock& lock)>;

  void run(unsigned worker) {
    Lock lock(mutex);
    std::uint64_t seen = 0;
    while (true) {
      wake.wait(lock, [&] { return stopping || generation != seen; });
      if (stopping) return;
      seen = generation;
      while (step(worker, lock)) {
      }
      if (--running == 0) changed.notify_all();
    }
  }

  void begin(Lock& /*held*/, Step new_step) {
    step = std::move(new_step);
    running = static_cast<unsigned>(threads.size());
    ++generation;
    wake.notify_all();
  }
  void wait_until_done(Lock& lock) {
    changed.wait(lock, [&] { return running == 0; });
    step = nullptr;
  }

  std::vector<std::thread> threads;
  std::mutex mutex;
  std::condition_variable wake;     // a call began, or the pool ends
  std::condition_variable changed;  // something happened within the call
  Step step;
  std::uint64_t generation = 0;
  unsigned running = 0;
  bool stopping = false;
};

WorkerPool::WorkerPool(unsigned threads) : impl_(std::make_unique<Impl>(threads == 0 ? usable_processors() : threads)) {}

WorkerPool::~WorkerPool() = default;

unsigned WorkerPool::size() const noexcept { return static_cast<unsigned>(impl_->threads.size()); }

unsigned WorkerPool::slots() const noexcept { return slots_for(size()); }

void WorkerPool::for_each(std::uint64_t count, const std::function<void(std::uint64_t, unsigned)>& job) {
  std::uint64_t next = 0;
  FirstFailure failure;
  Impl::Lock lock(impl_->mutex);
  impl_->begin(lock, [&](unsigned worker, Impl::Lock& held) {
    if (next == count || failure.any()) return false;
    const std::uint64_t index = next++;
    held.unlock();
    std::exception_ptr thrown;
    try {
      job(index, worker);
    } catch (...) {
      thrown = std::current_exception();
    }
    held.lock();
    if (thrown) failure.record(index, std::move(thrown));
    return true;
  });
  impl_->wait_until_done(lock);
  failure.rethrow_if_any();
}

void WorkerPool::ordered(std::uint64_t count, const std::function<void(std::uint64_t, unsigned, unsigned)>& produce,
                         const std::function<void(std::uint64_t, unsigned)>& consume) {
  // Index i uses slot i mod slots, and is begun only when index i - slots has been consumed.
  const unsigned slot_count = slots();
  std::vector<bool> ready(slot_count);
  std::uint64_t next = 0;
  std::uint64_t consumed = 0;
  FirstFailure failure;
  Impl::Lock lock(impl_->mutex);
  impl_->begin(lock, [&](unsigned worker, Impl::Lock& held) {
    impl_->changed.wait(held, [&] { return failure.any() || next == count || next < consumed + slot_count; });
    if (failure.any() || next == count) return false;
    const std::uint64_t index = next++;
    const auto slot = static_cast<unsigned>(index % slot_count);
    held.unlock();
    std::exception_ptr thrown;
    try {
      produce(index, worker, slot);
    } catch (...) {
      thrown = std::current_exception();
    }
    held.lock();
    if (thrown) {
      failure.record(index, std::move(thrown));
    } else {
      ready[slot] = true;
    }
    impl_->changed.notify_all();
    return true;
  });
  while (consumed < count) {
    const auto slot = static_cast<unsigned>(consumed % slot_count);
    impl_->changed.wait(lock, [&] { return failure.any() || ready[slot]; });
    if (failure.any()) break;
    ready[slot] = false;
    lock.unlock();
    std::exception_ptr thrown;
    try {
      consume(consumed, slot);
    } catch (...) {
      thrown = std::current_exception();
    }
    lock.lock();
    if (thrown) {
      failure.record(consumed, std::move(thrown));
    } else {
      ++consumed;
    }
    impl_->changed.notify_all();
  }
  impl_->wait_until_done(lock);
  failure.rethrow_if_any();
}

void WorkerPool::run_tasks(const std::function<void(const Submit&)>& first) {
  std::deque<Task> tasks;
  std::uint64_t active = 0;  // tasks that run now and may submit more
  FirstFailure failure;
  const Submit submit = [&](Task task) {
    const std::lock_guard guard(impl_->mutex);
    tasks.push_back(std::move(task));
    impl_->changed.notify_one();
  };
  first(submit);
  Impl::Lock lock(impl_->mutex);
  impl_->begin(lock, [&](unsigned worker, Impl::Lock& held) {
    impl_->changed.wait(held, [&] { return failure.any() || !tasks.empty() || active == 0; });
    if (failure.any() || tasks.empty()) return false;
    // The newest first: a tree is walked in depth, so that few tasks wait.
    Task task = std::move(tasks.back());
    tasks.pop_back();
    ++active;
    held.unlock();
    std::exception_ptr thrown;
    try {
      task(worker);
    } catch (...) {
      thrown = std::current_exception();
    }
    task = nullptr;
    held.lock();
    --active;
    if (thrown) failure.record(0, std::move(thrown));
    if (active == 0 || failure.any()) impl_->changed.notify_all();
    return true;
  });
  impl_->wait_until_done(lock);
  failure.rethrow_if_any();
}

}  // namespace fstool
