/// \file
/// What an image is made of, layer by layer, for people who have just been handed one.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "disk_image.h"
#include "format_overrides.h"
#include "fstool/container.h"
#include "fstool/context.h"
#include "fstool/partition_layout.h"
#include "image_reference.h"

namespace fstool {

/// A part of a disk, and the file system in it.
struct InspectedPart {
  std::optional<Partition> partition;  ///< nothing: the whole disk
  std::string filesystem;              ///< empty: none that a plugin knows
  std::optional<VolumeFacts> facts;
  std::string problem;  ///< why there are no facts
};

struct InspectedImage {
  std::string name;                               ///< as it was given
  std::optional<StreamFacts> stream;              ///< nothing: the file is not compressed as a whole
  std::string container;                          ///< empty: the file, or what its stream holds, is the disk
  std::optional<ContainerFacts> container_facts;  ///< nothing: there is no container
  std::uint64_t file_size = 0;                    ///< bytes
  std::optional<std::uint64_t> allocated_size;    ///< bytes that the host stores; nothing: a device
  std::uint64_t disk_size = 0;                    ///< bytes
  std::optional<Layout> layout;
  std::vector<InspectedPart> parts;
  std::vector<DiskRange> gaps;  ///< unpartitioned, sorted; small ones are left out
  std::string problem;          ///< why there is no more than the disk
};

/// Opens `reference` as far as it goes: what can't be opened further is a problem of its layer, and no error. With a
/// partition, it is the only part. Throws as open_disk_image() where not even the disk can be had, and as
/// choose_part().
InspectedImage inspect_image(const ImageReference& reference, const FormatOverrides& overrides, Context& context);

/// A few lines for each layer, indented by depth. Names and labels go through `show`.
std::string describe_image(const InspectedImage& image, const std::function<std::string(std::string_view)>& show);

}  // namespace fstool
