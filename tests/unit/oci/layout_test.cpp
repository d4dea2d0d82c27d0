// Image layouts of the OCI, and what is wrong with some.

#include <filesystem>
#include <fstream>
#include <functional>

#include "digest.h"
#include "oci_fixture.h"

namespace fstool::oci::test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Layout : public OciTest {
 protected:
  Json simple_layer(const std::string& content = "hello\n") {
    return image_.layer(TarBuilder().directory("etc/").file("etc/greeting", content).finish());
  }
  std::string greeting(const OciOptions& options = for_amd64()) { return text_of(load(options).tree, "etc/greeting"); }
  /// Replaces a blob, and keeps its name.
  void damage(const Json& descriptor, const Bytes& bytes) {
    image_.files.at(ImageBuilder::name_of(descriptor)) = bytes;
  }
  void remove(const Json& descriptor) { image_.files.erase(ImageBuilder::name_of(descriptor)); }
};

TEST_F(Layout, IsReadFromATarAndAFolder) {
  build({simple_layer()});
  EXPECT_EQ(greeting(), "hello\n");
  image_.write_folder(temporary_.path() / "image");
  EXPECT_EQ(text_of(load(temporary_.path() / "image").tree, "etc/greeting"), "hello\n");
}

TEST_F(Layout, LayersMayBeCompressedOrNot) {
  for (const char* const codec : {"", "gzip", "zstd"}) {
    build({image_.layer(TarBuilder().file("a", "1").finish(), codec)});
    EXPECT_EQ(text_of(load().tree, "a"), "1") << codec;
  }
}

TEST_F(Layout, DescribesTheImage) {
  const Json layer = simple_layer();
  const Json manifest = image_.manifest("linux/amd64", {layer});
  image_.finish_layout({ImageBuilder::named(manifest, "debian:12")});
  const Json description = Json::parse(load().description);
  EXPECT_EQ(description.at("names"), Json({"debian:12"}));
  EXPECT_EQ(description.at("digest"), manifest.at("digest"));
  EXPECT_EQ(description.at("platform"), "linux/amd64");
  EXPECT_EQ(description.at("layers"), Json::array({layer.at("diff_id")}));
  EXPECT_EQ(description.at("config").at("config").at("Cmd"), Json::array({"/bin/sh"}));
}

TEST_F(Layout, PutsTheConfigurationWhereItIsAskedFor) {
  build({simple_layer()});
  const Tree tree = load(for_amd64({.config_path = "/etc/image/config.json"})).tree;
  EXPECT_EQ(text_of(tree, "etc/image/config.json"), ImageBuilder::config("linux/amd64", {simple_layer()}).dump());
  const Node& file = tree.node(*tree.find_path("etc/image/config.json"));
  EXPECT_EQ(file.permissions, 0644);
  EXPECT_EQ(file.mtime.seconds, 1000);
  EXPECT_EQ(text_of(load(for_amd64({.config_path = "etc/greeting"})).tree, "etc/greeting").front(), '{');
  EXPECT_THAT(failure(for_amd64({.config_path = "etc"})), fails_with(ErrorCode::InvalidArgument, "is a directory"));
  EXPECT_THAT(failure(for_amd64({.config_path = "etc/greeting/x"})),
              fails_with(ErrorCode::InvalidArgument, "no directory"));
  for (const char* const path : {"", "/", "a/", "../a", "a/./b"}) {
    EXPECT_THROW(OciSource({.config_path = path}), Error) << path;
  }
}

TEST_F(Layout, ChoosesThePlatform) {
  image_.finish_layout({image_.manifest("linux/amd64", {simple_layer("amd64")}),
                        image_.manifest("linux/arm64/v8", {simple_layer("arm64")}),
                        image_.manifest("linux/arm/v6", {simple_layer("armv6")}),
                        image_.manifest("linux/arm/v7", {simple_layer("armv7")})});
  EXPECT_EQ(greeting(), "amd64");
  EXPECT_EQ(greeting({.platform = "linux/arm64"}), "arm64");
  EXPECT_EQ(greeting({.platform = "linux/arm/v7"}), "armv7");
  EXPECT_EQ(greeting({.platform = "linux/arm/v6"}), "armv6");
  EXPECT_THAT(failure({.platform = "linux/riscv64"}),
              fails_with(ErrorCode::InvalidArgument, "linux/amd64, linux/arm64, linux/arm/v6, linux/arm/v7"));
}

TEST_F(Layout, WithoutPlatformsAsksTheConfigurations) {
  std::vector<Json> manifests = {image_.manifest("linux/amd64", {simple_layer("amd64")}),
                                 image_.manifest("linux/s390x", {simple_layer("s390x")})};
  for (Json& manifest : manifests) manifest.erase("platform");
  image_.finish_layout(manifests);
  EXPECT_EQ(greeting({.platform = "linux/s390x"}), "s390x");
}

TEST_F(Layout, TakesTheOnlyImageWithAWarning) {
  // Of a machine that doesn't exist, so that no host is one.
  image_.finish_layout({image_.manifest("linux/pdp11", {simple_layer()})});
  EXPECT_EQ(greeting(OciOptions()), "hello\n");
  EXPECT_THAT(listener_->warnings, ElementsAre(HasSubstr("platform = \"linux/pdp11\"")));
  EXPECT_EQ(greeting({.platform = "linux/pdp11"}), "hello\n");
  EXPECT_EQ(listener_->warnings.size(), 1U);
  EXPECT_THAT(failure(), fails_with(ErrorCode::InvalidArgument, "no image for linux/amd64"));
}

TEST_F(Layout, IndexesMayBeNested) {
  const Json inner = image_.index({image_.manifest("linux/amd64", {simple_layer("inner")}),
                                   image_.manifest("linux/arm64", {simple_layer("arm64")})});
  image_.finish_layout({ImageBuilder::named(image_.index({inner}), "nested")});
  EXPECT_EQ(greeting(), "inner");
  EXPECT_EQ(greeting({.platform = "linux/arm64"}), "arm64");
  EXPECT_EQ(greeting(for_amd64({.image = "nested"})), "inner");
  EXPECT_EQ(greeting(for_amd64({.image = inner.at("digest").get<std::string>()})), "inner");
}

TEST_F(Layout, AskedForOneOfSeveralImages) {
  const Json old_image = image_.manifest("linux/amd64", {simple_layer("old")});
  const Json new_image = image_.manifest("linux/amd64", {simple_layer("new")});
  Json by_containerd = ImageBuilder::named(new_image, "latest");
  by_containerd["annotations"]["io.containerd.image.name"] = "docker.io/library/app:latest";
  image_.finish_layout({ImageBuilder::named(old_image, "app:1"), by_containerd});
  EXPECT_THAT(failure(), fails_with(ErrorCode::InvalidArgument, "app:1, docker.io/library/app:latest"));
  EXPECT_EQ(greeting(for_amd64({.image = "app:1"})), "old");
  for (const std::string name : {"app:latest", "app", "docker.io/library/app:latest", "latest"}) {
    EXPECT_EQ(greeting(for_amd64({.image = name})), "new") << name;
  }
  EXPECT_EQ(greeting(for_amd64({.image = old_image.at("digest").get<std::string>()})), "old");
  EXPECT_THAT(failure(for_amd64({.image = "other"})), fails_with(ErrorCode::InvalidArgument, "no image \"other\""));
}

TEST_F(Layout, TwoNamesOfOneImageAreNoChoice) {
  const Json manifest = image_.manifest("linux/amd64", {simple_layer()});
  image_.finish_layout({ImageBuilder::named(manifest, "1"), ImageBuilder::named(manifest, "latest")});
  EXPECT_EQ(greeting(), "hello\n");
  EXPECT_EQ(Json::parse(load().description).at("names"), Json({"1", "latest"}));
}

TEST_F(Layout, TwoNamelessImagesAreOne) {
  image_.finish_layout(
      {image_.manifest("linux/amd64", {simple_layer("1")}), image_.manifest("linux/amd64", {simple_layer("2")})});
  EXPECT_THAT(failure(), fails_with(ErrorCode::InvalidArgument, "several images for linux/amd64"));
}

TEST_F(Layout, PassesOverWhatIsNoImage) {
  Json attestation = image_.manifest("unknown/unknown", {simple_layer("attestation")});
  attestation["annotations"]["vnd.docker.reference.type"] = "attestation-manifest";
  Json signature = image_.blob(Json{{"schemaVersion", 2},
                                    {"config", image_.blob(bytes_of("{}"), "application/vnd.oci.empty.v1+json")},
                                    {"layers", Json::array()}},
                               "application/vnd.oci.image.manifest.v1+json");
  const Json other = image_.blob(bytes_of("?"), "application/x-other");
  image_.finish_layout({attestation, signature, other, image_.manifest("linux/amd64", {simple_layer()})});
  EXPECT_EQ(greeting(), "hello\n");
  image_.finish_layout({attestation, signature, other});
  EXPECT_THAT(failure(), fails_with(ErrorCode::Corrupt, "lists no image"));
}

TEST_F(Layout, ReadsNothingOfOtherPlatforms) {
  const Json missing = image_.manifest("linux/arm64", {simple_layer("arm64")});
  image_.finish_layout({image_.manifest("linux/amd64", {simple_layer()}), missing});
  remove(missing);
  EXPECT_EQ(greeting(), "hello\n");
  EXPECT_THAT(failure({.platform = "linux/arm64"}), fails_with(ErrorCode::Corrupt, "it is missing"));
}

TEST_F(Layout, EveryDigestIsChecked) {
  const Json layer = simple_layer();
  const Json manifest = image_.manifest("linux/amd64", {layer});
  const Json index = image_.index({manifest});
  const Json config = image_.blob(ImageBuilder::config("linux/amd64", {layer}), "");
  for (const Json& part : {layer, manifest, index, config}) {
    image_.finish_layout({index});
    const std::string name = ImageBuilder::name_of(part);
    const Bytes sound = image_.files.at(name);
    Bytes damaged = sound;
    damaged[damaged.size() / 2] ^= std::byte{1};
    image_.files[name] = damaged;
    EXPECT_THAT(failure(), fails_with(ErrorCode::Corrupt, "it is damaged")) << name;
    damaged = sound;
    damaged.push_back(std::byte{0});
    image_.files[name] = damaged;
    EXPECT_THAT(failure(), fails_with(ErrorCode::Corrupt, "bytes")) << name;
    image_.files.erase(name);
    EXPECT_THAT(failure(), fails_with(ErrorCode::Corrupt, "it is missing")) << name;
    image_.files[name] = sound;
  }
  EXPECT_EQ(greeting(), "hello\n");
}

TEST_F(Layout, DiffIdsAreChecked) {
  for (const char* const codec : {"", "gzip", "zstd"}) {
    Json layer = image_.layer(TarBuilder().file("a", "1").finish(), codec);
    layer["diff_id"] = "sha256:" + std::string(64, '0');
    build({layer});
    EXPECT_THAT(failure(), fails_with(ErrorCode::Corrupt, "it is damaged: its digest, ")) << codec;
  }
}

TEST_F(Layout, DigestsMayBeOfOtherAlgorithms) {
  const Bytes tar = TarBuilder().file("a", "1").finish();
  Json layer = image_.layer(tar, "");
  layer["diff_id"] = digest_of(tar, "sha512").text();
  build({layer});
  EXPECT_EQ(text_of(load().tree, "a"), "1");
  const Digest digest = digest_of(tar, "sha512");
  image_.files["blobs/sha512/" + digest.hex] = tar;
  layer["digest"] = digest.text();
  build({layer});
  image_.write_folder(temporary_.path() / "image");  // the name is too long for a tar of the format ustar
  EXPECT_EQ(text_of(load(temporary_.path() / "image").tree, "a"), "1");
}

TEST_F(Layout, NamesAsManyLayersAsThereAre) {
  const Json layer = simple_layer();
  const Json config = ImageBuilder::config("linux/amd64", {layer, layer});
  image_.finish_layout({image_.manifest_of(config, {layer})});
  EXPECT_THAT(failure(), fails_with(ErrorCode::Corrupt, "names 2 layers, but the image has 1"));
}

TEST_F(Layout, RefusesLayersThatAreNoTars) {
  Json layer = simple_layer();
  for (const char* const type : {"application/vnd.oci.image.layer.v1.tar+gzip+encrypted", "application/x-zip", ""}) {
    layer["mediaType"] = type;
    build({layer});
    EXPECT_THAT(failure(), fails_with(ErrorCode::Unsupported, "no tar that could be read")) << type;
  }
  for (const char* const type : {"application/vnd.docker.image.rootfs.diff.tar.gzip",
                                 "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
                                 "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"}) {
    layer["mediaType"] = type;
    build({layer});
    EXPECT_EQ(greeting(), "hello\n") << type;
  }
  remove(layer);
  EXPECT_THAT(failure(), fails_with(ErrorCode::Unsupported, "it may not be passed on"));
}

TEST_F(Layout, RefusesWhatIsAnImageAndAnIndex) {
  const Json layer = simple_layer();
  Json both = {
      {"schemaVersion", 2},
      {"manifests", Json::array()},
      {"layers", Json::array()},
      {"config", image_.blob(ImageBuilder::config("linux/amd64", {}), "application/vnd.oci.image.config.v1+json")}};
  image_.finish_layout({image_.blob(both, "application/vnd.oci.image.manifest.v1+json")});
  EXPECT_THAT(failure(), fails_with(ErrorCode::Corrupt, "at once"));
  image_.finish_layout({image_.blob(both, "application/vnd.oci.image.index.v1+json")});
  EXPECT_THAT(failure(), fails_with(ErrorCode::Corrupt, "at once"));
  Json manifest = image_.manifest("linux/amd64", {layer});
  manifest["mediaType"] = "application/vnd.docker.distribution.manifest.v2+json";
  image_.finish_layout({manifest});
  EXPECT_THAT(failure(), fails_with(ErrorCode::Corrupt, "it says to be"));
}

TEST_F(Layout, RefusesWhatLeadsElsewhere) {
  Json manifest = image_.manifest("linux/amd64", {simple_layer()});
  manifest["digest"] = "sha256:../../../../../../etc/passwd";
  image_.finish_layout({manifest});
  EXPECT_THAT(failure(), fails_with(ErrorCode::Corrupt, "is no digest"));
}

TEST_F(Layout, FollowsNoLinkOutOfItsFolder) {
  const Json layer = simple_layer();
  build({layer});
  const fs::path folder = temporary_.path() / "image";
  image_.write_folder(folder);
  const fs::path blob = folder / ImageBuilder::name_of(layer);
  fs::rename(blob, temporary_.path() / "outside");
  fs::create_symlink(temporary_.path() / "outside", blob);
  EXPECT_THROW(load(folder), Error);
  fs::remove(blob);
  fs::rename(temporary_.path() / "outside", folder / "inside");
  fs::create_symlink("../../inside", blob);
  EXPECT_EQ(text_of(load(folder).tree, "etc/greeting"), "hello\n");
}

TEST_F(Layout, BoundsWhatItReads) {
  Json manifest = image_.manifest("linux/amd64", {simple_layer()});
  Bytes huge = image_.files.at(ImageBuilder::name_of(manifest));
  huge.resize(kMaxJsonBytes + 1, std::byte{' '});
  image_.finish_layout({image_.blob(huge, manifest.at("mediaType"))});
  EXPECT_THAT(failure(), fails_with(ErrorCode::Unsupported, "is not read"));
  image_.files["index.json"] = Bytes(kMaxJsonBytes + 1, std::byte{' '});
  EXPECT_THAT(failure(), fails_with(ErrorCode::Unsupported, "index.json"));
  image_.files["index.json"] = Bytes(100'000, std::byte{'['});
  EXPECT_THAT(failure(), fails_with(ErrorCode::Unsupported, "nested"));
  image_.files["index.json"] = bytes_of("{");
  EXPECT_THAT(failure(), fails_with(ErrorCode::Corrupt, "no JSON"));
}

TEST_F(Layout, BoundsItsIndexes) {
  Json index = image_.manifest("linux/amd64", {simple_layer()});
  for (int depth = 0; depth < 20; ++depth) index = image_.index({index});
  image_.finish_layout({index});
  EXPECT_THAT(failure(), fails_with(ErrorCode::Unsupported, "nested"));

  // Each index has the one below twice, which is 2^7 ways to one image.
  index = image_.manifest("linux/amd64", {simple_layer()});
  for (int depth = 0; depth < 7; ++depth) index = image_.index({index, index});
  image_.finish_layout({index});
  EXPECT_EQ(greeting(), "hello\n");

  std::vector<Json> many;
  for (int i = 0; i < 1200; ++i) {
    Json manifest = image_.manifest("linux/amd64", {});
    manifest["digest"] = digest_of(bytes_of(std::to_string(i)), "sha256").text();
    many.push_back(image_.index({manifest, image_.manifest("linux/" + std::to_string(i), {})}));
  }
  image_.finish_layout(many);
  EXPECT_THAT(failure(), fails_with(ErrorCode::Unsupported, "more than 1000"));
}

/// One index of thousands of images, to which as many others refer as one likes.
TEST_F(Layout, BoundsWhatSharedIndexesCost) {
  std::vector<Json> entries;
  for (int i = 0; i < 2000; ++i) {
    Json manifest = image_.manifest("linux/amd64", {});
    manifest["digest"] = digest_of(bytes_of(std::to_string(i)), "sha256").text();
    entries.push_back(std::move(manifest));
  }
  const Json shared = image_.index(entries);
  std::vector<Json> many;
  for (int i = 0; i < 200; ++i) many.push_back(image_.index({shared, image_.manifest(std::to_string(i), {})}));
  image_.finish_layout(many);
  EXPECT_THAT(failure(), fails_with(ErrorCode::Unsupported, "the list of its images takes more than 64 MiB"));
}

TEST_F(Layout, LayersMayBeOfNothing) {
  build({image_.layer({}), simple_layer(), image_.layer({})});
  EXPECT_EQ(greeting(), "hello\n");
}

TEST_F(Layout, BoundsItsLayers) {
  const Json layer = simple_layer();
  build(std::vector<Json>(600, layer));
  EXPECT_THAT(failure(), fails_with(ErrorCode::Unsupported, "600 layers"));
}

TEST_F(Layout, BoundsWhatLayersDecompressTo) {
  build({image_.layer(TarBuilder().file("zeros", std::string(1'000'000, '\0')).finish())});
  OciOptions options = for_amd64();
  options.max_size = {500'000};
  EXPECT_THAT(failure(options), fails_with(ErrorCode::Unsupported, "max_size"));
  options.max_size = {2'000'000};
  EXPECT_NO_THROW(load(options));
}

TEST_F(Layout, RefusesOtherVersions) {
  build({simple_layer()});
  image_.put("oci-layout", {{"imageLayoutVersion", "2.0.0"}});
  EXPECT_THAT(failure(), fails_with(ErrorCode::Unsupported, "2.0.0"));
  image_.put("oci-layout", {{"imageLayoutVersion", 1}});
  EXPECT_THAT(failure(), fails_with(ErrorCode::Corrupt, "imageLayoutVersion"));
  image_.finish_layout({image_.manifest("linux/amd64", {simple_layer()})});
  image_.put("index.json", {{"schemaVersion", 1}, {"manifests", Json::array()}});
  EXPECT_THAT(failure(), fails_with(ErrorCode::Unsupported, "schemaVersion"));
}

/// Whatever one changes in a document, it is read or refused.
TEST_F(Layout, SurvivesDocumentsOfAnyShape) {
  const Json layer = simple_layer();
  const std::vector<Json> odd = {nullptr, true, -1, 0.5, "", "x", Json::array(), Json::object(), {1, 2}};
  const auto change_all = [&](const Json& document, const std::function<void(const Json&)>& attempt) {
    for (const Json& value : odd) attempt(value);
    const Json flat = document.flatten();
    for (const auto& [pointer, unused] : flat.items()) {
      for (const Json& value : odd) {
        Json changed = document;
        changed[Json::json_pointer(pointer)] = value;
        attempt(changed);
      }
    }
  };
  const auto attempt_load = [&] {
    const auto [code, text] = failure();
    EXPECT_TRUE(text == "no error" || code == ErrorCode::Corrupt || code == ErrorCode::Unsupported ||
                code == ErrorCode::InvalidArgument)
        << text;
  };
  const Json config = ImageBuilder::config("linux/amd64", {layer});
  build({layer});
  const Json index = parse_json(image_.files.at("index.json"));
  const Json manifest = parse_json(image_.files.at(ImageBuilder::name_of(index.at("manifests").at(0))));
  change_all(index, [&](const Json& changed) {
    image_.put("index.json", changed);
    attempt_load();
  });
  change_all(manifest, [&](const Json& changed) {
    image_.finish_layout({image_.blob(changed, "application/vnd.oci.image.manifest.v1+json")});
    attempt_load();
  });
  change_all(config, [&](const Json& changed) {
    image_.finish_layout({image_.manifest_of(changed, {layer})});
    attempt_load();
  });
}

}  // namespace
}  // namespace fstool::oci::test
