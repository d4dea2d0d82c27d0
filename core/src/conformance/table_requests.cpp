#include "table_requests.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace fstool::conformance {

namespace {

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;

PartitionRequest partition(std::string name, const std::string& type, std::optional<std::uint64_t> size,
                           std::optional<std::uint64_t> offset = {}) {
  PartitionRequest request;
  request.name = std::move(name);
  request.type = type;
  request.size = size;
  request.offset = offset;
  return request;
}

PartitionRequest payload(std::uint64_t size, std::uint64_t offset) {
  PartitionRequest request = partition("payload", "", size, offset);
  request.in_table = false;
  return request;
}

TableRequest request_of(std::vector<PartitionRequest> partitions, std::optional<std::uint64_t> disk_size,
                        std::uint32_t sector_size) {
  TableRequest request{std::move(partitions), disk_size, Seed("conformance"), sector_size, nullptr};
  return request;
}

void add_requests(const std::string& type, std::uint32_t sector_size, std::vector<SampleRequest>& samples) {
  const auto add = [&](const char* name, std::vector<PartitionRequest> partitions,
                       std::optional<std::uint64_t> disk_size) {
    samples.push_back({fmt::format("{}, sectors of {} bytes", name, sector_size),
                       request_of(std::move(partitions), disk_size, sector_size)});
  };
  add("no partition", {}, 4 * kMiB);
  add("one partition", {partition("one", type, 3 * kMiB)}, {});
  add("a partition of one byte", {partition("tiny", type, 1)}, {});
  add("three partitions",
      {partition("a", type, kMiB), partition("b", type, kMiB + 5000), partition("c", type, 2 * kMiB)}, {});
  add("a partition that takes what remains",
      {partition("first", type, kMiB), partition("rest", type, std::nullopt), partition("last", type, kMiB)}, 9 * kMiB);
  add("partitions with offsets", {partition("late", type, kMiB, 5 * kMiB), partition("early", type, kMiB, 2 * kMiB)},
      10 * kMiB + sector_size);
  PartitionRequest aligned = partition("aligned", type, kMiB);
  aligned.alignment = 64 * kKiB;
  PartitionRequest behind_gap = partition("gap", type, kMiB);
  behind_gap.gap = 300 * kKiB;
  add("partitions with an alignment and a gap", {aligned, behind_gap}, {});
  add("a payload and a partition", {payload(100 * kKiB, kMiB), partition("root", type, kMiB, 2 * kMiB)}, 6 * kMiB);
}

}  // namespace

std::vector<SampleRequest> sample_requests(const std::string& type) {
  std::vector<SampleRequest> samples;
  for (const std::uint32_t sector_size : {512U, 4096U}) add_requests(type, sector_size, samples);
  return samples;
}

TableRequest simple_request(const std::string& type, std::uint32_t sector_size) {
  return request_of({partition("one", type, kMiB), partition("two", type, 2 * kMiB)}, 8 * kMiB, sector_size);
}

}  // namespace fstool::conformance
