#include "scanner.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "fstool/error.h"

namespace fstool::dir {

namespace {

/// Entries that one task looks at: enough to make a task worth its cost, few enough that one huge directory keeps all
/// workers busy.
constexpr std::size_t kBatchEntries = 512;
/// Room for the answer of one getdents64(2).
constexpr std::size_t kListingBytes = 64 * 1024;

std::uint64_t allocated_bytes(const struct stat& status) { return static_cast<std::uint64_t>(status.st_blocks) * 512; }

}  // namespace

Scanner::Scanner(HostTree& tree, Context& context)
    : tree_(tree),
      context_(context),
      xattrs_(XattrReader::detect(tree.open_directory(tree.top())->get()), tree.links()),
      directories_(context.workers().size()),
      entries_(context.workers().size()),
      followed_(context.workers().size()) {}

ScannedDirectory& Scanner::scan() {
  constexpr unsigned kFirstWorker = 0;
  ScannedDirectory& top = add_directory(kFirstWorker, tree_.top());
  context_.workers().run_tasks([&](const WorkerPool::Submit& submit) {
    submit([this, &top, &submit](unsigned worker) { scan_directory(top, submit, worker); });
  });
  for (EntryStore<ScannedEntry>& store : entries_) store.finish();
  return top;
}

ScannedDirectory& Scanner::add_directory(unsigned worker, const Directory& directory) {
  return directories_[worker].emplace_back(ScannedDirectory{.directory = &directory, .attributes = {}, .batches = {}});
}

void Scanner::scan_directory(ScannedDirectory& scanned, const WorkerPool::Submit& submit, unsigned worker) {
  const Directory& of = *scanned.directory;
  const std::shared_ptr<const Descriptor> open = tree_.open_directory(of);
  struct stat status {};
  if (::fstat(open->get(), &status) != 0) throw HostTree::error(tree_.path(of), errno);
  scanned.attributes = attributes_of(status, open->get(), of, "");

  const auto names = std::make_shared<const Names>(read_names(open->get(), of, worker));
  context_.advance(1);
  scanned.batches.resize((names->size() + kBatchEntries - 1) / kBatchEntries);
  if (scanned.batches.size() == 1) {
    scanned.batches[0] = scan_batch(of, *names, submit, worker);
    return;
  }
  for (std::size_t index = 0; index < scanned.batches.size(); ++index) {
    submit([this, &scanned, &submit, names, index](unsigned batch_worker) {
      const std::size_t first = index * kBatchEntries;
      const auto batch = std::span(*names).subspan(first, std::min(kBatchEntries, names->size() - first));
      scanned.batches[index] = scan_batch(*scanned.directory, batch, submit, batch_worker);
    });
  }
}

Scanner::Names Scanner::read_names(int directory, const Directory& of, unsigned worker) {
  Names names;
  alignas(dirent64) std::array<char, kListingBytes> listing;
  for (;;) {
    const ssize_t size = ::getdents64(directory, listing.data(), listing.size());
    if (size < 0) throw HostTree::error(tree_.path(of), errno);
    if (size == 0) break;
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      const auto* const entry = reinterpret_cast<const dirent64*>(listing.data() + at);
      at += entry->d_reclen;
      const std::string_view name(entry->d_name);
      if (name == "." || name == "..") continue;
      // Where links are followed, each name is looked at, to know directories again.
      const bool is_directory = entry->d_type == DT_DIR && tree_.links() == Links::Keep;
      names.push_back({tree_.keep_name(worker, name), is_directory});
    }
  }
  std::ranges::sort(names, [](const Name& a, const Name& b) { return std::strcmp(a.text, b.text) < 0; });
  return names;
}

ScannedBatch Scanner::scan_batch(const Directory& of, std::span<const Name> names, const WorkerPool::Submit& submit,
                                 unsigned worker) {
  // Not handed over from the task that listed the names: waiting batches must not keep descriptors open.
  const std::shared_ptr<const Descriptor> open = tree_.open_directory(of);
  const std::shared_ptr<ScannedEntry> memory = entries_[worker].allocate(names.size());
  ScannedBatch batch{.entries = {memory.get(), names.size()}, .memory = memory, .links = {}};
  std::uint64_t others = 0;  // a directory counts itself when it is listed
  for (std::size_t index = 0; index < names.size(); ++index) {
    const Name& name = names[index];
    ScannedEntry* const entry = memory.get() + index;
    struct stat status {};
    status.st_mode = S_IFDIR;
    // A directory's attributes are taken from the descriptor through which it is listed.
    if (!name.is_directory) status = status_of(open->get(), of, name.text, worker);
    if (S_ISDIR(status.st_mode)) {
      const DirectoryIdentity identity(status.st_dev, status.st_ino);
      std::construct_at(entry, scan_directory_entry(of, name.text, identity, submit, worker));
      continue;
    }
    if (status.st_nlink > 1) batch.links.push_back({index, status.st_dev, status.st_ino});
    std::construct_at(entry, scan_other_entry(open->get(), of, name.text, status, worker));
    ++others;
  }
  context_.advance(others);
  return batch;
}

struct stat Scanner::status_of(int directory, const Directory& of, const char* name, unsigned worker) {
  struct stat status {};
  if (::fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0) {
    throw HostTree::error(tree_.path(of, name), errno);
  }
  if (!S_ISLNK(status.st_mode) || tree_.links() == Links::Keep) return status;
  std::string path = tree_.path(of, name);
  if (::fstatat(directory, name, &status, AT_NO_AUTOMOUNT) != 0) {
    if (errno != ENOENT && errno != ELOOP) throw HostTree::error(path, errno);
    throw Error(ErrorCode::NotFound,
                fmt::format("{} is a symbolic link that leads nowhere, so it can't be followed", path));
  }
  followed_[worker].push_back(std::move(path));
  return status;
}

std::vector<std::string> Scanner::followed() const {
  std::vector<std::string> all;
  for (const std::vector<std::string>& paths : followed_) all.insert(all.end(), paths.begin(), paths.end());
  std::ranges::sort(all);
  return all;
}

ScannedEntry Scanner::scan_directory_entry(const Directory& of, const char* name, const DirectoryIdentity& identity,
                                           const WorkerPool::Submit& submit, unsigned worker) {
  ScannedDirectory& below = add_directory(worker, tree_.add_directory(worker, of, name, identity));
  submit([this, &below, &submit](unsigned task_worker) { scan_directory(below, submit, task_worker); });
  return {.name = name, .special = &below, .attributes = {}};
}

ScannedEntry Scanner::scan_other_entry(int directory, const Directory& of, const char* name, const struct stat& status,
                                       unsigned worker) {
  ScannedEntry entry{.name = name, .special = {}, .attributes = attributes_of(status, directory, of, name)};
  switch (status.st_mode & S_IFMT) {
    case S_IFREG:
      entry.special = content_of(status, of, name, worker);
      break;
    case S_IFLNK:
      entry.special = read_target(directory, of, name, worker);
      break;
    case S_IFCHR:
    case S_IFBLK:
      entry.special = DeviceNumber{gnu_dev_major(status.st_rdev), gnu_dev_minor(status.st_rdev)};
      break;
    default:
      break;
  }
  return entry;
}

Attributes Scanner::attributes_of(const struct stat& status, int directory, const Directory& of, const char* name) {
  int error = 0;
  const SharedXattrs* const xattrs = xattrs_.read(directory, name, error);
  if (error != 0) {
    Error failure = HostTree::error(tree_.path(of, name), error);
    failure.add_context("extended attributes");
    throw failure;
  }
  return {.xattrs = xattrs,
          .mtime_seconds = status.st_mtim.tv_sec,
          .mtime_nanoseconds = static_cast<std::uint32_t>(status.st_mtim.tv_nsec),
          .uid = status.st_uid,
          .gid = status.st_gid,
          .mode = status.st_mode};
}

const FileContent* Scanner::content_of(const struct stat& status, const Directory& of, const char* name,
                                       unsigned worker) {
  const FileIdentity identity(status);
  if (identity.size == 0) return nullptr;
  if (allocated_bytes(status) >= identity.size) return tree_.add_file(worker, of, name, identity);
  const Descriptor file = tree_.open_file(of, name);
  std::vector<FileExtent> extents = find_data(file.get(), identity.size, tree_.path(of, name));
  // A file system that compresses needs few blocks without having holes.
  if (extents.size() == 1 && extents[0].begin == 0 && extents[0].end == identity.size) {
    return tree_.add_file(worker, of, name, identity);
  }
  return tree_.add_sparse_file(worker, of, name, identity, std::move(extents));
}

const char* Scanner::read_target(int directory, const Directory& of, const char* name, unsigned worker) {
  // st_size is not the length everywhere (procfs says 0), so the answer's own size decides.
  std::string target(4096, '\0');
  for (;;) {
    const ssize_t size = ::readlinkat(directory, name, target.data(), target.size());
    if (size < 0 && errno == EINVAL) throw HostTree::error(tree_.path(of, name), ENOENT);  // no longer a symlink
    if (size < 0) throw HostTree::error(tree_.path(of, name), errno);
    if (size == 0) throw Error(ErrorCode::Unsupported, fmt::format("{} is an empty symlink", tree_.path(of, name)));
    if (static_cast<std::size_t>(size) < target.size()) {
      return tree_.keep_name(worker, std::string_view(target).substr(0, static_cast<std::size_t>(size)));
    }
    target.resize(2 * target.size());
  }
}

}  // namespace fstool::dir
