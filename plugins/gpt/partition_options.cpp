#include "partition_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

#include "fstool/error.h"
#include "structures.h"

namespace fstool::gpt {
namespace {

// UEFI 2.10, table 5.8 (bits 0 to 2); the Discoverable Partitions Specification and Microsoft's
// PARTITION_INFORMATION_GPT (bits 59 to 63, which each type of partition has for itself; these are those of Linux's
// types and of Microsoft's basic data).
constexpr std::array<AttributeName, 7> kAttributes{{{"required", 0},
                                                    {"no-block-io", 1},
                                                    {"legacy-boot", 2},
                                                    {"grow-file-system", 59},
                                                    {"read-only", 60},
                                                    {"hidden", 62},
                                                    {"no-auto", 63}}};
constexpr unsigned kAttributeBits = 64;

std::optional<unsigned> parse_bit(std::string_view word) {
  unsigned bit = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), bit);
  if (error != std::errc() || end != word.data() + word.size() || bit >= kAttributeBits) return std::nullopt;
  return bit;
}

unsigned attribute_bit(std::string_view word) {
  const auto named = std::ranges::find(kAttributes, word, &AttributeName::name);
  if (named != kAttributes.end()) return named->bit;
  if (const std::optional<unsigned> bit = parse_bit(word)) return *bit;

  std::vector<std::string> names;
  names.reserve(std::size(kAttributes));
  for (const AttributeName& attribute : kAttributes) names.emplace_back(attribute.name);
  throw Error(ErrorCode::InvalidArgument,
              fmt::format("unknown attribute \"{}\"{}: must be one of {}, or the number of a bit from \"0\" to \"{}\"",
                          word, did_you_mean(word, names), fmt::join(names, ", "), kAttributeBits - 1));
}

}  // namespace

const OptionSet<GptPartitionOptions>& gpt_partition_options() {
  static const OptionSet<GptPartitionOptions> set =
      OptionSet<GptPartitionOptions>()
          .add("attributes", &GptPartitionOptions::attributes,
               "Attributes: required, no-block-io, legacy-boot, grow-file-system, read-only, hidden, no-auto, or "
               "numbers of bits from 0 to 63.")
          .add("hybrid", &GptPartitionOptions::hybrid,
               "Puts the partition in a hybrid MBR too, with this type (0x0c for FAT32); at most three partitions.",
               in_range(1, 255))
          .add("bootable", &GptPartitionOptions::bootable, "Marks it as active in the hybrid MBR.");
  return set;
}

GptPartitionOptions parse_partition_options(const OptionTable& table) {
  GptPartitionOptions options = gpt_partition_options().parse(table);
  if (options.hybrid == kProtectiveType) {
    throw Error(ErrorCode::InvalidArgument, "hybrid = 0xee is the type of the protective record: use another");
  }
  if (options.bootable && !options.hybrid) {
    throw Error(ErrorCode::InvalidArgument,
                "bootable is of the record in a hybrid MBR: set hybrid too, or use the attribute \"legacy-boot\"");
  }
  return options;
}

std::span<const AttributeName> attribute_names() { return kAttributes; }

std::uint64_t parse_attributes(std::span<const std::string> words) {
  std::uint64_t attributes = 0;
  for (const std::string& word : words) attributes |= std::uint64_t{1} << attribute_bit(word);
  return attributes;
}

}  // namespace fstool::gpt
