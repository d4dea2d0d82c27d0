#include "fstool/registry.h"

#include <gtest/gtest.h>

#include "fstool/error.h"

namespace fstool {
namespace {

class WriteOnlyContainer : public Container {
 public:
  void write(const Blob&, OutputFile&, const Codec*, Context&) override {}
  bool probe(const Blob&) const override { return false; }
};

Format<Container> container(std::string name) {
  return make_format<Container>(std::move(name), "A container.", OptionSet<NoOptions>(),
                                [](const NoOptions&) { return std::make_unique<WriteOnlyContainer>(); });
}

Format<Filesystem> filesystem(std::string name) {
  Format<Filesystem> format;
  format.info.name = std::move(name);
  return format;
}

template <class Work>
Error error_of(Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error(ErrorCode::Internal, "");
}

TEST(Registry, KeepsTheFormatsOfAStageByName) {
  Registry registry;
  registry.set_current_plugin("boxes");
  registry.add(container("raw"));
  registry.add(container("qcow2"));
  registry.add(filesystem("raw"));
  ASSERT_EQ(registry.all<Container>().size(), 2U);
  EXPECT_EQ(registry.all<Container>().begin()->first, "qcow2");
  EXPECT_EQ(registry.get<Container>("raw").info.plugin, "boxes");
  EXPECT_TRUE(registry.get<Container>("raw").create({}));
  EXPECT_TRUE(registry.all<Codec>().empty());
}

TEST(Registry, RefusesTakenAndBadNames) {
  Registry registry;
  registry.set_current_plugin("boxes");
  registry.add(container("raw"));
  const Error taken = error_of([&] { registry.add(container("raw")); });
  EXPECT_EQ(taken.code(), ErrorCode::Plugin);
  EXPECT_STREQ(taken.what(), "there is already a container \"raw\" from plugin boxes");
  for (const char* const name : {"", "-raw", "Raw", "r aw", "raw/", ".raw"}) {
    EXPECT_EQ(error_of([&] { registry.add(container(name)); }).code(), ErrorCode::Plugin) << name;
  }
  EXPECT_NO_THROW(registry.add(container("0r.a+w_-")));
}

TEST(Registry, SaysWhatThereIsWhenAFormatIsMissing) {
  Registry registry;
  registry.add(filesystem("ext2"));
  registry.add(filesystem("ext4"));
  registry.set_search_path({"/a", "/b"});
  const Error missing = error_of([&] { registry.get<Filesystem>("ext44"); });
  EXPECT_EQ(missing.code(), ErrorCode::NotFound);
  EXPECT_STREQ(missing.what(),
               "no filesystem is called \"ext44\" (did you mean \"ext4\"?): there is ext2, ext4; plugins were looked "
               "for in /a, /b");
  EXPECT_NE(std::string_view(error_of([&] { Registry().get<Codec>("zstd"); }).what()).find("there is none"),
            std::string_view::npos);
}

TEST(Registry, TakesAllOfAnotherOrNothing) {
  Registry registry;
  registry.add(container("raw"));
  Registry clashing;
  clashing.add(filesystem("ext4"));
  clashing.add(container("raw"));
  EXPECT_EQ(error_of([&] { registry.merge(std::move(clashing)); }).code(), ErrorCode::Plugin);
  EXPECT_TRUE(registry.all<Filesystem>().empty());
  Registry other;
  other.set_current_plugin("more");
  other.add(container("qcow2"));
  registry.merge(std::move(other));
  EXPECT_EQ(registry.all<Container>().size(), 2U);
  EXPECT_EQ(registry.get<Container>("qcow2").info.plugin, "more");
}

TEST(Stages, SayThatAFormatIsOnlyWritten) {
  const Registry registry;
  Context context(registry, {1, {}, nullptr, nullptr});
  WriteOnlyContainer only_written;
  EXPECT_EQ(error_of([&] { only_written.open({make_hole_blob(1)}, "", context); }).code(), ErrorCode::Unsupported);
}

TEST(Stages, HaveNames) {
  EXPECT_EQ(stage_name(Stage::PartitionTable), "partition table");
  EXPECT_EQ(stage_name(kStageOf<Filesystem>), "filesystem");
}

}  // namespace
}  // namespace fstool
