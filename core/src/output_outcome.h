/// \file
/// OutputOutcome: the files of an output as commit() left them.
#pragma once

#include <filesystem>
#include <vector>

#include "file_stamp.h"
#include "fstool/output_file.h"

namespace fstool {

struct OutputOutcome {
  struct File {
    std::filesystem::path path;
    FileStamp stamp;
  };

  /// The output, then its companions. Empty if one of them is no file, or was changed by somebody as soon as it had its
  /// place: what its paths lead to may be something else by now.
  std::vector<File> files;
  bool is_synced = false;  ///< all of it is on stable storage

  /// After commit().
  static OutputOutcome of(const OutputFile& output);
};

}  // namespace fstool
