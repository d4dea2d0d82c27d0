#include "check/payload_check.h"

#include <fmt/format.h>

#include <utility>

#include "fstool/error.h"

namespace fstool::qcow2 {
namespace {

constexpr std::size_t kItemsAtATime = 4096;

}  // namespace

PayloadCheck::PayloadCheck(const Blob& file, Geometry geometry, CompressionType type, Context& context)
    : file_(file),
      geometry_(geometry),
      context_(context),
      decompressors_(context.registry(), type),
      buffers_(context.workers().size()) {}

void PayloadCheck::add(std::string where, const CompressedPayload& payload) {
  if (!offsets_.insert(payload.offset).second) return;
  items_.push_back({std::move(where), payload, {}});
  if (items_.size() == kItemsAtATime) finish();
}

void PayloadCheck::finish() {
  context_.workers().for_each(items_.size(), [&](std::uint64_t index, unsigned worker) {
    context_.check_cancelled();
    Item& item = items_[index];
    buffers_[worker].resize(geometry_.cluster_size());
    try {
      decompressors_.decompress(file_, item.payload, buffers_[worker]);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::Corrupt) throw;
      item.damage = error.what();
    }
  });
  for (const Item& item : items_) {
    if (!item.damage.empty()) context_.report_damage(fmt::format("{}: {}", item.where, item.damage));
  }
  items_.clear();
  offsets_.clear();
}

}  // namespace fstool::qcow2
