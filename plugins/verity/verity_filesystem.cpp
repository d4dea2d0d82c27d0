#include "verity_filesystem.h"

#include <fmt/format.h>

#include "check/check_tree.h"
#include "fstool/error.h"
#include "fstool/usage.h"
#include "hex.h"
#include "read/superblock_reader.h"

namespace fstool::verity {
namespace {

/// One word each.
std::vector<std::string> features_of(const TreeParameters& parameters) {
  return {parameters.algorithm, "salt=" + (parameters.salt.empty() ? "-" : hex_text(parameters.salt)),
          fmt::format("data_blocks={}", parameters.data_blocks),
          fmt::format("data_block_size={}", parameters.data_block_size),
          fmt::format("hash_type={}", static_cast<std::uint32_t>(parameters.hash_type))};
}

VolumeFacts facts_of(const TreeParameters& parameters, const Blob& image) {
  VolumeFacts facts;
  facts.type = "verity";
  facts.uuid = parameters.uuid.is_nil() ? std::string() : parameters.uuid.to_string();
  facts.block_size = parameters.hash_block_size;
  facts.size = parameters.hash != nullptr ? parameters.size() : image.size();
  facts.blocks = facts.size / facts.block_size;
  facts.features = features_of(parameters);
  return facts;
}

VolumeFacts read_facts(const Blob& image, Context& context) {
  const TreeParameters parameters = parse_superblock(read_superblock(image));
  report_missing_end(parameters, image, context);
  return facts_of(parameters, image);
}

}  // namespace

FormattedVolume VerityFilesystem::format(std::shared_ptr<const Tree> /*tree*/, const FormatRequest& /*request*/,
                                         Context& /*context*/) {
  throw Error(ErrorCode::Unsupported,
              "a hash tree is made with [partitions.derive], of the bytes of another partition, and not of files");
}

bool VerityFilesystem::probe(const Blob& image) const {
  try {
    return has_superblock(image);
  } catch (const Error&) {
    return false;  // what can't be read is none as far as anybody can tell
  }
}

VolumeFacts VerityFilesystem::inspect(BlobPtr image, Context& context) { return read_facts(*image, context); }

Volume VerityFilesystem::open(BlobPtr image, const OpenScope& /*scope*/, Context& context) {
  Volume volume;
  volume.facts = read_facts(*image, context);
  return volume;
}

void VerityFilesystem::check(BlobPtr image, Context& context) { check_tree(image, context); }

std::optional<VolumeUsage> VerityFilesystem::usage(BlobPtr image, std::size_t largest_files, Context& context) {
  VolumeUsage usage;
  usage.volume.facts = read_facts(*image, context);
  UsageBuilder builder(usage.volume.facts.size, largest_files);
  builder.add({0, usage.volume.facts.size}, Use::Metadata);
  builder.finish(usage);
  return usage;
}

}  // namespace fstool::verity
