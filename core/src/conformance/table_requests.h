/// \file
/// Disks to ask partition tables for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fstool/partition_table.h"

namespace fstool::conformance {

struct SampleRequest {
  std::string name;  ///< for messages: "three partitions, sectors of 4096 bytes"
  TableRequest request;
};

/// Requests with partitions of any size, offset, alignment and gap, and what is not in the table. `type` is one that
/// the table knows.
std::vector<SampleRequest> sample_requests(const std::string& type);

/// One with two partitions on a disk of some MiB.
TableRequest simple_request(const std::string& type, std::uint32_t sector_size = 512);

}  // namespace fstool::conformance
