#include "image.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tree_comparison.h"

namespace fstool::e2e {

namespace {

constexpr std::uint64_t kBaseMemory = std::uint64_t{64} << 20U;
constexpr std::uint64_t kMemoryPerNode = 400;

/// How the programs of e2fsprogs are told where in a file a file system begins.
std::string with_offset(const std::filesystem::path& image, std::uint64_t offset) {
  return offset == 0 ? image.string() : image.string() + "?offset=" + std::to_string(offset);
}

}  // namespace

ProcessResult run_fstool(const Command& arguments, const ProcessOptions& options) {
  Command command = {FSTOOL_E2E_PROGRAM};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run(command, options);
}

Command as_nobody(const Command& arguments) {
  Command command = {"setpriv",          "--reuid=65534", "--regid=65534",   "--clear-groups",
                     FSTOOL_E2E_PROGRAM, "--plugin-dir",  FSTOOL_E2E_PLUGINS};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

void expect_fstool_builds(const Command& arguments, std::uint64_t nodes, const ProcessOptions& options) {
  const ProcessResult result = run_fstool(arguments, options);
  EXPECT_EQ(result.exit_code, 0) << "fstool " << to_string(arguments) << '\n' << result.output();
  EXPECT_EQ(result.err, "") << "fstool " << to_string(arguments);
  if (kMemoryIsComparable) {
    EXPECT_LE(result.peak_memory, kBaseMemory + nodes * kMemoryPerNode) << "fstool " << to_string(arguments);
  }
}

std::string expect_success(const Command& command, const ProcessOptions& options) {
  const ProcessResult result = run(command, options);
  EXPECT_EQ(result.exit_code, 0) << to_string(command) << '\n' << result.output();
  return result.out;
}

void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.exceptions(std::ios::badbit | std::ios::failbit);
  file << text;
  file.close();
}

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  file.exceptions(std::ios::badbit | std::ios::failbit);
  return {std::istreambuf_iterator<char>(file), {}};
}

void expect_clean_ext4(const std::filesystem::path& image, std::uint64_t offset) {
  const ProcessResult result = run({"e2fsck", "-fn", with_offset(image, offset)});
  EXPECT_EQ(result.exit_code, 0) << "e2fsck of " << image << '\n' << result.output();
}

void expect_mounted_equals(const std::filesystem::path& image, const std::filesystem::path& source,
                           const Extent& extent) {
  const LoopMount mounted(image, Access::ReadOnly, extent.offset, extent.size);
  for (const std::string& difference : tree_differences(source, mounted.path())) ADD_FAILURE() << difference;
}

std::map<std::string, std::string> ext4_fields(const std::filesystem::path& image) {
  std::istringstream lines(expect_success({"dumpe2fs", "-h", image.string()}));
  std::map<std::string, std::string> fields;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::size_t value = line.find_first_not_of(' ', colon + 1);
    fields[line.substr(0, colon)] = value == std::string::npos ? "" : line.substr(value);
  }
  return fields;
}

std::uint64_t ext4_number(const std::map<std::string, std::string>& fields, const std::string& name) {
  const auto found = fields.find(name);
  if (found == fields.end()) {
    ADD_FAILURE() << "dumpe2fs prints no \"" << name << '"';
    return 0;
  }
  return std::stoull(found->second);
}

std::vector<Extent> partitions_of(const std::filesystem::path& image) {
  const auto table = nlohmann::json::parse(expect_success({"sfdisk", "--json", image.string()})).at("partitiontable");
  const auto sector_size = table.value("sectorsize", std::uint64_t{512});
  std::vector<Extent> partitions;
  for (const auto& partition : table.at("partitions")) {
    partitions.push_back({partition.at("start").get<std::uint64_t>() * sector_size,
                          partition.at("size").get<std::uint64_t>() * sector_size});
  }
  return partitions;
}

std::string sha256(const std::filesystem::path& file) {
  return expect_success({"sha256sum", file.string()}).substr(0, 64);
}

std::uint64_t count_nodes(const std::filesystem::path& directory) {
  const std::filesystem::recursive_directory_iterator begin(directory);
  return 1 + static_cast<std::uint64_t>(std::distance(begin, {}));
}

}  // namespace fstool::e2e
