#include "inputs/input_state.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "content_hash.h"
#include "file_stamp.h"
#include "fstool/blob.h"
#include "fstool/error.h"
#include "tree_digest.h"

namespace fstool {

namespace {

/// Of a file whose times don't tell whether it has changed: it may have done so at any moment.
constexpr std::int64_t kUnknownTime = std::numeric_limits<std::int64_t>::max() / 2;

/// Calls `read(buffer, capacity)`, one of the xattr calls, until the buffer is large enough. Nothing if there is none
/// to be had: the attribute has gone, or the file system knows none.
template <class Read>
std::optional<std::string> read_growing(const std::string& path, const Read& read) {
  std::string buffer;
  while (true) {
    ssize_t length = read(nullptr, 0);
    if (length > 0) {
      buffer.resize(static_cast<std::size_t>(length));
      length = read(buffer.data(), buffer.size());
    }
    if (length >= 0) {
      buffer.resize(static_cast<std::size_t>(length));
      return buffer;
    }
    if (errno == ENOTSUP || errno == ENODATA) return std::nullopt;
    if (errno != ERANGE) throw system_error("reading extended attributes of " + path, errno);
  }
}

void add_xattrs(Digest& digest, const std::string& path) {
  const std::string names = read_growing(path, [&](char* out, std::size_t size) {
                              return ::llistxattr(path.c_str(), out, size);
                            }).value_or("");
  std::map<std::string, std::string, std::less<>> values;
  for (std::string_view rest = names; !rest.empty();) {
    const std::string name(rest.substr(0, rest.find('\0')));
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
    values[name] = read_growing(path, [&](char* out, std::size_t size) {
                     return ::lgetxattr(path.c_str(), name.c_str(), out, size);
                   }).value_or("");
  }
  for (const auto& [name, value] : values) {
    digest.add(std::string_view(name));
    digest.add(std::string_view(value));
  }
}

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

std::vector<std::string> names_in(const std::string& path) {
  const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(path.c_str()));
  if (!directory) throw system_error("reading " + path, errno);
  std::vector<std::string> names;
  errno = 0;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread has this stream.
  while (const dirent* const entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  if (errno != 0) throw system_error("reading " + path, errno);
  std::ranges::sort(names);
  return names;
}

/// Lists one input.
class Lister {
 public:
  explicit Lister(const Input& input) : use_(input.use) { add_top(input.path.string()); }

  std::vector<InputState> take() { return std::move(states_); }

 private:
  void add_top(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) throw system_error("reading " + path, errno);
    if (!S_ISDIR(status.st_mode) && !S_ISREG(status.st_mode)) {
      throw Error(
          ErrorCode::Unsupported,
          fmt::format("{} is neither a file nor a directory, so that nobody can tell whether it has changed", path));
    }
    if (S_ISDIR(status.st_mode)) use_ = InputUse::Metadata;
    add(path, status);
  }

  void add(const std::string& path, const struct stat& status) {
    InputState& state = states_.emplace_back();
    state.path = path;
    const FileStamp stamp = stamp_of(status);
    state.stamp = text_of(stamp);
    state.changed_at = trusts_times(path, status) ? stamp.changed_at : kUnknownTime;
    state.is_file = S_ISREG(status.st_mode);
    if (state.is_file) state.size = static_cast<std::uint64_t>(status.st_size);
    if (use_ == InputUse::Metadata) state.metadata = metadata_of(path, status);
    if (S_ISDIR(status.st_mode)) add_names(path);
  }

  void add_names(const std::string& directory) {
    for (const std::string& name : names_in(directory)) {
      const std::string path = fmt::format("{}{}{}", directory, directory.ends_with('/') ? "" : "/", name);
      struct stat status {};
      if (::lstat(path.c_str(), &status) != 0) throw system_error("reading " + path, errno);
      add(path, status);
    }
  }

  bool trusts_times(const std::string& path, const struct stat& status) {
    if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) return true;
    const auto [known, is_new] = trusted_.try_emplace(status.st_dev, false);
    if (is_new) known->second = trusts_stamps(path);
    return known->second;
  }

  std::string metadata_of(const std::string& path, const struct stat& status) {
    Digest digest;
    digest.add(std::uint64_t{status.st_mode});
    digest.add(std::uint64_t{status.st_uid});
    digest.add(std::uint64_t{status.st_gid});
    digest.add(static_cast<std::uint64_t>(stamp_of(status).modified_at));
    if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) digest.add(std::uint64_t{status.st_rdev});
    if (S_ISLNK(status.st_mode)) digest.add(std::string_view(std::filesystem::read_symlink(path).native()));
    if (!S_ISDIR(status.st_mode) && status.st_nlink > 1) digest.add(first_link(status));
    add_xattrs(digest, path);
    return digest.finish().uuid("input").to_string();
  }

  /// Which of the listed states is the first name of this inode.
  std::uint64_t first_link(const struct stat& status) {
    return links_.try_emplace(std::pair(status.st_dev, status.st_ino), states_.size()).first->second;
  }

  InputUse use_;
  std::vector<InputState> states_;
  std::map<std::pair<dev_t, ino_t>, std::uint64_t> links_;
  std::map<dev_t, bool> trusted_;  // by the file system of a file
};

void hash_file(InputState& state, Context& context) {
  const BlobPtr content = open_file_blob(state.path);
  std::string hash = hash_content(content.get(), HashAlgorithm::Sha256, context);
  if (text_of(stamp_of(std::filesystem::path(state.path))) != state.stamp) {
    throw Error(ErrorCode::Changed, fmt::format("reading {}: the file changed while it was read", state.path));
  }
  state.hash = std::move(hash);
}

}  // namespace

std::vector<InputState> list_input(const Input& input) { return Lister(input).take(); }

void hash_inputs(const std::vector<InputState*>& states, Context& context) {
  std::vector<InputState*> unknown;
  std::ranges::copy_if(states, std::back_inserter(unknown),
                       [](const InputState* state) { return state->is_file && state->hash.empty(); });
  if (unknown.empty()) return;
  context.begin_step("hashing what is read", unknown.size(), "files");
  context.workers().for_each(unknown.size(), [&](std::uint64_t index, unsigned) {
    hash_file(*unknown[index], context);
    context.advance(1);
  });
}

}  // namespace fstool
