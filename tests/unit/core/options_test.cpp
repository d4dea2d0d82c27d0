#include "fstool/options.h"

#include <gtest/gtest.h>

namespace fstool {
namespace {

enum class Mode { Fast, Small };

struct CoolOptions {
  bool sparse = true;
  std::uint32_t block_size = 4096;
  std::uint8_t level = 3;
  std::int64_t offset = 0;
  Bytes cluster{65536};
  std::optional<Bytes> reserve;
  std::string label;
  std::optional<Uuid> uuid;
  std::vector<std::string> features;
  Mode mode = Mode::Fast;
};

const OptionSet<CoolOptions>& cool_options() {
  static const auto set =
      OptionSet<CoolOptions>()
          .add("sparse", &CoolOptions::sparse, "Leave holes.")
          .add("block_size", &CoolOptions::block_size, "Block size.", one_of<std::uint32_t>({1024, 2048, 4096}))
          .add("level", &CoolOptions::level, "Level.", in_range(1, 9))
          .add("offset", &CoolOptions::offset, "Offset.")
          .add("cluster_size", &CoolOptions::cluster, "Cluster size.", one_of<std::uint64_t>({4096, 65536}))
          .add("reserve", &CoolOptions::reserve, "Reserve.", in_range(512, 1U << 20U))
          .add("volume_label", &CoolOptions::label, "Label.", max_bytes(16))
          .add("uuid", &CoolOptions::uuid, "UUID.")
          .add("features", &CoolOptions::features, "Features.")
          .add("mode", &CoolOptions::mode, "Mode.", choices<Mode>({{"fast", Mode::Fast}, {"small", Mode::Small}}));
  return set;
}

using Data = decltype(OptionValue::data);

OptionTable toml(std::string key, Data data) { return {{std::move(key), {std::move(data), false, nullptr}, nullptr}}; }

CoolOptions parse(std::string_view text) { return cool_options().parse(parse_option_text(text)); }
CoolOptions parse(const OptionTable& table) { return cool_options().parse(table); }

template <class Input>
std::string error_of(const Input& input) {
  try {
    parse(input);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Options, KeepTheirDefaults) {
  const CoolOptions options = parse(OptionTable{});
  EXPECT_EQ(options.block_size, 4096U);
  EXPECT_TRUE(options.sparse);
  EXPECT_FALSE(options.uuid);
}

TEST(Options, AreReadFromText) {
  const CoolOptions options = parse(
      "sparse=false,block_size=0x400,level=9,offset=-5,cluster_size=4KiB,reserve=1.5K,volume_label=a b=c,"
      "uuid=0123abcd-4567-89ab-cdef-0011223344ff,features=x\\,y,mode=small");
  EXPECT_FALSE(options.sparse);
  EXPECT_EQ(options.block_size, 1024U);
  EXPECT_EQ(options.level, 9U);
  EXPECT_EQ(options.offset, -5);
  EXPECT_EQ(options.cluster.value, 4096U);
  EXPECT_EQ(options.reserve->value, 1536U);
  EXPECT_EQ(options.label, "a b=c");
  EXPECT_EQ(options.uuid->to_string(), "0123abcd-4567-89ab-cdef-0011223344ff");
  EXPECT_EQ(options.features, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(options.mode, Mode::Small);
}

TEST(Options, AreReadFromTomlTypes) {
  EXPECT_FALSE(parse(toml("sparse", false)).sparse);
  EXPECT_EQ(parse(toml("block_size", std::int64_t{2048})).block_size, 2048U);
  EXPECT_EQ(parse(toml("cluster_size", std::int64_t{4096})).cluster.value, 4096U);
  EXPECT_EQ(parse(toml("cluster_size", std::string("64KiB"))).cluster.value, 65536U);
  EXPECT_EQ(parse(toml("volume_label", std::string("ROOT"))).label, "ROOT");
  const OptionValue::Array names{{std::string("x"), false, nullptr}, {std::string("y,z"), false, nullptr}};
  EXPECT_EQ(parse(toml("features", names)).features, (std::vector<std::string>{"x", "y,z"}));
  const OptionValue::Array bits{{std::string("hidden"), false, nullptr}, {std::int64_t{48}, false, nullptr}};
  EXPECT_EQ(parse(toml("features", bits)).features, (std::vector<std::string>{"hidden", "48"}));
}

TEST(Options, OfTomlMustHaveTheRightType) {
  EXPECT_EQ(error_of(toml("sparse", std::string("true"))), "sparse must be true or false, not \"true\"");
  EXPECT_EQ(error_of(toml("level", std::string("3"))), "level must be an integer, not \"3\"");
  EXPECT_EQ(error_of(toml("level", 3.0)), "level must be an integer, not a float");
  EXPECT_EQ(error_of(toml("volume_label", std::int64_t{5})), "volume_label must be a string, not an integer");
  EXPECT_EQ(error_of(toml("features", std::string("x"))), "features must be a list of strings, not \"x\"");
  EXPECT_EQ(error_of(toml("features", OptionValue::Array{{true, false, nullptr}})),
            "features must be a list of strings, not a boolean");
  EXPECT_EQ(error_of(toml("cluster_size", std::int64_t{-1})),
            "cluster_size must be a size (a number of bytes, or a string such as \"64KiB\" or \"1.5GiB\"), not -1");
}

TEST(Options, OutOfBoundsNameTheOptionTheValueAndTheBounds) {
  EXPECT_EQ(error_of("level=10"), "-O: level must be between 1 and 9, not 10");
  EXPECT_EQ(error_of("level=0"), "-O: level must be between 1 and 9, not 0");
  EXPECT_EQ(error_of("level=-1"), "-O: level must be between 1 and 9, not -1");
  EXPECT_EQ(error_of("level=99999999999999999999"), "-O: level must be an integer, not 99999999999999999999");
  EXPECT_EQ(error_of("level=0x"), "-O: level must be an integer, not 0x");
  EXPECT_EQ(error_of("level=--1"), "-O: level must be an integer, not --1");
  EXPECT_EQ(error_of("reserve=511"), "-O: reserve must be between 512 and 1MiB, not 511");
  EXPECT_EQ(error_of("reserve=2MiB"), "-O: reserve must be between 512 and 1MiB, not 2MiB");
  EXPECT_EQ(error_of("volume_label=12345678901234567"),
            "-O: volume_label must be at most 16 bytes long, \"12345678901234567\" has 17");
  EXPECT_EQ(error_of("block_size=3000"), "-O: unsupported block_size 3000: must be one of 1024, 2048, 4096");
  EXPECT_EQ(error_of("mode=smal"),
            "-O: unsupported mode \"smal\" (did you mean \"small\"?): must be one of fast, small");
}

TEST(Options, OfSizesAreComparedExactly) {
  EXPECT_EQ(error_of("cluster_size=65537"), "-O: unsupported cluster_size 65537: must be one of 4KiB, 64KiB");
}

TEST(Options, UnknownAndRepeatedOnesAreErrors) {
  EXPECT_EQ(error_of("blocksize=1024"), "-O: unknown option \"blocksize\" (did you mean \"block_size\"?)");
  EXPECT_EQ(error_of("zzz=1"),
            "-O: unknown option \"zzz\": must be one of sparse, block_size, level, offset, cluster_size, reserve, "
            "volume_label, uuid, features, mode");
  EXPECT_EQ(error_of(OptionTable{{"level", {std::int64_t{1}, false, nullptr}, nullptr},
                                 {"level", {std::int64_t{2}, false, nullptr}, nullptr}}),
            "option \"level\" is given twice");
}

TEST(Options, DescribeThemselves) {
  const std::vector<OptionInfo>& infos = cool_options().infos();
  ASSERT_EQ(infos.size(), 10U);
  EXPECT_EQ(infos[1].type, "integer");
  EXPECT_EQ(infos[1].default_text, "4096");
  EXPECT_EQ(infos[1].choices, (std::vector<std::string>{"1024", "2048", "4096"}));
  EXPECT_EQ(infos[2].minimum, 1);
  EXPECT_EQ(infos[2].maximum, 9U);
  EXPECT_EQ(infos[4].type, "size");
  EXPECT_EQ(infos[4].default_text, "64KiB");
  EXPECT_EQ(infos[7].default_text, "");
  EXPECT_EQ(infos[9].type, "choice");
  EXPECT_EQ(infos[9].default_text, "fast");
}

TEST(OptionText, UndoesEscapes) {
  const OptionTable table = parse_option_text("a=x\\,y,b=\\\\,c=");
  ASSERT_EQ(table.size(), 3U);
  EXPECT_EQ(std::get<std::string>(table[0].value.data), "x,y");
  EXPECT_EQ(std::get<std::string>(table[1].value.data), "\\");
  EXPECT_EQ(std::get<std::string>(table[2].value.data), "");
  EXPECT_TRUE(table[0].value.from_text);
}

TEST(OptionText, MustConsistOfKeysAndValues) {
  for (const std::string_view text : {"", "a", "=1", "a=1,", ",a=1", "a=1,,b=2", "a=\\x", "a=\\", "a=1,a=2"}) {
    EXPECT_THROW(parse_option_text(text), Error) << text;
  }
}

TEST(SpecError, PointsAtThePlace) {
  const auto location = std::make_shared<const SpecLocation>(SpecLocation{"a.toml", 3, 8, "\tk = \xC3\xA4 x"});
  const Error error = spec_error(location, "wrong");
  EXPECT_EQ(error.code(), ErrorCode::InvalidSpec);
  EXPECT_STREQ(error.what(), "a.toml:3:8: wrong\n\tk = \xC3\xA4 x\n\t     ^");
  EXPECT_STREQ(spec_error(nullptr, "wrong").what(), "wrong");
}

TEST(SpecError, SurvivesAColumnBeyondTheLine) {
  const auto location = std::make_shared<const SpecLocation>(SpecLocation{"a.toml", 1, 100, "ab"});
  EXPECT_STREQ(spec_error(location, "wrong").what(), "a.toml:1:100: wrong\nab\n  ^");
}

TEST(DidYouMean, FindsTypingMistakes) {
  const std::vector<std::string> known{"block_size", "volume_label", "uuid"};
  EXPECT_EQ(did_you_mean("blok_size", known), " (did you mean \"block_size\"?)");
  EXPECT_EQ(did_you_mean("block-sise", known), " (did you mean \"block_size\"?)");
  EXPECT_EQ(did_you_mean("uiud", known), " (did you mean \"uuid\"?)");
  EXPECT_EQ(did_you_mean("vol_label", known), " (did you mean \"volume_label\"?)");
}

TEST(DidYouMean, IsSilentWhenNothingIsClose) {
  EXPECT_EQ(did_you_mean("journal", {"block_size", "uuid"}), "");
  EXPECT_EQ(did_you_mean("ab", {"cd"}), "");
  EXPECT_EQ(did_you_mean("x", {}), "");
  EXPECT_EQ(did_you_mean(std::string(100000, 'x'), {"uuid"}), "");
}

}  // namespace
}  // namespace fstool
