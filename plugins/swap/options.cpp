#include "options.h"

namespace fstool::swap {

const OptionSet<SwapOptions>& swap_options() {
  using boost::endian::order;
  static const auto set =
      OptionSet<SwapOptions>()
          .add("page_size", &SwapOptions::page_size,
               "Size of a page of the kernel that swaps: another one refuses the area. Kernels for ARM and POWER may "
               "have 16KiB or 64KiB.",
               one_of<Bytes>({{4096}, {8192}, {16'384}, {32'768}, {65'536}}))
          .add("endianness", &SwapOptions::endianness, "Byte order of the machine that swaps.",
               choices<order>({{"little", order::little}, {"big", order::big}}))
          .add("volume_label", &SwapOptions::volume_label, "Label, up to 16 bytes.", max_bytes(16))
          .add("uuid", &SwapOptions::uuid, "UUID. Left out: derived from the seed.");
  return set;
}

}  // namespace fstool::swap
