/// \file
/// Reading extended attributes of the host's files, and keeping equal sets once.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "fstool/tree.h"
#include "host_tree.h"

namespace fstool::dir {

/// True for attributes that belong to the file and can be stored elsewhere: the namespaces user, trusted and security,
/// and the two POSIX ACLs. The rest shows state of the host's file system under the guise of an attribute
/// (system.nfs4_acl, btrfs.compression, …).
bool is_storable_xattr(std::string_view name);

/// How attributes of a name in a directory are asked for. The *at calls exist since Linux 6.13 and cost a third of the
/// way round through /proc/self/fd; neither needs the path of the directory.
enum class XattrCalls { RelativeToDirectory, ThroughProc };

/// A set of attributes that is kept once; null: none.
using SharedXattrs = std::shared_ptr<const Xattrs>;

/// Thread-safe.
class XattrReader {
 public:
  XattrReader(XattrCalls calls, Links links) : calls_(calls), links_(links) {}

  /// What this kernel offers. `directory` is any open directory. Throws Error(Unsupported) if there is neither.
  static XattrCalls detect(int directory);

  /// The attributes of `name` in `directory`, whatever its kind, or of `directory` itself if `name` is empty. Sets that
  /// are equal are the same object, owned by this reader; null if there are none. Returns an errno value instead, via
  /// `error`, if they can't be had (0 otherwise).
  const SharedXattrs* read(int directory, const char* name, int& error);

 private:
  struct ByContents {
    bool operator()(const SharedXattrs& a, const SharedXattrs& b) const { return *a < *b; }
  };

  const SharedXattrs* share(Xattrs xattrs);

  XattrCalls calls_;
  Links links_;
  std::mutex mutex_;
  std::set<SharedXattrs, ByContents> sets_;
};

}  // namespace fstool::dir
