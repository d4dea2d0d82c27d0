#include "variables.h"

#include <gtest/gtest.h>

#include "fstool/error.h"
#include "source_date_epoch.h"

namespace fstool {
namespace {

std::optional<std::string> environment(const std::string& name) {
  if (name == "HOME") return "/home/me";
  if (name == "BOTH") return "environment";
  return std::nullopt;
}

OptionValue text_value(std::string text) {
  OptionValue value;
  value.data = std::move(text);
  value.location = std::make_shared<const SpecLocation>(SpecLocation{"p.toml", 3, 5, "a = \"…\""});
  return value;
}

OptionValue expand(const std::string& text) {
  const Variables variables({"version=1.2", "BOTH=option", "empty=", "twice=${version}"}, environment);
  OptionTable table{{.key = "${version}", .value = text_value(text), .location = nullptr}};
  variables.expand(table);
  EXPECT_EQ(table[0].key, "${version}");
  return table[0].value;
}

std::string expanded(const std::string& text) { return std::get<std::string>(expand(text).data); }

TEST(VariablesTest, ReplacesNames) {
  EXPECT_EQ(expanded("v${version}-${HOME}/x"), "v1.2-/home/me/x");
  EXPECT_EQ(expanded("[${empty}]"), "[]");
}

TEST(VariablesTest, DefinitionsComeBeforeTheEnvironment) { EXPECT_EQ(expanded("${BOTH}"), "option"); }

TEST(VariablesTest, ValuesAreNotExpandedAgain) { EXPECT_EQ(expanded("${twice}"), "${version}"); }

TEST(VariablesTest, LeavesOtherDollarsAlone) {
  EXPECT_EQ(expanded("$version $ $$ 5$"), "$version $ $$ 5$");
  EXPECT_EQ(expanded("$${version}"), "${version}");
}

TEST(VariablesTest, AReplacedStringMayStandForANumber) {
  EXPECT_TRUE(expand("${version}").from_text);
  EXPECT_FALSE(expand("plain").from_text);
  EXPECT_FALSE(expand("$${version}").from_text);
}

TEST(VariablesTest, TheEnvironmentCanBeMeant) {
  EXPECT_EQ(expanded("${env:BOTH}"), "environment");
  EXPECT_THROW(expanded("${env:version}"), Error);
  EXPECT_THROW(expanded("${env:}"), Error);
  EXPECT_THROW(expanded("${other:HOME}"), Error);
}

TEST(VariablesTest, ADefaultStandsForWhatIsNotDefinedOrEmpty) {
  EXPECT_EQ(expanded("${nobody:-x}"), "x");
  EXPECT_EQ(expanded("${nobody:-}"), "");
  EXPECT_EQ(expanded("${empty:-x}"), "x");
  EXPECT_EQ(expanded("${version:-x}"), "1.2");
  EXPECT_EQ(expanded("${env:NONE:-a:-b}"), "a:-b");
  EXPECT_EQ(expanded("${env:HOME:-x}"), "/home/me");
  EXPECT_EQ(expanded("${nobody:-1.2.3}"), "1.2.3");
  EXPECT_THROW(expanded("${:-x}"), Error);
}

TEST(VariablesTest, NamesThatAreNearAreSuggested) {
  try {
    expanded("${versoin}");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean \"version\"?"), std::string::npos) << error.what();
  }
}

TEST(VariablesTest, ReachesListsAndTables) {
  const Variables variables({"a=1"}, environment);
  OptionValue list;
  list.data = OptionValue::Array{text_value("${a}")};
  OptionValue inner;
  inner.data = OptionTable{{.key = "list", .value = list, .location = nullptr}};
  OptionTable table{{.key = "inner", .value = inner, .location = nullptr}};
  variables.expand(table);
  const auto& expanded_list = std::get<OptionValue::Array>(std::get<OptionTable>(table[0].value.data)[0].value.data);
  EXPECT_EQ(std::get<std::string>(expanded_list[0].data), "1");
}

TEST(VariablesTest, AnUndefinedNameIsAnErrorWithItsPlace) {
  try {
    expanded("${nobody}");
    FAIL();
  } catch (const Error& error) {
    const std::string text = error.what();
    EXPECT_TRUE(text.starts_with("p.toml:3:5: the variable nobody is not defined")) << text;
  }
}

TEST(VariablesTest, RefusesWhatIsNotAName) {
  EXPECT_THROW(expanded("${"), Error);
  EXPECT_THROW(expanded("${}"), Error);
  EXPECT_THROW(expanded("${a b}"), Error);
  EXPECT_THROW(expanded("${1a}"), Error);
  EXPECT_THROW(Variables({"novalue"}, environment), Error);
  EXPECT_THROW(Variables({"=x"}, environment), Error);
}

TEST(SourceDateEpochTest, TakesDigitsOnly) {
  EXPECT_EQ(parse_source_date_epoch(nullptr), std::nullopt);
  EXPECT_EQ(parse_source_date_epoch("0"), 0);
  EXPECT_EQ(parse_source_date_epoch("1700000000"), 1700000000);
  for (const char* text : {"", " 1", "1 ", "+1", "-1", "1.5", "0x10", "now", "9223372036854775808"}) {
    EXPECT_THROW(parse_source_date_epoch(text), Error) << text;
  }
}

}  // namespace
}  // namespace fstool
