// The libFuzzer targets whose inputs are packed images for the formats of several plugins, which are loaded as the host
// does: those of FSTOOL_FUZZED, one of fuzzed_plugins.h.

#include <cstddef>
#include <cstdint>
#include <span>

#include "fuzzed_plugins.h"
#include "packed_image.h"
#include "walk_formats.h"

namespace {

const fstool::Registry& formats() {
  static const fstool::Registry registry = load_formats(fstool::fuzz::FSTOOL_FUZZED, FSTOOL_FUZZED_PLUGINS);
  return registry;
}

}  // namespace

/// Called before libFuzzer counts what code there is.
extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  formats();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fstool::fuzz::walk_formats(fstool::fuzz::unpack_image(std::as_bytes(std::span(data, size))), formats());
  return 0;
}
