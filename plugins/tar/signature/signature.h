/// \file
/// What a file begins as, found out without libarchive.
#pragma once

#include <cstdint>

#include "fstool/blob.h"

namespace fstool::tar {

enum class Signature : std::uint8_t {
  None,      ///< nothing that is known
  Tar,       ///< a header of a tar whose checksum is right; an archive without members begins as a disk may
  Cpio,      ///< of the portable formats: odc, newc, and newc with checksums
  Zip,       ///< a member, or the end of an archive without any
  SevenZip,  ///< of 7z
  Iso,       ///< an ISO 9660 file system: a volume descriptor at byte 32768
  Stream,    ///< something compressed, which may be an archive
};

/// Reads a few hundred bytes of `file`, whatever its size is. Throws as Blob::read().
Signature signature_of(const Blob& file);

}  // namespace fstool::tar
