// Standard output as the target of an OutputFile.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "output_target.h"

namespace fstool {
namespace {

const std::filesystem::path kName = "standard output";
constexpr std::array<std::byte, 65536> kZeros{};

class StreamTarget final : public OutputTarget {
 public:
  StreamTarget() {
    if (::isatty(STDOUT_FILENO) != 0) {
      throw Error(ErrorCode::InvalidArgument,
                  "an image is not written to a terminal: send standard output to a file or a pipe");
    }
  }

  int fd() const override { return STDOUT_FILENO; }
  bool is_stream() const override { return true; }

  void write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
    fill_up_to(offset);
    append(bytes);
  }

  void written(std::uint64_t /*offset*/, std::uint64_t /*length*/) override {}
  void set_size(std::uint64_t size) override { fill_up_to(size); }
  void reserve(std::uint64_t /*size*/) override {}
  void prepare(bool /*sync*/) override {}
  void publish(bool /*sync*/) override {}

 private:
  void fill_up_to(std::uint64_t offset) {
    if (offset < position_) {
      throw Error(ErrorCode::Internal,
                  fmt::format("byte {} of standard output was asked for after byte {}", offset, position_));
    }
    while (position_ < offset) {
      append(std::span(kZeros).first(std::min<std::uint64_t>(kZeros.size(), offset - position_)));
    }
  }

  void append(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::write(fd(), bytes.data(), bytes.size());
      if (count < 0) {
        if (errno == EINTR) continue;
        throw write_error(kName, errno);
      }
      position_ += static_cast<std::uint64_t>(count);
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
  }

  std::uint64_t position_ = 0;  ///< bytes written so far
};

}  // namespace

std::unique_ptr<OutputTarget> make_stream_target() { return std::make_unique<StreamTarget>(); }

}  // namespace fstool
