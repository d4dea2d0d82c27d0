#include "usage/volume_usage.h"

#include <fmt/format.h>

#include <utility>

#include "check/cluster_claims.h"
#include "fstool/error.h"
#include "read/open_volume.h"

namespace fstool::fat {

namespace {

class UsageReader {
 public:
  UsageReader(const OpenedTree& opened, std::size_t largest_files)
      : opened_(opened),
        geometry_(opened.state->geometry),
        claims_(*opened.state),
        builder_(geometry_.size(), largest_files) {}

  void add_all() {
    add_areas();
    for (NodeId id = 0; id < opened_.volume.tree.node_count(); ++id) add_node(id);
    const FatTable& fat = opened_.state->fat;
    fat.scan([&](std::uint32_t first, std::uint32_t count, std::uint32_t entry) {
      const LinkKind kind = fat.classify(entry).kind;
      if (kind == LinkKind::Bad) {
        builder_.add(bytes({first, count}), Use::Reserved);
      } else if (kind != LinkKind::Free) {
        builder_.add_allocated(bytes({first, count}));
      }
    });
    const std::uint64_t stored = opened_.state->image->size();
    if (stored < geometry_.size()) builder_.add_allocated({stored, geometry_.size() - stored});
  }

  /// Nothing is used twice: the areas lie side by side, and each cluster was claimed once.
  void finish(VolumeUsage& usage) { builder_.finish(usage); }

 private:
  ByteRange bytes(const ClusterRun& run) const {
    return {geometry_.cluster_offset(run.first), run.count * geometry_.cluster_size()};
  }

  /// What lies before the first cluster and behind the last one.
  void add_areas() {
    builder_.add({0, geometry_.fat_offset(0)}, Use::Reserved);
    builder_.add({geometry_.fat_offset(0), geometry_.root_offset() - geometry_.fat_offset(0)}, Use::Metadata);
    if (geometry_.root_entries > 0) {
      builder_.add({geometry_.root_offset(), geometry_.data_offset() - geometry_.root_offset()}, Use::Directory);
    }
    const std::uint64_t end = geometry_.cluster_offset(geometry_.end_cluster());
    if (end < geometry_.size()) builder_.add({end, geometry_.size() - end}, Use::Reserved);
  }

  void add_node(NodeId id) {
    const std::uint32_t first = opened_.first_clusters.at(id);
    if (first == 0) return;  // an empty file, or the root directory of FAT12 and FAT16
    ClusterChain chain;
    try {
      chain = claims_.claim(first);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::Corrupt) throw;
      chain.damage = error.what();
    }
    if (!chain.damage.empty()) {
      opened_.state->context.report_damage(fmt::format("the chain of cluster {}: {}", first, chain.damage));
    }
    const bool is_directory = opened_.volume.tree.node(id).kind == NodeKind::Directory;
    FileRanges file;
    file.usage = {.node = id, .allocated = chain.clusters * geometry_.cluster_size(), .fragments = chain.runs.size()};
    for (const ClusterRun& run : chain.runs) {
      builder_.add(bytes(run), is_directory ? Use::Directory : Use::Content);
      file.ranges.push_back(bytes(run));
    }
    if (!is_directory && !file.ranges.empty()) builder_.add_file(std::move(file));
  }

  const OpenedTree& opened_;
  const Geometry& geometry_;
  ClusterClaims claims_;
  UsageBuilder builder_;
};

}  // namespace

VolumeUsage volume_usage(BlobPtr image, std::size_t largest_files, Context& context) {
  OpenedTree opened = open_tree(std::move(image), {}, context);
  VolumeUsage usage;
  UsageReader reader(opened, largest_files);
  reader.add_all();
  reader.finish(usage);
  usage.volume = std::move(opened.volume);
  return usage;
}

}  // namespace fstool::fat
