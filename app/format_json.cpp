#include "format_json.h"

namespace fstool {

Json facts_json(const VolumeFacts& facts) {
  return {{"type", facts.type},
          {"label", facts.label},
          {"uuid", text_or_null(facts.uuid)},
          {"size", facts.size},
          {"block_size", facts.block_size},
          {"blocks", facts.blocks},
          {"free_blocks", facts.free_blocks},
          {"inodes", facts.inodes},
          {"free_inodes", facts.free_inodes},
          {"features", facts.features}};
}

Json partition_json(const Partition& partition) {
  return {{"number", partition.number},
          {"name", partition.name},
          {"type", partition.type},
          {"type_name", text_or_null(partition.type_name)},
          {"uuid", text_or_null(partition.uuid)},
          {"offset", partition.offset},
          {"size", partition.size},
          {"attributes", partition.attributes}};
}

}  // namespace fstool
