/// \file
/// From PATH[@SNAPSHOT][:PARTITION] to the file system that is meant.
#pragma once

#include <cstddef>

#include "disk_image.h"
#include "fstool/context.h"
#include "fstool/filesystem.h"
#include "image_reference.h"

namespace fstool {

/// A file system in an image, and all layers around it.
struct OpenedImage {
  DiskImage image;
  std::size_t part = 0;  ///< index into image.parts
  Volume volume;
};

/// The index of the part of `image` that `partition` means: by its number; else by its name, where the table has names;
/// else by the label of its file system, for which the file systems are inspected. Without `partition`: the only part,
/// or the only one with a file system that a plugin knows. Throws Error(NotFound) if there is no such partition or no
/// partition at all, Error(InvalidArgument) if several are meant; the messages list the partitions.
std::size_t choose_part(const DiskImage& image, const std::optional<std::string>& partition, Context& context);

/// As choose_part(), for a file system whose format may be known: that of the part becomes the one of `overrides`.
std::size_t choose_filesystem(DiskImage& image, const std::optional<std::string>& partition,
                              const FormatOverrides& overrides, Context& context);

/// Opens the file system that `reference` means. Throws as open_disk_image(), choose_part() and open_volume(); messages
/// begin with "opening old.img:2: ".
OpenedImage open_image(const ImageReference& reference, Context& context);

/// The same of bytes that are no file; messages call them `name`.
OpenedImage open_image(BlobPtr bytes, const std::string& name, Context& context);

/// True for what is wrong with an image; false for what is wrong with the host or the program.
bool is_of_image(const Error& error);

}  // namespace fstool
