/// \file
/// Filesystem: a Tree becomes a Blob, and back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fstool/api.h"
#include "fstool/blob.h"
#include "fstool/context.h"
#include "fstool/tree.h"
#include "fstool/uuid.h"

namespace fstool {

/// How large a file system shall be.
struct SizeRequest {
  /// Exactly this many bytes (the file system may leave a remainder smaller than its block unused, but the Blob has
  /// this size). Without it: as small as the tree allows, plus the headroom below.
  std::optional<std::uint64_t> fixed;
  std::uint64_t free_bytes = 0;    ///< headroom: at least this much free space for files
  std::uint32_t free_percent = 0;  ///< headroom: at least this share of the file system free; 0 … 95
};

struct FormatRequest {
  SizeRequest size;
  Seed seed;                           ///< for UUIDs and hash seeds that the options don't give
  std::uint64_t partition_offset = 0;  ///< bytes from the start of the disk; 0 for a bare file system
  std::uint32_t sector_size = 512;     ///< of the disk, in bytes
};

/// What is worth telling about a file system.
struct VolumeFacts {
  std::string type;  ///< "ext4"
  std::string label;
  std::string uuid;               ///< as the format prints it; may be empty
  std::uint64_t size = 0;         ///< bytes
  std::uint32_t block_size = 0;   ///< bytes
  std::uint64_t blocks = 0;       ///< blocks of block_size
  std::uint64_t free_blocks = 0;  ///< what is reserved for the superuser counts as free
  std::uint64_t inodes = 0;       ///< 0 where the format has no fixed number
  std::uint64_t free_inodes = 0;
  std::vector<std::string> features;  ///< the format's own words, in its own order
  std::string state;                  ///< of an opened one, in the format's words: "clean", "needs recovery"…
};

/// A file system that was planned but not written: reading the Blob makes it.
struct FormattedVolume {
  BlobPtr image;
  VolumeFacts facts;
};

/// A file system that was opened. The contents of its files are read when they are asked for, and keep alive what they
/// need. Movable, not copyable.
struct Volume {
  Tree tree;
  VolumeFacts facts;
};

/// How much of a file system to open: of a large one, often a few names are asked for.
struct OpenScope {
  enum class Depth : std::uint8_t {
    Node,        ///< the node at `path` alone
    Children,    ///< if it is a directory, its entries too
    Everything,  ///< and all that is below them
  };
  std::string path;  ///< '/'-separated names from the root, no "." or ".."; empty: the root
  Depth depth = Depth::Everything;
};

struct VolumeUsage;

/// One file system format. Thread-safe.
class FSTOOL_API Filesystem {
 public:
  virtual ~Filesystem();

  /// Plans a file system that holds `tree`. Reads no file content; the returned Blob keeps `tree` alive and reads each
  /// content byte when it is asked for it. The same tree, request and options give the same bytes.
  /// Throws Error(NoSpace) if the size is too small (saying what is needed), Error(Unsupported) for what the format
  /// can't hold (naming the path).
  virtual FormattedVolume format(std::shared_ptr<const Tree> tree, const FormatRequest& request, Context& context) = 0;

  /// True if `image` holds this format. Never throws on damaged bytes. Formats exclude each other: of several that
  /// share their structures (ext2, ext3 and ext4), the one whose features the image has says so. If more than one does
  /// all the same, the first in the order of names is taken.
  virtual bool probe(const Blob& image) const = 0;

  /// What an image says about itself, without the Tree: to find a volume by its label, or to list what a disk holds.
  /// Throws as open(). The default opens the image; formats that find the facts in a few blocks override it.
  virtual VolumeFacts inspect(BlobPtr image, Context& context);

  /// Opens an image, which is not changed. The Tree has at least what `scope` asks for and the directories that lead
  /// there; it ends where the path goes through what is no directory, a symbolic link for instance. Damage that can be
  /// read around goes to context.report_damage(); the Context must outlive the Volume. Throws
  /// Error(Corrupt/Unsupported). The default says that this format is only written.
  virtual Volume open(BlobPtr image, const OpenScope& scope, Context& context);

  /// Tells context.report_damage() everything that is wrong with an image: each checksum, count and reference that the
  /// format has, one sentence each that says where and what ("group 3: the checksum of the block bitmap is wrong");
  /// and context.warn() what is right but worth knowing ("it was not unmounted cleanly"). The image is not changed.
  /// Throws where there is no going on (Corrupt, Unsupported, Io, Cancelled). The default opens all of it.
  virtual void check(BlobPtr image, Context& context);

  /// What each byte of an image is used for, and where the contents of the `largest_files` largest files lie
  /// ("fstool/usage.h" says what there is and helps to make it). Reads metadata, but no content. Damage that can be
  /// read around goes to context.report_damage(); what it hides is Unaccounted. Throws as open(). The default says
  /// nothing: a map of the disk then shows how much is free, but not where.
  virtual std::optional<VolumeUsage> usage(BlobPtr image, std::size_t largest_files, Context& context);
};

}  // namespace fstool
