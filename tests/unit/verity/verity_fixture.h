/// \file
/// Hash trees, data to make them of, and veritysetup's opinion of them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fstool/blob.h"
#include "heard_context.h"
#include "run_tool.h"
#include "verity_derivation.h"

namespace fstool::verity {

inline constexpr const char* kUuid = "01234567-89ab-cdef-0123-456789abcdef";
inline constexpr std::uint64_t kMaxTestBytes = std::uint64_t{1} << 30U;

/// `size` bytes of a pattern that doesn't repeat within a block.
inline BlobPtr pattern(std::uint64_t size) {
  return make_generated_blob(size, [](std::uint64_t offset, std::span<std::byte> out) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = static_cast<std::byte>((offset + i) * 31 + (offset + i) / 251 + 7);
    }
  });
}

/// Options with a UUID and a short salt.
inline VerityOptions options() {
  VerityOptions result;
  result.uuid = Uuid::parse(kUuid);
  result.salt = "00112233";
  return result;
}

inline Derived derive(const VerityOptions& with, BlobPtr data, unsigned threads = 2) {
  test::HeardContext heard(threads);
  VerityDerivation derivation(with);
  const std::uint64_t size = derivation.size(data->size());
  Derived derived = derivation.derive(std::move(data), {.seed = Seed("test")}, heard.context());
  EXPECT_EQ(derived.bytes->size(), size);
  const std::vector<ValueShape> shapes = derivation.value_shapes();
  EXPECT_EQ(shapes.size(), derived.values.size());
  for (std::size_t i = 0; i < std::min(shapes.size(), derived.values.size()); ++i) {
    EXPECT_EQ(shapes[i].name, derived.values[i].name);
    EXPECT_EQ(shapes[i].length, derived.values[i].text.size()) << shapes[i].name;
  }
  EXPECT_EQ(heard.progress().first, heard.progress().second);
  return derived;
}

inline std::string value_of(const Derived& derived, std::string_view name) {
  for (const DerivedValue& value : derived.values) {
    if (value.name == name) return value.text;
  }
  ADD_FAILURE() << "there is no value " << name;
  return {};
}

inline std::vector<std::byte> bytes_of(const Blob& blob) { return read_all(blob, kMaxTestBytes); }

/// veritysetup in a directory with the files "data" and "tree".
class Veritysetup {
 public:
  /// Writes the file "data".
  explicit Veritysetup(const Blob& data) { test::write_blob(data, path("data")); }

  std::filesystem::path path(const std::string& name) const { return directory_.path() / name; }

  /// Makes a tree with the same options. Returns what it says.
  std::string format(const VerityOptions& with) const {
    std::string command = " --hash=" + with.hash + " --salt=" + with.salt.value_or("-") +
                          " --data-block-size=" + std::to_string(with.data_block_size.value) +
                          " --hash-block-size=" + std::to_string(with.hash_block_size.value) +
                          " --format=" + std::to_string(with.hash_type);
    command += with.superblock ? " --uuid=" + with.uuid->to_string() : " --no-superblock";
    std::filesystem::remove(path("tree"));
    const test::ToolResult result = run("format" + command, "");
    EXPECT_EQ(result.exit_code, 0) << command << '\n' << result.output;
    return result.output;
  }

  /// True if the data is what the tree and the root hash say.
  bool accepts(const Blob& tree, const std::string& root_hash) const {
    test::write_blob(tree, path("tree"));
    return run("verify", root_hash).exit_code == 0;
  }

 private:
  test::ToolResult run(const std::string& action, const std::string& root_hash) const {
    return test::run_tool("cd '" + directory_.path().string() + "' && veritysetup " + action + " data tree " +
                          root_hash);
  }

  test::TemporaryDirectory directory_;
};

}  // namespace fstool::verity
