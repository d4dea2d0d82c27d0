#include "fstool/uuid.h"

#include <algorithm>
#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <cstring>

namespace fstool {
namespace {

// The name space of every seed, so that the numbers derived here meet no other program's.
constexpr std::string_view kSeedNamespace = "7d2b3a86-4ab5-4d0c-9a51-3c1c6f0e58b7";

bool is_hex_digit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

bool is_dash_position(std::size_t position) {
  return position == 8 || position == 13 || position == 18 || position == 23;
}

boost::uuids::uuid to_boost(const Uuid& uuid) {
  boost::uuids::uuid result{};
  std::memcpy(result.data, uuid.bytes.data(), uuid.bytes.size());
  return result;
}

Uuid from_boost(const boost::uuids::uuid& uuid) {
  Uuid result;
  std::memcpy(result.bytes.data(), uuid.data, result.bytes.size());
  return result;
}

// RFC 4122, 4.3: the SHA-1 of the name space and the name. `use` keeps seeds, UUIDs and numbers of one label apart.
Uuid name_based(const Uuid& name_space, std::string_view use, std::string_view label) {
  const std::string name = std::string(use) + ':' + std::string(label);
  return from_boost(boost::uuids::name_generator_sha1(to_boost(name_space))(name.data(), name.size()));
}

}  // namespace

std::optional<Uuid> Uuid::parse(std::string_view text) {
  constexpr std::size_t kLength = 36;
  if (text.size() != kLength) return std::nullopt;
  for (std::size_t i = 0; i < kLength; ++i) {
    if (is_dash_position(i) ? text[i] != '-' : !is_hex_digit(text[i])) return std::nullopt;
  }
  return from_boost(boost::uuids::string_generator()(text.begin(), text.end()));
}

std::string Uuid::to_string() const { return boost::uuids::to_string(to_boost(*this)); }

bool Uuid::is_nil() const noexcept {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte byte) { return byte == std::byte{0}; });
}

Seed::Seed(std::string_view material) : base_(name_based(*Uuid::parse(kSeedNamespace), "seed", material)) {}

Seed Seed::derive(std::string_view label) const {
  Seed result = *this;
  result.base_ = name_based(base_, "derive", label);
  return result;
}

Uuid Seed::uuid(std::string_view label) const { return name_based(base_, "uuid", label); }

std::uint64_t Seed::number(std::string_view label) const {
  // Bytes 6 and 8 of a name-based UUID hold the version and the variant; these eight are all hash.
  constexpr std::array<std::size_t, 8> kHashBytes{0, 1, 2, 3, 4, 5, 14, 15};
  const Uuid hash = name_based(base_, "number", label);
  std::uint64_t number = 0;
  for (const std::size_t index : kHashBytes) number = number << 8U | std::to_integer<std::uint64_t>(hash.bytes[index]);
  return number;
}

}  // namespace fstool
