#include "table_check.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "formats.h"
#include "fstool/error.h"
#include "fstool/partition_layout.h"
#include "spec_keys.h"

namespace fstool {

namespace {

class TableCheck {
 public:
  TableCheck(const Spec& spec, const DiskJob& job, DeferredValues& values, Context& context, SpecProblems& problems)
      : spec_(spec), job_(job), values_(values), context_(context), problems_(problems) {}

  void check() {
    if (!check_options()) return;
    for (const PartitionChoice& partition : spec_.partitions) check_partition(partition);
    if (problems_.empty()) check_places();
  }

 private:
  /// The table's own options may contradict each other or the disk: that is not to be said of its partitions.
  bool check_options() {
    const FormatChoice& choice = spec_.image->table;
    const Format<PartitionTable>& format = context_.registry().get<PartitionTable>(choice.type);
    SpecProblems unknown;  // which were told of when the table was made
    const std::size_t before = problems_.size();
    use_options(
        without_unknown_options(choice.options, format.info.options, spec_key_names("image"), unknown), choice.location,
        [&](const OptionTable& options) {
          const std::unique_ptr<PartitionTable> table = format.create(options);
          table->plan(table_request(), context_);
        },
        problems_);
    return problems_.size() == before;
  }

  TableRequest table_request() const {
    return {.partitions = {},
            .disk_size = std::nullopt,
            .seed = Seed(""),
            .sector_size = spec_.image->sector_size,
            .boot_code = nullptr};
  }

  // --- One partition ------------------------------------------------------------------------------------------------

  void check_partition(const PartitionChoice& choice) {
    OptionTable options = without_unknown_options(
        choice.options, context_.registry().get<PartitionTable>(spec_.image->table.type).info.partition_options,
        spec_key_names("partitions"), problems_);
    if (!choice.in_table || choice.type.empty()) return;
    PartitionRequest request;
    request.type = choice.type;
    request.size = kSize;
    if (!accepts(request, choice.type_location)) return;
    check_key(request, &PartitionRequest::name, std::optional(choice.name), choice.name_location);
    check_key(request, &PartitionRequest::label, choice.label, choice.label_location);
    check_key(request, &PartitionRequest::uuid, partition_request(choice, values_).uuid, choice.uuid_location);
    use_options(
        std::move(options), choice.location,
        [&](const OptionTable& used) {
          request.options = used;
          plan(request);
        },
        problems_);
  }

  /// Sets one more key of `request`, and takes that back if the table has something against it.
  template <class Field, class Value>
  void check_key(PartitionRequest& request, Field PartitionRequest::*field, const std::optional<Value>& value,
                 const LocationPtr& location) {
    if (!value) return;
    PartitionRequest changed = request;
    changed.*field = *value;
    if (accepts(changed, location)) request = std::move(changed);
  }

  bool accepts(const PartitionRequest& request, const LocationPtr& location) {
    return problems_.collect(location, [&] {
      try {
        plan(request);
      } catch (const Error& error) {
        if (error.code() != ErrorCode::InvalidArgument) throw;
        throw spec_error(location, error.what());
      }
    });
  }

  /// Throws what the table says of one partition alone, without the name that it is given in front: the place says
  /// that.
  void plan(const PartitionRequest& partition) {
    TableRequest request = table_request();
    request.partitions = {partition};
    try {
      job_.table->plan(request, context_);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::NoSpace) return;  // what fits is seen when all are placed
      const std::string label = partition_label(1, partition.name) + ": ";
      const std::string_view text = error.what();
      if (!text.starts_with(label)) throw;
      throw Error(error.code(), std::string(text.substr(label.size())));
    }
  }

  // --- All of them --------------------------------------------------------------------------------------------------

  void check_places() {
    try {
      plan_places(spec_, job_, values_, context_);
    } catch (const Error& error) {
      const bool is_final = error.code() == ErrorCode::NoSpace && !has_measured_partition(spec_, job_);
      if (error.code() == ErrorCode::InvalidSpec) {
        problems_.add(spec_.image->table.location, error);
      } else if (error.code() == ErrorCode::InvalidArgument || is_final) {
        problems_.add(place_of(error.what()), error.what());
      } else if (error.code() != ErrorCode::NoSpace) {
        throw;
      }
    }
  }

  /// The partition that a message begins with, or else the table.
  const LocationPtr& place_of(std::string_view message) const {
    std::size_t number = 0;
    for (std::size_t i = 0; i < spec_.partitions.size(); ++i) {
      const PartitionChoice& partition = spec_.partitions[i];
      const std::string label =
          partition.in_table ? partition_label(++number, partition.name) : payload_label(i + 1, partition.name);
      if (message.starts_with(label) && message.substr(label.size()).find_first_of(": ") == 0) {
        return partition.location;
      }
    }
    return spec_.image->table.location;
  }

  /// Any size that a table takes: a partition by itself always fits.
  static constexpr std::uint64_t kSize = 1024ULL * 1024;

  const Spec& spec_;
  const DiskJob& job_;
  DeferredValues& values_;
  Context& context_;
  SpecProblems& problems_;
};

}  // namespace

void check_table(const Spec& spec, const DiskJob& job, DeferredValues& values, Context& context,
                 SpecProblems& problems) {
  TableCheck(spec, job, values, context, problems).check();
}

}  // namespace fstool
