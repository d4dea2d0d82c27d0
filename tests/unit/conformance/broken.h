/// \file
/// Small formats that keep all promises, and can be told to break one.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/conformance.h"
#include "fstool/error.h"
#include "fstool/registry.h"

namespace fstool::test {

using ByteVector = std::vector<std::byte>;

/// What the kit is told: quick, and soon tired of what hangs.
inline conformance::Settings quick_settings() {
  conformance::Settings settings;
  settings.threads = 2;
  settings.case_cpu = std::chrono::milliseconds(2000);
  settings.case_time = std::chrono::milliseconds(60'000);
  settings.damage_memory = std::uint64_t{256} << 20U;
  return settings;
}

/// The names of the checks that failed.
inline std::vector<std::string> failed_checks(const conformance::FormatResult& result) {
  std::vector<std::string> names;
  for (const conformance::CheckResult& check : result.checks) {
    if (check.verdict == conformance::Verdict::Failed) names.push_back(check.name);
  }
  return names;
}

/// All findings, a line each, for messages of tests.
inline std::string findings_of(const conformance::FormatResult& result) {
  std::string text;
  for (const conformance::CheckResult& check : result.checks) {
    for (const std::string& finding : check.findings) text += check.name + ": " + finding + '\n';
  }
  return text;
}

/// Runs all checks on the only format of its stage in `registry`.
template <class Interface>
conformance::FormatResult test_only_format(const Registry& registry,
                                           const conformance::Settings& settings = quick_settings()) {
  return conformance::test_format(registry.all<Interface>().begin()->second, registry, settings);
}

template <class Number>
void put(ByteVector& bytes, const Number& number) {
  const auto raw = std::as_bytes(std::span(&number, 1));
  bytes.insert(bytes.end(), raw.begin(), raw.end());
}

inline void put_text(ByteVector& bytes, std::string_view text) {
  const auto raw = std::as_bytes(std::span(text.data(), text.size()));
  bytes.insert(bytes.end(), raw.begin(), raw.end());
}

/// Reads numbers and texts one after the other. Throws Error(Corrupt) beyond the end.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  template <class Number>
  Number number() {
    Number result{};
    std::memcpy(&result, take(sizeof(Number)).data(), sizeof(Number));
    return result;
  }
  std::string text(std::size_t size) {
    const auto raw = take(size);
    return {reinterpret_cast<const char*>(raw.data()), raw.size()};
  }
  std::span<const std::byte> take(std::size_t size) {
    if (size > bytes_.size()) throw Error(ErrorCode::Corrupt, "it ends early");
    const auto result = bytes_.first(size);
    bytes_ = bytes_.subspan(size);
    return result;
  }

 private:
  std::span<const std::byte> bytes_;
};

/// Ends the process as a plugin does that writes where it must not.
[[noreturn]] inline void crash() {
  volatile int* const nowhere = nullptr;
  *nowhere = 1;
  std::abort();
}

}  // namespace fstool::test
