#include "extractor/extractor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <unordered_set>
#include <utility>
#include <vector>

#include "extractor/attributes.h"
#include "extractor/conflicts.h"
#include "extractor/content_writer.h"
#include "extractor/directory_opener.h"
#include "extractor/new_name.h"
#include "extractor/omissions.h"
#include "file_descriptor.h"
#include "fstool/error.h"

namespace fstool {
namespace {

/// Files that one job writes: enough that the workers seldom meet in one directory, few enough to share the work.
constexpr std::uint64_t kFilesPerJob = 32;
/// Files of at least this size are written by all workers together, in pieces.
constexpr std::uint64_t kLargeFileBytes = 64 * 1024 * 1024;
constexpr std::uint64_t kPieceBytes = 16 * 1024 * 1024;

FileDescriptor open_top(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) throw system_error(directory.string(), error.value());
  FileDescriptor top(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!top) throw system_error(directory.string(), errno);
  return top;
}

/// Where a file of an image begins on the host; 0 if that is unknown or would have to be found out file by file.
std::uint64_t host_position(const Node& node) {
  if (!node.recorded || !node.content || node.content->size() == 0) return 0;
  try {
    const std::optional<HostRange> range = node.content->host_range(0, 1);
    return range ? range->offset : 0;
  } catch (const Error&) {
    return 0;  // reading it will say what is wrong
  }
}

/// How many directories each of `openers` keeps open: half of what the process may have, for there is also what is
/// read. Names of two directories at a time are needed for a link.
std::size_t open_directories(std::size_t openers) {
  constexpr rlim_t kFewest = 2;
  constexpr rlim_t kMost = 32;
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kFewest;
  return static_cast<std::size_t>(std::clamp<rlim_t>(limit.rlim_cur / 2 / openers, kFewest, kMost));
}

class Extraction {
 public:
  Extraction(const Tree& tree, const ExtractionPlan& plan, const std::filesystem::path& directory,
             const ExtractOptions& options, Context& context)
      : tree_(tree),
        plan_(plan),
        options_(options),
        context_(context),
        top_path_(directory.string()),
        top_(open_top(directory)),
        attributes_(omissions_),
        capacity_(open_directories(context.workers().size() + 1)),
        opener_(plan, top_.get(), top_path_, capacity_),
        made_(plan.directories.size()) {
    for (unsigned i = 0; i < context.workers().size(); ++i) {
      workers_.push_back(std::make_unique<Worker>(plan, top_.get(), top_path_, capacity_, context));
    }
  }

  ExtractionReport run() {
    refuse_conflicts(plan_, opener_, options_.replace);
    context_.begin_step(fmt::format("extracting to {}", top_path_), plan_.bytes, "bytes");
    try {
      make_directories();
      write_files();
      for (const PlannedName& name : plan_.others) make_other(name);
      for (const PlannedLink& link : plan_.links) make_link(link);
      finish_directories();
    } catch (...) {
      omissions_.report(context_);
      context_.warn(
          fmt::format("{} is incomplete: {} of {} files were extracted", top_path_, files_.load(), plan_.files.size()));
      throw;
    }
    omissions_.report(context_);
    if (!unreadable_.empty()) {
      throw Error(ErrorCode::Corrupt, fmt::format("{} of {} files can't be read and were left out; everything else was "
                                                  "extracted",
                                                  unreadable_.size(), plan_.files.size()));
    }
    return {plan_.directories.size(), files_, links_, others_, plan_.bytes};
  }

 private:
  struct Worker {
    Worker(const ExtractionPlan& plan, int top, const std::string& top_path, std::size_t capacity, Context& context)
        : opener(plan, top, top_path, capacity), content(context) {}
    DirectoryOpener opener;
    ContentWriter content;
  };

  void make_directories() {
    for (std::uint32_t index = 1; index < plan_.directories.size(); ++index) {
      const PlannedDirectory& directory = plan_.directories[index];
      const int parent = opener_.open(directory.parent);
      made_[index] = make_directory(parent, std::string(directory.name).c_str(), opener_.path(index));
      context_.check_cancelled();
    }
  }

  /// False if it exists already.
  bool make_directory(int parent, const char* name, const std::string& path) const {
    constexpr mode_t kUnfinished = 0700;
    if (::mkdirat(parent, name, kUnfinished) == 0) return true;
    if (errno != EEXIST) throw system_error(path, errno);
    struct stat status {};
    if (::fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0) throw system_error(path, errno);
    if (S_ISDIR(status.st_mode)) return false;
    if (!options_.replace) throw Error(ErrorCode::Io, fmt::format("{} exists already and is no directory", path));
    if (::unlinkat(parent, name, 0) != 0 || ::mkdirat(parent, name, kUnfinished) != 0) throw system_error(path, errno);
    return true;
  }

  /// Small files in the order in which they lie in the image, shared out among the workers; then the large ones.
  void write_files() {
    std::vector<std::pair<std::uint64_t, const PlannedName*>> small;
    std::vector<const PlannedName*> large;
    for (const PlannedName& name : plan_.files) {
      const Node& node = tree_.node(name.node);
      if (node.content && node.content->size() >= kLargeFileBytes) {
        large.push_back(&name);
      } else {
        small.emplace_back(host_position(node), &name);
      }
    }
    std::ranges::stable_sort(small, {}, [](const auto& file) { return file.first; });
    const std::uint64_t jobs = (small.size() + kFilesPerJob - 1) / kFilesPerJob;
    context_.workers().for_each(jobs, [&](std::uint64_t job, unsigned worker) {
      const std::uint64_t end = std::min<std::uint64_t>((job + 1) * kFilesPerJob, small.size());
      for (std::uint64_t i = job * kFilesPerJob; i < end; ++i) {
        const PlannedName& name = *small[i].second;
        Worker& own = *workers_[worker];
        write_file(name, own.opener, [&](int fd, const std::string& path, const Blob& content) {
          return own.content.write(fd, path, content, 0, content.size());
        });
        context_.check_cancelled();
      }
    });
    for (const PlannedName* name : large) {
      write_file(*name, opener_, [&](int fd, const std::string& path, const Blob& content) {
        const std::uint64_t size = content.size();
        std::atomic<bool> ends_with_data = true;
        context_.workers().for_each((size - 1) / kPieceBytes + 1, [&](std::uint64_t piece, unsigned worker) {
          const std::uint64_t begin = piece * kPieceBytes;
          const std::uint64_t end = std::min(begin + kPieceBytes, size);
          const bool has_end = workers_[worker]->content.write(fd, path, content, begin, end);
          if (end == size) ends_with_data = has_end;
        });
        return ends_with_data.load();
      });
    }
  }

  /// `write_content` returns false if the content ends with a hole, which it doesn't write.
  template <class WriteContent>
  void write_file(const PlannedName& name, DirectoryOpener& opener, const WriteContent& write_content) {
    const Node& node = tree_.node(name.node);
    const std::string path = opener.path(name);
    const int directory = opener.open(name.directory);
    NewName entry(directory, name.name, path, options_.replace);
    const FileDescriptor file(entry.make([&](const char* as) {
      return ::openat(directory, as, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    }));
    if (node.content && node.content->size() != 0) {
      try {
        const bool complete = write_content(file.get(), path, *node.content);
        if (!complete) set_content_size(file.get(), path, node.content->size());
      } catch (Error& error) {
        if (error.code() != ErrorCode::Corrupt && error.code() != ErrorCode::Unsupported) throw;
        leave_out(name, error);
        return;
      }
    }
    attributes_.set_open(file.get(), node, path);
    entry.keep();
    files_.fetch_add(1, std::memory_order_relaxed);
  }

  void leave_out(const PlannedName& name, const Error& error) {
    {
      const std::lock_guard lock(unreadable_mutex_);
      unreadable_.insert(name.node);
    }
    context_.report_damage(fmt::format("{}: {}", plan_.path(name), error.what()));
  }

  void make_other(const PlannedName& name) {
    const Node& node = tree_.node(name.node);
    const std::string path = opener_.path(name);
    const int directory = opener_.open(name.directory);
    NewName entry(directory, name.name, path, options_.replace);
    const bool is_device = node.kind == NodeKind::CharDevice || node.kind == NodeKind::BlockDevice;
    // Without root, devices can't be made.
    const int result =
        entry.make([&](const char* as) { return make_node(directory, as, node); }, is_device ? EPERM : 0);
    if (result < 0) {
      skipped_.insert(name.node);
      omissions_.add("devices were left out, because only root can make them", path, "");
      return;
    }
    attributes_.set_named(directory, entry.current(), node, path);
    entry.keep();
    ++others_;
    context_.check_cancelled();
  }

  static int make_node(int directory, const char* name, const Node& node) {
    constexpr mode_t kUnfinished = 0600;
    switch (node.kind) {
      case NodeKind::Symlink:
        return ::symlinkat(node.target.c_str(), directory, name);
      case NodeKind::CharDevice:
        return ::mknodat(directory, name, S_IFCHR | kUnfinished, makedev(node.device.major, node.device.minor));
      case NodeKind::BlockDevice:
        return ::mknodat(directory, name, S_IFBLK | kUnfinished, makedev(node.device.major, node.device.minor));
      case NodeKind::Fifo:
        return ::mknodat(directory, name, S_IFIFO | kUnfinished, 0);
      case NodeKind::Socket:
        return ::mknodat(directory, name, S_IFSOCK | kUnfinished, 0);
      case NodeKind::File:
      case NodeKind::Directory:
        break;
    }
    throw Error(ErrorCode::Internal, "files and directories are made in another way");
  }

  void make_link(const PlannedLink& link) {
    if (unreadable_.contains(link.first.node) || skipped_.contains(link.first.node)) return;
    const std::string path = opener_.path(link.name);
    // One descriptor stays open while the other is opened.
    const int first = opener_.open(link.first.directory);
    const int directory = opener_.open(link.name.directory);
    const std::string first_name(link.first.name);
    NewName entry(directory, link.name.name, path, options_.replace);
    entry.make([&](const char* as) { return ::linkat(first, first_name.c_str(), directory, as, 0); });
    entry.keep();
    ++links_;
    context_.check_cancelled();
  }

  /// Children before their parents: the parents' attributes may shut them off, and what is made in a directory changes
  /// its time.
  void finish_directories() {
    for (auto index = static_cast<std::uint32_t>(plan_.directories.size()); index-- != 0;) {
      const PlannedDirectory& directory = plan_.directories[index];
      if (!directory.wanted && !made_[index]) continue;
      const std::string path = opener_.path(index);
      const FileDescriptor fd(::openat(opener_.open(index), ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!fd) throw system_error(path, errno);
      attributes_.set_open(fd.get(), tree_.node(directory.node), path);
      context_.check_cancelled();
    }
  }

  const Tree& tree_;
  const ExtractionPlan& plan_;
  ExtractOptions options_;
  Context& context_;
  std::string top_path_;
  FileDescriptor top_;
  Omissions omissions_;
  AttributeSetter attributes_;
  std::size_t capacity_;    // of each opener
  DirectoryOpener opener_;  // of the calling thread
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<bool> made_;  // by index: the directory did not exist before
  std::atomic<std::uint64_t> files_ = 0;
  std::uint64_t others_ = 0;
  std::uint64_t links_ = 0;
  std::unordered_set<NodeId> skipped_;  // what only root can make
  std::mutex unreadable_mutex_;
  std::unordered_set<NodeId> unreadable_;  // files whose content is damaged
};

}  // namespace

ExtractionReport extract(const Tree& tree, const ExtractionPlan& plan, const std::filesystem::path& directory,
                         const ExtractOptions& options, Context& context) {
  const auto describe = [&] { return fmt::format("extracting to {}", directory.string()); };
  return with_context(describe, [&] { return Extraction(tree, plan, directory, options, context).run(); });
}

}  // namespace fstool
