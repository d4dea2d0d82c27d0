#include "file_source.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "fstool/error.h"
#include "layer_part.h"

namespace fstool {

namespace {

constexpr mode_t kPermissionBits = 07777;

Node node_of(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) throw system_error(path.string(), errno);
  if (!S_ISREG(status.st_mode)) {
    throw Error(ErrorCode::InvalidArgument, fmt::format("{} is no regular file", path.string()));
  }
  Node node;
  node.permissions = static_cast<std::uint16_t>(status.st_mode & kPermissionBits);
  node.uid = status.st_uid;
  node.gid = status.st_gid;
  node.mtime = {.seconds = status.st_mtim.tv_sec, .nanoseconds = static_cast<std::uint32_t>(status.st_mtim.tv_nsec)};
  return node;
}

class FileSource : public Source {
 public:
  Layer load(const SourceInput& input, Context& context) override {
    Node node = input.bytes ? Node() : node_of(input.path);
    if (input.bytes) node.mtime = context.clock(Tree());
    node.content = input.open();
    return file_layer(input.path.filename().string(), std::move(node));
  }
};

}  // namespace

const Format<Source>& file_source() {
  static const Format<Source> format =
      make_format<Source>(std::string(kFileSource), "A file itself, whatever it holds.", OptionSet<NoOptions>(),
                          [](NoOptions) { return std::make_unique<FileSource>(); });
  return format;
}

}  // namespace fstool
