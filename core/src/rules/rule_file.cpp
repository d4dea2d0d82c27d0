#include "rules/rule_file.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "fstool/blob.h"

namespace fstool {

std::string read_rule_file(const RuleFile& file, std::uint64_t max_bytes, const Context& context) {
  try {
    context.note_input(file.path, InputUse::Content);
    const BlobPtr blob = open_file_blob(file.path);
    return with_context([&] { return file.path.string(); },
                        [&] {
                          const std::vector<std::byte> bytes = read_all(*blob, max_bytes);
                          return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                        });
  } catch (const Error& error) {
    if (error.code() == ErrorCode::Cancelled || error.code() == ErrorCode::Internal) throw;
    throw spec_error(file.location, error.what());
  }
}

bool TextLines::next(std::string_view& line) {
  if (rest_.empty()) return false;
  line = peek();
  line_ = line;
  rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size() - 1) + 1);
  ++place_.line;
  return true;
}

std::string_view TextLines::peek() const {
  std::string_view line = rest_.substr(0, rest_.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

Error TextLines::error(std::string_view message) const {
  constexpr std::size_t kMaxShownBytes = 400;
  SpecLocation location{.file = place_.file, .line = place_.line, .column = 1, .line_text = {}};
  location.line_text = line_.substr(0, kMaxShownBytes);
  return spec_error(std::make_shared<const SpecLocation>(std::move(location)), message);
}

std::string_view take_word(std::string_view& line) {
  constexpr std::string_view kBlanks = " \t";
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kBlanks));
  line.remove_prefix(word.size());
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  return word;
}

}  // namespace fstool
