#include "read/file_content.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "fstool/error.h"
#include "fstool/size.h"
#include "read/cluster_chain.h"

namespace fstool::fat {

namespace {

/// The part of a file that its clusters don't hold.
class MissingContent final : public Blob {
 public:
  MissingContent(std::uint64_t size, std::string why) : size_(size), why_(std::move(why)) {}

  std::uint64_t size() const override { return size_; }
  void read(std::uint64_t /*offset*/, std::span<std::byte> out) const override {
    if (!out.empty()) throw Error(ErrorCode::Corrupt, why_);
  }

 private:
  std::uint64_t size_;
  std::string why_;
};

}  // namespace

BlobPtr FileContent::composed() const {
  const ContentCache::Key key = std::uint64_t{first_cluster_} << 32 | size_;
  if (auto known = volume_->contents.find(key)) return known;
  const Geometry& geometry = volume_->geometry;
  const BlobPtr& image = volume_->image;
  ClusterChain chain = read_chain(volume_->fat, geometry, first_cluster_, div_ceil(size_, geometry.cluster_size()));
  BlobBuilder builder;
  builder.reserve(chain.runs.size() + 1);
  std::uint64_t done = 0;
  for (const ClusterRun& run : chain.runs) {
    const std::uint64_t offset = geometry.cluster_offset(run.first);
    const std::uint64_t wanted = std::min(run.count * geometry.cluster_size(), size_ - done);
    const std::uint64_t there = offset < image->size() ? std::min(wanted, image->size() - offset) : 0;
    builder.add(done, image, there > 0 ? offset : 0, there);
    done += there;
    if (there < wanted) {
      chain.damage = "the end of the image is missing";
      break;
    }
  }
  if (done < size_) {
    if (chain.damage.empty()) chain.damage = fmt::format("its clusters hold only {} of its {} bytes", done, size_);
    builder.add(done, std::make_shared<MissingContent>(size_ - done, chain.damage));
  }
  BlobPtr content = builder.finish(size_);
  volume_->contents.insert(key, content, chain.runs.size() + 1);
  return content;
}

}  // namespace fstool::fat
