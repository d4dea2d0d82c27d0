#include "fstool/usage.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "fstool/error.h"

namespace fstool {

namespace {

/// Adds a stretch behind all others, joining it with the last one if they touch and have the same use.
void append(std::vector<UsedRange>& ranges, ByteRange range, Use use) {
  if (range.length == 0) return;
  if (!ranges.empty() && ranges.back().use == use && ranges.back().range.end() == range.offset) {
    ranges.back().range.length += range.length;
  } else {
    ranges.push_back({range, use});
  }
}

/// Adds what of `range` lies in the first `size` bytes.
void append_within(std::vector<UsedRange>& ranges, ByteRange range, Use use, std::uint64_t size) {
  if (range.offset >= size) return;
  append(ranges, {range.offset, std::min(range.length, size - range.offset)}, use);
}

void sort_by_place(std::vector<UsedRange>& ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const UsedRange& a, const UsedRange& b) {
    return std::tie(a.range.offset, a.range.length, a.use) < std::tie(b.range.offset, b.range.length, b.use);
  });
}

/// Cuts stretches that begin in one before them. Returns the number of bytes that were cut.
std::uint64_t take_overlaps_away(std::vector<UsedRange>& ranges) {
  sort_by_place(ranges);
  std::uint64_t end = 0;
  std::uint64_t cut = 0;
  for (UsedRange& used : ranges) {
    const std::uint64_t overlap = used.range.offset < end ? std::min(end - used.range.offset, used.range.length) : 0;
    cut += overlap;
    used.range.offset += overlap;
    used.range.length -= overlap;
    end = std::max(end, used.range.end());
  }
  std::erase_if(ranges, [](const UsedRange& used) { return used.range.length == 0; });
  return cut;
}

/// Fills the gaps between stretches: with what is allocated, and with free space.
class GapFiller {
 public:
  /// Both are sorted and without overlaps. `allocated` must outlive this.
  GapFiller(const std::vector<UsedRange>& allocated, std::vector<UsedRange>& out)
      : next_(allocated.begin()), end_(allocated.end()), out_(out) {}

  /// Fills [begin, end). Call it for gaps in ascending order.
  void fill(std::uint64_t begin, std::uint64_t end) {
    while (begin < end) {
      while (next_ != end_ && next_->range.end() <= begin) ++next_;
      const bool has_more = next_ != end_ && next_->range.offset < end;
      const std::uint64_t free_end = has_more ? std::max(next_->range.offset, begin) : end;
      append(out_, {begin, free_end - begin}, Use::Free);
      if (!has_more) return;
      const std::uint64_t taken_end = std::min(next_->range.end(), end);
      append(out_, {free_end, taken_end - free_end}, Use::Unaccounted);
      begin = taken_end;
    }
  }

 private:
  std::vector<UsedRange>::const_iterator next_;
  std::vector<UsedRange>::const_iterator end_;
  std::vector<UsedRange>& out_;
};

/// The order of VolumeUsage::largest.
bool is_larger(const FileRanges& a, const FileRanges& b) {
  return std::tuple(b.usage.allocated, a.usage.node) < std::tuple(a.usage.allocated, b.usage.node);
}

}  // namespace

std::string_view use_name(Use use) {
  switch (use) {
    case Use::Free:
      return "free";
    case Use::Metadata:
      return "metadata";
    case Use::Nodes:
      return "nodes";
    case Use::NodeMetadata:
      return "node_metadata";
    case Use::Journal:
      return "journal";
    case Use::Directory:
      return "directory";
    case Use::Content:
      return "content";
    case Use::Reserved:
      return "reserved";
    case Use::Unaccounted:
      return "unaccounted";
  }
  throw Error(ErrorCode::Internal, "there is no such use");
}

UsageBuilder::UsageBuilder(std::uint64_t size, std::size_t largest_files)
    : size_(size), largest_files_(largest_files) {}

void UsageBuilder::add(ByteRange range, Use use) { append_within(used_, range, use, size_); }

void UsageBuilder::add_allocated(ByteRange range) { append_within(allocated_, range, Use::Unaccounted, size_); }

void UsageBuilder::add_file(FileRanges file) {
  files_.push_back(file.usage);
  if (largest_files_ == 0) return;
  largest_.push_back(std::move(file));
  std::push_heap(largest_.begin(), largest_.end(), is_larger);
  if (largest_.size() <= largest_files_) return;
  std::pop_heap(largest_.begin(), largest_.end(), is_larger);
  largest_.pop_back();
}

std::uint64_t UsageBuilder::finish(VolumeUsage& usage) {
  const std::uint64_t doubly_used = take_overlaps_away(used_);
  take_overlaps_away(allocated_);
  std::uint64_t end = 0;
  GapFiller gaps(allocated_, usage.ranges);
  for (const UsedRange& used : used_) {
    gaps.fill(end, used.range.offset);
    append(usage.ranges, used.range, used.use);
    end = used.range.end();
  }
  gaps.fill(end, size_);
  std::sort(files_.begin(), files_.end(), [](const FileUsage& a, const FileUsage& b) { return a.node < b.node; });
  std::sort(largest_.begin(), largest_.end(), is_larger);
  usage.files = std::move(files_);
  usage.largest = std::move(largest_);
  return doubly_used;
}

}  // namespace fstool
