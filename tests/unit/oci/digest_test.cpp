#include "digest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fstool/error.h"
#include "image_builder.h"

namespace fstool::oci::test {
namespace {

// Of nothing, by sha256sum and sha512sum.
constexpr const char* kEmpty256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr const char* kEmpty512 =
    "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a5"
    "38"
    "327af927da3e";

ErrorCode code_of(const std::string& text) {
  try {
    parse_digest(text);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::Internal;
}

TEST(Digest, HashesAsOthersDo) {
  EXPECT_EQ(digest_of({}, "sha256").hex, kEmpty256);
  EXPECT_EQ(digest_of({}, "sha512").hex, kEmpty512);
  Hasher hasher("sha256");
  hasher.update(bytes_of("ab"));
  hasher.update(bytes_of("c"));
  EXPECT_EQ(hasher.finish().text(), "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hasher.finish().hex, kEmpty256);
}

TEST(Digest, IsReadBack) {
  for (const Bytes& bytes : {bytes_of(""), bytes_of("x")}) {
    for (const char* const algorithm : {"sha256", "sha384", "sha512"}) {
      const Digest digest = digest_of(bytes, algorithm);
      EXPECT_EQ(parse_digest(digest.text()), digest);
    }
  }
}

TEST(Digest, IsNothingThatLeadsElsewhere) {
  EXPECT_EQ(code_of("sha256:../../../../etc/passwd"), ErrorCode::Corrupt);
  EXPECT_EQ(code_of(""), ErrorCode::Corrupt);
  EXPECT_EQ(code_of("sha256"), ErrorCode::Corrupt);
  EXPECT_EQ(code_of("sha256:"), ErrorCode::Corrupt);
  EXPECT_EQ(code_of("sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"), ErrorCode::Corrupt);
  EXPECT_EQ(code_of(std::string("sha512:") + kEmpty256), ErrorCode::Corrupt);
  EXPECT_EQ(code_of(std::string("../sha256:") + kEmpty256), ErrorCode::Unsupported);
  EXPECT_EQ(code_of("md5:d41d8cd98f00b204e9800998ecf8427e"), ErrorCode::Unsupported);
}

}  // namespace
}  // namespace fstool::oci::test
