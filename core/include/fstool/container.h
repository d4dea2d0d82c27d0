/// \file
/// Container: a disk becomes a file, and back.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fstool/api.h"
#include "fstool/blob.h"
#include "fstool/codec.h"
#include "fstool/context.h"
#include "fstool/output_file.h"
#include "fstool/tree.h"

namespace fstool {

/// A file that holds a container.
struct ContainerFile {
  BlobPtr bytes;
  /// Where the user said it is on the host: the names in it of other files are relative to its directory. Empty for
  /// bytes that don't come from a file the user named: these must not have fstool open any file of the host.
  std::filesystem::path path = {};
};

/// An earlier state of a disk that its container keeps.
struct ContainerSnapshot {
  std::string id;    ///< unique in the container
  std::string name;  ///< for people; may be empty
  Timestamp taken;
  std::uint64_t disk_size = 0;  ///< bytes
};

/// What is worth telling about a container.
struct ContainerFacts {
  std::uint64_t disk_size = 0;        ///< bytes
  std::uint64_t unit_size = 0;        ///< bytes in which it stores and compresses; 0 where there is no such unit
  std::vector<std::string> features;  ///< the format's own words, in its own order
  std::string backing_file;           ///< where what it doesn't hold is, as it says; empty: nowhere
  std::string data_file;              ///< where the data is if not in the file itself, as it says
  std::vector<ContainerSnapshot> snapshots;
};

/// One container format with its options applied.
class FSTOOL_API Container {
 public:
  virtual ~Container();

  /// Writes `disk` to `output`, reading every byte of it at most once, with all of context.workers(). `codec` is null
  /// if none is asked for. Reports progress in bytes of `disk`. Does not commit `output`. The bytes written depend on
  /// the disk, the options and the codec alone. Throws Error(InvalidArgument) for a codec that the format can't use.
  virtual void write(const Blob& disk, OutputFile& output, const Codec* codec, Context& context) = 0;

  /// True if write() can write to a stream (OutputFile::is_stream()). The default says no.
  virtual bool writes_streams() const { return false; }

  /// True if `file` holds this format, told by its signature and not by its size alone. Never throws on damaged bytes.
  /// Where several formats say true, the first in the order of names is taken; where none does, the file is the disk.
  virtual bool probe(const Blob& file) const = 0;

  /// The disk in `file`, as it is now or, if `snapshot` is not empty, as it was when the snapshot of that id or name
  /// was taken. Other files that the container names are opened only if `file` has a path. Damage that can be read
  /// around goes to context.report_damage(); the Context must outlive the Blob. Throws Error(Corrupt/Unsupported),
  /// Error(NotFound) if there is no such snapshot or a file that it needs is missing, Error(InvalidArgument) if several
  /// snapshots are called so. The default says that this format is only written.
  virtual BlobPtr open(const ContainerFile& file, std::string_view snapshot, Context& context);

  /// What `file` says about itself, without looking at the disk or at other files. Throws as open(). The default tells
  /// the size of the disk, for which it opens it.
  virtual ContainerFacts inspect(const ContainerFile& file, Context& context);

  /// Tells context.report_damage() everything that is wrong with the container, as Filesystem::check(), compressed data
  /// included. The default opens it.
  virtual void check(const ContainerFile& file, Context& context);
};

}  // namespace fstool
