/// \file
/// What the tests of every partition table need: a Context that remembers warnings, requests, and disks in files.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fstool/context.h"
#include "fstool/error.h"
#include "fstool/partition_table.h"
#include "fstool/registry.h"
#include "run_tool.h"

namespace fstool::test {

inline constexpr std::uint64_t kKiB = 1024;
inline constexpr std::uint64_t kMiB = 1024 * kKiB;
inline constexpr std::uint64_t kGiB = 1024 * kMiB;

class WarningRecorder : public ProgressListener {
 public:
  void begin(std::string_view /*step*/, std::uint64_t /*total*/, std::string_view /*unit*/) override {}
  void advance(std::uint64_t /*done*/) override {}
  void warn(std::string_view message) override {
    const std::lock_guard lock(mutex_);
    warnings_ += std::string(message) + '\n';
  }
  std::string warnings() const {
    const std::lock_guard lock(mutex_);
    return warnings_;
  }

 private:
  mutable std::mutex mutex_;
  std::string warnings_;
};

class PartitionTableFixture : public testing::Test {
 protected:
  static TableRequest request(std::vector<PartitionRequest> partitions, std::optional<std::uint64_t> disk_size = {},
                              std::uint32_t sector_size = 512) {
    return {
        .partitions = std::move(partitions), .disk_size = disk_size, .seed = Seed("test"), .sector_size = sector_size};
  }
  static PartitionRequest partition(std::string name, std::string type, std::optional<std::uint64_t> size,
                                    std::optional<std::uint64_t> offset = {}) {
    return {.name = std::move(name), .type = std::move(type), .size = size, .offset = offset};
  }

  /// The disk that `table` makes of `wanted`.
  BlobPtr disk_of(PartitionTable& table, const TableRequest& wanted, std::vector<BlobPtr> contents = {}) {
    return table.compose(wanted, table.plan(wanted, context_), std::move(contents), context_);
  }
  /// All of it, of which there are not more than 64 MiB; the partitions are empty.
  std::vector<std::byte> disk_bytes(PartitionTable& table, const TableRequest& wanted) {
    return read_all(*disk_of(table, wanted), 64 * kMiB);
  }
  /// A file with it.
  std::filesystem::path make_disk(PartitionTable& table, const TableRequest& wanted) {
    const std::filesystem::path path = directory_.path() / "disk.img";
    write_blob(*disk_of(table, wanted), path);
    return path;
  }

  std::string warnings() const { return listener_->warnings(); }

  Registry registry_;
  std::shared_ptr<WarningRecorder> listener_ = std::make_shared<WarningRecorder>();
  Context context_{registry_, {.threads = 1, .source_date_epoch = {}, .listener = listener_, .cancelled = nullptr}};
  TemporaryDirectory directory_;
};

/// Expects two disks to be equal in size and in the MiB at either end, where their tables are.
inline void expect_equal_tables(const std::filesystem::path& ours, const std::filesystem::path& theirs) {
  const BlobPtr our_disk = open_file_blob(ours);
  const BlobPtr their_disk = open_file_blob(theirs);
  ASSERT_EQ(our_disk->size(), their_disk->size());
  std::vector<std::byte> our_bytes(kMiB);
  std::vector<std::byte> their_bytes(kMiB);
  for (const std::uint64_t offset : {std::uint64_t{0}, our_disk->size() - kMiB}) {
    our_disk->read(offset, our_bytes);
    their_disk->read(offset, their_bytes);
    const auto [ours_at, theirs_at] = std::mismatch(our_bytes.begin(), our_bytes.end(), their_bytes.begin());
    EXPECT_EQ(ours_at, our_bytes.end()) << "first difference at byte " << offset + (ours_at - our_bytes.begin());
  }
}

/// The code and text of the Error that `work` throws.
template <class Work>
std::pair<ErrorCode, std::string> error_of(Work&& work) {
  try {
    std::forward<Work>(work)();
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  ADD_FAILURE() << "no error was thrown";
  return {ErrorCode::Internal, ""};
}

}  // namespace fstool::test
