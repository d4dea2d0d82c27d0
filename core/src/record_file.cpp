#include "record_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "file_descriptor.h"
#include "fstool/error.h"
#include "output_target.h"

namespace fstool {

namespace {

constexpr std::string_view kUnknown = "unknown";  // what the host doesn't tell is never the same

}  // namespace

BlobPtr open_record(const std::filesystem::path& path) {
  const std::string doing = "reading " + path.string();
  const FileDescriptor record(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!record) throw system_error(doing, errno);
  struct stat status {};
  if (::fstat(record.get(), &status) != 0) throw system_error(doing, errno);
  if (!S_ISREG(status.st_mode) || status.st_uid != ::geteuid()) {
    throw Error(ErrorCode::InvalidArgument, doing + ": it is not this user's");
  }
  return open_file_blob(fmt::format("/proc/self/fd/{}", record.get()));
}

void write_record(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  const std::unique_ptr<OutputTarget> record = make_file_target(path);
  record->write_at(0, bytes);
  record->set_size(bytes.size());
  record->prepare(false);
  record->publish(false);
}

std::string this_boot_alone() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  file >> id;
  return id.empty() ? std::string(kUnknown) : id;
}

bool is_this_boot(std::string_view boot) { return boot != kUnknown && boot == this_boot_alone(); }

}  // namespace fstool
