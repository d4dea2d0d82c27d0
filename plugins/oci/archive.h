/// \file
/// Archives, which the source "tar" reads.
#pragma once

#include <cstdint>

#include "fstool/context.h"
#include "fstool/layer.h"
#include "fstool/source.h"

namespace fstool::oci {

/// What an archive has. `max_size` is the most bytes that it may decompress to. Throws as Source::load(), and
/// Error(NotFound) if the source isn't there.
Layer load_archive(const SourceInput& archive, std::uint64_t max_size, Context& context);

}  // namespace fstool::oci
