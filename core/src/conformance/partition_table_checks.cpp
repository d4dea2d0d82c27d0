// The promises of "fstool/partition_table.h".

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include "blob_checks.h"
#include "checklist.h"
#include "damage.h"
#include "fstool/error.h"
#include "fstool/size.h"
#include "heard_context.h"
#include "option_checks.h"
#include "parallel.h"
#include "samples.h"
#include "table_requests.h"

namespace fstool::conformance {

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;

bool lies_in(std::uint64_t offset, std::uint64_t size, std::uint64_t whole) {
  return offset <= whole && size <= whole - offset;
}

bool overlap(const Partition& a, const Partition& b) {
  return a.offset < b.offset + b.size && b.offset < a.offset + a.size;
}

/// `layout` is one of a disk, whoever wrote it.
void require_sound(const Layout& layout, std::uint64_t disk_size) {
  require(layout.disk_size == disk_size,
          fmt::format("the layout is of a disk of {} bytes instead of {}", layout.disk_size, disk_size));
  for (const Partition& partition : layout.partitions) {
    require(partition.size > 0 && lies_in(partition.offset, partition.size, disk_size),
            fmt::format("partition {} lies outside of the disk", partition.number));
  }
  std::uint64_t offset = 0;
  for (const TableStructure& structure : layout.structures) {
    require(structure.offset >= offset, "the structures are not in the order of their offsets");
    require(structure.size > 0 && lies_in(structure.offset, structure.size, disk_size),
            fmt::format("the structure \"{}\" lies outside of the disk", structure.name));
    offset = structure.offset;
  }
}

/// What a table has of a partition for those who read it.
auto stored_facts(const Partition& partition) {
  return std::tie(partition.number, partition.type, partition.uuid, partition.offset, partition.size,
                  partition.attributes, partition.holds_partitions);
}

/// Those in the table, in the order of their numbers.
std::vector<Partition> numbered(const Layout& layout) {
  std::vector<Partition> partitions;
  std::ranges::copy_if(layout.partitions, std::back_inserter(partitions),
                       [](const Partition& partition) { return partition.number > 0; });
  std::ranges::sort(partitions, {}, &Partition::number);
  return partitions;
}

void require_same_partitions(const Layout& actual, const Layout& expected, std::string_view what) {
  const auto a = numbered(actual);
  const auto b = numbered(expected);
  require(a.size() == b.size(), fmt::format("{} has {} partitions instead of {}", what, a.size(), b.size()));
  for (std::size_t i = 0; i < a.size(); ++i) {
    require(stored_facts(a[i]) == stored_facts(b[i]), fmt::format("{} has another partition {}", what, b[i].number));
  }
}

/// Makes `layout`, of a table that doesn't tell the size of the sectors in which it counts, one with these.
void count_in_sectors(Layout& layout, std::uint32_t sector_size) {
  for (Partition& partition : layout.partitions) {
    partition.offset = partition.offset / layout.sector_size * sector_size;
    partition.size = partition.size / layout.sector_size * sector_size;
  }
  layout.sector_size = sector_size;
}

class TableChecks {
 public:
  TableChecks(const Format<PartitionTable>& format, Checklist& list) : format_(format), list_(list) {}

  void run() {
    add("agreement", &TableChecks::check_agreement);
    add("contents", &TableChecks::check_contents);
    add("refusals", &TableChecks::check_refusals);
    add("determinism", &TableChecks::check_determinism);
    add("threads", &TableChecks::check_threads);
    add("probe", &TableChecks::check_probe);
    add("own_check", &TableChecks::check_own);
    add("growth", &TableChecks::check_growth);
    add("repair", &TableChecks::check_repair);
    add("options", &TableChecks::check_options);
    add("partition_options", &TableChecks::check_partition_options);
    add("boot_code", &TableChecks::check_boot_code);
    add("damage", &TableChecks::check_damage);
  }

 private:
  void add(const char* name, void (TableChecks::*check)(CheckRun&)) {
    list_.run(name, [this, check](CheckRun& run) { (this->*check)(run); });
  }

  std::unique_ptr<PartitionTable> create() const { return format_.create({}); }

  /// A type that the table knows.
  std::string known_type() const {
    constexpr std::array<const char*, 4> kTypes = {"linux", "0x83", "0fc63daf-8483-4772-8e79-3d69d8477de4", ""};
    HeardContext heard(list_.registry(), 1);
    for (const char* const type : kTypes) {
      if (unless_refused([&] { create()->plan(simple_request(type), heard.get()); })) return type;
    }
    throw Skip{"it knows no type of partition that Linux uses"};
  }

  static std::vector<BlobPtr> contents_for(const Layout& layout) {
    std::vector<BlobPtr> contents;
    for (std::size_t i = 0; i < layout.partitions.size(); ++i) {
      const Partition& partition = layout.partitions[i];
      const bool is_empty = i % 3 == 2 || partition.holds_partitions || partition.number == 0;
      const std::uint64_t size = i % 3 == 0 ? partition.size : partition.size / 2;
      contents.push_back(is_empty ? nullptr : sparse_disk(size, static_cast<std::uint32_t>(i) + 51));
    }
    return contents;
  }

  struct Disk {
    Layout layout;
    std::vector<BlobPtr> contents;
    BlobPtr disk;
  };

  Disk make_disk(PartitionTable& table, const TableRequest& request) const {
    HeardContext heard(list_.registry(), 1);
    Disk disk;
    disk.layout = table.plan(request, heard.get());
    require_sound(disk.layout, disk.layout.disk_size);
    disk.contents = contents_for(disk.layout);
    disk.disk = table.compose(request, disk.layout, disk.contents, heard.get());
    require(disk.disk != nullptr, "compose() gives no disk");
    require(disk.disk->size() == disk.layout.disk_size,
            fmt::format("the disk has {} bytes, and its layout {}", disk.disk->size(), disk.layout.disk_size));
    return disk;
  }

  Disk sample(std::uint32_t sector_size = 512) const {
    return make_disk(*create(), simple_request(known_type(), sector_size));
  }

  /// What the table on a disk is, which has no damage.
  Layout open(const Blob& disk) const {
    HeardContext heard(list_.registry(), 1);
    Layout layout;
    try {
      layout = create()->open(disk, heard.get());
    } catch (const Error& error) {
      if (error.code() == ErrorCode::Unsupported) throw Skip{fmt::format("it can't be read: {}", error.what())};
      throw;
    }
    require_sound(layout, disk.size());
    require_no_damage(heard);
    return layout;
  }

  static void require_no_damage(const HeardContext& heard) {
    require(heard.damage().empty(),
            fmt::format("damage is reported of what it made: {}", fmt::join(heard.damage(), "; ")));
  }

  /// The places are those that were asked for.
  static void require_places(const TableRequest& request, const Layout& layout) {
    require(layout.partitions.size() >= request.partitions.size(), "partitions are missing");
    require(!request.disk_size || *request.disk_size == layout.disk_size, "the disk has another size");
    require(layout.sector_size == request.sector_size, "the disk has another sector size");
    for (std::size_t i = 0; i < request.partitions.size(); ++i) {
      require_place(request.partitions[i], layout.partitions[i], request.sector_size);
    }
    for (std::size_t i = 0; i < layout.partitions.size(); ++i) {
      for (std::size_t j = i + 1; j < layout.partitions.size(); ++j) {
        const Partition& a = layout.partitions[i];
        const Partition& b = layout.partitions[j];
        const bool allowed = a.holds_partitions || b.holds_partitions || !overlap(a, b);
        require(allowed, fmt::format("partitions {} and {} overlap", a.number, b.number));
      }
    }
    require_structures_apart(layout);
  }

  static void require_place(const PartitionRequest& wanted, const Partition& partition, std::uint32_t sector_size) {
    const std::string label = fmt::format("\"{}\"", wanted.name);
    require((partition.number > 0) == wanted.in_table, fmt::format("{} has the number {}", label, partition.number));
    require(!wanted.offset || partition.offset == *wanted.offset, fmt::format("{} has another offset", label));
    if (!wanted.in_table) return;
    require(partition.offset % sector_size == 0 && partition.size % sector_size == 0,
            fmt::format("{} is not made of whole sectors", label));
    require(!wanted.size || partition.size == round_up(*wanted.size, sector_size),
            fmt::format("{} has {} bytes", label, partition.size));
    require(!wanted.alignment || partition.offset % *wanted.alignment == 0, fmt::format("{} is not aligned", label));
  }

  static void require_structures_apart(const Layout& layout) {
    for (const TableStructure& structure : layout.structures) {
      for (const Partition& partition : layout.partitions) {
        if (partition.holds_partitions) continue;
        const bool apart = structure.offset + structure.size <= partition.offset ||
                           partition.offset + partition.size <= structure.offset;
        require(apart, fmt::format("the structure \"{}\" lies in partition {}", structure.name, partition.number));
      }
    }
  }

  void check_agreement(CheckRun& run) {
    for (const SampleRequest& sample : sample_requests(known_type())) {
      run.attempt(sample.name, [&] {
        Disk disk;
        if (!unless_refused([&] { disk = make_disk(*create(), sample.request); })) throw Skip{"refused"};
        require_places(sample.request, disk.layout);
        require_consistent(*disk.disk, list_.settings().threads);
        Layout opened = open(*disk.disk);
        if (opened.sector_size != disk.layout.sector_size) {
          run.note(fmt::format("on a disk with sectors of {} bytes it counts in {}", disk.layout.sector_size,
                               opened.sector_size));
          count_in_sectors(opened, disk.layout.sector_size);
        }
        require_same_partitions(opened, disk.layout, "the opened disk");
        require(opened.table == disk.layout.table, fmt::format("open() calls the table \"{}\"", opened.table));
        require(opened.disk_id == disk.layout.disk_id, "the opened disk has another id");
      });
    }
  }

  void check_contents(CheckRun& run) {
    const TableRequest request = simple_request(known_type());
    const Disk disk = make_disk(*create(), request);
    run.attempt("what lies in the partitions", [&] {
      for (std::size_t i = 0; i < disk.layout.partitions.size(); ++i) {
        const Partition& partition = disk.layout.partitions[i];
        if (partition.holds_partitions) continue;
        const BlobPtr part = make_slice_blob(disk.disk, partition.offset, partition.size);
        const BlobPtr content = disk.contents[i] ? disk.contents[i] : make_hole_blob(0);
        require_same_bytes(*part, *content, true);
      }
    });
    HeardContext heard(list_.registry(), 1);
    run.attempt("fewer contents than partitions", [&] {
      const BlobPtr other = create()->compose(request, disk.layout, {}, heard.get());
      require_same_partitions(open(*other), disk.layout, "the disk");
    });
    run.attempt("a content that is larger than its partition", [&] {
      try {
        create()->compose(request, disk.layout, {make_hole_blob(disk.layout.partitions[0].size + 1)}, heard.get());
      } catch (const Error& error) {
        require(error.code() == ErrorCode::NoSpace, fmt::format("the error is no NoSpace: {}", error.what()));
        return;
      }
      throw Failure{"it is not refused"};
    });
  }

  void require_refused(const TableRequest& request) const {
    HeardContext heard(list_.registry(), 1);
    require(!unless_refused([&] { create()->plan(request, heard.get()); }), "it is not refused");
  }

  void check_refusals(CheckRun& run) {
    const std::string type = known_type();
    run.attempt("a type that there is not", [&] { require_refused(simple_request("no such type")); });
    run.attempt("a disk of one sector", [&] {
      TableRequest request = simple_request(type);
      request.disk_size = 512;
      require_refused(request);
    });
    run.attempt("partitions that overlap", [&] {
      TableRequest request = simple_request(type);
      request.partitions[0].offset = 2 * kMiB;
      request.partitions[1].offset = 2 * kMiB + 4096;
      require_refused(request);
    });
    run.attempt("a partition behind the end of the disk", [&] {
      TableRequest request = simple_request(type);
      request.partitions[0].offset = *request.disk_size;
      require_refused(request);
    });
    run.attempt("a partition of nearly 2^64 bytes", [&] {
      TableRequest request = simple_request(type);
      request.partitions[0].size = std::numeric_limits<std::uint64_t>::max() - 100;
      require_refused(request);
    });
    for (const std::uint32_t sector_size : {0U, 1U, 500U, 513U}) {
      run.attempt(fmt::format("sectors of {} bytes", sector_size),
                  [&] { require_refused(simple_request(type, sector_size)); });
    }
  }

  void check_determinism(CheckRun& run) {
    for (const SampleRequest& sample : sample_requests(known_type())) {
      run.attempt(sample.name, [&] {
        const auto table = create();
        Disk first;
        if (!unless_refused([&] { first = make_disk(*table, sample.request); })) throw Skip{"refused"};
        for (const Disk& other : {make_disk(*table, sample.request), make_disk(*create(), sample.request)}) {
          require_same_partitions(other.layout, first.layout, "another plan");
          require_same_bytes(*other.disk, *first.disk);
        }
      });
    }
  }

  /// One object, used from several threads.
  void check_threads(CheckRun& run) {
    const Disk expected = sample();
    run.attempt(fmt::format("{} threads", list_.settings().threads), [&] {
      const auto table = create();
      const TableRequest request = simple_request(known_type());
      on_threads(list_.settings().threads, [&](unsigned) {
        require(table->probe(*expected.disk), "it is not recognized");
        require_same_bytes(*make_disk(*table, request).disk, *expected.disk);
        HeardContext heard(list_.registry(), 1);
        tolerate([&] {
          require_same_partitions(table->open(*expected.disk, heard.get()), expected.layout, "the opened disk");
        });
      });
    });
  }

  void check_probe(CheckRun& run) {
    for (const std::uint32_t sector_size : {512U, 4096U}) {
      run.attempt(fmt::format("its own disk, sectors of {} bytes", sector_size), [&] {
        Disk disk;
        if (!unless_refused([&] { disk = sample(sector_size); })) throw Skip{"refused"};
        require(create()->probe(*disk.disk), "it is not recognized");
      });
    }
    for (const SampleBlock& file : foreign_files()) {
      run.attempt(file.name,
                  [&] { require(!create()->probe(*make_memory_blob(file.bytes)), "it is taken for one of its own"); });
    }
    for (const auto& [name, other] : list_.registry().all<PartitionTable>()) {
      if (name == format_.info.name) continue;
      run.attempt(fmt::format("a disk of {}", name), [&, &other_format = other] {
        Disk disk;
        if (!unless_refused([&] { disk = TableChecks(other_format, list_).sample(); })) throw Skip{"there is none"};
        require(!create()->probe(*disk.disk), "it is taken for one of its own");
      });
    }
  }

  void check_own(CheckRun& run) {
    open(*sample().disk);
    for (const SampleRequest& sample : sample_requests(known_type())) {
      run.attempt(sample.name, [&] {
        Disk disk;
        if (!unless_refused([&] { disk = make_disk(*create(), sample.request); })) throw Skip{"refused"};
        HeardContext heard(list_.registry(), 1);
        create()->check(*disk.disk, heard.get());
        require_no_damage(heard);
        require(create()->repair(*disk.disk, heard.get()).empty(), "there is something to repair");
      });
    }
  }

  void check_growth(CheckRun& run) {
    for (const std::uint32_t sector_size : {512U, 4096U}) {
      run.attempt(fmt::format("sectors of {} bytes", sector_size), [&] {
        Disk disk;
        if (!unless_refused([&] { disk = sample(sector_size); })) throw Skip{"refused"};
        const Layout before = open(*disk.disk);
        HeardContext heard(list_.registry(), 1);
        const std::uint64_t size = 2 * disk.disk->size() + sector_size;
        const BlobPtr grown = create()->grow(disk.disk, size, heard.get());
        require(grown && grown->size() == size, "the disk has another size");
        require_consistent(*grown, list_.settings().threads);
        require(create()->probe(*grown), "the grown disk is not recognized");
        require_same_partitions(open(*grown), before, "the grown disk");
        create()->check(*grown, heard.get());
        require_no_damage(heard);
      });
    }
  }

  /// Applies what repair() says. Nothing if it says nothing, or that there is no mending.
  std::optional<BlobPtr> repaired(const Blob& disk) const {
    HeardContext heard(list_.registry(), 1);
    std::vector<DiskPatch> patches;
    tolerate([&] { patches = create()->repair(disk, heard.get()); }, {ErrorCode::NoSpace});
    if (patches.empty()) return std::nullopt;
    ByteVector bytes = read_all(disk, kMostBytesOfBlob);
    for (const DiskPatch& patch : patches) {
      require(!patch.what.empty(), "a patch doesn't say what it is");
      require(!patch.bytes.empty() && lies_in(patch.offset, patch.bytes.size(), bytes.size()),
              "a patch lies outside of the disk");
      std::ranges::copy(patch.bytes, bytes.begin() + static_cast<std::ptrdiff_t>(patch.offset));
    }
    return make_memory_blob(std::move(bytes));
  }

  /// Whatever was damaged: a table that was mended needs no more mending, and reads as it did.
  void require_sound_repair(const Blob& damaged) const {
    HeardContext heard(list_.registry(), 1);
    std::optional<Layout> before;
    tolerate([&] { before = create()->open(damaged, heard.get()); });
    const auto mended = repaired(damaged);
    if (!mended) return;
    const Layout after = create()->open(**mended, heard.get());
    if (before) require_same_partitions(after, *before, "the mended table");
    require(!repaired(**mended), "a mended table is to be mended again");
  }

  void check_repair(CheckRun& run) {
    const Disk disk = sample();
    const Layout layout = open(*disk.disk);
    unsigned mended = 0;
    for (const TableStructure& structure : layout.structures) {
      run.attempt(fmt::format("zeros in place of \"{}\"", structure.name), [&] {
        const BlobPtr damaged = make_overlaid_blob(
            disk.disk, {{structure.offset, make_memory_blob(ByteVector(structure.size)), 0, structure.size}});
        require_sound_repair(*damaged);
        const auto good = repaired(*damaged);
        if (!good) return;
        ++mended;
        require_same_partitions(open(**good), layout, "the mended table");
      });
    }
    if (mended == 0) run.note("it has nothing to mend a table from");
  }

  void check_options(CheckRun& run) {
    const std::string type = known_type();
    for (const OptionSample& sample : option_samples(format_.info.options, run.settings().thorough)) {
      run.attempt(sample.label, [&] {
        Disk disk;
        const TableRequest request = simple_request(type);
        if (!unless_refused([&] { disk = make_disk(*format_.create(sample.table), request); })) return;
        require_places(request, disk.layout);
        require_same_partitions(open(*disk.disk), disk.layout, "the opened disk");
      });
    }
  }

  void check_partition_options(CheckRun& run) {
    const std::string type = known_type();
    for (const OptionSample& sample : option_samples(format_.info.partition_options, run.settings().thorough)) {
      run.attempt(sample.label, [&] {
        Disk disk;
        TableRequest request = simple_request(type);
        request.partitions[0].options = sample.table;
        if (!unless_refused([&] { disk = make_disk(*create(), request); })) return;
        require_places(request, disk.layout);
        require_same_partitions(open(*disk.disk), disk.layout, "the opened disk");
      });
    }
    run.attempt("an option that is not declared", [&] {
      TableRequest request = simple_request(type);
      request.partitions[0].options = one_option("no_such_option", "1");
      require_refused(request);
    });
  }

  void check_boot_code(CheckRun& run) {
    const std::string type = known_type();
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{440}, std::size_t{512}, std::size_t{513}, std::size_t{100'000}}) {
      run.attempt(fmt::format("{} bytes", size), [&] {
        TableRequest request = simple_request(type);
        request.boot_code = make_memory_blob(ByteVector(size, std::byte{0x90}));
        Disk disk;
        if (!unless_refused([&] { disk = make_disk(*create(), request); })) return;
        require(create()->probe(*disk.disk), "the disk is not recognized");
        require_same_partitions(open(*disk.disk), disk.layout, "the opened disk");
      });
    }
  }

  void check_damage(CheckRun& run) {
    const Disk disk = sample();
    open(*disk.disk);
    const ByteVector good = read_all(*disk.disk, kMostBytesOfBlob);
    run.limit_memory(run.settings().damage_memory);
    with_damaged(run, "a disk", good, [&](ByteVector damaged) {
      const auto table = create();
      HeardContext heard(list_.registry(), 1);
      const BlobPtr blob = make_memory_blob(std::move(damaged));
      table->probe(*blob);
      tolerate([&] { require_sound(table->open(*blob, heard.get()), blob->size()); });
      tolerate([&] { table->check(*blob, heard.get()); });
      require_sound_repair(*blob);
      tolerate([&] { read_some(*table->grow(blob, round_up(blob->size(), 4096) + kMiB, heard.get())); },
               {ErrorCode::NoSpace, ErrorCode::InvalidArgument});
    });
  }

  const Format<PartitionTable>& format_;
  Checklist& list_;
};

}  // namespace

void check_partition_table(const Format<PartitionTable>& format, Checklist& list) { TableChecks(format, list).run(); }

}  // namespace fstool::conformance
