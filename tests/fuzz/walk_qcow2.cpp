#include "walk_qcow2.h"

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "fstool/error.h"
#include "qcow2.h"

namespace fstool::fuzz {

namespace {

constexpr std::uint64_t kMaxRuns = 64;
constexpr std::uint64_t kMaxBytesOfRun = 16384;

void require(bool condition, const char* what) {
  if (!condition) throw std::logic_error(what);
}

/// Calls `work`, which may fail as hostile images make it fail. Nothing is missing that the image didn't name.
template <class Work>
void tolerate(Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    require(error.code() == ErrorCode::Corrupt || error.code() == ErrorCode::Unsupported ||
                error.code() == ErrorCode::NotFound || error.code() == ErrorCode::InvalidArgument,
            error.what());
  }
}

void read_disk(const Blob& disk) {
  std::vector<std::byte> whole;
  std::vector<std::byte> part;
  std::uint64_t offset = 0;
  for (std::uint64_t runs = 0; runs < kMaxRuns && offset < disk.size(); ++runs) {
    const Run run = disk.run_at(offset);
    require(run.length > 0 && run.length <= disk.size() - offset, "a run has an impossible length");
    disk.host_range(offset, run.length);
    whole.resize(std::min(run.length, kMaxBytesOfRun));
    disk.read(offset, whole);
    require(!run.hole || is_zero(whole), "a hole is not zero");
    part.resize(std::min<std::size_t>(whole.size(), 100));
    disk.read(offset + whole.size() - part.size(), part);
    require(std::ranges::equal(part, std::span(whole).last(part.size())), "a part reads in another way than the whole");
    offset += run.length;
  }
}

}  // namespace

void walk_qcow2_image(std::span<const std::byte> image, const Registry& codecs) {
  Context::Settings settings;
  settings.threads = 1;
  settings.damage_listener = [](std::string_view /*message*/) {};
  Context context(codecs, settings);
  qcow2::Qcow2Container container({});
  const ContainerFile file{make_memory_blob({image.begin(), image.end()})};
  container.probe(*file.bytes);
  tolerate([&] { read_disk(*container.open(file, "", context)); });
  tolerate([&] {
    const ContainerFacts facts = container.inspect(file, context);
    for (std::size_t i = 0; i < std::min<std::size_t>(facts.snapshots.size(), 4); ++i) {
      const std::string& id = facts.snapshots[i].id;
      if (!id.empty()) tolerate([&] { read_disk(*container.open(file, id, context)); });
    }
  });
  tolerate([&] { container.check(file, context); });
}

}  // namespace fstool::fuzz
