#include "json_document.h"

#include <fmt/format.h>

#include <limits>

#include "fstool/error.h"

namespace fstool::oci {

namespace {

[[noreturn]] void throw_type(std::string_view what, std::string_view wanted) {
  throw Error(ErrorCode::Corrupt, fmt::format("its \"{}\" is no {}", what, wanted));
}

}  // namespace

Json parse_json(std::span<const std::byte> text) {
  std::size_t values = 0;
  const auto count = [&](int depth, Json::parse_event_t /*event*/, Json& /*parsed*/) {
    if (depth > kMaxJsonDepth) {
      throw Error(ErrorCode::Unsupported, fmt::format("its JSON is nested more than {} deep", kMaxJsonDepth));
    }
    if (++values > kMaxJsonValues) {
      throw Error(ErrorCode::Unsupported, fmt::format("its JSON has more than {} values", kMaxJsonValues));
    }
    return true;
  };
  try {
    const auto* const begin = reinterpret_cast<const char*>(text.data());
    return Json::parse(begin, begin + text.size(), count);
  } catch (const Json::parse_error& error) {
    throw Error(ErrorCode::Corrupt, fmt::format("it is no JSON, at byte {}", error.byte));
  } catch (const Json::exception&) {
    throw Error(ErrorCode::Corrupt, "it has a number that is out of range");
  }
}

const Json* find_member(const Json& object, const char* key) {
  if (!object.is_object())
    throw Error(ErrorCode::Corrupt, fmt::format("there is no object that could have \"{}\"", key));
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

const Json& member(const Json& object, const char* key) {
  if (const Json* const found = find_member(object, key)) return *found;
  throw Error(ErrorCode::Corrupt, fmt::format("it has no \"{}\"", key));
}

std::string text_value(const Json& value, std::string_view what) {
  if (!value.is_string()) throw_type(what, "text");
  return value.get<std::string>();
}

std::string text_member(const Json& object, const char* key) { return text_value(member(object, key), key); }

std::string text_or_empty(const Json& object, const char* key) {
  const Json* const found = find_member(object, key);
  return found == nullptr ? std::string() : text_value(*found, key);
}

std::uint64_t size_member(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (!value.is_number_unsigned()) throw_type(key, "number of bytes");
  const auto size = value.get<std::uint64_t>();
  if (size > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) throw_type(key, "number of bytes");
  return size;
}

const Json& array_member(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (!value.is_array()) throw_type(key, "array");
  return value;
}

const Json& object_member(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (!value.is_object()) throw_type(key, "object");
  return value;
}

}  // namespace fstool::oci
