#include "formatted.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <vector>

namespace fstool::ext4 {

namespace {

/// Runs a shell command and returns its exit code and all of its output.
std::pair<int, std::string> run(const std::string& command) {
  std::string output;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return {-1, "popen failed"};
  char buffer[4096];
  for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof(buffer), pipe)) > 0;) output.append(buffer, n);
  const int status = ::pclose(pipe);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, output};
}

}  // namespace

ImageFile::ImageFile(const Blob& image) {
  std::string name = (std::filesystem::temp_directory_path() / "fstool-ext4-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  directory_ = name;
  path_ = directory_ + "/image";
  const int fd = ::open(path_.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  EXPECT_GE(fd, 0);
  EXPECT_EQ(::ftruncate(fd, static_cast<off_t>(image.size())), 0);
  constexpr std::uint64_t kChunk = 1 << 20;
  std::vector<std::byte> buffer;
  for (std::uint64_t at = 0; at < image.size();) {
    const Run run = image.run_at(at);
    const std::uint64_t length = std::min(run.length, kChunk);
    if (run.hole) {
      at += run.length;
      continue;
    }
    buffer.resize(length);
    image.read(at, buffer);
    EXPECT_EQ(::pwrite(fd, buffer.data(), length, static_cast<off_t>(at)), static_cast<ssize_t>(length));
    at += length;
  }
  ::close(fd);
}

ImageFile::~ImageFile() {
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::string ImageFile::e2fsck_complaints() const {
  const auto [code, output] = run("e2fsck -fn '" + path_ + "'");
  return code == 0 ? std::string() : output;
}

std::string ImageFile::debugfs(std::string_view request) const {
  return run("debugfs -R '" + std::string(request) + "' '" + path_ + "'").second;
}

std::string ImageFile::dumpe2fs(std::string_view name) const {
  const std::string output = run("dumpe2fs -h '" + path_ + "'").second;
  const std::string key = "\n" + std::string(name) + ":";
  const std::size_t at = output.find(key);
  if (at == std::string::npos) return "(no such line)";
  const std::size_t begin = output.find_first_not_of(' ', at + key.size());
  return output.substr(begin, output.find('\n', begin) - begin);
}

FormattedVolume format_tree(Tree tree, ExtOptions options, SizeRequest size, Generation generation) {
  const Registry registry;
  Context::Settings settings;
  settings.threads = 1;
  Context context(registry, settings);
  FormatRequest request{size, Seed("test")};
  return ExtFilesystem(generation, std::move(options))
      .format(std::make_shared<const Tree>(std::move(tree)), request, context);
}

FormattedVolume format_tree(Tree tree, ExtOptions options, std::uint64_t size, Generation generation) {
  SizeRequest request;
  if (size > 0) request.fixed = size;
  return format_tree(std::move(tree), std::move(options), request, generation);
}

Node file_node(std::uint64_t size, unsigned salt) {
  Node node;
  node.kind = NodeKind::File;
  node.mtime = {1'700'000'000 + salt, salt};
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
  node.mtime = {1'700'000'000, 5};
  return node;
}

Node symlink_node(std::string target) {
  Node node;
  node.kind = NodeKind::Symlink;
  node.permissions = 0777;
  node.target = std::move(target);
  return node;
}

}  // namespace fstool::ext4
