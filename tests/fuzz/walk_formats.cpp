#include "walk_formats.h"

#include "walk_container.h"
#include "walk_filesystem.h"
#include "walk_table.h"

namespace fstool::fuzz {

namespace {

template <class Interface, class Walk>
void walk_all(std::span<const std::byte> image, const Registry& registry, Walk walk) {
  for (const auto& [name, format] : registry.all<Interface>()) walk(*format.create({}), image, registry);
}

}  // namespace

void walk_formats(std::span<const std::byte> image, const Registry& registry) {
  walk_all<PartitionTable>(image, registry, walk_table);
  walk_all<Filesystem>(image, registry, walk_filesystem);
  walk_all<Container>(image, registry, walk_container);
}

}  // namespace fstool::fuzz
