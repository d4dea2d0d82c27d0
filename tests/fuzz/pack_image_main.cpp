// pack-image [--without-ones] IMAGE OUTPUT: packs a small image for the fuzzer's corpus. Asked for, what is all ones is
// left out, too: it pads the bitmaps of ext4, which nobody reads.

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <span>
#include <string_view>
#include <vector>

#include "packed_image.h"

namespace {

void drop_ones(std::vector<char>& image) {
  constexpr std::ptrdiff_t kUnit = 64;
  for (auto unit = image.begin(); image.end() - unit >= kUnit; unit += kUnit) {
    if (std::all_of(unit, unit + kUnit, [](char c) { return c == '\xFF'; })) std::fill_n(unit, kUnit, '\0');
  }
}

}  // namespace

int main(int argc, char** argv) {
  const bool without_ones = argc > 1 && std::string_view(argv[1]) == "--without-ones";
  if (without_ones) ++argv, --argc;
  if (argc != 3) {
    std::fputs("usage: pack-image [--without-ones] IMAGE OUTPUT\n", stderr);
    return 2;
  }
  try {
    std::ifstream in;
    in.exceptions(std::ios::badbit | std::ios::failbit);
    in.open(argv[1], std::ios::binary);
    std::vector<char> image{std::istreambuf_iterator<char>(in), {}};
    if (without_ones) drop_ones(image);
    const auto packed = fstool::fuzz::pack_image(std::as_bytes(std::span(image)));
    std::ofstream out;
    out.exceptions(std::ios::badbit | std::ios::failbit);
    out.open(argv[2], std::ios::binary);
    out.write(reinterpret_cast<const char*>(packed.data()), static_cast<std::streamsize>(packed.size()));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "pack-image: %s: %s\n", argv[1], error.what());
    return 1;
  }
  return 0;
}
