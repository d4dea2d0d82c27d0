/// \file
/// Container: a disk becomes a file, and back.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fstool/api.h"
#include "fstool/blob.h"
#include "fstool/codec.h"
#include "fstool/context.h"
#include "fstool/output_file.h"

namespace fstool {

/// Something worth telling about a container: {"cluster size", "64 KiB"}.
struct ContainerFact {
  std::string name;   ///< the format's own word, in lower case
  std::string value;  ///< for people
};

/// One container format with its options applied.
class FSTOOL_API Container {
 public:
  virtual ~Container();

  /// Writes `disk` to `output`, reading every byte of it at most once, with all of context.workers(). `codec` is null
  /// if none is asked for. Reports progress in bytes of `disk`. Does not commit `output`. The bytes written depend on
  /// the disk, the options and the codec alone. Throws Error(InvalidArgument) for a codec that the format can't use.
  virtual void write(const Blob& disk, OutputFile& output, const Codec* codec, Context& context) = 0;

  /// True if `file` holds this format, told by its signature and not by its size alone. Never throws on damaged bytes.
  /// Where several formats say true, the first in the order of names is taken; where none does, the file is the disk.
  virtual bool probe(const Blob& file) const = 0;

  /// The disk in `file`. Throws Error(Corrupt/Unsupported). The default says that this format is only written.
  virtual BlobPtr open(BlobPtr file, Context& context);

  /// Tells context.report_damage() everything that is wrong with the container, as Filesystem::check(), compressed data
  /// included. The default opens it.
  virtual void check(BlobPtr file, Context& context);

  /// What a file says about itself beside the sizes of file and disk, in the order in which it is to be told: version,
  /// cluster size, codec, backing file, snapshots… Reads no data. Throws as open(). The default has nothing to tell.
  virtual std::vector<ContainerFact> facts(BlobPtr file, Context& context);
};

}  // namespace fstool
