/// \file
/// Opens the directories of an extraction without ever leaving the one it goes into.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <utility>

#include "extractor/extraction_plan.h"
#include "file_descriptor.h"

namespace fstool {

/// Opens directories by their names, from the directory that the extraction goes into down. No symbolic link is
/// followed on the way, so what is opened lies below it whatever others do to the names meanwhile. Keeps the last ones
/// open. For one thread.
class DirectoryOpener {
 public:
  /// `top` is open and stays it; `top_path` is its name in messages. `capacity` (at least 1) is how many stay open.
  DirectoryOpener(const ExtractionPlan& plan, int top, const std::string& top_path, std::size_t capacity)
      : plan_(plan), top_(top), top_path_(top_path), capacity_(capacity) {}

  /// A descriptor (O_PATH) of plan.directories[directory], valid until `capacity` others were opened. Throws
  /// system_error() if it isn't there, or is no directory any more.
  int open(std::uint32_t directory);

  /// For messages.
  std::string path(std::uint32_t directory) const;
  std::string path(const PlannedName& name) const;

 private:
  /// Opens the directory from the nearest one above it that is open.
  FileDescriptor open_new(std::uint32_t directory) const;

  const ExtractionPlan& plan_;
  int top_;
  const std::string& top_path_;
  std::size_t capacity_;
  using Open = std::pair<std::uint32_t, FileDescriptor>;
  std::list<Open> open_;  // the last used first
  std::unordered_map<std::uint32_t, std::list<Open>::iterator> known_;
};

}  // namespace fstool
