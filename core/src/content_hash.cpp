#include "content_hash.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <optional>

#include "fstool/checksum.h"
#include "fstool/error.h"
#include "fstool/options.h"
#include "fstool/size.h"

namespace fstool {

namespace {

constexpr std::uint64_t kPiece = std::uint64_t{256} << 10;
constexpr std::uint64_t kDiskPiece = std::uint64_t{1} << 20;

/// Where the host stores the beginning of a content; the end of everything if that can't be said.
std::uint64_t place_of(const Blob* content) {
  if (content == nullptr || content->size() == 0) return UINT64_MAX;
  try {
    const Run run = content->run_at(0);
    const auto range = run.hole ? std::nullopt : content->host_range(0, 1);
    return range ? range->offset : UINT64_MAX;
  } catch (const Error&) {
    return UINT64_MAX;  // whatever is wrong is told when the content is read
  }
}

}  // namespace

const std::vector<std::string>& hash_names() {
  static const std::vector<std::string> names = {"sha256", "sha512", "sha1", "md5", "crc32c"};
  return names;
}

HashAlgorithm parse_hash_algorithm(const std::string& name) {
  const auto& names = hash_names();
  const auto found = std::ranges::find(names, name);
  if (found != names.end()) return static_cast<HashAlgorithm>(found - names.begin());
  throw Error(ErrorCode::InvalidArgument, fmt::format("no hash is called \"{}\"{}; there is {}", name,
                                                      did_you_mean(name, names), fmt::join(names, ", ")));
}

Hasher::Hasher(HashAlgorithm algorithm) {
  if (algorithm != HashAlgorithm::Crc32c) digest_.emplace(hash_names()[static_cast<std::size_t>(algorithm)]);
}

void Hasher::add(std::span<const std::byte> bytes) {
  if (digest_) {
    digest_->update(bytes);
  } else {
    crc_ = crc32c(crc_, bytes);
  }
}

void Hasher::add_zeros(std::uint64_t count) {
  static const std::vector<std::byte> zeros(kPiece);
  for (; count > 0; count -= std::min(count, kPiece)) add(std::span(zeros).first(std::min(count, kPiece)));
}

std::string Hasher::finish() { return digest_ ? hex_text(digest_->finish()) : fmt::format("{:08x}", ~crc_); }

std::string hash_content(const Blob* content, HashAlgorithm algorithm, Context& context) {
  Hasher hasher(algorithm);
  const std::uint64_t size = content != nullptr ? content->size() : 0;
  std::vector<std::byte> buffer(std::min(size, kPiece));
  for (std::uint64_t offset = 0; offset < size;) {
    context.check_cancelled();
    const Run run = content->run_at(offset);
    const std::uint64_t length = std::min(run.length, run.hole ? kPiece << 10 : kPiece);
    if (run.hole) {
      hasher.add_zeros(length);
    } else {
      const auto piece = std::span(buffer).first(length);
      content->read(offset, piece);
      hasher.add(piece);
    }
    offset += length;
  }
  return hasher.finish();
}

std::string hash_disk(const Blob& disk, HashAlgorithm algorithm, Context& context) {
  Hasher hasher(algorithm);
  WorkerPool& workers = context.workers();
  std::vector<std::vector<std::byte>> pieces(workers.slots());
  const auto length_of = [&](std::uint64_t index) { return std::min(disk.size() - index * kDiskPiece, kDiskPiece); };
  context.begin_step("hashing", disk.size(), "bytes");
  workers.ordered(
      div_ceil(disk.size(), kDiskPiece),
      [&](std::uint64_t index, unsigned /*worker*/, unsigned slot) {
        const std::uint64_t offset = index * kDiskPiece;
        const Run run = disk.run_at(offset);
        pieces[slot].clear();  // nothing: a hole
        if (run.hole && run.length >= length_of(index)) return;
        pieces[slot].resize(length_of(index));
        disk.read(offset, pieces[slot]);
      },
      [&](std::uint64_t index, unsigned slot) {
        if (pieces[slot].empty()) {
          hasher.add_zeros(length_of(index));
        } else {
          hasher.add(pieces[slot]);
        }
        context.advance(length_of(index));
      });
  return hasher.finish();
}

std::vector<ContentHash> hash_contents(std::span<const BlobPtr> contents, HashAlgorithm algorithm, Context& context) {
  std::vector<std::uint64_t> places(contents.size());
  for (std::size_t i = 0; i < contents.size(); ++i) places[i] = place_of(contents[i].get());
  std::vector<std::size_t> order(contents.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return places[i]; });
  std::vector<ContentHash> hashes(contents.size());
  context.begin_step("hashing", contents.size(), "files");
  context.workers().for_each(contents.size(), [&](std::uint64_t index, unsigned /*worker*/) {
    const std::size_t i = order[index];
    try {
      hashes[i].text = hash_content(contents[i].get(), algorithm, context);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::Cancelled || error.code() == ErrorCode::Internal) throw;
      hashes[i].error = error;
    }
    context.advance(1);
  });
  return hashes;
}

}  // namespace fstool
