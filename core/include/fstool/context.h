/// \file
/// Context: what a stage needs from outside.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "fstool/api.h"
#include "fstool/tree.h"
#include "fstool/uuid.h"
#include "fstool/worker_pool.h"

namespace fstool {

class EarlierOutput;
class Registry;

/// Hears how a run goes on. Every call may come from any thread.
class FSTOOL_API ProgressListener {
 public:
  virtual ~ProgressListener();
  /// A step begins: "reading ./rootfs", "writing disk.qcow2". `total` is in `unit`s ("bytes", "files"); 0 means
  /// unknown.
  virtual void begin(std::string_view step, std::uint64_t total, std::string_view unit) = 0;
  /// `done` more units of the current step.
  virtual void advance(std::uint64_t done) = 0;
  /// Something the user should know that does not stop the work.
  virtual void warn(std::string_view message) = 0;
};

/// A badly damaged image shall not flood the terminal.
inline constexpr unsigned kMaxDamageWarnings = 50;

/// What of a file of the host goes into the output.
enum class InputUse {
  Content,   ///< its bytes alone
  Metadata,  ///< its owner, mode, time of modification and extended attributes, too
};

/// Passed to every stage. Whatever a stage returns may go on using it: it must outlive them. All members are
/// thread-safe, except that workers() follows WorkerPool's own rules.
class FSTOOL_API Context {
 public:
  struct Settings {
    unsigned threads = 0;                                ///< 0: one for each processor
    std::optional<std::int64_t> source_date_epoch = {};  ///< seconds; from the environment variable of that name
    std::shared_ptr<ProgressListener> listener = {};     ///< null: nobody listens
    const std::atomic<bool>* cancelled = nullptr;        ///< becomes true when the user asks to stop
    bool strict = false;                                 ///< damage that could be read around is an error
    /// Hears all damage, in place of warnings and of errors for `strict`; from any thread, one call at a time.
    std::function<void(std::string_view message)> damage_listener = {};
    /// Hears of each file and directory of the host that the output depends on, before it is opened; one call at a
    /// time. What it throws ends the run.
    std::function<void(const std::filesystem::path& path, InputUse use)> input_listener = {};
    /// What the output may take from the one that it replaces; must outlive the Context. Null: nothing.
    EarlierOutput* earlier_output = nullptr;
  };

  /// `registry` must outlive the Context.
  Context(const Registry& registry, Settings settings);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const Registry& registry() const noexcept;
  /// For containers: where pieces of the output may be had without making them. Null: nowhere.
  EarlierOutput* earlier_output() const noexcept;
  WorkerPool& workers() noexcept;

  void begin_step(std::string_view step, std::uint64_t total, std::string_view unit);
  /// Reports progress, and throws Error(Cancelled) if the user asked to stop. Call it at least every few MiB.
  void advance(std::uint64_t done);
  void warn(std::string_view message);
  /// Reports damage of an image that can still be read, such as a wrong checksum: to the damage listener, if there is
  /// one; else as a warning, or Error(Corrupt) if the user asked for strictness. A warning is given once, however often
  /// an image is opened; after kMaxDamageWarnings of them one last one says that there are more.
  void report_damage(std::string_view message);

  /// Tells the input listener, if there is one, that the output will depend on the file `path`, or on a directory and
  /// everything below it. Call it before the file is opened; fstool itself does so for what the user named, so that
  /// only a format that opens other files calls it. Not from within a job of workers().
  void note_input(const std::filesystem::path& path, InputUse use = InputUse::Content) const;

  /// Throws Error(Cancelled) if the user asked to stop.
  void check_cancelled() const;

  /// The time to record where the source has none (a superblock's, lost+found's): SOURCE_DATE_EPOCH, else the newest
  /// mtime of `tree`.
  Timestamp clock(const Tree& tree) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fstool
