#include "spec_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "fstool/blob.h"
#include "fstool/error.h"
#include "spec_merge.h"
#include "spec_setting.h"
#include "spec_toml.h"
#include "tree_digest.h"

namespace fstool {

namespace {

namespace fs = std::filesystem;

/// Twice what a disk of 128 partitions needs, and small enough that hostile text can't keep the parser busy: it takes
/// quadratic time where a table has many entries.
constexpr std::uint64_t kMaxSpecBytes = 64 * 1024;

/// More files than a spec has, so that includes which double at each step come to an end.
constexpr std::size_t kMaxFiles = 64;

constexpr std::string_view kInclude = "include";

std::string read_text(const fs::path& file) {
  const BlobPtr blob = open_file_blob(file);
  const std::vector<std::byte> bytes =
      with_context([&] { return file.string() + " as a spec"; }, [&] { return read_all(*blob, kMaxSpecBytes); });
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class SpecFiles {
 public:
  SpecFiles(const Variables& variables, SpecProblems& problems) : variables_(variables), problems_(problems) {}

  /// The table of `file`, with what it includes.
  OptionTable load(const fs::path& file) {
    const std::string text = read_text(file);
    files_.push_back(file);
    OptionTable table;
    collect(first_line(file), [&] { table = parse_toml(text, file.string()); });
    const auto include = std::ranges::find(table, kInclude, &OptionEntry::key);
    if (include == table.end()) return table;
    OptionValue names = std::move(include->value);
    table.erase(include);

    open_.push_back(file);
    OptionTable merged;
    collect(names.location, [&] { merged = load_included(std::move(names), file.parent_path()); });
    open_.pop_back();
    merge_tables(merged, std::move(table));
    return merged;
  }

  bool is_complete() const { return is_complete_; }
  std::vector<fs::path> files() && { return std::move(files_); }

 private:
  template <class Work>
  void collect(const SpecProblems::LocationPtr& location, Work&& work) {
    if (!problems_.collect(location, std::forward<Work>(work))) is_complete_ = false;
  }

  static SpecProblems::LocationPtr first_line(const fs::path& file) {
    return std::make_shared<const SpecLocation>(
        SpecLocation{.file = file.string(), .line = 0, .column = 0, .line_text = {}});
  }

  OptionTable load_included(OptionValue names, const fs::path& directory) {
    auto* array = std::get_if<OptionValue::Array>(&names.data);
    if (array == nullptr) throw wrong_type(names, kInclude, "a list of files");
    OptionTable merged;
    for (OptionValue& name : *array) {
      collect(name.location, [&] { merge_tables(merged, load_one(name, directory)); });
    }
    return merged;
  }

  OptionTable load_one(OptionValue& name, const fs::path& directory) {
    OptionTable expanded{{.key = std::string(kInclude), .value = name, .location = name.location}};
    variables_.expand(expanded);
    const fs::path file = parse_path(expanded.front().value, kInclude, {.file = {}, .directory = directory});
    refuse_loop(file, name.location);
    if (files_.size() == kMaxFiles) throw spec_error(name.location, fmt::format("more than {} files", kMaxFiles));
    try {
      return load(file);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::NotFound && error.code() != ErrorCode::InvalidArgument &&
          error.code() != ErrorCode::Io && error.code() != ErrorCode::Unsupported) {
        throw;
      }
      throw spec_error(name.location, error.what());
    }
  }

  void refuse_loop(const fs::path& file, const SpecProblems::LocationPtr& location) const {
    for (const fs::path& other : open_) {
      std::error_code error;
      if (!fs::equivalent(file, other, error)) continue;
      throw spec_error(
          location, fmt::format("{} includes itself{}", file.string(), open_.size() == 1 ? "" : " by way of others"));
    }
  }

  const Variables& variables_;
  SpecProblems& problems_;
  bool is_complete_ = true;
  std::vector<fs::path> files_;
  std::vector<fs::path> open_;  ///< whose includes are being read, outermost first
};

/// Equal for specs that mean the same: it leaves out comments and the order of keys.
std::string identity_of(const SpecText& text) {
  Digest digest;
  digest.add_with_types(text.table);
  // Where relative paths start.
  for (const fs::path& file : text.files) {
    digest.add(std::string_view(fs::absolute(file).lexically_normal().native()));
  }
  return digest.finish().uuid("spec").to_string();
}

}  // namespace

SpecText load_spec_text(const SpecRequest& request, SpecProblems& problems) {
  SpecText spec;
  spec.base = {.file = request.file.string(), .directory = request.file.parent_path()};
  SpecFiles files(request.variables, problems);
  spec.table = files.load(request.file);
  spec.is_complete = files.is_complete();
  spec.files = std::move(files).files();
  if (!spec.is_complete) return spec;
  for (const std::string& setting : request.settings) apply_setting(spec.table, setting, problems);
  request.variables.expand(spec.table, problems);
  return spec;
}

Spec load_spec(const SpecRequest& request, SpecProblems& problems) {
  const SpecText text = load_spec_text(request, problems);
  if (!text.is_complete) problems.throw_if_any();
  Spec spec = read_spec(text.table, text.base, problems);
  spec.identity = identity_of(text);
  spec.files = text.files;
  return spec;
}

Spec load_spec(const SpecRequest& request) {
  SpecProblems problems;
  Spec spec = load_spec(request, problems);
  problems.throw_if_any();
  return spec;
}

}  // namespace fstool
