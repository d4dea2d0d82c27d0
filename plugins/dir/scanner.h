/// \file
/// The parallel half of reading a directory tree: every directory is listed by one task, with its entries sorted by
/// name, so that what is found does not depend on the order in which tasks run or the host lists names.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "file_content.h"
#include "fstool/context.h"
#include "fstool/tree.h"
#include "host_tree.h"
#include "xattr_reader.h"

namespace fstool::dir {

struct ScannedDirectory;

/// What every kind of node has.
struct Attributes {
  Timestamp mtime;
  const SharedXattrs* xattrs = nullptr;  ///< null: none; owned by the scanner
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t mode = 0;  ///< st_mode
};

/// One name in a directory. Which of the members below `name` count depends on the kind.
struct ScannedEntry {
  const char* name = "";                          ///< owned by the HostTree
  ScannedDirectory* directory = nullptr;          ///< directories: everything else is there
  std::string_view target;                        ///< symlinks; owned by the HostTree
  std::unique_ptr<std::vector<FileExtent>> data;  ///< files with holes
  Attributes attributes;                          ///< all but directories
  FileIdentity identity;                          ///< all but directories
  std::uint64_t host_device = 0;                  ///< st_dev of what has several names, else 0
  DeviceNumber device;                            ///< devices
};

/// A directory and its entries in the order of their names, cut into batches of bounded size.
struct ScannedDirectory {
  const Directory* directory = nullptr;
  Attributes attributes;
  std::vector<std::vector<ScannedEntry>> batches;
};

/// Lists a HostTree once.
class Scanner {
 public:
  /// Both must outlive the scanner.
  Scanner(HostTree& tree, Context& context);

  /// Lists everything with all of the context's workers and returns the top directory; what it refers to lives as long
  /// as the scanner. Throws Error (Changed/Io/Unsupported/Cancelled).
  ScannedDirectory& scan();

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
  std::vector<ScannedEntry> scan_batch(const Directory& of, std::span<const Name> names,
                                       const WorkerPool::Submit& submit, unsigned worker);
  ScannedEntry scan_entry(int directory, const Directory& of, const Name& name, const WorkerPool::Submit& submit,
                          unsigned worker);
  Attributes attributes_of(const struct stat& status, int directory, const Directory& of, const char* name);
  std::string_view read_target(int directory, const Directory& of, const char* name, unsigned worker);
  std::unique_ptr<std::vector<FileExtent>> data_of_sparse(const struct stat& status, const Directory& of,
                                                          const char* name);

  HostTree& tree_;
  Context& context_;
  XattrReader xattrs_;
  std::vector<std::deque<ScannedDirectory>> directories_;  // of each worker
};

}  // namespace fstool::dir
