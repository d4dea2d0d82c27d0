// Writes what is installed beside the program and says what it says of itself: the manual pages, in the notation of
// scdoc(5), and the completions. Not installed.
//
//   fstool-manuals pages DIRECTORY [FILE.scd.in…]    a page for each command, and the files with what they refer to
//   fstool-manuals completions DIRECTORY             fstool (bash), _fstool (zsh), fstool.fish

#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "manual/completions.h"
#include "manual/man_page.h"

namespace fstool {

namespace {

namespace fs = std::filesystem;

void write_file(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.exceptions(std::ios::badbit | std::ios::failbit);
  file << text;
  file.close();
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("can't read " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_pages(const fs::path& directory, const std::vector<std::string>& templates) {
  const std::vector<DescribedEntry> entries = describe_commands();
  for (const DescribedEntry& entry : entries) {
    if (entry.is_alias()) {
      write_file(directory / (page_name(entry.name) + ".1"), alias_page(entry));
    } else {
      write_file(directory / (page_name(entry.name) + ".1.scd"), command_page(entry));
    }
  }
  for (const fs::path file : templates) write_file(directory / file.stem(), fill_page(read_file(file), entries));
}

void write_completions(const fs::path& directory) {
  const std::vector<DescribedEntry> entries = describe_commands();
  write_file(directory / "fstool", bash_completion(entries));
  write_file(directory / "_fstool", zsh_completion(entries));
  write_file(directory / "fstool.fish", fish_completion(entries));
}

int run(const std::vector<std::string>& arguments) {
  if (arguments.size() >= 2 && arguments[0] == "pages") {
    write_pages(arguments[1], {arguments.begin() + 2, arguments.end()});
    return 0;
  }
  if (arguments.size() == 2 && arguments[0] == "completions") {
    write_completions(arguments[1]);
    return 0;
  }
  std::fputs("usage: fstool-manuals pages DIRECTORY [FILE…] | completions DIRECTORY\n", stderr);
  return 2;
}

}  // namespace

}  // namespace fstool

int main(int argc, char** argv) {
  try {
    return fstool::run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "fstool-manuals: %s\n", error.what());
    return 1;
  }
}
