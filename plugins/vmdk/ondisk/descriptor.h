/// \file
/// The descriptor: the text that says what a virtual disk consists of ("The Descriptor File" in VMware's "Virtual Disk
/// Format 5.0"). It is a file of its own or lies in a sparse extent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fstool::vmdk {

/// The line that every descriptor begins with.
inline constexpr std::string_view kDescriptorSignature = "# Disk DescriptorFile";

/// Bytes of a descriptor that is read, at most.
inline constexpr std::uint64_t kMaxDescriptorBytes = std::uint64_t{1} << 20U;
/// Extents of a disk, at most: each may be a file that is open.
inline constexpr std::size_t kMaxExtents = 4096;
/// Bytes of the name of a file, at most.
inline constexpr std::size_t kMaxNameBytes = 511;
/// Sectors of a disk, at most: so that its bytes fit 63 bits.
inline constexpr std::uint64_t kMaxDiskSectors = std::uint64_t{1} << 54U;

/// Content IDs that have a meaning.
inline constexpr std::uint32_t kNoParent = 0xffffffff;
inline constexpr std::uint32_t kNeverWritten = 0xfffffffe;

/// A line that says where a part of the disk is: `RW 4192256 SPARSE "disk-s001.vmdk"`.
struct ExtentLine {
  std::string access;         ///< "RW", "RDONLY" or "NOACCESS"
  std::uint64_t sectors = 0;  ///< of the disk; at least 1
  std::string type;           ///< "SPARSE", "FLAT", "VMFS", "ZERO", …
  std::string file;           ///< its name; empty for ZERO alone
  std::uint64_t offset = 0;   ///< sectors into the file
};

struct Descriptor {
  std::uint32_t version = 0;
  std::string create_type;           ///< as it stands there
  std::uint32_t parent = kNoParent;  ///< the parent's content ID
  std::string parent_file;           ///< as it stands there; may be empty
  std::string adapter_type;          ///< as it stands there; may be empty
  bool encrypted = false;
  std::vector<ExtentLine> extents;  ///< in the order of the disk

  /// Sectors of all extents, at most kMaxDiskSectors.
  std::uint64_t sectors() const;
};

/// Reads a descriptor, which ends at the first NUL or with the text. Upper and lower case are the same, as the format
/// says. Throws Error(Corrupt) for what is no descriptor, naming the line, and Error(Unsupported) for a version that
/// isn't known or more than kMaxExtents extents.
Descriptor parse_descriptor(std::string_view text);

/// True for equal texts, whether in upper or lower case.
bool equal_words(std::string_view a, std::string_view b);

/// Text from an image, for messages: not too long, and with nothing that could command a terminal.
std::string printable(std::string_view text);

/// What a descriptor of one extent is made of.
struct DescriptorFields {
  std::uint32_t content_id = 0;
  std::string create_type;
  std::string access;
  std::uint64_t sectors = 0;
  std::string adapter_type;
  std::uint32_t hardware_version = 0;
};

/// The descriptor that lies in its only extent, which is sparse.
std::string format_descriptor(const DescriptorFields& fields);

}  // namespace fstool::vmdk
