#include "check/xattr_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>

#include "fstool/error.h"
#include "read/inode_fields.h"

namespace fstool::ext4 {

namespace {

std::size_t aligned(std::size_t bytes) { return (bytes + kXattrAlignment - 1) / kXattrAlignment * kXattrAlignment; }

/// True if `matches` is, of the name's hash: kernels disagreed on whether names have signed characters.
template <class Matches>
bool either_name_hash(std::string_view name, Matches&& matches) {
  return matches(xattr_name_hash(name)) || matches(signed_xattr_name_hash(name));
}

}  // namespace

XattrFacts XattrCheck::check_inode(const InodeRecord& record, Findings& findings) {
  const auto behind = record.behind_fields();
  little_uint32_t magic(0);
  if (behind.size() > sizeof(magic)) std::memcpy(&magic, behind.data(), sizeof(magic));
  if (magic != kXattrMagic) return {};
  return check({behind, sizeof(magic), sizeof(magic), false, record.number, fmt::format("inode {}", record.number)},
               findings);
}

XattrFacts XattrCheck::check_block(std::uint64_t block, std::uint32_t owner, Findings& findings) {
  const std::string subject = fmt::format("the extended attributes in block {} (inode {})", block, owner);
  const std::vector<std::byte> bytes = volume_.blocks.read(block);
  XattrBlockHeader header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (header.magic != kXattrMagic || header.blocks != 1) {
    findings.add("{}: the block has something else", subject);
    return {};
  }
  if (volume_.layout.metadata_checksums) {
    XattrBlockHeader unsealed = header;
    unsealed.checksum = 0;
    std::uint32_t crc = crc32c_of(volume_.layout.checksum_seed, little_uint64_t(block));
    crc = crc32c(crc, bytes_of(unsealed));
    crc = crc32c(crc, std::span(bytes).subspan(sizeof(header)));
    if (crc != header.checksum) findings.add("{}: their checksum is wrong", subject);
  }
  const Region region{bytes, sizeof(header), 0, true, owner, subject};
  XattrFacts facts = check(region, findings);
  facts.references = header.reference_count;
  std::size_t end = 0;
  Findings told;  // check() has told them
  if (const auto entries = parse(region, end, told)) facts.oddity = oddity_of(region, *entries, header.hash);
  return facts;
}

std::optional<std::vector<XattrCheck::Entry>> XattrCheck::parse(const Region& region, std::size_t& end,
                                                                Findings& findings) {
  std::vector<Entry> entries;
  for (std::size_t at = region.first;;) {
    little_uint32_t word(0);
    if (at + sizeof(word) <= region.bytes.size()) std::memcpy(&word, region.bytes.data() + at, sizeof(word));
    if (word == 0) {  // a list that fills its place needs no end mark
      end = at;
      return entries;
    }
    Entry entry;
    const bool fits = at + sizeof(entry.fields) <= region.bytes.size();
    if (fits) std::memcpy(&entry.fields, region.bytes.data() + at, sizeof(entry.fields));
    const std::size_t next = aligned(at + sizeof(entry.fields) + entry.fields.name_length);
    if (!fits || next > region.bytes.size()) {
      findings.add("{}: the list of extended attributes is damaged at byte {}", region.subject, at);
      return std::nullopt;
    }
    entry.name = {reinterpret_cast<const char*>(region.bytes.data()) + at + sizeof(entry.fields),
                  entry.fields.name_length};
    if (entry.name.find('\0') != std::string_view::npos || (entry.name.empty() && entry.fields.name_index == 0)) {
      findings.add("{}: the name of an extended attribute can't be one", region.subject);
    }
    entries.push_back(entry);
    at = next;
  }
}

XattrFacts XattrCheck::check(const Region& region, Findings& findings) {
  XattrFacts facts;
  std::size_t end = 0;
  const auto entries = parse(region, end, findings);
  if (!entries) return facts;
  std::vector<std::pair<std::size_t, std::size_t>> values;
  for (const Entry& entry : *entries) {
    if (entry.fields.value_inode != 0) {
      check_value_inode(region, entry, facts, findings);
      continue;
    }
    const std::size_t begin = std::size_t{entry.fields.value_offset} + region.base;
    const std::size_t size = entry.fields.value_size;
    if (size > 0) {
      if (begin < end || begin > region.bytes.size() || size > region.bytes.size() - begin) {
        findings.add("{}: the value of the extended attribute {} lies outside of its place", region.subject,
                     entry.name);
        continue;
      }
      values.emplace_back(begin, begin + size);
    }
    const auto value_bytes = size == 0 ? std::string_view()
                                       : std::string_view(reinterpret_cast<const char*>(region.bytes.data()) + begin,
                                                          std::min(aligned(size), region.bytes.size() - begin));
    if (entry.fields.name_index == kXattrSystem && entry.name == "data") {
      facts.inline_data = value_bytes.substr(0, size);
      continue;
    }
    const std::uint32_t recorded = entry.fields.hash;
    if (!region.is_block && recorded == 0) continue;  // the kernel leaves it out in inodes
    if (!either_name_hash(entry.name,
                          [&](std::uint32_t hash) { return recorded == mix_xattr_value(hash, value_bytes); })) {
      findings.add("{}: the hash of the extended attribute {} is wrong", region.subject, entry.name);
    }
  }
  std::sort(values.begin(), values.end());
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (values[i].first >= values[i - 1].second) continue;
    findings.add("{}: the values of two extended attributes overlap", region.subject);
    break;
  }
  return facts;
}

void XattrCheck::check_value_inode(const Region& region, const Entry& entry, XattrFacts& facts, Findings& findings) {
  const std::uint32_t number = entry.fields.value_inode;
  const auto damage = [&](const std::string& what) {
    findings.add("{}: the extended attribute {}: {}", region.subject, entry.name, what);
  };
  if (!volume_.layout.features.has_incompat(kIncompatEaInode)) {
    return damage("its value lies in an inode, which takes the feature ea_inode");
  }
  try {
    const InodeRecord record = inodes_.read(number);
    const std::uint64_t size = record.fields.size_lo | std::uint64_t{record.fields.size_hi} << 32;
    if (kind_of(record.fields) != NodeKind::File || (record.fields.flags & kInodeEaInode) == 0) {
      return damage(fmt::format("inode {} does not hold a value", number));
    }
    facts.value_inodes.push_back(number);
    if (size != entry.fields.value_size) {
      damage(fmt::format("inode {} has {} bytes instead of {}", number, size, entry.fields.value_size.value()));
    }
    if (either_name_hash(entry.name, [&](std::uint32_t hash) {
          return entry.fields.hash == mix_xattr_hash(hash, record.fields.atime);
        })) {
      const std::uint64_t cluster_bytes = std::uint64_t{volume_.layout.block_size} * volume_.layout.cluster_ratio;
      facts.value_blocks +=
          (entry.fields.value_size + cluster_bytes - 1) / cluster_bytes * volume_.layout.cluster_ratio;
    } else if (record.fields.mtime != region.owner) {
      // Lustre's values name the one inode that they belong to, and have no hash.
      damage("its hash is wrong");
    }
  } catch (const Error& error) {
    if (error.code() != ErrorCode::Corrupt) throw;
    damage(error.what());
  }
}

std::string XattrCheck::oddity_of(const Region& region, const std::vector<Entry>& entries,
                                  std::uint32_t recorded_hash) {
  const auto key = [](const Entry& entry) {
    return std::make_tuple(entry.fields.name_index, entry.name.size(), entry.name);
  };
  std::uint32_t hash = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i > 0 && key(entries[i - 1]) >= key(entries[i])) {
      return region.subject + ": they are not sorted, so the kernel may not find all of them";
    }
    hash = mix_xattr_hash(hash, entries[i].fields.hash);
  }
  // A block without a hash is not shared: one in which an entry has none, or that mke2fs made.
  if (recorded_hash == 0 || recorded_hash == hash) return {};
  return region.subject + ": the hash of the whole block is wrong, which keeps it from being shared";
}

}  // namespace fstool::ext4
