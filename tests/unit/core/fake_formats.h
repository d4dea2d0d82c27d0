/// \file
/// Formats without plugins for the tests of the pipeline. They write what they were told as text, so that a test can
/// read it off the output, or write an image by hand.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fstool/registry.h"

namespace fstool::test {

/// What happened to the fakes of one registry.
struct FakeLog {
  std::vector<std::string> loads;          ///< locations, in order
  std::vector<std::uint64_t> fixed_sizes;  ///< one for each format() call; 0: made to measure
  std::vector<std::uint64_t> offsets;      ///< one for each format() call
  std::vector<std::string> seeds;          ///< one for each format() call
  std::vector<std::string> trees;          ///< names in the root directory, one for each format() call
  unsigned opened = 0;                     ///< number of file systems opened
};

/// A registry with:
/// * source "list": accepts names that end in ".list", whose tree has one file per letter of the name before it;
/// * source "other": accepts ".list" files that begin with "both";
/// * filesystem "fake": the root directory as text, "a@1000 b@1001 ", padded to the size asked for, or to 1000 bytes
/// for
///   each file (options: fill, label); when read, a word "#text" is the label and a word "!" is damage;
/// * partition table "row": partitions one after the other, from byte 1024 on, in whole sectors (option: gap), behind
/// the
///   text "row:name,type,offset,size[,uuid];…";
/// * derivation "count": "counted N", the bytes of the data that aren't zero, padded to half of its size; value: total,
///   four digits;
/// * containers "raw" and "box" (extensions "box", "tar.box"; option: lid): the bytes, behind the container's name and
/// a
///   colon; "box" reads what it wrote;
/// * codec "shout" (extension "loud").
/// The log must outlive the registry.
Registry make_fake_registry(FakeLog& log);

/// The text at the start of `blob`, up to a NUL or 1024 bytes.
std::string text_of(const Blob& blob);

}  // namespace fstool::test
