#include "image_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <utility>

#include "check_recorder.h"
#include "disk_image.h"
#include "escape.h"
#include "foreign_formats.h"
#include "format_probe.h"
#include "fstool/container.h"
#include "fstool/error.h"
#include "fstool/filesystem.h"
#include "fstool/partition_layout.h"
#include "fstool/registry.h"
#include "image_opener.h"

namespace fstool {

namespace {

class ImageCheck {
 public:
  ImageCheck(const ImageReference& reference, const FormatOverrides& overrides, const Registry& registry,
             Context::Settings settings)
      : reference_(reference),
        overrides_(overrides),
        registry_(registry),
        recorder_(std::make_shared<CheckRecorder>(std::move(settings.listener))) {
    settings.listener = recorder_;
    settings.damage_listener = [recorder = recorder_.get()](std::string_view message) { recorder->damage(message); };
    context_ = std::make_unique<Context>(registry, std::move(settings));
  }

  CheckReport run() {
    image_.file = reference_.file;
    image_.uncompressed = open_file_blob(reference_.file);
    try {
      if (check_stream() && check_container() && check_table()) check_parts();
    } catch (const Error& error) {
      // Behind a damaged layer, that nothing more can be read or recognized is no news.
      if (!is_of_image(error) || !has_damage()) throw;
    }
    CheckReport report;
    report.name = reference_.text();
    report.layers.assign(std::make_move_iterator(layers_.begin()), std::make_move_iterator(layers_.end()));
    return report;
  }

 private:
  bool has_damage() const {
    return std::any_of(layers_.begin(), layers_.end(), [](const LayerReport& layer) { return !layer.clean(); });
  }

  /// Calls `work`, whose findings belong to a new layer, as does what it throws about the image.
  template <class Work>
  void check_layer(ImageLayer layer, const std::string& format, const std::optional<Partition>& partition,
                   Work&& work) {
    layers_.push_back({layer, format, partition, {}, 0, 0});
    recorder_->record_to(&layers_.back());
    try {
      work();
    } catch (const Error& error) {
      if (!is_of_image(error)) throw;
      recorder_->damage(error.what());
    }
    recorder_->record_to(nullptr);
  }

  /// Opens a layer that was checked. What is damaged was told then; what keeps it from being opened at all is damage
  /// if the check had nothing to say. False if it can't be opened.
  template <class Work>
  bool open_layer(Work&& work) {
    try {
      work();
      return true;
    } catch (const Error& error) {
      if (!is_of_image(error)) throw;
      if (reference_.partition) throw;
      if (layers_.back().clean()) {
        recorder_->record_to(&layers_.back());
        recorder_->damage(error.what());
        recorder_->record_to(nullptr);
      }
      return false;
    }
  }

  /// False if the stream can't be decompressed.
  bool check_stream() {
    std::optional<ImageStream> stream;
    const auto open = [&] {
      stream = open_image_stream(image_.uncompressed, image_.file, overrides_, *context_);
      if (stream && !reference_.partition) check_image_stream(*stream, *context_);
    };
    const std::string codec = find_stream_codec(*image_.uncompressed, overrides_, registry_);
    if (codec.empty() || reference_.partition) {
      open();
    } else {
      check_layer(ImageLayer::Stream, codec, {}, open);
      if (!stream) return false;
    }
    if (stream) {
      image_.stream = std::move(stream->facts);
      image_.uncompressed = std::move(stream->bytes);
    }
    image_.disk = image_.uncompressed;
    return true;
  }

  bool check_container() {
    const auto container = choose_format<Container>(registry_, overrides_.container, *image_.disk);
    if (!container) {
      refuse_foreign_format(*image_.disk);
      return true;
    }
    image_.container = container->name;
    const ContainerFile file{image_.disk, reference_.file};
    if (!reference_.partition) {
      check_layer(ImageLayer::Container, container->name, {}, [&] { container->format->check(file, *context_); });
    }
    const std::string snapshot = reference_.snapshot.value_or("");
    return open_layer([&] { image_.disk = container->format->open(file, snapshot, *context_); });
  }

  bool check_table() {
    if (overrides_.partition_table == kNoPartitionTable) return true;
    auto table = choose_format<PartitionTable>(registry_, overrides_.partition_table, *image_.disk);
    if (!table && !recognize<Filesystem>(registry_, *image_.disk)) table = find_remains_of_table();
    if (!table) return true;
    if (!reference_.partition) {
      check_layer(ImageLayer::PartitionTable, table->name, {}, [&] { table->format->check(*image_.disk, *context_); });
    }
    return open_layer([&] { image_.layout = table->format->open(*image_.disk, *context_); });
  }

  /// The first table that finds one of its own, and what is wrong with it, on a disk that no format recognizes.
  std::optional<RecognizedFormat<PartitionTable>> find_remains_of_table() {
    for (const auto& [name, format] : registry_.all<PartitionTable>()) {
      auto table = format.create({});
      LayerReport report;
      recorder_->record_to(&report);
      const bool found = finds_remains([&] { table->check(*image_.disk, *context_); });
      recorder_->record_to(nullptr);
      if (found && !report.clean()) return {{name, std::move(table)}};
    }
    return std::nullopt;
  }

  /// The name of the first file system that can be read in a part that no format recognizes; empty: none can.
  std::string find_remains_of_filesystem(const DiskPart& part) {
    std::string name;
    for (const auto& [format_name, format] : registry_.all<Filesystem>()) {
      const auto filesystem = format.create({});
      if (finds_remains([&] { name = filesystem->inspect(part.bytes, *context_).type; })) {
        return registry_.all<Filesystem>().contains(name) ? name : format_name;
      }
    }
    return {};
  }

  template <class Open>
  bool finds_remains(Open&& open) {
    try {
      open();
      return true;
    } catch (const Error& error) {
      if (!is_of_image(error)) throw;
      return false;
    }
  }

  void check_parts() {
    if (!open_layer([&] { find_parts(image_, overrides_, registry_); })) return;
    for (DiskPart& part : image_.parts) {
      if (part.filesystem.empty() && !holds_partitions(part)) part.filesystem = find_remains_of_filesystem(part);
    }
    if (reference_.partition) {
      check_part(image_.parts[choose_filesystem(image_, reference_.partition, overrides_, *context_)]);
      return;
    }
    for (const DiskPart& part : image_.parts) {
      if (!holds_partitions(part)) check_part(part);
    }
  }

  void check_part(const DiskPart& part) {
    if (part.filesystem.empty() && (!part.partition || reference_.partition)) {
      inspect_volume(part, *context_);  // throws: there is none
    }
    check_layer(ImageLayer::Filesystem, part.filesystem, part.partition, [&] {
      if (part.filesystem.empty()) return;
      registry_.get<Filesystem>(part.filesystem).create({})->check(part.bytes, *context_);
    });
  }

  const ImageReference& reference_;
  const FormatOverrides& overrides_;
  const Registry& registry_;
  std::shared_ptr<CheckRecorder> recorder_;
  std::unique_ptr<Context> context_;  // what image_ has uses it
  DiskImage image_;
  std::deque<LayerReport> layers_;  // the recorder points at the last one
};

std::string plural(std::uint64_t count, std::string_view one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

std::string subject_of(const LayerReport& layer) {
  if (!layer.partition) return layer.format;
  const std::string label = partition_label(layer.partition->number, layer.partition->name);
  return layer.format.empty() ? label : fmt::format("{}, {}", label, layer.format);
}

std::string summary_of(const LayerReport& layer) {
  if (layer.format.empty()) return "no file system that a plugin knows";
  if (layer.damage > 0 && layer.warnings > 0) {
    return plural(layer.damage, "problem") + ", " + plural(layer.warnings, "warning");
  }
  if (layer.damage > 0) return plural(layer.damage, "problem");
  return layer.warnings > 0 ? "ok, " + plural(layer.warnings, "warning") : "ok";
}

}  // namespace

bool CheckReport::clean() const {
  return std::all_of(layers.begin(), layers.end(), [](const LayerReport& layer) { return layer.clean(); });
}

CheckReport check_image(const ImageReference& reference, const FormatOverrides& overrides, const Registry& registry,
                        Context::Settings settings) {
  return with_context([&] { return fmt::format("checking {}", reference.text()); },
                      [&] { return ImageCheck(reference, overrides, registry, std::move(settings)).run(); });
}

std::string describe_check(const CheckReport& report) {
  std::string text;
  for (const LayerReport& layer : report.layers) {
    text += fmt::format("{}: {}\n", escape(subject_of(layer), Charset::Utf8), summary_of(layer));
    for (const Finding& finding : layer.findings) {
      text += fmt::format("  {}{}\n", finding.severity == Severity::Warning ? "warning: " : "",
                          escape(finding.message, Charset::Utf8));
    }
    const std::uint64_t more = layer.damage + layer.warnings - layer.findings.size();
    if (more > 0) text += fmt::format("  and {} more\n", more);
  }
  return text;
}

}  // namespace fstool
