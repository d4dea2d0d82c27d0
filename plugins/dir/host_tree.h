/// \file
/// HostTree: a directory tree of the host as it was listed, and how its files are opened again.
///
/// Nothing below the top directory is ever named by a path: every open steps down from a directory's descriptor with
/// openat(2) and, unless links are to be followed, O_NOFOLLOW: trees deeper than PATH_MAX work, and a symlink that
/// appears meanwhile leads nowhere. Descriptors of directories and of files that are read in pieces are kept in two
/// bounded caches.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "descriptor.h"
#include "file_content.h"
#include "fstool/blob.h"
#include "fstool/error.h"
#include "lru_cache.h"
#include "name_arena.h"

namespace fstool::dir {

class HostTree;

/// What becomes of symbolic links.
enum class Links : std::uint8_t {
  Keep,
  Follow,  ///< what they lead to takes their place
};

/// Tells a directory from all others: st_dev and st_ino.
using DirectoryIdentity = std::pair<std::uint64_t, std::uint64_t>;

/// One directory of a HostTree.
struct Directory {
  const HostTree* tree = nullptr;
  const Directory* parent = nullptr;  ///< null: the top
  const char* name = "";              ///< in `parent`
  DirectoryIdentity identity = {};    ///< only where links are followed
};

/// Held by a shared_ptr, which everything that reads from it shares. Adding (keep_name, add_…) happens while the tree
/// is listed, by one thread for each worker number; the rest is thread-safe.
class HostTree : public std::enable_shared_from_this<HostTree> {
 public:
  /// Opens the top directory, which may be named through symlinks. Throws Error(NotFound/InvalidArgument/Io).
  HostTree(const std::filesystem::path& location, Links links, unsigned workers);
  ~HostTree();
  HostTree(const HostTree&) = delete;
  HostTree& operator=(const HostTree&) = delete;

  const Directory& top() const noexcept { return top_; }
  Links links() const noexcept { return links_; }
  /// Whether a file whose times are the same is the same. Those of a file system that is mounted read-only are an
  /// image's, which another image in its place may have, too.
  bool trusts_times() const noexcept { return trusts_times_; }

  /// The path of `name` in `directory`, for messages: it begins as the user named the top directory.
  std::string path(const Directory& directory, std::string_view name) const;
  std::string path(const Directory& directory) const;

  /// Copies `name`; valid as long as the tree.
  const char* keep_name(unsigned worker, std::string_view name);
  /// `name` was returned by keep_name(). Throws Error(InvalidArgument) if a followed link leads to a directory that it
  /// lies in.
  const Directory& add_directory(unsigned worker, const Directory& parent, const char* name,
                                 const DirectoryIdentity& identity);

  /// Adds the content of a file without holes. `name` was returned by keep_name().
  const FileContent* add_file(unsigned worker, const Directory& directory, const char* name,
                              const FileIdentity& identity);
  /// Adds the content of a file that has data in `extents` alone. Otherwise as above.
  const FileContent* add_sparse_file(unsigned worker, const Directory& directory, const char* name,
                                     const FileIdentity& identity, std::vector<FileExtent> extents);

  /// `content`, which was added before, as a Blob that keeps the tree alive.
  BlobPtr share(const FileContent& content) const { return {shared_from_this(), &content}; }

  /// Opens a directory for reading its entries and as a starting point for its files, or returns the descriptor that
  /// is still open. Throws Error(Changed/Io).
  std::shared_ptr<const Descriptor> open_directory(const Directory& directory) const;
  /// Opens the file `name` for reading. Throws Error(Changed/Io).
  Descriptor open_file(const Directory& directory, const char* name) const;
  /// As open_file(), or returns the descriptor that is still open.
  std::shared_ptr<const OpenFile> open_shared(const FileContent& file) const;

  /// Closes the descriptors that nobody uses just now.
  void close_idle() const;

  /// The error for a failed system call on `path`: Error(Changed) if it says that the name no longer stands for what
  /// was listed, else as system_error().
  static Error error(const std::string& path, int error_number);

 private:
  /// What a worker has added. Aligned so that workers don't write to the same cache lines.
  struct alignas(64) WorkerStorage {
    NameArena names;
    std::deque<Directory> directories;
    std::deque<FileContent> files;
    std::deque<SparseFileContent> sparse_files;
  };

  int try_open_at(int directory, const char* name, int flags) const;

  std::string location_;
  Links links_;
  Directory top_;
  std::shared_ptr<const Descriptor> top_descriptor_;
  bool trusts_times_ = false;
  std::vector<WorkerStorage> storage_;
  /// Reading should leave no trace in access times, but only a file's owner may ask for that; after the first refusal
  /// nobody tries again.
  mutable std::atomic<bool> keep_access_times_{true};
  mutable LruCache<const Directory*, Descriptor> open_directories_;
  mutable LruCache<const FileContent*, OpenFile> open_files_;
};

}  // namespace fstool::dir
