/// \file
/// The parallel half of reading a directory tree: every directory is listed by one task, with its entries sorted by
/// name, so that what is found does not depend on the order in which tasks run or the host lists names.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "entry_store.h"
#include "file_content.h"
#include "fstool/context.h"
#include "fstool/tree.h"
#include "host_tree.h"
#include "xattr_reader.h"

namespace fstool::dir {

struct ScannedDirectory;

/// What every kind of node has.
struct Attributes {
  const SharedXattrs* xattrs = nullptr;  ///< null: none; owned by the scanner
  std::int64_t mtime_seconds = 0;
  std::uint32_t mtime_nanoseconds = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t mode = 0;  ///< st_mode
};

/// One name in a directory. There is one for every file until the Tree is built, so what a file's content needs later
/// on is in its place already and not here.
struct ScannedEntry {
  const char* name = "";  ///< owned by the HostTree
  /// What only some kinds have: a directory (whose attributes are there), a file's content (null if it is empty), a
  /// symlink's target (owned by the HostTree), a device's number.
  std::variant<std::monostate, ScannedDirectory*, const FileContent*, const char*, DeviceNumber> special;
  Attributes attributes;
};

/// Says that an entry is one of several names of an inode.
struct ScannedLink {
  std::size_t entry = 0;  ///< index into the batch
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
};

/// Some consecutive entries of a directory.
struct ScannedBatch {
  std::span<const ScannedEntry> entries;
  std::shared_ptr<const ScannedEntry> memory;  ///< of the entries
  std::vector<ScannedLink> links;              ///< by entry
};

/// A directory and its entries in the order of their names, cut into batches of bounded size.
struct ScannedDirectory {
  const Directory* directory = nullptr;
  Attributes attributes;
  std::vector<ScannedBatch> batches;
};

/// Lists a HostTree once.
class Scanner {
 public:
  /// Both must outlive the scanner.
  Scanner(HostTree& tree, Context& context);

  /// Lists everything with all of the context's workers and returns the top directory; what it refers to lives as long
  /// as the scanner, but for the entries, which live as long as their batch. Throws Error
  /// (Changed/Io/Unsupported/Cancelled).
  ScannedDirectory& scan();

  /// The paths of the links that were followed. After scan().
  std::vector<std::string> followed() const;

 private:
  /// A name as the directory lists it.
  struct Name {
    const char* text = "";
    bool is_directory = false;  ///< false: not known to be one
  };
  using Names = std::vector<Name>;

  ScannedDirectory& add_directory(unsigned worker, const Directory& directory);
  void scan_directory(ScannedDirectory& scanned, const WorkerPool::Submit& submit, unsigned worker);
  Names read_names(int directory, const Directory& of, unsigned worker);
  ScannedBatch scan_batch(const Directory& of, std::span<const Name> names, const WorkerPool::Submit& submit,
                          unsigned worker);
  /// As stat(2) or lstat(2), whichever suits the links.
  struct stat status_of(int directory, const Directory& of, const char* name, unsigned worker);
  ScannedEntry scan_directory_entry(const Directory& of, const char* name, const DirectoryIdentity& identity,
                                    const WorkerPool::Submit& submit, unsigned worker);
  ScannedEntry scan_other_entry(int directory, const Directory& of, const char* name, const struct stat& status,
                                unsigned worker);
  Attributes attributes_of(const struct stat& status, int directory, const Directory& of, const char* name);
  const FileContent* content_of(const struct stat& status, const Directory& of, const char* name, unsigned worker);
  const char* read_target(int directory, const Directory& of, const char* name, unsigned worker);

  HostTree& tree_;
  Context& context_;
  XattrReader xattrs_;
  std::vector<std::deque<ScannedDirectory>> directories_;  // of each worker
  std::vector<EntryStore<ScannedEntry>> entries_;          // of each worker
  std::vector<std::vector<std::string>> followed_;         // by each worker
};

}  // namespace fstool::dir
