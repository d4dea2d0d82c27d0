#include "qcow2_fixture.h"

#include <algorithm>
#include <boost/endian/arithmetic.hpp>
#include <fstream>
#include <iterator>
#include <random>

#include "fstool/context.h"
#include "fstool/output_file.h"
#include "fstool/size.h"
#include "ondisk/geometry.h"
#include "plugin_loader.h"
#include "qcow2.h"

namespace fstool::qcow2::test {
namespace {

OptionTable parse_options(const std::string& text) { return text.empty() ? OptionTable{} : parse_option_text(text); }

}  // namespace

const Registry& codecs() {
  static const Registry registry = [] {
    Registry loaded;
    fstool::test::register_plugin(FSTOOL_TEST_CODECS, "codec-deflate", loaded);
    fstool::test::register_plugin(FSTOOL_TEST_CODECS, "codec-zstd", loaded);
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
  OutputFile output(path, {.force = false, .sync = OutputFile::Sync::Never});
  const auto codec = make_codec(settings.codec);
  Qcow2Options options;
  if (!settings.options.empty()) options = qcow2_options().parse(parse_option_text(settings.options));
  options.cluster_size = Bytes{settings.cluster_size};
  Qcow2Container(options).write(disk, output, codec.get(), context);
  output.commit();
  return path;
}

void Qcow2Test::expect_clean(const std::filesystem::path& image) {
  // QEMU looks for an external data file from where it runs.
  const auto result =
      fstool::test::run_tool("cd " + directory_.path().string() + " && qemu-img check -f qcow2 " + image.string());
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_EQ(result.output.find("No errors were found on the image."), 0U) << result.output;
  EXPECT_EQ(result.output.find("eaked"), std::string::npos) << result.output;
}

void Qcow2Test::expect_content(const std::filesystem::path& image, const Blob& disk) {
  const std::filesystem::path expected = directory_.path() / "expected.raw";
  const std::filesystem::path converted = directory_.path() / "converted.raw";
  fstool::test::write_blob(disk, expected);
  std::filesystem::resize_file(expected, round_up(disk.size(), kSectorSize));
  qemu_img("convert -f qcow2 -O raw " + image.string() + " " + converted.string());
  EXPECT_EQ(std::filesystem::file_size(converted), std::filesystem::file_size(expected));
  output_of("qemu-img compare -f raw -F raw " + converted.string() + " " + expected.string());
  qemu_img("compare -f qcow2 -F raw " + image.string() + " " + expected.string());
}

std::string Qcow2Test::output_of(const std::string& command) {
  const auto result = fstool::test::run_tool(command);
  EXPECT_EQ(result.exit_code, 0) << command << '\n' << result.output;
  return result.output;
}

void Qcow2Test::qemu_img(const std::string& arguments) {
  output_of("cd " + directory_.path().string() + " && qemu-img " + arguments);
}

void Qcow2Test::qemu_io(const std::string& image, const std::vector<std::string>& commands) {
  std::string line = "cd " + directory_.path().string() + " && qemu-io";
  for (const std::string& command : commands) line += " -c '" + command + "'";
  const std::string said = output_of(line + " " + image);
  EXPECT_EQ(said.find("failed"), std::string::npos) << said;
}

Context& Qcow2Test::new_context() {
  class Listener : public ProgressListener {
   public:
    explicit Listener(Qcow2Test& test) : test_(test) {}
    void begin(std::string_view /*step*/, std::uint64_t /*total*/, std::string_view /*unit*/) override {}
    void advance(std::uint64_t /*done*/) override {}
    void warn(std::string_view message) override {
      const std::lock_guard lock(test_.mutex_);
      test_.warnings_ += std::string(message) + '\n';
    }

   private:
    Qcow2Test& test_;
  };
  Context::Settings settings;
  settings.threads = 2;
  settings.listener = std::make_shared<Listener>(*this);
  contexts_.push_back(std::make_unique<Context>(codecs(), settings));
  return *contexts_.back();
}

BlobPtr Qcow2Test::open(const std::string& image, const std::string& snapshot) {
  return Qcow2Container({}).open({open_file_blob(path(image)), path(image)}, snapshot, new_context());
}

ContainerFacts Qcow2Test::inspect(const std::string& image) {
  return Qcow2Container({}).inspect({open_file_blob(path(image)), path(image)}, new_context());
}

std::pair<ErrorCode, std::string> Qcow2Test::open_error(const std::string& image, const std::string& snapshot) {
  try {
    open(image, snapshot);
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  ADD_FAILURE() << "no error was thrown";
  return {ErrorCode::Internal, ""};
}

std::string Qcow2Test::check(const std::string& image) {
  std::string found;
  Context::Settings settings;
  settings.threads = 2;
  settings.damage_listener = [&](std::string_view message) { found += std::string(message) + '\n'; };
  Context context(codecs(), settings);
  Qcow2Container({}).check({open_file_blob(path(image)), path(image)}, context);
  return found;
}

void Qcow2Test::expect_reads_as_qemu(const std::string& image, const std::string& options) {
  SCOPED_TRACE(image + " " + options);
  qemu_img("convert -f qcow2 " + options + " -O raw " + image + " converted.raw");
  expect_same(*open(image), *open_file_blob(path("converted.raw")));
}

void Qcow2Test::expect_same(const Blob& disk, const Blob& expected) {
  ASSERT_EQ(disk.size(), expected.size());
  std::vector<std::byte> ours(4 * kMiB);
  std::vector<std::byte> theirs(ours.size());
  const auto compare = [&](std::uint64_t offset, std::uint64_t length) {
    const auto a = std::span(ours).first(length);
    const auto b = std::span(theirs).first(length);
    disk.read(offset, a);
    expected.read(offset, b);
    const auto difference = std::ranges::mismatch(a, b);
    ASSERT_TRUE(difference.in1 == a.end())
        << "byte " << offset + static_cast<std::uint64_t>(difference.in1 - a.begin());
  };
  for (std::uint64_t at = 0; at < disk.size();) {
    const fstool::Run run = disk.run_at(at);
    ASSERT_GT(run.length, 0U);
    ASSERT_LE(run.length, disk.size() - at);
    if (run.hole) {
      for (const DataExtent& extent : data_extents(expected, at, run.length, 1)) {
        for (std::uint64_t done = 0; done < extent.length; done += ours.size()) {
          const auto part = std::span(theirs).first(std::min<std::uint64_t>(ours.size(), extent.length - done));
          expected.read(extent.offset + done, part);
          ASSERT_TRUE(is_zero(part)) << "the run of " << run.length << " bytes at " << at << " is no hole";
        }
      }
    } else {
      for (std::uint64_t done = 0; done < run.length; done += ours.size()) {
        compare(at + done, std::min<std::uint64_t>(ours.size(), run.length - done));
        if (testing::Test::HasFatalFailure()) return;
      }
    }
    at += run.length;
  }
  std::mt19937_64 random(1);
  for (int i = 0; i < 200 && disk.size() > 0; ++i) {
    const std::uint64_t offset = random() % disk.size();
    compare(offset, std::min<std::uint64_t>(random() % (i % 10 == 0 ? ours.size() : 5000), disk.size() - offset));
    if (testing::Test::HasFatalFailure()) return;
  }
}

std::string Qcow2Test::warnings() {
  const std::lock_guard lock(mutex_);
  return warnings_;
}

void write_bytes(const std::filesystem::path& path, std::uint64_t offset, std::span<const std::byte> bytes) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.exceptions(std::ios::badbit | std::ios::failbit);
  file.seekp(static_cast<std::streamoff>(offset));
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

std::uint64_t load_number(const std::filesystem::path& path, std::uint64_t offset) {
  boost::endian::big_uint64_t number;
  open_file_blob(path)->read(offset, std::as_writable_bytes(std::span(&number, 1)));
  return number;
}

void store_number(const std::filesystem::path& path, std::uint64_t offset, std::uint64_t number) {
  const boost::endian::big_uint64_t stored(number);
  write_bytes(path, offset, std::as_bytes(std::span(&stored, 1)));
}

std::vector<std::byte> file_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> chars{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const auto bytes = std::as_bytes(std::span(chars));
  return {bytes.begin(), bytes.end()};
}

}  // namespace fstool::qcow2::test
