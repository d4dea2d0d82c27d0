#include "table_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fstool/chs.h"
#include "fstool/error.h"
#include "fstool/options.h"
#include "fstool/partition_layout.h"
#include "identifiers.h"
#include "mbr.h"
#include "partition_types.h"
#include "structures.h"

namespace fstool::mbr {
namespace {

constexpr std::uint64_t kMaxSectors = std::uint64_t{1} << 32U;

enum class Role { Payload, Primary, Extended, Logical };

/// What becomes of one of the request's partitions.
struct Member {
  Role role = Role::Payload;
  std::uint8_t os_type = 0;
  bool bootable = false;
  std::optional<bool> logical;  ///< as the user says
  std::uint32_t number = 0;     ///< 0 until it is known, and for a payload
  DiskRange range;
};

using Indices = std::vector<std::size_t>;

class TablePlanner {
 public:
  TablePlanner(const TableRequest& request, std::uint64_t alignment) : request_(request), alignment_(alignment) {}

  Layout plan(std::uint32_t disk_signature) {
    parse_members();
    choose_roles();
    check_counts();
    number_members();
    place();
    number_logical_by_place();
    return layout(disk_signature);
  }

 private:
  const PartitionRequest& wanted(std::size_t index) const { return request_.partitions[index]; }

  std::string label(std::size_t index) const {
    if (!wanted(index).in_table) return payload_label(index + 1, wanted(index).name);
    return partition_label(members_[index].number != 0 ? members_[index].number : index + 1, wanted(index).name);
  }

  Indices with_role(Role role) const {
    Indices indices;
    for (std::size_t index = 0; index < members_.size(); ++index) {
      if (members_[index].role == role) indices.push_back(index);
    }
    return indices;
  }

  // --- What is asked for --------------------------------------------------------------------------------------------

  void parse_members() {
    members_.resize(request_.partitions.size());
    for (std::size_t index = 0; index < members_.size(); ++index) {
      with_context([&] { return label(index); }, [&] { members_[index] = parse_member(wanted(index)); });
      if (members_[index].role != Role::Extended) continue;
      if (extended_) {
        throw Error(ErrorCode::InvalidArgument,
                    fmt::format("{} and {} are both extended: mbr has one at most", label(*extended_), label(index)));
      }
      extended_ = index;
    }
  }

  static Member parse_member(const PartitionRequest& wanted) {
    if (!wanted.in_table) {
      if (wanted.options.empty()) return {};
      throw spec_error(wanted.options.front().location,
                       fmt::format("it is not in the table, which has no \"{}\" for it", wanted.options.front().key));
    }
    if (wanted.label) {
      throw Error(ErrorCode::InvalidArgument,
                  "mbr stores no names of partitions: leave out its label, or give one to the file system in it");
    }
    if (wanted.uuid) {
      throw Error(
          ErrorCode::InvalidArgument,
          "mbr stores no UUIDs of partitions: leave it out, and set the table's disk_signature, which makes the "
          "PARTUUID together with the partition's number");
    }
    const MbrPartitionOptions options = mbr_partition_options().parse(wanted.options);
    Member member;
    member.os_type = parse_partition_type(wanted.type);
    member.role = is_extended(member.os_type) ? Role::Extended : Role::Primary;
    member.bootable = options.bootable;
    member.logical = options.logical;
    if (member.role == Role::Extended && member.logical) {
      throw Error(ErrorCode::InvalidArgument,
                  "an extended partition holds logical ones: leave out what it says of "
                  "\"logical\"");
    }
    return member;
  }

  // --- Primary or logical -------------------------------------------------------------------------------------------

  void choose_roles() {
    const auto says_logical = [](const Member& member) { return member.logical == true; };
    const auto in_table = [](const Member& member) { return member.role != Role::Payload; };
    const bool chain = extended_ || std::any_of(members_.begin(), members_.end(), says_logical) ||
                       std::count_if(members_.begin(), members_.end(), in_table) > kMaxPrimaries;
    if (!chain) return;
    for (Member& member : members_) {
      if (says_logical(member)) member.role = Role::Logical;
    }
    if (extended_) {
      choose_behind_extended();
    } else {
      choose_behind_primaries();
    }
  }

  bool is_undecided(std::size_t index) const {
    return members_[index].role == Role::Primary && !members_[index].logical;
  }

  void choose_behind_extended() {
    for (std::size_t index = *extended_ + 1; index < members_.size(); ++index) {
      if (is_undecided(index)) members_[index].role = Role::Logical;
    }
  }

  void choose_behind_primaries() {
    std::size_t primaries = static_cast<std::size_t>(
        std::count_if(members_.begin(), members_.end(), [](const Member& member) { return member.logical == false; }));
    for (std::size_t index = 0; index < members_.size(); ++index) {
      if (is_undecided(index) && ++primaries >= kMaxPrimaries) members_[index].role = Role::Logical;
    }
    const Indices logical = with_role(Role::Logical);
    if (logical.empty()) return;
    for (std::size_t index = logical.front(); index < logical.back(); ++index) {
      if (is_undecided(index)) members_[index].role = Role::Logical;
    }
  }

  void check_counts() const {
    const std::size_t logical = with_role(Role::Logical).size();
    const std::size_t primaries = with_role(Role::Primary).size();
    const bool has_chain = extended_ || logical > 0;
    if (primaries + (has_chain ? 1 : 0) > kMaxPrimaries) {
      throw Error(ErrorCode::InvalidArgument,
                  fmt::format("{} primary partitions{}: mbr holds {} of both together; make some of them logical, or "
                              "use partition_table = \"gpt\"",
                              primaries, has_chain ? " and an extended one" : "", kMaxPrimaries));
    }
    if (logical > kMaxLogical) {
      throw Error(ErrorCode::InvalidArgument,
                  fmt::format("{} logical partitions: the longest chain that is written has {}", logical, kMaxLogical));
    }
  }

  // --- Numbers ------------------------------------------------------------------------------------------------------

  /// Logical ones get theirs for good when their places are known.
  void number_members() {
    std::uint32_t primary = 1;
    std::uint32_t logical = kFirstLogical;
    for (Member& member : members_) {
      if (member.role == Role::Logical) {
        if (!extended_ && logical == kFirstLogical) extended_number_ = primary++;
        member.number = logical++;
      } else if (member.role != Role::Payload) {
        member.number = primary++;
      }
    }
    if (extended_) extended_number_ = members_[*extended_].number;
  }

  void number_logical_by_place() {
    std::uint32_t number = kFirstLogical;
    for (const std::size_t index : logical_by_place()) members_[index].number = number++;
  }

  Indices logical_by_place() const {
    Indices indices = with_role(Role::Logical);
    std::sort(indices.begin(), indices.end(),
              [&](std::size_t a, std::size_t b) { return members_[a].range.offset < members_[b].range.offset; });
    return indices;
  }

  // --- Places -------------------------------------------------------------------------------------------------------

  void place() {
    if (!extended_ || (extended_spans() && !wanted(*extended_).offset)) {
      place_side_by_side();
    } else {
      place_nested();
    }
  }

  /// True for an extended partition by hand that is as large as its logical ones make it.
  bool extended_spans() const {
    const std::optional<std::uint64_t>& size = wanted(*extended_).size;
    const bool empty = with_role(Role::Logical).empty();
    if (size == 0 && empty) {
      throw Error(ErrorCode::InvalidArgument,
                  fmt::format("{} has no logical partitions to be as large as: give it a size", label(*extended_)));
    }
    return size && *size <= request_.sector_size && !empty;
  }

  /// Places all but the extended partition, which is what the logical ones cover.
  void place_side_by_side() {
    Indices indices;
    for (std::size_t index = 0; index < members_.size(); ++index) {
      if (index != extended_) indices.push_back(index);
    }
    TableRequest request = part_of_request(indices);
    PlacementRules rules = disk_rules(indices);
    if (extended_) lead_with_extended(indices, request, rules);
    disk_size_ = place_members(indices, request, rules).disk_size;

    place_boot_records(indices, rules);
    const Indices logical = logical_by_place();
    if (logical.empty()) return;
    extended_range_ = span_of(boot_records_.front().offset, logical);
    if (extended_) settle_extended();
    check_primaries_outside();
  }

  /// What an extended partition without a place asks of it is asked of its first logical partition.
  void lead_with_extended(const Indices& indices, TableRequest& request, PlacementRules& rules) const {
    const PartitionRequest& extended = wanted(*extended_);
    const std::size_t first = with_role(Role::Logical).front();
    const auto at = static_cast<std::size_t>(std::find(indices.begin(), indices.end(), first) - indices.begin());
    PartitionRequest& partition = request.partitions[at];
    partition.gap = std::max(partition.gap, extended.gap);
    if (!extended.alignment) return;
    partition.alignment = std::max(*extended.alignment, partition.alignment.value_or(alignment_));
    rules.leads[at] = *partition.alignment;
  }

  void settle_extended() {
    members_[*extended_].range = extended_range_;
    const std::optional<std::uint64_t>& alignment = wanted(*extended_).alignment;
    if (!alignment || extended_range_.offset % *alignment == 0) return;
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("{} would begin at {}, in front of its logical partitions, which is not a multiple of its "
                            "alignment of {}: give it an offset",
                            label(*extended_), exact_size(extended_range_.offset), exact_size(*alignment)));
  }

  void check_primaries_outside() const {
    for (const std::size_t index : with_role(Role::Primary)) {
      const DiskRange& range = members_[index].range;
      if (range.end() <= extended_range_.offset || range.offset >= extended_range_.end()) continue;
      throw Error(ErrorCode::NoSpace,
                  fmt::format("{} ({} to {}) would lie amid the logical partitions, which the extended partition spans "
                              "from {} to {}: make it logical, or list it in front of them or behind them",
                              label(index), exact_size(range.offset), exact_size(range.end()),
                              exact_size(extended_range_.offset), exact_size(extended_range_.end())));
    }
  }

  /// Places the extended partition by hand among the primary ones, and the logical ones inside it.
  void place_nested() {
    Indices outer;
    for (std::size_t index = 0; index < members_.size(); ++index) {
      if (members_[index].role != Role::Logical) outer.push_back(index);
    }
    TableRequest request = part_of_request(outer);
    if (extended_spans()) {
      const auto at = static_cast<std::size_t>(std::find(outer.begin(), outer.end(), *extended_) - outer.begin());
      request.partitions[at].size = spanned_size(*wanted(*extended_).offset);
    }
    disk_size_ = place_members(outer, request, disk_rules(outer)).disk_size;
    extended_range_ = members_[*extended_].range;
    place_logical(extended_range_.offset, extended_range_.end());
  }

  /// How large an extended partition is that begins at `offset`: nothing, for all that remains, if a logical one is.
  std::optional<std::uint64_t> spanned_size(std::uint64_t offset) {
    const Indices logical = with_role(Role::Logical);
    if (std::any_of(logical.begin(), logical.end(), [&](std::size_t index) { return !wanted(index).size; })) {
      return std::nullopt;
    }
    place_logical(offset, std::nullopt);
    return span_of(offset, logical).size;
  }

  void place_logical(std::uint64_t begin, std::optional<std::uint64_t> end) {
    const Indices indices = with_role(Role::Logical);
    TableRequest request = part_of_request(indices);
    request.disk_size = end;
    PlacementRules rules = common_rules(indices);
    rules.first_usable = begin;
    rules.space = "extended partition";
    rules.space_offset = begin;
    place_members(indices, request, rules);
    place_boot_records(indices, rules);
    if (boot_records_.empty()) boot_records_.push_back(boot_record_at(begin));
    boot_records_.front().offset = begin;
  }

  DiskRange span_of(std::uint64_t begin, const Indices& logical) const {
    std::uint64_t end = begin;
    for (const std::size_t index : logical) end = std::max(end, members_[index].range.end());
    return {begin, end - begin};
  }

  // --- Placing a part of them ---------------------------------------------------------------------------------------

  TableRequest part_of_request(const Indices& indices) const {
    TableRequest request{
        .partitions = {}, .disk_size = request_.disk_size, .seed = request_.seed, .sector_size = request_.sector_size};
    for (const std::size_t index : indices) request.partitions.push_back(wanted(index));
    return request;
  }

  PlacementRules common_rules(const Indices& indices) const {
    PlacementRules rules;
    rules.table = "mbr";
    rules.alignment = alignment_;
    rules.address_limit = kMaxSectors * request_.sector_size;
    rules.max_partitions = kMaxPrimaries + kMaxLogical;
    for (const std::size_t index : indices) {
      const bool logical = members_[index].role == Role::Logical;
      rules.leads.push_back(logical ? std::min(alignment_, wanted(index).alignment.value_or(alignment_)) : 0);
      rules.numbers.push_back(members_[index].number);
    }
    return rules;
  }

  PlacementRules disk_rules(const Indices& indices) const {
    PlacementRules rules = common_rules(indices);
    rules.first_usable = request_.sector_size;
    rules.structures.push_back(mbr_structure());
    return rules;
  }

  Placement place_members(const Indices& indices, const TableRequest& request, const PlacementRules& rules) {
    Placement placement = place_partitions(request, rules);
    for (std::size_t at = 0; at < indices.size(); ++at) members_[indices[at]].range = placement.partitions[at];
    return placement;
  }

  /// In front of each of the logical partitions among `indices`, which were placed by `rules`.
  void place_boot_records(const Indices& indices, const PlacementRules& rules) {
    boot_records_.clear();
    for (std::size_t at = 0; at < indices.size(); ++at) {
      if (members_[indices[at]].role != Role::Logical) continue;
      const std::uint64_t lead = wanted(indices[at]).offset ? request_.sector_size : rules.leads[at];
      boot_records_.push_back(boot_record_at(members_[indices[at]].range.offset - lead));
    }
    std::sort(boot_records_.begin(), boot_records_.end(),
              [](const TableStructure& a, const TableStructure& b) { return a.offset < b.offset; });
  }

  static TableStructure boot_record_at(std::uint64_t offset) {
    return {std::string(kBootRecordName), offset, sizeof(MasterBootRecord)};
  }

  /// Without boot code of its own, the table leaves the place of it to others.
  TableStructure mbr_structure() const {
    const std::uint64_t begin = request_.boot_code ? 0 : offsetof(MasterBootRecord, disk_signature);
    return {std::string(kMbrName), begin, sizeof(MasterBootRecord) - begin};
  }

  // --- The layout ---------------------------------------------------------------------------------------------------

  Layout layout(std::uint32_t disk_signature) const {
    Layout layout;
    layout.table = "mbr";
    layout.disk_id = disk_id_text(disk_signature);
    layout.disk_size = disk_size_;
    layout.sector_size = request_.sector_size;
    for (std::size_t index = 0; index < members_.size(); ++index) {
      layout.partitions.push_back(partition(index, disk_signature));
    }
    if (!extended_ && extended_number_ != 0) layout.partitions.push_back(extended_by_itself(disk_signature));
    layout.structures.push_back(mbr_structure());
    layout.structures.insert(layout.structures.end(), boot_records_.begin(), boot_records_.end());
    return layout;
  }

  Partition partition(std::size_t index, std::uint32_t disk_signature) const {
    const Member& member = members_[index];
    Partition partition;
    if (member.role != Role::Payload) {
      const bool any_extended = wanted(index).type == kAnyExtended;
      partition = in_table(any_extended ? extended_type() : member.os_type, member.number, disk_signature);
      if (member.bootable) partition.attributes = kActive;
    }
    partition.name = wanted(index).name;
    partition.offset = member.range.offset;
    partition.size = member.range.size;
    return partition;
  }

  Partition extended_by_itself(std::uint32_t disk_signature) const {
    Partition partition = in_table(extended_type(), extended_number_, disk_signature);
    partition.offset = extended_range_.offset;
    partition.size = extended_range_.size;
    return partition;
  }

  static Partition in_table(std::uint8_t os_type, std::uint32_t number, std::uint32_t disk_signature) {
    Partition partition;
    partition.number = number;
    partition.type = type_text(os_type);
    partition.type_name = short_type_name(os_type);
    partition.uuid = uuid_text(disk_signature, number);
    partition.holds_partitions = is_extended(os_type);
    return partition;
  }

  /// As fdisk's, as long as CHS addresses reach its end; behind that, the one that says that they don't.
  std::uint8_t extended_type() const {
    const std::uint64_t last = extended_range_.end() / request_.sector_size - 1;
    return chs_field(last) ? kExtended : kExtendedLba;
  }

  const TableRequest& request_;
  const std::uint64_t alignment_;
  std::vector<Member> members_;          ///< one for each of the request's partitions
  std::optional<std::size_t> extended_;  ///< index of the one made by hand
  std::uint32_t extended_number_ = 0;    ///< 0: there is none
  DiskRange extended_range_;
  std::vector<TableStructure> boot_records_;  ///< of the chain, by offset
  std::uint64_t disk_size_ = 0;
};

}  // namespace

Layout plan_table(const TableRequest& request, std::uint64_t alignment, std::uint32_t disk_signature) {
  return TablePlanner(request, alignment).plan(disk_signature);
}

}  // namespace fstool::mbr
