#include "container_files.h"

#include <fmt/format.h>
#include <unistd.h>

#include "fstool/output_file.h"
#include "image_stream.h"

namespace fstool::conformance {

namespace {

constexpr std::uint64_t kMostBytesOfFile = std::uint64_t{1} << 30U;

}  // namespace

std::filesystem::path ContainerFiles::new_path() {
  // Another process may go on with the check that this one began.
  const auto directory = list_.directory() / fmt::format("{}-{}-{}", format_.info.name, ::getpid(), count_++);
  std::filesystem::create_directory(directory);
  return directory / (format_.info.extensions.empty() ? "image" : "image." + format_.info.extensions.front());
}

std::filesystem::path ContainerFiles::write(Container& container, const Blob& disk, const Codec* codec,
                                            unsigned threads) {
  std::filesystem::path path = new_path();
  HeardContext heard(list_.registry(), threads);
  OutputFile output(path, {.force = false, .sync = OutputFile::Sync::Never});
  container.write(disk, output, codec, heard.get());
  output.commit();
  return path;
}

std::filesystem::path ContainerFiles::write(const Blob& disk) {
  return write(*format_.create({}), disk, nullptr, list_.settings().threads);
}

ContainerFile ContainerFiles::file(const std::filesystem::path& path, const Codec* codec, Context& context) const {
  const BlobPtr bytes = open_file_blob(path);
  if (codec == nullptr) return {bytes, path};
  const auto streams = codec->stream_format();
  if (!streams || !streams->probe(*bytes)) return {bytes, path};
  FormatOverrides overrides;
  overrides.codec = codec->name();
  return {open_image_stream(bytes, path, overrides, context).value().bytes, path};
}

std::map<std::string, ByteVector> ContainerFiles::all_bytes(const std::filesystem::path& path) {
  std::map<std::string, ByteVector> files;
  for (const auto& entry : std::filesystem::directory_iterator(path.parent_path())) {
    files[entry.path().filename().string()] = read_all(*open_file_blob(entry.path()), kMostBytesOfFile);
  }
  return files;
}

}  // namespace fstool::conformance
