#include "read/open_image.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "fstool/error.h"
#include "ondisk/features.h"
#include "read/disk_blob.h"
#include "read/probe.h"
#include "read/snapshot_table.h"

namespace fstool::qcow2 {
namespace {

namespace fs = std::filesystem;

void refuse_encrypted(const ImageHeader& header) {
  if (header.encryption == Encryption::None) return;
  throw Error(ErrorCode::Unsupported,
              fmt::format("it is encrypted with {} and can't be read; make a copy that isn't, with qemu-img convert",
                          header.encryption == Encryption::Aes ? "AES" : "LUKS"));
}

/// QEMU takes what stands before a ':' for the name of a protocol, unless a '/' comes first.
bool names_protocol(const std::string& name) {
  const std::size_t end = name.find_first_of(":/");
  return end != std::string::npos && name[end] == ':';
}

/// The place on the host of a file that an image names.
fs::path place_of(const std::string& name, const fs::path& image, const char* what) {
  if (image.empty()) {
    throw Error(ErrorCode::Unsupported,
                fmt::format("it has {}, {}, which is only opened for an image that is a file of its own", what,
                            printable(name)));
  }
  if (names_protocol(name)) {
    throw Error(ErrorCode::Unsupported,
                fmt::format("{} {} is not a file of this host: only those can be read", what, printable(name)));
  }
  return image.parent_path() / name;
}

BlobPtr open_regular_file(const fs::path& path, const char* what, const Context& context) {
  std::error_code error;
  const fs::file_type type = fs::status(path, error).type();
  if (type == fs::file_type::not_found) {
    throw Error(ErrorCode::NotFound, fmt::format("{} {} does not exist", what, printable(path.string())));
  }
  if (error) throw system_error(fmt::format("{} {}", what, printable(path.string())), error.value());
  if (type != fs::file_type::regular) {
    throw Error(ErrorCode::Unsupported,
                fmt::format("{} {} is not a regular file: an image can't have another be opened", what,
                            printable(path.string())));
  }
  context.note_input(path);
  return open_file_blob(path);
}

/// Where the plain clusters of `file` are.
BlobPtr open_data_file(const ImageHeader& header, const ContainerFile& file, const Context& context) {
  if (!header.has_data_file()) return file.bytes;
  if (!header.data_file) throw Error(ErrorCode::Corrupt, "it has an external data file and doesn't say which");
  constexpr const char* kWhat = "the external data file";
  return open_regular_file(place_of(*header.data_file, file.path, kWhat), kWhat, context);
}

/// Opens the backing file, which there is.
ContainerFile open_backing_file(const ImageHeader& header, const ContainerFile& file, const Context& context) {
  constexpr const char* kWhat = "the backing file";
  fs::path path = place_of(header.backing_file, file.path, kWhat);
  BlobPtr bytes = open_regular_file(path, kWhat, context);
  return {std::move(bytes), std::move(path)};
}

/// True if the backing file of an image is qcow2, false if it is raw.
bool backing_is_qcow2(const ImageHeader& header, const Blob& backing) {
  if (!header.backing_format) {
    if (probe(backing)) return true;
    throw Error(
        ErrorCode::Unsupported,
        "it doesn't say which format its backing file has, and that doesn't look like qcow2; if it is raw, say so "
        "with qemu-img rebase -u -F raw -b BACKING_FILE IMAGE");
  }
  if (*header.backing_format == "raw") return false;
  if (*header.backing_format == "qcow2") return true;
  throw Error(ErrorCode::Unsupported, fmt::format("its backing file has the format {}; raw and qcow2 can be read",
                                                  printable(*header.backing_format)));
}

class ChainOpener {
 public:
  explicit ChainOpener(Context& context) : context_(context) {}

  BlobPtr open(const ContainerFile& file, std::string_view snapshot) {
    std::optional<ContainerFile> next = file;
    BlobPtr disk;
    while (next) {
      const ContainerFile current = *std::exchange(next, std::nullopt);
      const auto open_one = [&] {
        add(current, images_.empty() ? snapshot : std::string_view());
        next = next_image(current, disk);
      };
      if (images_.empty()) {
        open_one();
      } else {
        with_context([&] { return fmt::format("backing file {}", printable(current.path.string())); }, open_one);
      }
    }
    for (; !images_.empty(); images_.pop_back()) {
      images_.back().backing = std::move(disk);
      disk = make_disk_blob(std::move(images_.back()), context_);
    }
    return disk;
  }

  /// The files of the chain, once it is open.
  const std::vector<fs::path>& paths() const noexcept { return paths_; }

 private:
  void add(const ContainerFile& file, std::string_view snapshot) {
    refuse_loop(file.path);
    DiskParts image;
    image.name = file.path.empty() ? "the image" : printable(file.path.string());
    image.header = read_header(*file.bytes, context_);
    refuse_encrypted(image.header);
    report_state(image.header, image.name, context_);
    image.l1 = image.header.l1;
    image.disk_size = image.header.disk_size;
    image.file = file.bytes;
    image.data = open_data_file(image.header, file, context_);
    image.caches = caches_;
    image.image = static_cast<std::uint32_t>(images_.size());
    if (!snapshot.empty()) choose_snapshot(snapshot, image);
    images_.push_back(std::move(image));
    paths_.push_back(file.path);
  }

  void refuse_loop(const fs::path& path) const {
    if (images_.size() > kMaxBackingDepth) {
      throw Error(ErrorCode::Unsupported, fmt::format("the chain has more than {} backing files", kMaxBackingDepth));
    }
    for (const fs::path& before : paths_) {
      std::error_code error;
      if (!fs::equivalent(before, path, error)) continue;
      throw Error(ErrorCode::Corrupt, "it is a backing file of itself");
    }
  }

  void choose_snapshot(std::string_view name, DiskParts& image) const {
    const SnapshotTable table = read_snapshot_table(image.header, *image.file);
    for (const std::string& damage : table.damage) context_.report_damage(damage);
    const Snapshot& snapshot = find_snapshot(table, name);
    check_l1_table(snapshot.l1, snapshot.facts.disk_size, image.header.geometry, *image.file,
                   fmt::format("the L1 table of the snapshot \"{}\"", name));
    image.l1 = snapshot.l1;
    image.disk_size = snapshot.facts.disk_size;
  }

  /// What the last image is based on: the next image of the chain, or else the disk that it ends with.
  std::optional<ContainerFile> next_image(const ContainerFile& file, BlobPtr& disk) {
    const ImageHeader& header = images_.back().header;
    if (header.backing_file.empty()) return std::nullopt;
    ContainerFile backing = open_backing_file(header, file, context_);
    if (backing_is_qcow2(header, *backing.bytes)) return backing;
    paths_.push_back(std::move(backing.path));
    disk = std::move(backing.bytes);
    return std::nullopt;
  }

  Context& context_;
  std::shared_ptr<ReadCaches> caches_ = std::make_shared<ReadCaches>();
  std::vector<DiskParts> images_;  ///< from the one that was asked for downwards
  std::vector<fs::path> paths_;    ///< theirs, and that of a raw file at the end
};

}  // namespace

BlobPtr open_image(const ContainerFile& file, std::string_view snapshot, Context& context) {
  return ChainOpener(context).open(file, snapshot);
}

BackingDisk open_new_backing(const std::string& name, const std::string& format, const fs::path& image,
                             Context& context) {
  constexpr const char* kWhat = "the backing file";
  const fs::path path = place_of(name, image, kWhat);
  BackingDisk backing;
  std::vector<fs::path> chain = {path};
  BlobPtr bytes = open_regular_file(path, kWhat, context);
  backing.format = !format.empty() ? format : probe(*bytes) ? "qcow2" : "raw";
  if (backing.format == "raw") {
    backing.disk = std::move(bytes);
  } else {
    ChainOpener opener(context);
    backing.disk = with_context([&] { return fmt::format("backing file {}", printable(path.string())); },
                                [&] {
                                  return opener.open({std::move(bytes), path}, "");
                                });
    chain = opener.paths();
  }
  for (const fs::path& file : chain) {
    std::error_code error;
    if (!fs::equivalent(file, image, error)) continue;
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("{} would replace its own backing file", printable(image.string())));
  }
  return backing;
}

void report_state(const ImageHeader& header, const std::string& name, Context& context) {
  if ((header.incompatible_features & kCorrupt.mask()) != 0) {
    context.report_damage(fmt::format("{} is marked as corrupt by a program that wrote to it", name));
  }
  if ((header.incompatible_features & kDirty.mask()) != 0) {
    context.warn(
        fmt::format("{} was not closed cleanly: its refcounts may be wrong, which doesn't matter for reading", name));
  }
}

void open_other_files(const ContainerFile& file, const ImageHeader& header, Context& context) {
  open_data_file(header, file, context);
  if (header.backing_file.empty()) return;
  const ContainerFile backing = open_backing_file(header, file, context);
  if (!backing_is_qcow2(header, *backing.bytes)) return;
  with_context([&] { return fmt::format("backing file {}", printable(backing.path.string())); },
               [&] { ChainOpener(context).open(backing, ""); });
}

}  // namespace fstool::qcow2
