#include "message_digest.h"

#include <gtest/gtest.h>

#include <string_view>

#include "fstool/error.h"

namespace fstool {
namespace {

std::string hash_of(std::string_view algorithm, std::string_view text) {
  MessageDigest digest(algorithm);
  digest.update(std::as_bytes(std::span(text)));
  return hex_text(digest.finish());
}

// What sha256sum, sha512sum, sha1sum and md5sum print.
TEST(MessageDigest, IsWhatOtherProgramsCompute) {
  EXPECT_EQ(hash_of("sha256", "abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hash_of("sha1", "abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(hash_of("md5", "abc"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(hash_of("sha512", "").substr(0, 16), "cf83e1357eefb8bd");
}

TEST(MessageDigest, TakesBytesPieceByPieceAndBeginsAnew) {
  MessageDigest digest("sha256");
  for (const std::string_view piece : {"a", "", "bc"}) digest.update(std::as_bytes(std::span(piece)));
  EXPECT_EQ(hex_text(digest.finish()), hash_of("sha256", "abc"));
  EXPECT_EQ(hex_text(digest.finish()), hash_of("sha256", ""));
}

TEST(MessageDigest, RefusesWhatItDoesNotKnow) { EXPECT_THROW(MessageDigest("sha3"), Error); }

}  // namespace
}  // namespace fstool
