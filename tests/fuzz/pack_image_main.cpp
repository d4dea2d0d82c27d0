// pack-image IMAGE OUTPUT: packs a small image for the fuzzer's corpus.

#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <span>
#include <vector>

#include "packed_image.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: pack-image IMAGE OUTPUT\n", stderr);
    return 2;
  }
  try {
    std::ifstream in;
    in.exceptions(std::ios::badbit | std::ios::failbit);
    in.open(argv[1], std::ios::binary);
    const std::vector<char> image{std::istreambuf_iterator<char>(in), {}};
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
