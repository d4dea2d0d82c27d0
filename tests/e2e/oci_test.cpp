// Container images that umoci and skopeo make are to fstool the tree that umoci unpacks them to.

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/// The lowest layer, with links of both kinds, devices, owners, and what the others will change.
constexpr const char* kLowestLayer = R"(
  mkdir -p usr/lib usr/bin etc/app opaque/sub gone/deep dir-to-file/x dir-to-link/y dev attributes
  ln -s usr/lib lib; ln -s usr/bin bin; ln -s ../etc/app usr/app
  echo lower > usr/lib/a; echo kept > usr/lib/kept; ln usr/lib/kept usr/lib/kept-too
  echo old > opaque/old; echo old > opaque/sub/old; echo gone > gone/deep/x; echo gone > gone/y
  echo file > file-to-dir; echo file > file-to-link; ln -s etc link-to-dir; ln -s etc link-to-file
  echo ping > usr/bin/ping; setcap cap_net_raw+ep usr/bin/ping; setfattr -n user.comment -v hello etc/app
  mknod dev/null c 1 3; mkfifo fifo; chown 100:200 etc/app; chmod 4755 usr/lib/a; chmod 1777 opaque
)";

/// The next one, of which umoci finds out what has changed.
constexpr const char* kChanges = R"(
  rm -r gone etc/app; mkdir etc/app; echo new > etc/app/conf; rm usr/lib/kept-too
  chmod 700 attributes; chown 7:8 attributes; setfattr -n user.x -v y attributes
)";

/// The others, as their tars are. Directories that one of them leaves out, and what these are made in, are described by
/// a later one: umoci gives them the time of unpacking.
constexpr const char* kFurtherLayers = R"(
  mkdir -p opaque/opaque/sub2; : > opaque/opaque/.wh..wh..opq; echo new > opaque/opaque/new; : > opaque/.wh.fifo
  echo new > opaque/opaque/sub2/x; tar -cf 1.tar -C opaque .

  mkdir -p links/usr/lib links/lib/extra; echo x > links/usr/lib/kept; ln links/usr/lib/kept links/linked
  echo through > links/lib/extra/file; echo changed > links/lib/a
  tar -cf 2.tar -C links --no-recursion usr/lib/kept linked lib/extra/file lib/a; tar --delete -f 2.tar usr/lib/kept

  mkdir -p kinds/file-to-dir kinds/link-to-dir; echo in > kinds/file-to-dir/in; echo in > kinds/link-to-dir/in
  echo file > kinds/dir-to-file; ln -s etc kinds/dir-to-link; ln -s etc kinds/file-to-link; echo f > kinds/link-to-file
  tar -cf 3.tar -C kinds .

  mkdir -p last/usr/lib/extra last/usr/app; echo six > last/usr/lib/a; : > last/usr/lib/.wh.kept
  echo more > last/usr/lib/extra/more; echo conf > last/usr/app/conf2; chmod 750 last/usr/lib/extra
  tar -cf 4.tar -C last usr/lib usr/app/conf2
)";

class Oci : public testing::Test {
 protected:
  void SetUp() override {
    const std::vector<std::string> tools = {"umoci", "skopeo", "tar", "setcap", "setfattr"};
    FSTOOL_E2E_REQUIRE(true, tools);
  }

  /// Runs a shell command in the test's directory.
  void shell(const std::string& command) const { expect_success({"sh", "-ec", command}, {.directory = work_.path()}); }

  /// The image "layout:app" of six layers.
  void make_image() const {
    shell(
        std::string("umoci init --layout layout; umoci new --image layout:app; umoci unpack --image layout:app bundle;"
                    "cd bundle/rootfs;") +
        kLowestLayer + "cd ../..; umoci repack --refresh-bundle --image layout:app bundle; cd bundle/rootfs;" +
        kChanges + "cd ../..; umoci repack --image layout:app bundle;" + kFurtherLayers +
        "for i in 1 2 3 4; do umoci raw add-layer --image layout:app $i.tar; done");
  }

  /// The image "NAME:TAG" of one layer with one file, and its manifest's descriptor.
  Json make_small_image(const std::string& name, const std::string& tag, const std::string& architecture) const {
    shell("test -d " + name + " || umoci init --layout " + name + "; mkdir " + tag + "; echo " + tag + " > " + tag +
          "/what; tar -cf " + tag + ".tar -C " + tag + " what; umoci new --image " + name + ":" + tag +
          "; umoci raw add-layer --image " + name + ":" + tag + " " + tag + ".tar; umoci config --image " + name + ":" +
          tag + " --architecture " + architecture);
    const Json index = Json::parse(read_text(work_ / name / "index.json"));
    for (const Json& manifest : index.at("manifests")) {
      if (manifest.at("annotations").at("org.opencontainers.image.ref.name") == tag) return manifest;
    }
    throw std::runtime_error("umoci made no " + tag);
  }

  ProcessResult create(const std::string& source, const std::string& output) const {
    return run_fstool({"create", "-t", "ext4", source, "-o", output}, {.directory = work_.path()});
  }

  /// The SHA-256 of the ext4 image that is made of a source.
  std::string built(const std::string& source) const {
    const ProcessResult result = create(source, "built");
    EXPECT_EQ(result.exit_code, 0) << source << ": " << result.output();
    EXPECT_EQ(result.err, "") << source;
    return sha256(work_ / "built");
  }

  /// A spec of an ext4 image whose source is the TOML value, and the result of running it.
  ProcessResult run_spec(const std::string& source) const {
    write_text(work_ / "spec.toml", "[filesystem]\ntype = \"ext4\"\nsource = " + source + "\n");
    return run_fstool({"run", "spec.toml", "-o", "out.ext4"}, {.directory = work_.path()});
  }

  /// What is in the file "what" of the image that a spec's source gives.
  std::string what(const std::string& source) const {
    const ProcessResult result = run_spec(source);
    EXPECT_EQ(result.exit_code, 0) << source << ": " << result.output();
    return run_fstool({"cat", "out.ext4", "/what"}, {.directory = work_.path()}).out;
  }

  const TempDir work_;
};

TEST_F(Oci, IsTheTreeThatUmociUnpacks) {
  make_image();
  shell("umoci unpack --image layout:app out");
  ASSERT_EQ(create("layout", "image.ext4").exit_code, 0);
  expect_clean_ext4(work_ / "image.ext4");
  expect_mounted_equals(work_ / "image.ext4", work_ / "out/rootfs");
}

TEST_F(Oci, IsTheSameInEveryForm) {
  make_image();
  shell(
      "skopeo() { command skopeo --insecure-policy \"$@\" > log 2>&1 || { cat log; exit 1; }; };"
      "skopeo copy oci:layout:app docker-archive:docker.tar:example/app:1;"
      "skopeo copy oci:layout:app oci-archive:oci.tar:app;"
      "skopeo copy oci:layout:app dir:dir;"
      "skopeo copy --dest-compress-format zstd oci:layout:app oci:zstd:app;"
      "skopeo copy --dest-oci-accept-uncompressed-layers docker-archive:docker.tar oci:plain:app;"
      "gzip -k docker.tar; tar -cf layout.tar -C layout .; mkdir unpacked; tar -xf docker.tar -C unpacked");
  const std::string expected = built("layout");
  for (const std::string form : {"docker.tar", "oci.tar", "dir", "zstd", "plain", "layout.tar", "unpacked"}) {
    EXPECT_EQ(built(form), expected) << form;
  }
  EXPECT_EQ(run_spec("{ path = \"docker.tar.gz\", type = \"oci\" }").exit_code, 0);
  EXPECT_EQ(sha256(work_ / "out.ext4"), expected);
  for (const std::string threads : {"1", "3"}) {
    run_fstool({"create", "-t", "ext4", "layout", "-o", "threads", "--threads", threads}, {.directory = work_.path()});
    EXPECT_EQ(sha256(work_ / "threads"), expected) << threads;
  }
}

TEST_F(Oci, IsOneOfSeveralPlatformsInIndexesOfIndexes) {
  std::vector<Json> manifests;
  for (const std::string architecture : {"amd64", "arm64", "s390x"}) {
    Json manifest = make_small_image("layout", "for-" + architecture, architecture);
    manifest.erase("annotations");
    manifest["platform"] = {{"os", "linux"}, {"architecture", architecture}};
    manifests.push_back(std::move(manifest));
  }
  Json index = {{"schemaVersion", 2},
                {"mediaType", "application/vnd.oci.image.index.v1+json"},
                {"manifests", std::move(manifests)}};
  for (int depth = 0; depth < 2; ++depth) {
    const std::string text = index.dump();
    write_text(work_ / "index", text);
    const std::string hex = sha256(work_ / "index");
    fs::rename(work_ / "index", work_ / "layout/blobs/sha256" / hex);
    index["manifests"] =
        Json::array({{{"mediaType", index.at("mediaType")}, {"digest", "sha256:" + hex}, {"size", text.size()}}});
  }
  write_text(work_ / "layout/index.json", index.dump());
  for (const std::string architecture : {"amd64", "arm64", "s390x"}) {
    EXPECT_EQ(what("{ path = \"layout\", platform = \"linux/" + architecture + "\" }"), "for-" + architecture + "\n");
  }
  const ProcessResult other = run_spec("{ path = \"layout\", platform = \"linux/riscv64\" }");
  EXPECT_NE(other.exit_code, 0);
  EXPECT_NE(other.err.find("linux/amd64, linux/arm64, linux/s390x"), std::string::npos) << other.err;
}

TEST_F(Oci, IsOneOfSeveralImages) {
  make_small_image("layout", "one", "amd64");
  make_small_image("layout", "two", "amd64");
  const ProcessResult several = create("layout", "out.ext4");
  EXPECT_NE(several.exit_code, 0);
  EXPECT_NE(several.err.find("one, two"), std::string::npos) << several.err;
  EXPECT_FALSE(fs::exists(work_ / "out.ext4"));
  EXPECT_EQ(what("{ path = \"layout\", image = \"two\", platform = \"linux/amd64\" }"), "two\n");
}

TEST_F(Oci, HasItsConfigurationInTheTreeIfAsked) {
  const Json manifest = make_small_image("layout", "app", "amd64");
  shell("umoci config --image layout:app --config.entrypoint /bin/init --config.env A=B");
  EXPECT_EQ(what("{ path = \"layout\", platform = \"linux/amd64\", config_path = \"/etc/image.json\" }"), "app\n");
  const Json config = Json::parse(run_fstool({"cat", "out.ext4", "/etc/image.json"}, {.directory = work_.path()}).out);
  EXPECT_EQ(config.at("config").at("Entrypoint"), Json::array({"/bin/init"}));
}

TEST_F(Oci, SaysInJsonWhatItIs) {
  make_small_image("layout", "app", "amd64");
  shell("umoci config --image layout:app --config.entrypoint /bin/init; tar -czf layout.tar.gz -C layout .");
  const ProcessResult result = run_fstool({"create", "-t", "ext4", "layout.tar.gz", "-S", "type=oci", "-S",
                                           "platform=linux/amd64", "-o", "out.ext4", "--json"},
                                          {.directory = work_.path()});
  ASSERT_EQ(result.exit_code, 0) << result.output();
  const Json report = Json::parse(result.out);
  const Json& description = report.at("filesystem").at("sources").at(0).at("description");
  EXPECT_EQ(description.at("names"), Json::array({"app"}));
  EXPECT_EQ(description.at("platform"), "linux/amd64");
  EXPECT_EQ(description.at("config").at("config").at("Entrypoint"), Json::array({"/bin/init"}));
  const Json index = Json::parse(read_text(work_ / "layout/index.json"));
  EXPECT_EQ(description.at("digest"), index.at("manifests").at(0).at("digest"));
}

TEST_F(Oci, MayBeStandardInputAndALayer) {
  make_small_image("layout", "app", "amd64");
  shell("tar -cf layout.tar -C layout .; mkdir over; echo over > over/what; echo too > over/too");
  const fs::path program = FSTOOL_E2E_PROGRAM;
  shell("cat layout.tar | " + program.string() + " create -t ext4 - -S platform=linux/amd64 -o piped.ext4");
  EXPECT_EQ(run_spec("{ path = \"layout\", platform = \"linux/amd64\" }").exit_code, 0);
  EXPECT_EQ(sha256(work_ / "piped.ext4"), sha256(work_ / "out.ext4"));
  EXPECT_EQ(what("[{ path = \"layout\", platform = \"linux/amd64\" }, \"over\"]"), "over\n");
  EXPECT_EQ(run_fstool({"cat", "out.ext4", "/too"}, {.directory = work_.path()}).out, "too\n");
}

TEST_F(Oci, DamageIsFound) {
  make_small_image("layout", "app", "amd64");
  std::vector<fs::path> blobs;
  for (const fs::directory_entry& entry : fs::directory_iterator(work_ / "layout/blobs/sha256")) {
    blobs.push_back(entry.path());
  }
  // umoci leaves what it has replaced: those blobs, nobody reads.
  int found = 0;
  for (const fs::path& blob : blobs) {
    const std::string sound = read_text(blob);
    std::string damaged = sound;
    damaged[damaged.size() / 2] ^= 1;
    write_text(blob, damaged);
    const ProcessResult result = create("layout", "out.ext4");
    if (result.exit_code != 0) {
      ++found;
      EXPECT_NE(result.err.find("it is damaged"), std::string::npos) << result.err;
      EXPECT_FALSE(fs::exists(work_ / "out.ext4"));
    }
    write_text(blob, sound);
    fs::remove(work_ / "out.ext4");
  }
  EXPECT_EQ(found, 3);  // manifest, configuration, layer
}

}  // namespace
}  // namespace fstool::e2e
