// A block device that an image is written to in place.

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/icl/interval_set.hpp>
#include <cerrno>
#include <mutex>

#include "file_descriptor.h"
#include "fstool/size.h"
#include "output_target.h"

namespace fstool {
namespace {

using Ranges = boost::icl::interval_set<std::uint64_t>;
using Range = Ranges::interval_type;

Range range(std::uint64_t first, std::uint64_t end) { return Range::right_open(first, end); }

class DeviceTarget final : public OutputTarget {
 public:
  explicit DeviceTarget(const std::filesystem::path& path) : path_(path) {
    // O_EXCL without O_CREAT: refuse a device that is mounted or otherwise claimed.
    device_ = FileDescriptor(::open(path.c_str(), O_RDWR | O_EXCL | O_CLOEXEC));
    if (!device_ && errno == EBUSY) {
      throw Error(ErrorCode::Io, doing() + ": the device is in use; unmount it first");
    }
    if (!device_) throw system_error(doing(), errno);
    if (::ioctl(fd(), BLKGETSIZE64, &capacity_) != 0) throw system_error(doing(), errno);
  }

  int fd() const override { return device_.get(); }

  void write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
    write_all(fd(), path_, offset, bytes);
    written(offset, bytes.size());
  }

  void written(std::uint64_t offset, std::uint64_t length) override {
    const std::lock_guard lock(mutex_);
    written_ += range(offset, offset + length);
  }

  void set_size(std::uint64_t size) override {
    if (size > capacity_) {
      throw Error(ErrorCode::NoSpace, fmt::format("{}: the image has {} ({} bytes), but the device only {} ({} bytes)",
                                                  doing(), format_size(size), size, format_size(capacity_), capacity_));
    }
    size_ = size;
  }

  void reserve(std::uint64_t /*size*/) override {}

  void prepare(bool sync) override {
    const std::uint64_t end = std::max(size_, boost::icl::is_empty(written_) ? 0 : boost::icl::last(written_) + 1);
    Ranges stale;
    stale += range(0, end);
    stale -= written_;
    for (const Range& gap : stale) zero(gap.lower(), gap.upper());
    if (sync && ::fsync(fd()) != 0) throw write_error(path_, errno);
  }

  void publish(bool /*sync*/) override {}

 private:
  // The unit in which devices can zero by themselves: no logical sector is larger.
  static constexpr std::uint64_t kZeroUnit = 4096;

  std::string doing() const { return "writing " + path_.string(); }

  void zero(std::uint64_t first, std::uint64_t end) {
    const std::uint64_t first_unit = round_up(first, kZeroUnit);
    const std::uint64_t end_unit = end / kZeroUnit * kZeroUnit;
    if (first_unit >= end_unit) return write_zeros(first, end);
    write_zeros(first, first_unit);
    std::array<std::uint64_t, 2> start_and_length{first_unit, end_unit - first_unit};
    if (::ioctl(fd(), BLKZEROOUT, start_and_length.data()) != 0) write_zeros(first_unit, end_unit);
    write_zeros(end_unit, end);
  }

  void write_zeros(std::uint64_t first, std::uint64_t end) {
    static constexpr std::array<std::byte, 256 * 1024> kZeros{};
    while (first < end) {
      const auto zeros = std::span(kZeros).first(std::min<std::uint64_t>(kZeros.size(), end - first));
      write_all(fd(), path_, first, zeros);
      first += zeros.size();
    }
  }

  std::filesystem::path path_;
  FileDescriptor device_;
  std::uint64_t capacity_ = 0;  // bytes
  std::uint64_t size_ = 0;      // bytes, as asked for
  std::mutex mutex_;
  Ranges written_;
};

}  // namespace

std::unique_ptr<OutputTarget> make_device_target(const std::filesystem::path& path) {
  return std::make_unique<DeviceTarget>(path);
}

}  // namespace fstool
