#include "fake_formats.h"

#include <algorithm>
#include <span>
#include <sstream>

#include "fstool/error.h"
#include "fstool/size.h"

namespace fstool::test {

namespace {

std::vector<std::byte> bytes_of(const std::string& text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

class ListSource : public Source {
 public:
  explicit ListSource(FakeLog& log) : log_(log) {}
  Layer load(const SourceInput& input, Context& /*context*/) override {
    const std::filesystem::path& location = input.path;
    log_.loads.push_back(location.string());
    if (location.stem() == "missing") throw Error(ErrorCode::NotFound, location.string() + " is not there");
    Tree tree;
    const std::string letters = location.stem().string();
    for (std::size_t i = 0; i < letters.size(); ++i) {
      Node node;
      node.mtime.seconds = 1000 + static_cast<std::int64_t>(i);
      tree.add(Tree::kRoot, letters.substr(i, 1), std::move(node));
    }
    return tree;
  }

 private:
  FakeLog& log_;
};

struct FakeOptions {
  std::int64_t fill = 0;
  std::string label;
};

class FakeFilesystem : public Filesystem {
 public:
  FakeFilesystem(FakeLog& log, FakeOptions options) : log_(log), options_(std::move(options)) {}

  FormattedVolume format(std::shared_ptr<const Tree> tree, const FormatRequest& request,
                         Context& /*context*/) override {
    std::string names;
    for (const DirEntry& entry : tree->entries(Tree::kRoot)) {
      names += entry.name;
      names += '@' + std::to_string(tree->node(entry.node).mtime.seconds) + ' ';
    }
    const std::uint64_t needed = 1000 * tree->entries(Tree::kRoot).size() + request.size.free_bytes;
    log_.fixed_sizes.push_back(request.size.fixed.value_or(0));
    log_.offsets.push_back(request.partition_offset);
    log_.seeds.push_back(request.seed.uuid("fake").to_string());
    log_.trees.push_back(names);
    if (request.size.fixed && *request.size.fixed < needed) throw Error(ErrorCode::NoSpace, "too small");
    FormattedVolume volume;
    volume.facts.type = "fake";
    volume.facts.label = options_.label;
    volume.facts.size = request.size.fixed.value_or(needed);
    volume.facts.block_size = 1;
    volume.facts.blocks = volume.facts.size;
    volume.facts.free_blocks = volume.facts.size - needed + request.size.free_bytes;
    BlobBuilder builder;
    builder.add(0, make_memory_blob(bytes_of(names)));
    volume.image = builder.finish(volume.facts.size);
    return volume;
  }

  bool probe(const Blob& image) const override {
    const std::string text = text_of(image);
    return text.starts_with('#') || text.find('@') == 1;
  }

  Volume open(BlobPtr image, const OpenScope& /*scope*/, Context& context) override {
    ++log_.opened;
    Volume volume;
    volume.facts.type = "fake";
    volume.facts.size = image->size();
    std::istringstream words(text_of(*image));
    for (std::string word; words >> word;) {
      const std::size_t at = word.find('@');
      if (word == "!") {
        context.report_damage("a scratch");
      } else if (word.starts_with('#')) {
        volume.facts.label = word.substr(1);
      } else if (at == std::string::npos) {
        throw Error(ErrorCode::Corrupt, "unreadable word " + word);
      } else {
        Node node;
        node.mtime.seconds = std::stoll(word.substr(at + 1));
        volume.tree.add(Tree::kRoot, word.substr(0, at), std::move(node));
      }
    }
    return volume;
  }

 private:
  FakeLog& log_;
  FakeOptions options_;
};

/// Counts the bytes that aren't zero.
class CountDerivation : public Derivation {
 public:
  std::uint64_t size(std::uint64_t data_size) const override { return data_size / 2; }
  std::vector<ValueShape> value_shapes() const override { return {{.name = "total", .length = 4}}; }
  Derived derive(BlobPtr data, const DerivationRequest& /*request*/, Context& /*context*/) override {
    const std::vector<std::byte> bytes = read_all(*data, data->size());
    const auto total = std::ranges::count_if(bytes, [](std::byte byte) { return byte != std::byte{0}; });
    std::vector<std::byte> text = bytes_of("counted " + std::to_string(total));
    text.resize(size(data->size()));
    return {.bytes = make_memory_blob(std::move(text)),
            .values = {{.name = "total", .text = std::to_string(10000 + total).substr(1)}}};
  }
};

struct RowOptions {
  Bytes gap{0};
};

class RowTable : public PartitionTable {
 public:
  explicit RowTable(RowOptions options) : options_(options) {}

  Layout plan(const TableRequest& request, Context& /*context*/) override {
    Layout layout;
    layout.table = "row";
    layout.disk_id = request.seed.uuid("disk").to_string();
    layout.sector_size = request.sector_size;
    std::uint64_t next = round_up(1024, request.sector_size);
    for (const PartitionRequest& wanted : request.partitions) {
      Partition partition;
      partition.number = wanted.in_table ? static_cast<std::uint32_t>(layout.partitions.size() + 1) : 0;
      partition.name = wanted.label.value_or(wanted.name);
      partition.type = wanted.type;
      partition.uuid = wanted.uuid.value_or("");
      partition.offset = wanted.offset.value_or(next);
      if (!wanted.size && !request.disk_size) throw Error(ErrorCode::InvalidArgument, "nothing remains of no size");
      partition.size = wanted.size ? *wanted.size : *request.disk_size - partition.offset - following(request, wanted);
      next = round_up(partition.offset + partition.size, request.sector_size) + options_.gap.value;
      layout.partitions.push_back(partition);
    }
    layout.disk_size = request.disk_size.value_or(next);
    if (next - options_.gap.value > layout.disk_size) throw Error(ErrorCode::NoSpace, "the row is too long");
    return layout;
  }

  BlobPtr compose(const TableRequest& /*request*/, const Layout& layout, std::vector<BlobPtr> contents,
                  Context& /*context*/) override {
    std::string header = "row:";
    BlobBuilder builder;
    for (std::size_t i = 0; i < contents.size(); ++i) {
      const Partition& partition = layout.partitions[i];
      if (partition.number == 0) continue;
      header += partition.name + ',' + partition.type + ',' + std::to_string(partition.offset) + ',' +
                std::to_string(partition.size) + (partition.uuid.empty() ? "" : ',' + partition.uuid) + ';';
      if (contents[i]) builder.add(partition.offset, contents[i]);
    }
    builder.add(0, make_memory_blob(bytes_of(header)));
    return builder.finish(layout.disk_size);
  }

  bool probe(const Blob& disk) const override { return text_of(disk).starts_with("row:"); }

  Layout open(const Blob& disk, Context& /*context*/) override {
    Layout layout;
    layout.table = "row";
    layout.disk_size = disk.size();
    std::istringstream records(text_of(disk).substr(4));
    for (std::string record; std::getline(records, record, ';');) {
      std::istringstream fields(record);
      Partition partition;
      char comma = 0;
      partition.number = static_cast<std::uint32_t>(layout.partitions.size() + 1);
      std::getline(fields, partition.name, ',');
      std::getline(fields, partition.type, ',');
      fields >> partition.offset >> comma >> partition.size;
      layout.partitions.push_back(std::move(partition));
    }
    return layout;
  }

 private:
  static std::uint64_t following(const TableRequest& request, const PartitionRequest& wanted) {
    std::uint64_t sum = 0;
    for (auto i = static_cast<std::size_t>(&wanted - request.partitions.data()) + 1; i < request.partitions.size();
         ++i) {
      sum += request.partitions[i].size.value_or(0);
    }
    return sum;
  }

  RowOptions options_;
};

struct BoxOptions {
  bool lid = false;
};

class NamedContainer : public Container {
 public:
  explicit NamedContainer(std::string name) : name_(std::move(name)) {}

  void write(const Blob& disk, OutputFile& output, const Codec* codec, Context& context) override {
    const std::string header = name_ + (codec != nullptr ? "+" + codec->name() : "") + ":";
    output.write_at(0, bytes_of(header));
    output.write_at(header.size(), read_all(disk, 1 << 20));
    context.advance(disk.size());
  }
  bool probe(const Blob& file) const override { return name_ != "raw" && text_of(file).starts_with(name_); }
  /// "box+SNAPSHOT:" is a box with a snapshot, of the same bytes in capitals.
  BlobPtr open(const ContainerFile& file, std::string_view snapshot, Context& /*context*/) override {
    if (name_ == "raw") return file.bytes;
    const std::string text = text_of(*file.bytes);
    const std::size_t header = text.find(':') + 1;
    if (snapshot.empty()) return make_slice_blob(file.bytes, header, file.bytes->size() - header);
    if (text.substr(0, header) != name_ + "+" + std::string(snapshot) + ":") {
      throw Error(ErrorCode::NotFound, "no snapshot " + std::string(snapshot));
    }
    std::vector<std::byte> bytes = read_all(*file.bytes, 1 << 20);
    bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(header));
    for (std::byte& byte : bytes) {
      if (byte >= std::byte{'a'} && byte <= std::byte{'z'})
        byte = static_cast<std::byte>(std::to_integer<int>(byte) - 32);
    }
    return make_memory_blob(std::move(bytes));
  }

 private:
  std::string name_;
};

class ShoutCodec : public Codec {
 public:
  std::string name() const override { return "shout"; }
  std::unique_ptr<Compressor> compressor() const override { return nullptr; }
  std::unique_ptr<Decompressor> decompressor() const override { return nullptr; }
};

}  // namespace

std::string text_of(const Blob& blob) {
  std::string text(std::min<std::uint64_t>(blob.size(), 1024), '\0');
  blob.read(0, std::as_writable_bytes(std::span(text)));
  return text.substr(0, text.find('\0'));
}

Registry make_fake_registry(FakeLog& log) {
  Registry registry;
  auto list = make_format<Source>("list", "", OptionSet<NoOptions>(),
                                  [&log](const NoOptions&) { return std::make_unique<ListSource>(log); });
  list.info.claim = [](const SourceInput& input) {
    return input.path.extension() == ".list" ? Claim::General : Claim::None;
  };
  registry.add(list);
  list.info.name = "other";
  list.info.claim = [](const SourceInput& input) {
    return input.path.filename().string().starts_with("both") ? Claim::General : Claim::None;
  };
  registry.add(list);

  registry.add(make_format<Filesystem>(
      "fake", "", OptionSet<FakeOptions>().add("fill", &FakeOptions::fill, "").add("label", &FakeOptions::label, ""),
      [&log](const FakeOptions& options) { return std::make_unique<FakeFilesystem>(log, options); }));
  registry.add(
      make_format<PartitionTable>("row", "", OptionSet<RowOptions>().add("gap", &RowOptions::gap, ""),
                                  [](const RowOptions& options) { return std::make_unique<RowTable>(options); }));
  registry.add(make_format<Derivation>("count", "", OptionSet<NoOptions>(),
                                       [](NoOptions) { return std::make_unique<CountDerivation>(); }));
  registry.add(make_format<Container>("raw", "", OptionSet<NoOptions>(),
                                      [](const NoOptions&) { return std::make_unique<NamedContainer>("raw"); }));
  auto box = make_format<Container>("box", "", OptionSet<BoxOptions>().add("lid", &BoxOptions::lid, ""),
                                    [](const BoxOptions&) { return std::make_unique<NamedContainer>("box"); });
  box.info.extensions = {"box", "tar.box"};
  registry.add(std::move(box));
  auto shout = make_format<Codec>("shout", "", OptionSet<NoOptions>(),
                                  [](const NoOptions&) { return std::make_unique<ShoutCodec>(); });
  shout.info.extensions = {"loud"};
  registry.add(std::move(shout));
  return registry;
}

}  // namespace fstool::test
