#include "vmdk_fixture.h"

#include <fstream>
#include <span>

#include "codec_fixture.h"

namespace fstool::vmdk::test {

std::vector<std::byte> mixed_bytes(std::size_t size, std::size_t grain_size) {
  std::vector<std::byte> bytes;
  for (std::uint32_t i = 0; bytes.size() < size; ++i) {
    const std::size_t length = grain_size * (1 + i % 3) + (i % 5 == 0 ? grain_size / 2 : 0);
    const auto piece = i % 4 == 0   ? fstool::test::random_bytes(length, i)
                       : i % 4 == 2 ? std::vector<std::byte>(length)
                                    : fstool::test::text_bytes(length, i);
    bytes.insert(bytes.end(), piece.begin(), piece.end());
  }
  bytes.resize(size);
  return bytes;
}

std::uint64_t VmdkTest::write(const Blob& disk, const VmdkOptions& options, const std::string& name, unsigned threads) {
  VmdkContainer container(options);
  return write_image(container, disk, name, threads);
}

void VmdkTest::write_example(Subformat subformat, const std::string& name) {
  const BlobPtr disk = fstool::test::sparse_disk(
      100 * kMiB, {{0, mixed_bytes(2 * kMiB, 64 * kKiB)}, {70 * kMiB, fstool::test::text_bytes(kMiB, 9)}});
  write(*disk, with(subformat), name);
}

SparseExtentHeader VmdkTest::last_header(const std::string& name) const {
  const SparseExtentHeader first = header(name);
  if (first.directory_offset != kDirectoryAtEnd) return first;
  return get<StreamEnd>(name, end_of_stream(name)).footer;
}

std::uint32_t VmdkTest::grain_sector(const std::string& name, std::uint64_t grain) const {
  const std::uint32_t table = entry(name, last_header(name).directory_offset, grain / kEntriesOfTable);
  return table == 0 ? 0 : entry(name, table, grain % kEntriesOfTable);
}

void VmdkTest::write_text(const std::string& name, const std::string& text) const {
  std::ofstream file(path(name), std::ios::binary | std::ios::trunc);
  file.exceptions(std::ios::badbit | std::ios::failbit);
  file << text;
}

std::string VmdkTest::descriptor_of(const std::string& name) const {
  const SparseExtentHeader stored = header(name);
  std::string text(stored.descriptor_size * kSectorBytes, '\0');
  open_file_blob(path(name))->read(stored.descriptor_offset * kSectorBytes, std::as_writable_bytes(std::span(text)));
  return text.substr(0, text.find('\0'));
}

}  // namespace fstool::vmdk::test
