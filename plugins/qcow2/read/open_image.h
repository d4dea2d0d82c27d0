/// \file
/// Opens an image and the files that it needs: its external data file, and its backing chain.
///
/// An image names other files of the host. That is followed, as QEMU does, when the user named the image, under rules
/// that keep an image from doing more than that: only regular files are opened; names of protocols and of QEMU's JSON
/// are refused; a backing file is what the image says it is ("raw" or "qcow2"), and where the image doesn't say, it
/// must be qcow2: a guest could write a header to a raw disk that names any file of the host.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "fstool/blob.h"
#include "fstool/container.h"
#include "fstool/context.h"
#include "read/image_header.h"

namespace fstool::qcow2 {

/// Backing files of a chain, at most.
inline constexpr unsigned kMaxBackingDepth = 200;

/// As Container::open().
BlobPtr open_image(const ContainerFile& file, std::string_view snapshot, Context& context);

/// What an image can be based on.
struct BackingDisk {
  std::string format;  ///< "raw" or "qcow2"
  BlobPtr disk;
};

/// Opens the file `name` for an image that is about to be written to `image`, whose directory relative names begin at.
/// `format` is "raw" or "qcow2"; if it is empty, the file is qcow2 if it looks like that. Throws Error(InvalidArgument)
/// if the image would replace a file of the chain, and as open_image().
BackingDisk open_new_backing(const std::string& name, const std::string& format, const std::filesystem::path& image,
                             Context& context);

/// Tells that an image is marked as corrupt or dirty; `name` begins the sentence.
void report_state(const ImageHeader& header, const std::string& name, Context& context);

/// Opens the files that the image of `header` needs, and lets go of them. Throws as open_image().
void open_other_files(const ContainerFile& file, const ImageHeader& header, Context& context);

}  // namespace fstool::qcow2
