#include "damage.h"

#include <fmt/format.h>

#include <random>
#include <set>
#include <utility>

namespace fstool::conformance {

namespace {

using ByteVector = std::vector<std::byte>;

constexpr unsigned kQuickRounds = 200;
constexpr unsigned kThoroughRounds = 5000;
constexpr std::size_t kHeader = 128;
constexpr std::size_t kBeginning = 4096;
constexpr std::size_t kEnd = 1024;

std::set<std::size_t> cut_sizes(std::size_t size, unsigned cuts) {
  std::set<std::size_t> sizes = {0, 1, size / 2, size - 1};
  std::mt19937 random(1);
  while (cuts-- > 0) sizes.insert(random() % size);
  return sizes;
}

/// Where bytes are changed: anywhere where there are some, and mostly where formats have their structures.
class Places {
 public:
  explicit Places(const ByteVector& bytes) : size_(bytes.size()) {
    for (std::size_t i = 0; i < size_; ++i) {
      if (bytes[i] != std::byte{0}) data_.push_back(i);
    }
  }

  std::size_t draw(std::mt19937& random) const {
    switch (random() % 5) {
      case 0:
        return random() % std::min(size_, kBeginning);
      case 1:
        return random() % std::min(size_, kHeader);
      case 2:
        return size_ - 1 - random() % std::min(size_, kEnd);
      default:
        return data_.empty() ? random() % size_ : data_[draw_early(random)];
    }
  }

 private:
  /// An index of data_, small ones more often than large ones.
  std::size_t draw_early(std::mt19937& random) const {
    const std::size_t reach = random() % 2 == 0 ? std::min<std::size_t>(data_.size(), 512) : data_.size();
    return random() % reach;
  }

  std::size_t size_;
  std::vector<std::size_t> data_;
};

std::byte changed(std::byte byte, std::mt19937& random) {
  switch (random() % 4) {
    case 0:
      return byte == std::byte{0xff} ? std::byte{0xfe} : std::byte{0xff};
    case 1:
      return byte == std::byte{0} ? std::byte{1} : std::byte{0};
    default:
      return byte ^ static_cast<std::byte>(1U << random() % 8);
  }
}

}  // namespace

void with_damaged(CheckRun& run, std::string_view name, const ByteVector& good,
                  const std::function<void(ByteVector damaged)>& work) {
  if (good.empty()) return;
  const unsigned rounds = run.settings().thorough ? kThoroughRounds : kQuickRounds;
  for (const std::size_t size : cut_sizes(good.size(), rounds / 20)) {
    run.attempt(fmt::format("{}, cut off after {} of its {} bytes", name, size, good.size()),
                [&] { work(ByteVector(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size))); });
  }
  const Places places(good);
  std::mt19937 random(2);
  for (unsigned round = 0; round < rounds; ++round) {
    ByteVector damaged = good;
    std::string label;
    for (auto changes = 1 + random() % 3; changes > 0; --changes) {
      const std::size_t at = places.draw(random);
      damaged[at] = changed(damaged[at], random);
      label += fmt::format("{}byte {} is {:#04x}", label.empty() ? "" : ", ", at, std::to_integer<unsigned>(damaged[at]));
    }
    run.attempt(fmt::format("{}, damaged: {}", name, label), [&] { work(std::move(damaged)); });
  }
}

}  // namespace fstool::conformance
