#include "json_document.h"

#include <fmt/format.h>

#include <limits>

#include "fstool/error.h"

namespace fstool::oci {

namespace {

[[noreturn]] void throw_type(std::string_view what, std::string_view wanted) {
  throw Error(ErrorCode::Corrupt, fmt::format("its \"{}\" is no {}", what, wanted));
}

/// Throws if there is more than a document may have. (A callback of Json::parse() could do that, too, but with one,
/// each object in an array takes time for all those before it.)
class Bounds : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return count(); }
  bool boolean(bool /*value*/) override { return count(); }
  bool number_integer(number_integer_t /*value*/) override { return count(); }
  bool number_unsigned(number_unsigned_t /*value*/) override { return count(); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return count(); }
  bool string(string_t& /*value*/) override { return count(); }
  bool binary(binary_t& /*value*/) override { return count(); }
  bool key(string_t& /*name*/) override { return count(); }
  bool start_object(std::size_t /*elements*/) override { return enter(); }
  bool end_object() override { return leave(); }
  bool start_array(std::size_t /*elements*/) override { return enter(); }
  bool end_array() override { return leave(); }
  /// Json::parse() will come to it, too.
  bool parse_error(std::size_t /*byte*/, const std::string& /*token*/, const Json::exception& /*error*/) override {
    return false;
  }

 private:
  bool count() {
    if (++values_ <= kMaxJsonValues) return true;
    throw Error(ErrorCode::Unsupported, fmt::format("its JSON has more than {} values", kMaxJsonValues));
  }
  bool enter() {
    if (++depth_ <= kMaxJsonDepth) return count();
    throw Error(ErrorCode::Unsupported, fmt::format("its JSON is nested more than {} deep", kMaxJsonDepth));
  }
  bool leave() {
    --depth_;
    return true;
  }

  std::size_t values_ = 0;
  int depth_ = 0;
};

}  // namespace

Json parse_json(std::span<const std::byte> text) {
  try {
    const auto* const begin = reinterpret_cast<const char*>(text.data());
    Bounds bounds;
    Json::sax_parse(begin, begin + text.size(), &bounds);
    return Json::parse(begin, begin + text.size());
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
