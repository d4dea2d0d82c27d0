/// \file
/// Checks all layers of an image.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "format_overrides.h"
#include "fstool/context.h"
#include "fstool/partition_table.h"
#include "image_reference.h"

namespace fstool {

enum class ImageLayer : std::uint8_t { Stream, Container, PartitionTable, Filesystem };

enum class Severity : std::uint8_t {
  Damage,   ///< contradicts the format
  Warning,  ///< worth knowing
};

struct Finding {
  Severity severity = Severity::Damage;
  std::string message;  ///< one sentence; may have any bytes of the image
};

/// Of each layer so many findings are kept, damage before warnings.
inline constexpr std::size_t kMaxFindings = 1000;

/// What was found in one layer.
struct LayerReport {
  ImageLayer layer = ImageLayer::Container;
  std::string format;  ///< "ext4"; empty: a part without a file system that a plugin knows, which is not checked
  std::optional<Partition> partition;  ///< of a file system; nothing: it is the whole disk
  std::vector<Finding> findings;       ///< in the order in which they were found
  std::uint64_t damage = 0;            ///< number of findings, those that were not kept included
  std::uint64_t warnings = 0;

  bool clean() const { return damage == 0; }
};

struct CheckReport {
  std::string name;  ///< as the user wrote it
  std::vector<LayerReport> layers;

  bool clean() const;
};

/// Checks compressed stream, container, partition table and all file systems of the image that `reference` means, or,
/// if it names a partition, the file system there alone. A damaged layer is gone through as far as it can be opened:
/// where the first bytes of one are damaged, so that no format recognizes it, the formats are asked whether they find
/// its remains.
///
/// `settings` are those of the Context that it works with, whose listener hears of progress and of nothing else.
/// Throws Error(NotFound/Io) for a file that can't be read, Error(Unsupported) if nothing in it is known and no layer
/// is damaged, Error(Cancelled), and as choose_part().
CheckReport check_image(const ImageReference& reference, const FormatOverrides& overrides, const Registry& registry,
                        Context::Settings settings);

/// Several lines, each ended: one for each layer, with what was found below it. Fit for a terminal.
std::string describe_check(const CheckReport& report);

}  // namespace fstool
