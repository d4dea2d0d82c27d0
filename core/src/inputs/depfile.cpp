#include "inputs/depfile.h"

#include <algorithm>
#include <span>
#include <utility>

#include "text_file.h"

namespace fstool {

namespace {

/// As gcc writes names for Make: '$' is doubled, '#' and blanks get a backslash, and so does each backslash in front of
/// a blank.
std::string make_name(const std::string& path) {
  std::string name;
  std::size_t backslashes = 0;  // that `name` ends in
  for (const char c : path) {
    if (c == ' ' || c == '\t') name.append(backslashes + 1, '\\');
    if (c == '#') name += '\\';
    if (c == '$') name += '$';
    name += c;
    backslashes = c == '\\' ? backslashes + 1 : 0;
  }
  return name;
}

}  // namespace

std::string depfile_text(const std::filesystem::path& output, std::vector<std::string> dependencies) {
  std::erase_if(dependencies, [](const std::string& path) { return path.find('\n') != std::string::npos; });
  std::ranges::sort(dependencies);
  dependencies.erase(std::unique(dependencies.begin(), dependencies.end()), dependencies.end());
  std::string text = make_name(output.string()) + ":";
  for (const std::string& path : dependencies) text += " \\\n  " + make_name(path);
  text += "\n";
  for (const std::string& path : dependencies) text += "\n" + make_name(path) + ":\n";
  return text;
}

void write_depfile(const std::filesystem::path& path, const std::filesystem::path& output,
                   std::vector<std::string> dependencies) {
  write_text_file(path, depfile_text(output, std::move(dependencies)), OutputFile::Sync::Never);
}

}  // namespace fstool
