#include "json_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fstool/error.h"
#include "image_builder.h"

namespace fstool::oci::test {
namespace {

template <class Work>
ErrorCode code_of(Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::Internal;
}

ErrorCode parsing(const std::string& text) {
  return code_of([&] { parse_json(bytes_of(text)); });
}

TEST(JsonDocument, RefusesWhatIsNone) {
  for (const char* const text : {"", "{", "{\"a\":}", "\"\xff\"", "[1,]", "{} {}", "1e999"}) {
    EXPECT_EQ(parsing(text), ErrorCode::Corrupt) << text;
  }
}

TEST(JsonDocument, RefusesWhatIsNestedTooDeep) {
  EXPECT_EQ(parsing(std::string(100'000, '[')), ErrorCode::Unsupported);
  std::string objects;
  for (int i = 0; i < 1000; ++i) objects += "{\"a\":";
  EXPECT_EQ(parsing(objects), ErrorCode::Unsupported);
  EXPECT_EQ(parse_json(bytes_of("[[[[1]]]]")).size(), 1U);
}

TEST(JsonDocument, RefusesMoreValuesThanItHasMemoryFor) {
  std::string text = "[";
  for (std::size_t i = 0; i < kMaxJsonValues; ++i) text += "1,";
  EXPECT_EQ(parsing(text + "1]"), ErrorCode::Unsupported);
}

/// As many objects as there may be don't take time for each pair of them.
TEST(JsonDocument, ObjectsInAnArrayTakeNoLongerThanOthers) {
  std::string text = "[";
  for (std::size_t i = 0; i + 2 < kMaxJsonValues; ++i) text += "{},";
  EXPECT_EQ(parse_json(bytes_of(text + "{}]")).size(), kMaxJsonValues - 1);
}

TEST(JsonDocument, MembersHaveTheirTypes) {
  const Json json = parse_json(bytes_of(
      R"({"text":"x","size":5,"negative":-1,"half":0.5,"huge":18446744073709551615,"list":[],"object":{},"null":null})"));
  EXPECT_EQ(text_member(json, "text"), "x");
  EXPECT_EQ(text_or_empty(json, "no"), "");
  EXPECT_EQ(text_or_empty(json, "null"), "");
  EXPECT_EQ(size_member(json, "size"), 5U);
  EXPECT_EQ(array_member(json, "list").size(), 0U);
  EXPECT_EQ(object_member(json, "object").size(), 0U);
  EXPECT_EQ(find_member(json, "no"), nullptr);
  for (const char* const key : {"negative", "half", "huge", "text", "no", "null", "list"}) {
    EXPECT_EQ(code_of([&] { size_member(json, key); }), ErrorCode::Corrupt) << key;
  }
  EXPECT_EQ(code_of([&] { text_or_empty(json, "size"); }), ErrorCode::Corrupt);
  EXPECT_EQ(code_of([&] { array_member(json, "object"); }), ErrorCode::Corrupt);
  EXPECT_EQ(code_of([&] { object_member(json, "list"); }), ErrorCode::Corrupt);
  EXPECT_EQ(code_of([&] { find_member(json.at("list"), "text"); }), ErrorCode::Corrupt);
}

}  // namespace
}  // namespace fstool::oci::test
