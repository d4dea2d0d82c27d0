// The promises of "fstool/derivation.h".

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "blob_checks.h"
#include "checklist.h"
#include "damage.h"
#include "heard_context.h"
#include "option_checks.h"
#include "samples.h"

namespace fstool::conformance {

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;

/// What one derivation of some data came to.
struct Outcome {
  ByteVector bytes;
  std::vector<std::pair<std::string, std::string>> values;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

class DerivationChecks {
 public:
  DerivationChecks(const Format<Derivation>& format, Checklist& list) : format_(format), list_(list) {}

  void run() {
    list_.run("agreement", [this](CheckRun& run) { check_agreement(run); });
    list_.run("determinism", [this](CheckRun& run) { check_determinism(run); });
    list_.run("options", [this](CheckRun& run) { check_options(run); });
    list_.run("sizes", [this](CheckRun& run) { check_sizes(run); });
  }

 private:
  std::unique_ptr<Derivation> create() const { return format_.create({}); }

  static DerivationRequest request() { return {.seed = Seed("conformance"), .sector_size = 512}; }

  /// Derives, and fails unless the result is as size() and value_shapes() say.
  Outcome derive(Derivation& derivation, const BlobPtr& data, unsigned threads) {
    const std::uint64_t size = derivation.size(data->size());
    const std::vector<ValueShape> shapes = derivation.value_shapes();
    HeardContext heard(list_.registry(), threads);
    const Derived derived = derivation.derive(data, request(), heard.get());
    require(derived.bytes != nullptr, "there are no bytes");
    require(derived.bytes->size() == size,
            fmt::format("there are {} bytes, and size() says {}", derived.bytes->size(), size));
    require(derived.values.size() == shapes.size(), "there are other values than value_shapes() says");
    for (std::size_t i = 0; i < shapes.size(); ++i) require_shape(derived.values[i], shapes[i]);
    require_consistent(*derived.bytes, threads);
    Outcome outcome{read_all(*derived.bytes, kMostBytesOfBlob), {}};
    for (const DerivedValue& value : derived.values) outcome.values.emplace_back(value.name, value.text);
    return outcome;
  }

  static void require_shape(const DerivedValue& value, const ValueShape& shape) {
    require(value.name == shape.name, fmt::format("the value \"{}\" is called \"{}\"", shape.name, value.name));
    require(value.text.size() == shape.length, fmt::format("the value {} has {} bytes, and value_shapes() says {}",
                                                           shape.name, value.text.size(), shape.length));
    const bool is_ascii = std::ranges::all_of(value.text, [](char letter) { return letter >= ' ' && letter <= '~'; });
    require(is_ascii, fmt::format("the value {} is no ASCII", shape.name));
  }

  void check_agreement(CheckRun& run) {
    std::vector<SampleDisk> samples = sample_disks(run.settings().thorough);
    samples.insert(samples.begin(), {"no data", make_hole_blob(0)});
    std::uint64_t taken = 0;
    for (const SampleDisk& sample : samples) {
      run.attempt(sample.name, [&] {
        const auto derivation = create();
        if (!unless_refused([&] { derivation->size(sample.disk->size()); })) {
          HeardContext heard(list_.registry(), 1);
          const bool derived = unless_refused([&] { derivation->derive(sample.disk, request(), heard.get()); });
          require(!derived, "derive() takes data of a size that size() refuses");
          throw Skip{"refused"};
        }
        derive(*derivation, sample.disk, run.settings().threads);
        ++taken;
      });
    }
    run.attempt("all of them", [&] { require(taken > 0, "every size is refused"); });
  }

  void check_determinism(CheckRun& run) {
    for (const BlobPtr& data : {sparse_disk(2 * kMiB, 21), make_memory_blob(mixed_bytes(4 * kMiB, 22))}) {
      const Outcome expected = derive(*create(), data, 1);
      for (const unsigned threads : {1U, 2U, run.settings().threads, 3 * run.settings().threads}) {
        run.attempt(fmt::format("{} bytes with {} threads", data->size(), threads),
                    [&] { require(derive(*create(), data, threads) == expected, "something else comes out"); });
      }
      run.attempt(fmt::format("{} bytes, of which zeros are no hole", data->size()), [&] {
        const BlobPtr dense = make_memory_blob(read_all(*data, kMostBytesOfBlob));
        require(derive(*create(), dense, 2) == expected, "something else comes out");
      });
    }
  }

  void check_options(CheckRun& run) {
    const BlobPtr data = sparse_disk(kMiB, 23);
    for (const OptionSample& sample : option_samples(format_.info.options, run.settings().thorough)) {
      run.attempt(sample.label, [&] {
        std::unique_ptr<Derivation> derivation;
        const bool accepted = unless_refused([&] {
          derivation = format_.create(sample.table);
          derivation->size(data->size());
        });
        if (accepted) derive(*derivation, data, run.settings().threads);
      });
    }
  }

  /// Sizes that nobody has data for: they overflow easily.
  void check_sizes(CheckRun& run) {
    for (const std::uint64_t size : {std::uint64_t{1} << 40U, std::uint64_t{1} << 60U, std::uint64_t{INT64_MAX} - 4095,
                                     std::uint64_t{INT64_MAX}, UINT64_MAX - 4095, UINT64_MAX}) {
      run.attempt(fmt::format("{} bytes", size), [&] { unless_refused([&] { create()->size(size); }); });
    }
  }

  const Format<Derivation>& format_;
  Checklist& list_;
};

}  // namespace

void check_derivation(const Format<Derivation>& format, Checklist& list) { DerivationChecks(format, list).run(); }

}  // namespace fstool::conformance
