// Where the files of an image lie, and what tars are told to be one.

#include <filesystem>
#include <fstream>

#include "files/image_files.h"
#include "files/tar_listing.h"
#include "image_kind.h"
#include "oci_fixture.h"

namespace fstool::oci::test {
namespace {

namespace fs = std::filesystem;

TEST_F(OciTest, FolderFilesStayInside) {
  const fs::path folder = temporary_.path() / "image";
  fs::create_directories(folder / "blobs");
  std::ofstream(temporary_.path() / "outside") << "secret";
  std::ofstream(folder / "blobs/one") << "1";
  fs::create_symlink("one", folder / "blobs/inner");
  fs::create_symlink("../../outside", folder / "blobs/out");
  fs::create_symlink("/etc/passwd", folder / "blobs/absolute");
  fs::create_symlink("loop", folder / "blobs/loop");
  const auto files = files_in_folder(folder);
  EXPECT_EQ(files->find("blobs/one")->size(), 1U);
  EXPECT_EQ(files->find("blobs/inner")->size(), 1U);
  EXPECT_EQ(files->find("blobs/none"), nullptr);
  EXPECT_EQ(files->find("blobs/one/below"), nullptr);
  EXPECT_EQ(files->find(std::string_view("blobs/one\0x", 11)), nullptr);
  for (const char* const name : {"blobs/out", "blobs/absolute", "../outside", "blobs", "", "blobs/../../outside"}) {
    EXPECT_THROW(files->find(name), Error) << name;
  }
  EXPECT_THROW(files->find("blobs/loop"), Error);
  EXPECT_EQ(files->find("/etc/passwd"), nullptr);  // below the folder, where there is none
  EXPECT_THROW(files_in_folder(folder / "none"), Error);
}

TEST_F(OciTest, ArchivedFilesMayBeLinks) {
  Tree tree;
  const auto add = [&](NodeId parent, const std::string& name, NodeKind kind, const std::string& target = {}) {
    Node node;
    node.kind = kind;
    node.target = target;
    return tree.add(parent, name, std::move(node));
  };
  const NodeId a = add(Tree::kRoot, "a", NodeKind::Directory);
  const NodeId b = add(Tree::kRoot, "b", NodeKind::Directory);
  add(a, "layer.tar", NodeKind::File);
  add(b, "layer.tar", NodeKind::Symlink, "../a/layer.tar");
  add(b, "out", NodeKind::Symlink, "../../../a/layer.tar");
  add(b, "absolute", NodeKind::Symlink, "/a/layer.tar");
  add(b, "loop", NodeKind::Symlink, "loop");
  add(b, "dangling", NodeKind::Symlink, "nowhere");
  add(b, "fifo", NodeKind::Fifo);
  const auto files = files_in_tree(std::move(tree));
  // ".." of the root is the root.
  for (const char* const name : {"a/layer.tar", "b/layer.tar", "b/out", "b/absolute", "./b/../a/layer.tar"}) {
    EXPECT_NE(files->find(name), nullptr) << name;
  }
  for (const char* const name : {"c", "b/dangling", "a/layer.tar/below", "b/fifo/below"}) {
    EXPECT_EQ(files->find(name), nullptr) << name;
  }
  for (const char* const name : {"b/loop", "b/fifo", "a", ""}) EXPECT_THROW(files->find(name), Error) << name;
}

std::vector<std::string> names_in(const Bytes& tar) {
  const BlobPtr blob = make_memory_blob(tar);
  TarListing listing(*blob);
  std::vector<std::string> names;
  while (const auto member = listing.next()) names.push_back(member->name);
  return names;
}

TEST(TarListing, FindsMembers) {
  TarBuilder tar;
  tar.directory("./").file("./a", "12345").symlink("b", "a").file("c", std::string(512, 'x')).file("d", "");
  const Bytes bytes = tar.finish();
  EXPECT_EQ(names_in(bytes), (std::vector<std::string>{"", "a", "b", "c", "d"}));
  const BlobPtr blob = make_memory_blob(bytes);
  TarListing listing(*blob);
  listing.next();
  const auto member = listing.next();
  EXPECT_EQ(member->offset, 1024U);
  EXPECT_EQ(member->size, 5U);
}

TEST(TarListing, TakesSizesFromExtendedHeaders) {
  TarBuilder tar;
  tar.add("PaxHeaders/a", 'x', "17 comment=hello\n12 size=600\n").file("a", "").file("b", "");
  Bytes bytes = tar.finish();
  // "a" says that it has no bytes; its extended header says 600, which cover the header of "b".
  bytes.resize(bytes.size() + 512);
  EXPECT_EQ(names_in(bytes), std::vector<std::string>{"a"});
}

TEST(TarListing, EndsWhereNoTarGoesOn) {
  const Bytes bytes = TarBuilder().file("a", "1").file("b", std::string(2000, 'x')).finish();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_LE(names_in({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)}).size(), 2U);
  }
  for (std::size_t at = 0; at < 512; ++at) {
    Bytes damaged = bytes;
    damaged[at] ^= std::byte{0x55};
    EXPECT_LE(names_in(damaged).size(), 2U);
  }
}

TEST_F(OciTest, ClaimsImagesAlone) {
  const auto claim = [this] { return OciSource::claim(input()); };
  image_.files["bin/sh"] = bytes_of("#!");
  EXPECT_EQ(claim(), Claim::None);
  image_.files["manifest.json"] = bytes_of("{\"name\": \"a web page\"}");
  EXPECT_EQ(claim(), Claim::None);
  image_.files["manifest.json"] = bytes_of("[{\"Config\": \"x\", \"Layers\": []");
  EXPECT_EQ(claim(), Claim::None);
  image_.files["manifest.json"] = bytes_of("[{\"Config\": \"x\", \"Layers\": []}]");
  EXPECT_EQ(claim(), Claim::Special);
  image_.files.erase("manifest.json");
  image_.files["index.json"] = bytes_of("{}");
  EXPECT_EQ(claim(), Claim::None);
  image_.files["oci-layout"] = bytes_of("{}");
  EXPECT_EQ(claim(), Claim::Special);
  EXPECT_EQ(OciSource::claim({make_memory_blob({}), "nothing"}), Claim::None);
  EXPECT_EQ(OciSource::claim({make_hole_blob(1U << 20U), "zeros"}), Claim::None);
  EXPECT_EQ(OciSource::claim(temporary_.path() / "none"), Claim::None);
}

TEST_F(OciTest, GivesUpOnTarsThatAreLikeNoImage) {
  TarBuilder tar;
  for (int i = 0; i < 2000; ++i) tar.file("usr/" + std::to_string(i), "");
  tar.file("oci-layout", "{}").file("index.json", "{}");
  EXPECT_FALSE(is_image_tar(make_memory_blob(tar.finish())));
}

TEST_F(OciTest, ClaimsFolders) {
  const fs::path folder = temporary_.path() / "image";
  fs::create_directory(folder);
  EXPECT_EQ(OciSource::claim(folder), Claim::None);
  fs::create_directory(folder / "manifest.json");  // no file
  EXPECT_EQ(OciSource::claim(folder), Claim::None);
  fs::remove(folder / "manifest.json");
  std::ofstream(folder / "manifest.json") << "{}";
  EXPECT_EQ(OciSource::claim(folder), Claim::None);
  std::ofstream(folder / "version") << "Directory Transport Version: 1.1\n";
  EXPECT_EQ(OciSource::claim(folder), Claim::Special);
  std::ofstream(folder / "oci-layout") << "{}";
  std::ofstream(folder / "index.json") << "{}";
  fs::remove(folder / "version");
  EXPECT_EQ(OciSource::claim(folder), Claim::Special);
}

}  // namespace
}  // namespace fstool::oci::test
