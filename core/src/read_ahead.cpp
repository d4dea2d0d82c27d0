#include "fstool/read_ahead.h"

#include <utility>

namespace fstool {

ReadAhead::ReadAhead(Fill fill) : fill_(std::move(fill)), thread_([this] { run(); }) {}

ReadAhead::~ReadAhead() {
  {
    const std::lock_guard lock(mutex_);
    stops_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ReadAhead::run() {
  std::unique_lock lock(mutex_);
  while (!has_ended_) {
    changed_.wait(lock, [this] { return stops_ || made_ - taken_ < kBuffers; });
    if (stops_) return;
    Buffer& buffer = buffers_[made_ % kBuffers];
    lock.unlock();
    std::exception_ptr failure;
    try {
      buffer.used = fill_(buffer.bytes);
    } catch (...) {
      buffer.used = 0;
      failure = std::current_exception();
    }
    lock.lock();
    failure_ = failure;
    if (buffer.used == 0) {
      has_ended_ = true;
    } else {
      ++made_;
    }
    changed_.notify_all();
  }
}

std::span<const std::byte> ReadAhead::next() {
  std::unique_lock lock(mutex_);
  if (is_lent_) {
    ++taken_;
    is_lent_ = false;
    changed_.notify_all();
  }
  changed_.wait(lock, [this] { return has_ended_ || made_ != taken_; });
  if (made_ != taken_) {
    const Buffer& buffer = buffers_[taken_ % kBuffers];
    is_lent_ = true;
    return std::span(buffer.bytes).first(buffer.used);
  }
  if (failure_) std::rethrow_exception(failure_);
  return {};
}

}  // namespace fstool
