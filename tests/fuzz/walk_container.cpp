#include "walk_container.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "walk_blob.h"
#include "walking.h"

namespace fstool::fuzz {

namespace {

constexpr std::size_t kMaxSnapshots = 4;

/// As hostile files make it fail. Nothing is missing that the file didn't name.
template <class Work>
void tolerate_refusal(Work&& work) {
  tolerate(work, {ErrorCode::NotFound, ErrorCode::InvalidArgument});
}

}  // namespace

void walk_container(Container& container, std::span<const std::byte> file, const Registry& registry) {
  ListeningContext listening(registry);
  Context& context = listening.get();
  const ContainerFile bytes{make_memory_blob({file.begin(), file.end()})};
  container.probe(*bytes.bytes);
  std::optional<ContainerFacts> facts;
  tolerate_refusal([&] { facts = container.inspect(bytes, context); });
  tolerate_refusal([&] {
    const BlobPtr disk = container.open(bytes, "", context);
    require(!facts || facts->disk_size == disk->size(), "the facts tell another size than that of the disk");
    read_runs(*disk);
  });
  for (std::size_t i = 0; facts && i < std::min(facts->snapshots.size(), kMaxSnapshots); ++i) {
    const std::string& id = facts->snapshots[i].id;
    if (!id.empty()) tolerate_refusal([&] { read_runs(*container.open(bytes, id, context)); });
  }
  tolerate_refusal([&] { container.check(bytes, context); });
}

}  // namespace fstool::fuzz
