// What layers make of each other, and layers that are damaged.

#include "layers/layer_tar.h"
#include "oci_fixture.h"

namespace fstool::oci::test {
namespace {

class Layers : public OciTest {
 protected:
  Tree merged(const std::vector<Bytes>& tars) {
    std::vector<Json> layers;
    for (std::size_t i = 0; i < tars.size(); ++i) {
      constexpr const char* kCodecs[] = {"gzip", "zstd", ""};
      layers.push_back(image_.layer(tars[i], kCodecs[i % 3]));
    }
    build(layers);
    return std::move(load().tree);
  }
  static bool has(const Tree& tree, std::string_view path) { return tree.find_path(path).has_value(); }
};

TEST_F(Layers, AreLaidOverOneAnother) {
  const Tree tree = merged({
      TarBuilder().directory("d/").file("d/a", "1").file("d/b", "1").file("kept", "1").symlink("lib", "usr").finish(),
      TarBuilder().file("d/.wh.a", "").file("d/b", "2").directory("usr/").finish(),
      TarBuilder().file("lib/x", "3").hard_link("again", "kept").finish(),
  });
  EXPECT_FALSE(has(tree, "d/a"));
  EXPECT_FALSE(has(tree, "d/.wh.a"));
  EXPECT_EQ(text_of(tree, "d/b"), "2");
  EXPECT_EQ(text_of(tree, "usr/x"), "3");
  EXPECT_EQ(tree.node(*tree.find_path("lib")).kind, NodeKind::Symlink);
  EXPECT_EQ(tree.find_path("again"), tree.find_path("kept"));
}

TEST_F(Layers, OpaqueDirectoriesHideWhatIsBelow) {
  const Tree tree = merged({TarBuilder().directory("d/").file("d/a", "1").finish(),
                            TarBuilder().directory("d/").file("d/b", "2").file("d/.wh..wh..opq", "").finish()});
  EXPECT_FALSE(has(tree, "d/a"));
  EXPECT_EQ(text_of(tree, "d/b"), "2");
}

TEST_F(Layers, MarkersOfTheLowestOneAreNoFiles) {
  EXPECT_FALSE(has(merged({TarBuilder().file(".wh.nothing", "").file("a", "").finish()}), ".wh.nothing"));
}

TEST_F(Layers, NoLayersAreAnEmptyTree) {
  EXPECT_EQ(merged({}).entries(Tree::kRoot).size(), 0U);
  EXPECT_EQ(merged({TarBuilder().finish()}).entries(Tree::kRoot).size(), 0U);
}

TEST_F(Layers, OneLayerMayBeThereTwice) {
  const Bytes tar = TarBuilder().file("a", "1").finish();
  EXPECT_EQ(text_of(merged({tar, tar}), "a"), "1");
}

TEST_F(Layers, ManyAreMerged) {
  std::vector<Bytes> tars;
  for (int i = 0; i < 60; ++i) tars.push_back(TarBuilder().file("last", std::to_string(i)).finish());
  EXPECT_EQ(text_of(merged(tars), "last"), "59");
}

TEST_F(Layers, ThatClimbAreRefused) {
  for (const char* const name : {"../outside", "a/../../outside", "a/.wh...", ".wh..", "a/.wh."}) {
    build({image_.layer(TarBuilder().directory("a/").finish()), image_.layer(TarBuilder().file(name, "").finish())});
    EXPECT_THAT(failure(), fails_with(ErrorCode::Corrupt, "layer 2 of 2")) << name;
  }
}

TEST_F(Layers, LinksToNowhereAreRefused) {
  build({image_.layer(TarBuilder().hard_link("a", "none").finish())});
  EXPECT_THAT(failure(), fails_with(ErrorCode::Corrupt, "layer 1 of 1"));
}

TEST_F(Layers, ThatAreNoArchivesAreRefused) {
  build({image_.layer(bytes_of(std::string(5000, 'x')), "")});
  EXPECT_THAT(failure(), fails_with(ErrorCode::Corrupt, "layer 1 of 1"));
}

TEST_F(Layers, StreamsThatAreCutOffAreRefused) {
  const Bytes tar = TarBuilder().file("a", std::string(100'000, 'a')).finish();
  for (const char* const codec : {"gzip", "zstd"}) {
    const Json whole = image_.layer(tar, codec);
    const Bytes stream = image_.files.at(ImageBuilder::name_of(whole));
    for (const std::size_t size : {std::size_t{5}, stream.size() / 2, stream.size() - 1}) {
      Json cut =
          image_.blob(Bytes(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(size)), whole.at("mediaType"));
      cut["diff_id"] = whole.at("diff_id");
      build({cut});
      EXPECT_THAT(failure(), fails_with(ErrorCode::Corrupt, "layer 1 of 1")) << codec << " " << size;
    }
  }
}

TEST_F(Layers, StayInTheFileUnlessTheyAreCompressed) {
  const Json layer = image_.layer(TarBuilder().file("a", "1").finish(), "");
  const BlobPtr stored = make_memory_blob(image_.files.at(ImageBuilder::name_of(layer)));
  SizeBound bound(0);
  const Digest diff_id = parse_digest(layer.at("diff_id").get<std::string>());
  EXPECT_EQ(open_layer_tar({stored, {}, diff_id}, 0, bound, context_), stored);
}

}  // namespace
}  // namespace fstool::oci::test
