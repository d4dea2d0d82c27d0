#include "message_digest.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

#include "fstool/error.h"

namespace fstool {

namespace {

const EVP_MD* find_algorithm(std::string_view name) {
  if (name == "sha256") return EVP_sha256();
  if (name == "sha512") return EVP_sha512();
  if (name == "sha1") return EVP_sha1();
  if (name == "md5") return EVP_md5();
  throw Error(ErrorCode::InvalidArgument,
              fmt::format("there is no hash \"{}\": choose sha256, sha512, sha1 or md5", name));
}

void require(int result) {
  if (result != 1) throw Error(ErrorCode::Unsupported, "this system's OpenSSL refuses to compute the hash");
}

}  // namespace

struct MessageDigest::Impl {
  explicit Impl(const EVP_MD* with) : algorithm(with), context(EVP_MD_CTX_new(), EVP_MD_CTX_free) { begin(); }
  void begin() { require(EVP_DigestInit_ex(context.get(), algorithm, nullptr)); }

  const EVP_MD* algorithm;
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context;
};

MessageDigest::MessageDigest(std::string_view algorithm) : impl_(std::make_unique<Impl>(find_algorithm(algorithm))) {}
MessageDigest::~MessageDigest() = default;
MessageDigest::MessageDigest(MessageDigest&&) noexcept = default;
MessageDigest& MessageDigest::operator=(MessageDigest&&) noexcept = default;

void MessageDigest::update(std::span<const std::byte> bytes) {
  require(EVP_DigestUpdate(impl_->context.get(), bytes.data(), bytes.size()));
}

std::vector<std::byte> MessageDigest::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned size = 0;
  require(EVP_DigestFinal_ex(impl_->context.get(), hash.data(), &size));
  impl_->begin();
  const auto bytes = std::as_bytes(std::span(hash).first(size));
  return {bytes.begin(), bytes.end()};
}

std::string hex_text(std::span<const std::byte> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::byte byte : bytes) {
    text += kDigits[std::to_integer<unsigned>(byte >> 4U)];
    text += kDigits[std::to_integer<unsigned>(byte & std::byte{0xF})];
  }
  return text;
}

}  // namespace fstool
