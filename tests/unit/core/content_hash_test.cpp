#include "content_hash.h"

#include <gtest/gtest.h>

#include <span>

#include "base64.h"
#include "fstool/registry.h"

namespace fstool {
namespace {

BlobPtr blob_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return make_memory_blob({bytes.begin(), bytes.end()});
}

/// Content that can't be read.
class Unreadable : public Blob {
 public:
  std::uint64_t size() const override { return 10; }
  void read(std::uint64_t /*offset*/, std::span<std::byte> /*out*/) const override {
    throw Error(ErrorCode::Corrupt, "it is damaged");
  }
};

class ContentHashTest : public testing::Test {
 protected:
  Registry registry_;
  Context context_{registry_, {.threads = 3}};
};

TEST_F(ContentHashTest, IsTheKnownOne) {
  // The check values of the algorithms for "123456789" and for nothing.
  const BlobPtr digits = blob_of("123456789");
  EXPECT_EQ(hash_content(digits.get(), HashAlgorithm::Crc32c, context_), "e3069283");
  EXPECT_EQ(hash_content(digits.get(), HashAlgorithm::Md5, context_), "25f9e794323b453885f5181f1b624d0b");
  EXPECT_EQ(hash_content(digits.get(), HashAlgorithm::Sha1, context_), "f7c3bc1d808e04732adf679965ccc34ca7ae3441");
  EXPECT_EQ(hash_content(nullptr, HashAlgorithm::Sha256, context_),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_F(ContentHashTest, IsThatOfAllBytesWhereverHolesAre) {
  BlobBuilder builder;
  builder.add(3'000'000, blob_of("data"));
  const BlobPtr sparse = builder.finish(9'000'001);
  std::vector<std::byte> bytes(sparse->size());
  sparse->read(0, bytes);
  const BlobPtr plain = make_memory_blob(std::move(bytes));
  const std::string expected = hash_content(plain.get(), HashAlgorithm::Sha256, context_);
  EXPECT_EQ(hash_content(sparse.get(), HashAlgorithm::Sha256, context_), expected);
  EXPECT_EQ(hash_disk(*sparse, HashAlgorithm::Sha256, context_), expected);
  EXPECT_EQ(hash_disk(*plain, HashAlgorithm::Sha256, context_), expected);
}

TEST_F(ContentHashTest, OneThatCantBeReadDoesNotStopTheOthers) {
  const std::vector<BlobPtr> contents = {blob_of("123456789"), std::make_shared<Unreadable>(), nullptr};
  const auto hashes = hash_contents(contents, HashAlgorithm::Crc32c, context_);
  EXPECT_EQ(hashes[0].text, "e3069283");
  ASSERT_TRUE(hashes[1].error);
  EXPECT_STREQ(hashes[1].error->what(), "it is damaged");
  EXPECT_EQ(hashes[2].text, "00000000");
}

TEST_F(ContentHashTest, NamesAreChecked) {
  EXPECT_EQ(parse_hash_algorithm("md5"), HashAlgorithm::Md5);
  try {
    parse_hash_algorithm("sha265");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "no hash is called \"sha265\" (did you mean \"sha256\"?); there is sha256, sha512, sha1, md5, crc32c");
  }
}

TEST(Base64, IsThatOfTheStandard) {
  // RFC 4648, section 10.
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xff\xfe"), "//4=");
}

}  // namespace
}  // namespace fstool
