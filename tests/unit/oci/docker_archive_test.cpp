// What `docker save` writes, and skopeo's folders.

#include <filesystem>
#include <fstream>

#include "oci_fixture.h"

namespace fstool::oci::test {
namespace {

class DockerArchive : public OciTest {
 protected:
  Json image(const std::string& tag, const std::string& content) {
    return image_.docker_image(
        {tag}, {TarBuilder().file("a", "lower").file("b", "lower").finish(), TarBuilder().file("a", content).finish()});
  }
};

TEST_F(DockerArchive, IsRead) {
  image_.finish_docker({image("app:1", "upper")});
  const Layer layer = load();
  EXPECT_EQ(text_of(layer.tree, "a"), "upper");
  EXPECT_EQ(text_of(layer.tree, "b"), "lower");
  const Json description = Json::parse(layer.description);
  EXPECT_EQ(description.at("names"), Json({"app:1"}));
  EXPECT_EQ(description.at("platform"), "linux/amd64");
}

TEST_F(DockerArchive, HasSeveralImages) {
  image_.finish_docker({image("app:1", "one"), image("docker.io/library/app:latest", "two")});
  EXPECT_THAT(failure(), fails_with(ErrorCode::InvalidArgument, "app:1, docker.io/library/app:latest"));
  EXPECT_EQ(text_of(load(for_amd64({.image = "app:1"})).tree, "a"), "one");
  EXPECT_EQ(text_of(load(for_amd64({.image = "app"})).tree, "a"), "two");
}

TEST_F(DockerArchive, LayersMayBeLinks) {
  const Json entry = image("app:1", "upper");
  image_.finish_docker({entry});
  TarBuilder tar;
  const std::string linked = entry.at("Layers").at(1);
  for (const auto& [name, bytes] : image_.files) {
    const std::string_view content(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (name == linked) {
      tar.file("real.tar", content).symlink(name, "../real.tar");
    } else {
      tar.file(name, content);
    }
  }
  EXPECT_EQ(text_of(load({make_memory_blob(tar.finish()), "image"}).tree, "a"), "upper");
}

TEST_F(DockerArchive, IsCheckedByItsConfiguration) {
  const Json entry = image("app:1", "upper");
  image_.finish_docker({entry});
  const auto sound = image_.files;
  image_.files.at(entry.at("Layers").at(0)).at(600) ^= std::byte{1};
  EXPECT_THAT(failure(), fails_with(ErrorCode::Corrupt, "layer 1 of 2"));
  image_.files = sound;
  image_.files.at(entry.at("Config")).push_back(std::byte{' '});
  EXPECT_THAT(failure(), fails_with(ErrorCode::Corrupt, "it is damaged"));
  image_.files = sound;
  image_.files.erase(entry.at("Layers").at(1));
  EXPECT_THAT(failure(), fails_with(ErrorCode::Corrupt, "layer.tar is missing"));
  image_.files.erase(entry.at("Config"));
  EXPECT_THAT(failure(), fails_with(ErrorCode::Corrupt, "is missing"));
}

TEST_F(DockerArchive, LeadsNowhereElse) {
  Json entry = image("app:1", "upper");
  entry["Layers"][0] = "../../../../etc/passwd";
  image_.finish_docker({entry});
  EXPECT_THAT(failure(), fails_with(ErrorCode::Corrupt, "is missing"));
  image_.write_folder(temporary_.path() / "folder");
  EXPECT_THROW(load(temporary_.path() / "folder"), Error);
  entry["Layers"] = Json::array({1, 2});
  image_.finish_docker({entry});
  EXPECT_THAT(failure(), fails_with(ErrorCode::Corrupt, "Layers"));
}

TEST_F(DockerArchive, MustBeOne) {
  image_.files["hello"] = bytes_of("hello");
  EXPECT_THAT(failure(), fails_with(ErrorCode::Corrupt, "no container image"));
  image_.files["manifest.json"] = bytes_of("[{");
  EXPECT_THAT(failure(), fails_with(ErrorCode::Corrupt, "manifest.json: it is no JSON"));
  EXPECT_THROW(load(temporary_.path() / "none"), Error);
}

TEST_F(DockerArchive, FoldersOfSkopeoAreFlat) {
  const Json layer = image_.layer(TarBuilder().file("a", "1").finish());
  const Json manifest = image_.manifest("linux/amd64", {layer});
  const std::filesystem::path folder = temporary_.path() / "dir";
  const auto write_flat = [&](const std::string& top) {
    ImageBuilder flat(plugins());
    for (const auto& [name, bytes] : image_.files) flat.files[name.substr(name.rfind('/') + 1)] = bytes;
    flat.files["manifest.json"] = image_.files.at(top);
    flat.files["version"] = bytes_of("Directory Transport Version: 1.1\n");
    flat.write_folder(folder);
  };
  write_flat(ImageBuilder::name_of(manifest));
  const Layer one = load(folder);
  EXPECT_EQ(text_of(one.tree, "a"), "1");
  EXPECT_EQ(Json::parse(one.description).at("digest"), manifest.at("digest"));
  write_flat(ImageBuilder::name_of(image_.index({manifest})));
  EXPECT_EQ(text_of(load(folder).tree, "a"), "1");
}

}  // namespace
}  // namespace fstool::oci::test
