/// \file
/// JSON that nobody vouches for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

namespace fstool::oci {

using Json = nlohmann::json;

/// What images have in JSON is a few KiB; larger files than this are not read.
inline constexpr std::uint64_t kMaxJsonBytes = 8 * 1024 * 1024;
/// Nor what is nested deeper, or has more values.
inline constexpr int kMaxJsonDepth = 64;
inline constexpr std::size_t kMaxJsonValues = 500'000;

/// Throws Error(Corrupt) if it is no JSON, Error(Unsupported) beyond the bounds.
Json parse_json(std::span<const std::byte> text);

/// The member `key` of `object`; null if there is none or it is JSON's null. Throws Error(Corrupt) if `object` is none.
const Json* find_member(const Json& object, const char* key);
/// The same, but throws Error(Corrupt) if it is missing.
const Json& member(const Json& object, const char* key);

/// Members of a certain type. They throw Error(Corrupt) if the type is another; those named `…_or_…` give the second
/// if there is no such member, the others throw.
std::string text_member(const Json& object, const char* key);
std::string text_or_empty(const Json& object, const char* key);
/// A whole number of bytes from 0 to 2^63 - 1.
std::uint64_t size_member(const Json& object, const char* key);
const Json& array_member(const Json& object, const char* key);
const Json& object_member(const Json& object, const char* key);

/// The text that `value` is, which messages call `what`.
std::string text_value(const Json& value, std::string_view what);

}  // namespace fstool::oci
