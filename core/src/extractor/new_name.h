/// \file
/// A name in a directory that something new gets.
#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "fstool/error.h"
#include "temporary_name.h"

namespace fstool {

/// What is made under it is complete or gone: it is taken away with this object unless it was kept. What has the name
/// already is an error, or is replaced when the new one is complete.
class NewName {
 public:
  /// `directory` is open as long as this object lives; `path` is the name in messages and outlives it too.
  NewName(int directory, std::string_view name, const std::string& path, bool replace)
      : directory_(directory), name_(name), path_(path), replace_(replace) {}
  ~NewName() {
    if (made_) ::unlinkat(directory_, current(), 0);
  }
  NewName(const NewName&) = delete;
  NewName& operator=(const NewName&) = delete;

  /// Calls `make(name)`, which makes something exclusively and returns -1 with errno if it can't: openat(2),
  /// mknodat(2), symlinkat(2), linkat(2). Returns its result; throws system_error(), but not if errno is `tolerated`.
  template <class Make>
  int make(const Make& make, int tolerated = 0) {
    constexpr int kAttempts = 100;
    int result = make(current());
    for (int attempt = 0; result < 0 && errno == EEXIST && replace_ && attempt < kAttempts; ++attempt) {
      temporary_ = temporary_name(name_);
      result = make(current());
    }
    if (result >= 0) {
      made_ = true;
    } else if (errno == EEXIST) {
      throw Error(ErrorCode::Io, fmt::format("{} exists already", path_));
    } else if (errno != tolerated) {
      throw system_error(path_, errno);
    }
    return result;
  }

  /// The name that it has for now.
  const char* current() const noexcept { return temporary_.empty() ? name_.c_str() : temporary_.c_str(); }

  /// It is complete.
  void keep() {
    if (!temporary_.empty()) {
      if (::renameat(directory_, temporary_.c_str(), directory_, name_.c_str()) != 0) throw system_error(path_, errno);
      // Where both are names of one file, nothing is renamed.
      ::unlinkat(directory_, temporary_.c_str(), 0);
    }
    made_ = false;
  }

 private:
  int directory_;
  std::string name_;
  const std::string& path_;
  bool replace_;
  std::string temporary_;  // empty: it has its own name
  bool made_ = false;
};

}  // namespace fstool
