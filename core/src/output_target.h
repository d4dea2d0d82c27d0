/// \file
/// Where an OutputFile's bytes go: a new file that takes the place of the old one, a block device, or standard output.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include "fstool/blob.h"
#include "fstool/error.h"

namespace fstool {

class OutputTarget {
 public:
  virtual ~OutputTarget() = default;

  /// Open for writing.
  virtual int fd() const = 0;

  /// OutputFile::is_stream().
  virtual bool is_stream() const { return false; }

  /// OutputFile::write_at(). Thread-safe.
  virtual void write_at(std::uint64_t offset, std::span<const std::byte> bytes) = 0;

  /// Hears that `length` bytes at `offset` were written to fd(). Thread-safe.
  virtual void written(std::uint64_t offset, std::uint64_t length) = 0;

  /// OutputFile::shares_blocks_with().
  virtual bool shares_blocks_with(const HostFile& /*other*/) const { return false; }

  /// OutputFile::set_size().
  virtual void set_size(std::uint64_t size) = 0;

  /// OutputFile::reserve().
  virtual void reserve(std::uint64_t size) = 0;

  /// The first half of OutputFile::commit(), of this file alone: what is written is complete, and, if `sync`, on stable
  /// storage.
  virtual void prepare(bool sync) = 0;

  /// The second half: a file takes its target's place.
  virtual void publish(bool sync) = 0;
};

/// How an unfinished file is hidden.
enum class Unfinished {
  Unnamed,  ///< it has no name (O_TMPFILE), so that nothing is left even if the program is killed; if the host can
  Named,    ///< it has a temporary name beside the target
};

/// A new file in the directory of `path` (which is not a symbolic link) that replaces it in commit(), and vanishes if
/// it is destroyed before. Throws Error(Io/NotFound/NoSpace).
std::unique_ptr<OutputTarget> make_file_target(const std::filesystem::path& path,
                                               Unfinished unfinished = Unfinished::Unnamed);

/// The block device `path`, written in place. Throws Error(Io) if somebody else uses it.
std::unique_ptr<OutputTarget> make_device_target(const std::filesystem::path& path);

/// Standard output. Throws Error(InvalidArgument) if that is a terminal.
std::unique_ptr<OutputTarget> make_stream_target();

/// The error for a write to `path` that the system refused: says what to do if there is no room.
Error write_error(const std::filesystem::path& path, int error_number);

/// pwrite(2) of all of `bytes`. Throws write_error().
void write_all(int fd, const std::filesystem::path& path, std::uint64_t offset, std::span<const std::byte> bytes);

}  // namespace fstool
