/// \file
/// Opens bytes that a spec takes as they are: files, disks in images, and partitions of these.
#pragma once

#include <filesystem>

#include "fstool/blob.h"
#include "fstool/context.h"
#include "spec.h"

namespace fstool {

/// The bytes of a choice that is a file or an image: those of the partition that is named, else of the whole disk in
/// the image. Null for what is filled, whose size the choice doesn't say. `output` is where the result goes, empty if
/// nowhere. Throws spec_error() for what doesn't exist, can't be read or is the output, and as opening an image does.
BlobPtr open_content(const ContentChoice& choice, const std::filesystem::path& output, Context& context);

/// What fills `size` bytes. Null, a hole, for zeros.
BlobPtr make_fill(std::uint8_t byte, std::uint64_t size);

}  // namespace fstool
