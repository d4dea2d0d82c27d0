// The promises of "fstool/container.h".

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include "blob_checks.h"
#include "checklist.h"
#include "container_files.h"
#include "damage.h"
#include "fstool/error.h"
#include "fstool/output_file.h"
#include "option_checks.h"

namespace fstool::conformance {

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
/// What the memory check writes, and what a container may need for it beside what the program has anyway.
constexpr std::uint64_t kLargeDisk = 96 * kMiB;
constexpr std::uint64_t kMostMemory = 72 * kMiB;

std::uint64_t peak_memory() {
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) throw system_error("asking how much memory is in use", errno);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

/// Makes the standard output of this process a file.
void redirect_standard_output(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0 || ::dup2(fd, STDOUT_FILENO) < 0) throw system_error("making " + path.string(), errno);
  ::close(fd);
}

/// As hostile files make a container fail. Nothing is missing that the file didn't name.
template <class Work>
void tolerate_refusal(Work&& work) {
  tolerate(work, {ErrorCode::NotFound, ErrorCode::InvalidArgument});
}

class ContainerChecks {
 public:
  ContainerChecks(const Format<Container>& format, Checklist& list)
      : format_(format), list_(list), files_(format, list) {}

  void run() {
    add("round_trip", &ContainerChecks::check_round_trip);
    add("probe", &ContainerChecks::check_probe);
    add("determinism", &ContainerChecks::check_determinism);
    add("own_check", &ContainerChecks::check_own);
    add("options", &ContainerChecks::check_options);
    add("codecs", &ContainerChecks::check_codecs);
    add("streams", &ContainerChecks::check_streams);
    add("memory", &ContainerChecks::check_memory);
    add("damage", &ContainerChecks::check_damage);
  }

 private:
  void add(const char* name, void (ContainerChecks::*check)(CheckRun&)) {
    list_.run(name, [this, check](CheckRun& run) { (this->*check)(run); });
  }

  std::unique_ptr<Container> create() const { return format_.create({}); }
  unsigned threads() const { return list_.settings().threads; }

  BlobPtr sample() const { return sparse_disk(3 * kMiB, 11); }

  /// Skips what needs a reader of a format that has none.
  void need_reader(const std::filesystem::path& path) {
    HeardContext heard(list_.registry(), 1);
    try {
      create()->open(files_.file(path, nullptr, heard.get()), "", heard.get());
    } catch (const Error& error) {
      if (error.code() == ErrorCode::Unsupported) throw Skip{fmt::format("it can't be read: {}", error.what())};
      throw;
    }
  }

  /// Fails unless what was written opens as `disk`, and says so of itself.
  void require_opens(Container& container, const std::filesystem::path& path, const Codec* codec, const Blob& disk) {
    HeardContext heard(list_.registry(), threads());
    const ContainerFile file = files_.file(path, codec, heard.get());
    const BlobPtr opened = container.open(file, "", heard.get());
    require_same_bytes(*opened, disk, true);
    require_consistent(*opened, threads());
    const ContainerFacts facts = container.inspect(file, heard.get());
    require(facts.disk_size == opened->size(),
            fmt::format("inspect() tells a disk of {} bytes, and open() gives {}", facts.disk_size, opened->size()));
    require(heard.damage().empty(),
            fmt::format("damage is reported of what it wrote: {}", fmt::join(heard.damage(), "; ")));
  }

  void check_round_trip(CheckRun& run) {
    need_reader(files_.write(*sample()));
    for (const SampleDisk& sample : sample_disks(run.settings().thorough)) {
      run.attempt(sample.name, [&] {
        const auto container = create();
        std::filesystem::path path;
        if (!unless_refused([&] { path = files_.write(*container, *sample.disk, nullptr, threads()); })) {
          throw Skip{"refused"};
        }
        require_opens(*create(), path, nullptr, *sample.disk);
      });
    }
  }

  void check_probe(CheckRun& run) {
    run.attempt("its own file", [&] {
      const BlobPtr disk = sample();
      const BlobPtr file = open_file_blob(files_.write(*disk));
      if (create()->probe(*file)) return;
      require_same_bytes(*file, *disk);
      throw Skip{"it is the disk itself, which it need not recognize"};
    });
    for (const SampleBlock& file : foreign_files()) {
      run.attempt(file.name,
                  [&] { require(!create()->probe(*make_memory_blob(file.bytes)), "it is taken for one of its own"); });
    }
    for (const auto& [name, other] : list_.registry().all<Container>()) {
      if (name == format_.info.name) continue;
      run.attempt(fmt::format("a file of {}", name), [&, &other_format = other] {
        std::filesystem::path path;
        ContainerFiles files(other_format, list_);
        tolerate_refusal([&] { path = files.write(*sample()); });
        if (path.empty()) throw Skip{"there is none"};
        require(!create()->probe(*open_file_blob(path)), "it is taken for one of its own");
      });
    }
  }

  void check_determinism(CheckRun& run) {
    const SampleDisk disks[] = {{"a sparse disk", sample()},
                                {"a disk of all kinds of bytes", make_memory_blob(mixed_bytes(6 * kMiB, 12))}};
    for (const SampleDisk& disk : disks) {
      const auto expected = ContainerFiles::all_bytes(files_.write(*create(), *disk.disk, nullptr, 1));
      for (const unsigned count : {1U, 2U, threads(), 3 * threads()}) {
        run.attempt(fmt::format("{} with {} threads", disk.name, count), [&] {
          const auto path = files_.write(*create(), *disk.disk, nullptr, count);
          require(ContainerFiles::all_bytes(path) == expected, "the file has other bytes");
        });
      }
    }
  }

  void check_own(CheckRun& run) {
    const std::filesystem::path first = files_.write(*sample());
    need_reader(first);
    for (const SampleDisk& sample : sample_disks(false)) {
      run.attempt(sample.name, [&] {
        std::filesystem::path path;
        if (!unless_refused([&] { path = files_.write(*sample.disk); })) throw Skip{"refused"};
        HeardContext heard(list_.registry(), threads());
        create()->check(files_.file(path, nullptr, heard.get()), heard.get());
        require(heard.damage().empty(),
                fmt::format("check() finds damage in what it wrote: {}", fmt::join(heard.damage(), "; ")));
      });
    }
  }

  void check_options(CheckRun& run) {
    need_reader(files_.write(*sample()));
    const BlobPtr disk = sparse_disk(kMiB + 512, 13);
    for (const OptionSample& sample : option_samples(format_.info.options, run.settings().thorough)) {
      run.attempt(sample.label, [&] {
        std::filesystem::path path;
        std::unique_ptr<Container> container;
        bool written = false;
        // Options may name files, which the host may refuse.
        tolerate(
            [&] {
              written = unless_refused([&] {
                container = format_.create(sample.table);
                path = files_.write(*container, *disk, nullptr, threads());
              });
            },
            {ErrorCode::Io});
        // Whoever reads it doesn't know the options.
        if (written) require_opens(*create(), path, nullptr, *disk);
      });
    }
  }

  void check_codecs(CheckRun& run) {
    need_reader(files_.write(*sample()));
    const BlobPtr disk = sample();
    for (const auto& [name, format] : list_.registry().all<Codec>()) {
      run.attempt(name, [&, &codec_format = format] {
        const auto codec = codec_format.create({});
        std::filesystem::path path;
        if (!unless_refused([&] { path = files_.write(*create(), *disk, codec.get(), threads()); })) {
          throw Skip{"refused"};
        }
        require_opens(*create(), path, codec.get(), *disk);
        const auto again = files_.write(*create(), *disk, codec.get(), 1);
        require(ContainerFiles::all_bytes(path) == ContainerFiles::all_bytes(again),
                "the file has other bytes with one thread");
      });
    }
  }

  void check_streams(CheckRun& run) {
    if (!create()->writes_streams()) throw Skip{"it can't write to a stream"};
    need_reader(files_.write(*sample()));
    run.attempt("standard output", [&] {
      const BlobPtr disk = sample();
      const auto path = list_.directory() / (format_.info.name + "-stream");
      redirect_standard_output(path);
      HeardContext heard(list_.registry(), threads());
      OutputFile output("-");
      create()->write(*disk, output, nullptr, heard.get());
      output.commit();
      require_opens(*create(), path, nullptr, *disk);
    });
  }

  void check_memory(CheckRun& run) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    throw Skip{"sanitizers need memory of their own"};
#endif
    run.attempt(fmt::format("a disk of {} MiB with 2 threads", kLargeDisk / kMiB), [&] {
      const BlobPtr disk = generated_disk(kLargeDisk);
      const std::uint64_t before = peak_memory();
      const auto path = files_.write(*create(), *disk, nullptr, 2);
      const std::uint64_t used = peak_memory() - before;
      std::filesystem::remove_all(path.parent_path());
      require(used <= kMostMemory, fmt::format("it takes {} MiB of memory: does it keep the disk?", used / kMiB));
    });
  }

  void check_damage(CheckRun& run) {
    run.limit_memory(run.settings().damage_memory);
    const auto path = files_.write(*sparse_disk(kMiB, 14));
    need_reader(path);
    check_damaged_file(run, "a file", read_all(*open_file_blob(path), kMostBytesOfBlob));
    if (const auto compressed = write_compressed()) check_damaged_file(run, "a compressed file", *compressed);
  }

  /// A file that the first codec it accepts has compressed within; nothing if there is none.
  std::optional<ByteVector> write_compressed() {
    for (const auto& [name, format] : list_.registry().all<Codec>()) {
      const auto codec = format.create({});
      std::filesystem::path path;
      const bool written =
          unless_refused([&] { path = files_.write(*create(), *sparse_disk(kMiB, 15), codec.get(), threads()); });
      if (!written) continue;
      HeardContext heard(list_.registry(), 1);
      const ByteVector bytes = read_all(*open_file_blob(path), kMostBytesOfBlob);
      if (create()->probe(*make_memory_blob(bytes))) return bytes;
    }
    return std::nullopt;
  }

  void check_damaged_file(CheckRun& run, std::string_view name, const ByteVector& good) {
    with_damaged(run, name, good, [&](ByteVector damaged) {
      const auto container = create();
      HeardContext heard(list_.registry(), 1);
      const ContainerFile file{make_memory_blob(std::move(damaged))};
      container->probe(*file.bytes);
      tolerate_refusal([&] { container->inspect(file, heard.get()); });
      tolerate_refusal([&] { container->check(file, heard.get()); });
      tolerate_refusal([&] { read_some(*container->open(file, "", heard.get())); });
    });
  }

  const Format<Container>& format_;
  Checklist& list_;
  ContainerFiles files_;
};

}  // namespace

void check_container(const Format<Container>& format, Checklist& list) { ContainerChecks(format, list).run(); }

}  // namespace fstool::conformance
