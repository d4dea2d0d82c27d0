#include "qcow2_fixture.h"

#include <dlfcn.h>

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "fstool/context.h"
#include "fstool/output_file.h"
#include "fstool/plugin.h"
#include "fstool/size.h"
#include "geometry.h"
#include "qcow2.h"

namespace fstool::qcow2::test {
namespace {

OptionTable parse_options(const std::string& text) { return text.empty() ? OptionTable{} : parse_option_text(text); }

void register_plugin(const std::string& name, Registry& registry) {
  const std::string path = std::string(FSTOOL_TEST_CODECS) + "/" + name + ".so";
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);  // stays open: the registry refers to its code
  if (library == nullptr) throw std::runtime_error(dlerror());
  static_cast<const PluginDescriptor*>(dlsym(library, "fstool_plugin"))->register_formats(registry);
}

}  // namespace

const Registry& codecs() {
  static const Registry registry = [] {
    Registry loaded;
    register_plugin("codec-deflate", loaded);
    register_plugin("codec-zstd", loaded);
    return loaded;
  }();
  return registry;
}

std::unique_ptr<Codec> make_codec(const std::string& name, const std::string& options) {
  if (name == "none") return nullptr;
  return codecs().get<Codec>(name).create(parse_options(options));
}

BlobPtr sparse_disk(std::uint64_t size, const std::map<std::uint64_t, std::vector<std::byte>>& pieces) {
  BlobBuilder builder;
  for (const auto& [offset, bytes] : pieces) builder.add(offset, make_memory_blob(bytes));
  return builder.finish(size);
}

std::filesystem::path Qcow2Test::write(const Blob& disk, const Settings& settings, const std::string& name) {
  const std::filesystem::path path = directory_.path() / name;
  Context context(codecs(),
                  {.threads = settings.threads, .source_date_epoch = {}, .listener = nullptr, .cancelled = nullptr});
  OutputFile output(path, {.force = false, .sync = false});
  const auto codec = make_codec(settings.codec);
  Qcow2Container({.cluster_size = Bytes{settings.cluster_size}}).write(disk, output, codec.get(), context);
  output.commit();
  return path;
}

void Qcow2Test::expect_clean(const std::filesystem::path& image) {
  const auto result = fstool::test::run_tool("qemu-img check -f qcow2 " + image.string());
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_EQ(result.output.find("No errors were found on the image."), 0U) << result.output;
  EXPECT_EQ(result.output.find("eaked"), std::string::npos) << result.output;
}

void Qcow2Test::expect_content(const std::filesystem::path& image, const Blob& disk) {
  const std::filesystem::path expected = directory_.path() / "expected.raw";
  const std::filesystem::path converted = directory_.path() / "converted.raw";
  fstool::test::write_blob(disk, expected);
  std::filesystem::resize_file(expected, round_up(disk.size(), kSectorSize));
  output_of("qemu-img convert -f qcow2 -O raw " + image.string() + " " + converted.string());
  EXPECT_EQ(std::filesystem::file_size(converted), std::filesystem::file_size(expected));
  output_of("qemu-img compare -f raw -F raw " + converted.string() + " " + expected.string());
  output_of("qemu-img compare -f qcow2 -F raw " + image.string() + " " + expected.string());
}

std::string Qcow2Test::output_of(const std::string& command) {
  const auto result = fstool::test::run_tool(command);
  EXPECT_EQ(result.exit_code, 0) << command << '\n' << result.output;
  return result.output;
}

std::vector<std::byte> file_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> chars{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const auto bytes = std::as_bytes(std::span(chars));
  return {bytes.begin(), bytes.end()};
}

}  // namespace fstool::qcow2::test
