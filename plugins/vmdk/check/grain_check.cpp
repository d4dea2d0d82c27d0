#include "check/grain_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "fstool/error.h"

namespace fstool::vmdk {
namespace {

constexpr std::size_t kItemsAtATime = 4096;

}  // namespace

GrainCheck::GrainCheck(const std::string& name, const Blob& file, const SparseExtent& extent, Context& context)
    : name_(name),
      file_(file),
      extent_(extent),
      context_(context),
      unpacker_(context.registry()),
      buffers_(context.workers().size()) {}

void GrainCheck::add(std::uint64_t grain, std::uint64_t offset) {
  items_.push_back({grain, offset, {}});
  if (items_.size() == kItemsAtATime) finish();
}

void GrainCheck::finish() {
  context_.workers().for_each(items_.size(), [&](std::uint64_t index, unsigned worker) {
    context_.check_cancelled();
    unpack(items_[index], buffers_[worker]);
  });
  for (const Item& item : items_) {
    if (!item.damage.empty()) context_.report_damage(fmt::format("{}grain {}: {}", name_, item.grain, item.damage));
  }
  items_.clear();
}

void GrainCheck::unpack(Item& item, std::vector<std::byte>& buffer) {
  const std::uint64_t grain_bytes = extent_.grain_bytes();
  buffer.resize(grain_bytes);
  try {
    unpacker_.unpack(file_, item.offset, std::min(grain_bytes, extent_.disk_bytes() - item.grain * grain_bytes),
                     buffer);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::Corrupt) throw;
    item.damage = error.what();
  }
}

}  // namespace fstool::vmdk
