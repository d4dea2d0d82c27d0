#include "archive/decompression.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "fstool/error.h"
#include "heard_context.h"
#include "plugin_loader.h"
#include "raw_archives.h"
#include "run_tool.h"

namespace fstool::tar {
namespace {

/// Text that doesn't repeat itself, of a size that no buffer has.
std::string sample() {
  std::string text;
  for (unsigned i = 0; text.size() < 1'300'000; ++i) text += fmt::format("line {} of {}\n", i, i * 2'654'435'761U);
  return text;
}

std::string text_of(const Blob& blob) {
  std::string text(blob.size(), '?');
  blob.read(0, std::as_writable_bytes(std::span(text)));
  return text;
}

class Decompression : public testing::Test {
 protected:
  Decompression() {
    for (const char* const codec : {"codec-deflate", "codec-lz4", "codec-xz", "codec-zstd"}) {
      test::register_plugin(FSTOOL_TEST_CODECS, codec, codecs_);
    }
  }

  /// What a tool makes of a text.
  std::string compressed(const std::string& tool, const std::string& text) const {
    const std::filesystem::path file = temporary_.path() / "text";
    test::write_blob(*blob_of(text), file);
    const auto result = test::run_tool(tool + " < " + file.string() + " > " + file.string() + ".out");
    EXPECT_EQ(result.exit_code, 0) << tool << ": " << result.output;
    return fstool::tar::text_of(content_of(open_file_blob(file.string() + ".out")));
  }

  static Node content_of(BlobPtr content) {
    Node node;
    node.content = std::move(content);
    return node;
  }

  static std::string decompressed(const std::string& bytes, const Registry& registry,
                                  std::uint64_t max_size = 1ULL << 30U) {
    Context context(registry, {.threads = 2});
    UnpackedBytes unpacked(max_size);
    return text_of(*decompress({.file = blob_of(bytes), .name = "a", .limits = {}}, unpacked, context));
  }

  const test::TemporaryDirectory temporary_;
  Registry codecs_;
  const Registry no_codecs_;
};

TEST_F(Decompression, IsThatOfTheCodecsAndOfLibarchive) {
  const std::string text = sample();
  for (const std::string tool :
       {"gzip", "zstd", "xz -0", "lz4", "xz --format=lzma -0", "bzip2", "lzip -0", "compress"}) {
    const std::string bytes = compressed(tool, text);
    EXPECT_EQ(decompressed(bytes, codecs_), text) << tool;
    EXPECT_EQ(decompressed(bytes, no_codecs_), text) << tool;
  }
}

TEST_F(Decompression, OfManyFramesIsTheirsOneAfterTheOther) {
  const std::string text = sample();
  for (const std::string tool : {"gzip", "zstd", "lz4", "xz -0", "bzip2"}) {
    std::string bytes;
    for (std::size_t at = 0; at < text.size(); at += 300'000) bytes += compressed(tool, text.substr(at, 300'000));
    EXPECT_EQ(decompressed(bytes, codecs_), text) << tool;
    EXPECT_EQ(decompressed(bytes, no_codecs_), text) << tool;
  }
}

TEST_F(Decompression, LeavesAloneWhatIsNotCompressed) {
  const std::string tar = tar_member({.name = "a"});
  EXPECT_EQ(decompressed(tar, codecs_), tar);
  EXPECT_EQ(decompressed("text", codecs_), "text");
  EXPECT_EQ(decompressed("", codecs_), "");
}

TEST_F(Decompression, OfWhatIsDamagedFails) {
  const std::string text = sample();
  for (const std::string tool : {"gzip", "zstd --check", "xz -0", "lz4", "bzip2", "lzip -0"}) {
    const std::string whole = compressed(tool, text);
    std::string damaged = whole;
    for (std::size_t i = 0; i < 64; ++i)
      damaged[whole.size() / 2 + i] = static_cast<char>(~damaged[whole.size() / 2 + i]);
    for (const std::string& bytes : {whole.substr(0, whole.size() / 2), whole.substr(0, whole.size() - 3), damaged}) {
      const auto [code, message] = test::thrown_by([&] { decompressed(bytes, codecs_); });
      EXPECT_EQ(code, ErrorCode::Corrupt) << tool << ": " << message;
    }
  }
}

TEST_F(Decompression, StopsAtTheBound) {
  const std::string zeros(5'000'000, '\0');
  for (const std::string tool : {"gzip", "zstd", "xz -0", "bzip2"}) {
    const std::string bytes = compressed(tool, zeros);
    ASSERT_LT(bytes.size(), 100'000U);
    for (const Registry* const registry : {static_cast<const Registry*>(&codecs_), &no_codecs_}) {
      const auto [code, message] = test::thrown_by([&] { decompressed(bytes, *registry, 1'000'000); });
      EXPECT_EQ(code, ErrorCode::Unsupported) << tool << ": " << message;
      EXPECT_NE(message.find("max_size"), std::string::npos) << message;
    }
    EXPECT_EQ(decompressed(bytes, codecs_, zeros.size()), zeros) << tool;
  }
}

TEST_F(Decompression, OfArchivesWithManyMembersIsBoundedInMemory) {
  std::string tar;
  for (int i = 0; i < 5000; ++i) tar += tar_member({.name = std::to_string(i)});
  const std::string bytes = compressed("zstd", tar);
  Context context(codecs_, {.threads = 2});
  EXPECT_EQ(load_bytes(bytes, context).tree.node_count(), 5001U);
  const auto [code, message] = test::thrown_by([&] { load_bytes(bytes, context, {.max_metadata = 1 << 20U}); });
  EXPECT_EQ(code, ErrorCode::Unsupported);
  EXPECT_NE(message.find("max_metadata"), std::string::npos) << message;
}

TEST_F(Decompression, SaysWhetherAnArchiveBegins) {
  const std::string tar = tar_member({.name = "a", .content = "a"});
  for (const std::string tool : {"gzip", "zstd", "xz", "lz4", "bzip2", "lzip", "xz --format=lzma"}) {
    EXPECT_TRUE(begins_as_archive(blob_of(compressed(tool, tar)))) << tool;
    EXPECT_FALSE(begins_as_archive(blob_of(compressed(tool, std::string(100'000, '\0'))))) << tool;
    EXPECT_FALSE(begins_as_archive(blob_of(compressed(tool, compressed(tool, tar))))) << "a stream in a stream";
  }
  EXPECT_FALSE(begins_as_archive(blob_of("BZh9 is a beginning")));
}

}  // namespace
}  // namespace fstool::tar
