// pack-image IMAGE OUTPUT: packs a small image for the fuzzer's corpus. What is all ones is left out, too: it pads
// bitmaps, which nobody reads.

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <span>
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
  if (argc != 3) {
    std::fputs("usage: pack-image IMAGE OUTPUT\n", stderr);
    return 2;
  }
  try {
    std::ifstream in;
    in.exceptions(std::ios::badbit | std::ios::failbit);
    in.open(argv[1], std::ios::binary);
    std::vector<char> image{std::istreambuf_iterator<char>(in), {}};
    drop_ones(image);
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
