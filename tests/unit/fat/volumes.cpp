#include "volumes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <stdexcept>

namespace fstool::fat {

struct Heard::Listener : ProgressListener {
  void begin(std::string_view, std::uint64_t, std::string_view) override {}
  void advance(std::uint64_t) override {}
  void warn(std::string_view message) override {
    const std::lock_guard lock(mutex);
    messages.emplace_back(message);
  }
  std::mutex mutex;
  std::vector<std::string> messages;
};

Heard::Heard(bool strict) : listener_(std::make_shared<Listener>()) {
  Context::Settings settings;
  settings.threads = 1;
  settings.listener = listener_;
  settings.strict = strict;
  if (!strict) settings.damage_listener = [this](std::string_view message) { damage_.emplace_back(message); };
  context_ = std::make_unique<Context>(registry_, settings);
}

std::vector<std::string> Heard::warnings() const { return listener_->messages; }

const Node& Opened::at(std::string_view path) const {
  const auto id = tree().find_path(path);
  if (!id) throw std::runtime_error(fmt::format("there is no {}", path));
  return tree().node(*id);
}

Opened open_image(BlobPtr image, const OpenScope& scope) {
  auto heard = std::make_unique<Heard>();
  Volume volume = FatFilesystem({}).open(std::move(image), scope, heard->context());
  return {std::move(heard), std::move(volume)};
}

std::vector<std::string> check_image(BlobPtr image) {
  Heard heard;
  FatFilesystem({}).check(std::move(image), heard.context());
  std::vector<std::string> findings = heard.damage();
  for (const std::string& warning : heard.warnings()) findings.push_back("warning: " + warning);
  return findings;
}

FormattedVolume format_tree(Tree tree, FatOptions options, const FormatRequest& request, Heard* heard) {
  Heard unheard;
  if (heard == nullptr) heard = &unheard;
  return FatFilesystem(std::move(options))
      .format(std::make_shared<const Tree>(std::move(tree)), request, heard->context());
}

FormattedVolume format_tree(Tree tree, FatOptions options, std::uint64_t size, Heard* heard) {
  FormatRequest request{.size = {}, .seed = Seed("test")};
  if (size > 0) request.size.fixed = size;
  return format_tree(std::move(tree), std::move(options), request, heard);
}

Node file_node(std::uint64_t size, unsigned salt) {
  Node node;
  node.kind = NodeKind::File;
  node.mtime = {1'700'000'000 + 2 * salt, 0};
  if (size == 0) return node;
  node.content = make_generated_blob(size, [salt](std::uint64_t offset, std::span<std::byte> out) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = static_cast<std::byte>((offset + i) * 31 + salt + (offset + i) / 251);
    }
  });
  return node;
}

Node directory_node() {
  Node node;
  node.kind = NodeKind::Directory;
  node.permissions = 0755;
  node.mtime = {1'600'000'000, 0};
  return node;
}

std::vector<std::byte> bytes_of(const Blob& image) {
  std::vector<std::byte> bytes(image.size());
  image.read(0, bytes);
  return bytes;
}

std::string text_of(const BlobPtr& content) {
  if (!content) return {};
  std::string text(content->size(), '\0');
  content->read(0, std::as_writable_bytes(std::span(text)));
  return text;
}

namespace {

void compare(const Tree& expected, NodeId a_id, const Tree& actual, NodeId b_id, const std::string& path,
             std::vector<std::string>& differences) {
  const Node& a = expected.node(a_id);
  const Node& b = actual.node(b_id);
  const auto differ = [&](const std::string& where, const char* what) {
    differences.push_back(fmt::format("{}: {}", where, what));
  };
  if (a.kind != b.kind) return differ(path, "kind");
  if (a_id != Tree::kRoot && a.mtime != b.mtime) differ(path, "mtime");
  if ((a.xattrs ? *a.xattrs : Xattrs()) != (b.xattrs ? *b.xattrs : Xattrs())) differ(path, "xattrs");
  if (a.kind == NodeKind::File && text_of(a.content) != text_of(b.content)) differ(path, "content");
  if (a.kind != NodeKind::Directory) return;
  for (const DirEntry& entry : expected.entries(a_id)) {
    const std::string child = path + "/" + std::string(entry.name);
    if (const auto found = actual.find(b_id, entry.name)) {
      compare(expected, entry.node, actual, *found, child, differences);
    } else {
      differ(child, "missing");
    }
  }
  for (const DirEntry& entry : actual.entries(b_id)) {
    if (!expected.find(a_id, entry.name)) differ(path + "/" + std::string(entry.name), "not expected");
  }
}

}  // namespace

std::vector<std::string> tree_differences(const Tree& expected, const Tree& actual) {
  std::vector<std::string> differences;
  compare(expected, Tree::kRoot, actual, Tree::kRoot, "", differences);
  return differences;
}

ImageFile::ImageFile(const Blob* image) {
  std::string name = (std::filesystem::temp_directory_path() / "fstool-fat-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  directory_ = name;
  path_ = directory_ + "/image";
  if (image == nullptr) return;
  const int fd = ::open(path_.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  EXPECT_GE(fd, 0);
  EXPECT_EQ(::ftruncate(fd, static_cast<off_t>(image->size())), 0);
  constexpr std::uint64_t kChunk = 1 << 20;
  std::vector<std::byte> buffer;
  for (std::uint64_t at = 0; at < image->size();) {
    const Run run = image->run_at(at);
    const std::uint64_t length = run.hole ? run.length : std::min(run.length, kChunk);
    if (!run.hole) {
      buffer.resize(length);
      image->read(at, buffer);
      if (!is_zero(buffer)) {
        EXPECT_EQ(::pwrite(fd, buffer.data(), length, static_cast<off_t>(at)), static_cast<ssize_t>(length));
      }
    }
    at += length;
  }
  ::close(fd);
}

ImageFile::~ImageFile() {
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

namespace {

std::pair<int, std::string> run_anyway(const std::string& command) {
  std::string output;
  FILE* pipe = ::popen(("{ " + command + "; } 2>&1").c_str(), "r");
  if (pipe == nullptr) return {-1, "popen failed"};
  char buffer[4096];
  for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof(buffer), pipe)) > 0;) output.append(buffer, n);
  const int status = ::pclose(pipe);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, output};
}

}  // namespace

std::string ImageFile::fsck_complaints() const {
  const auto [code, output] = run_anyway("fsck.vfat -n '" + path_ + "'");
  // Its name, then the counts of files and clusters; anything between is a complaint.
  return code == 0 && std::ranges::count(output, '\n') == 2 ? std::string() : output;
}

std::string run(const std::string& command) {
  const auto [code, output] = run_anyway(command);
  EXPECT_EQ(code, 0) << command << '\n' << output;
  return output;
}

}  // namespace fstool::fat
