#include "plugin_project.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <fstream>
#include <map>
#include <system_error>
#include <utility>

#include "fstool/error.h"
#include "fstool/options.h"
#include "plugin_templates.h"

namespace fstool {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMagicBytes = 8;  // of the formats of the projects

/// What is particular to the projects of a stage.
struct StageProject {
  Stage stage;
  std::string_view word;  ///< in the plugin's name; also the folder of core/templates
  std::string_view file;  ///< name of the source
  std::string_view type;  ///< what the interface's class is called
  std::string_view usage;
  bool has_bytes = true;  ///< the format has a layout in bytes
};

constexpr std::array kStages = {
    StageProject{Stage::Source, "source", "source", "Source",
                 "    echo 'etc/hostname box' > list.@format@\n"
                 "    fstool create -t ext4 list.@format@ -o disk.ext4\n"
                 "    fstool ls -lR disk.ext4",
                 false},
    StageProject{Stage::Filesystem, "filesystem", "filesystem", "Filesystem",
                 "    fstool create -t @format@ ./tree -o tree.@format@\n"
                 "    fstool ls -lR tree.@format@"},
    StageProject{Stage::Derivation, "derivation", "derivation", "Derivation",
                 "    cat > disk.toml <<END\n"
                 "    [image]\n"
                 "    partition_table = \"gpt\"\n"
                 "    [[partitions]]\n"
                 "    name = \"data\"\n"
                 "    [partitions.filesystem]\n"
                 "    type = \"ext4\"\n"
                 "    source = \"./tree\"\n"
                 "    [[partitions]]\n"
                 "    name = \"sums\"\n"
                 "    [partitions.derive]\n"
                 "    type = \"@format@\"\n"
                 "    from = \"data\"\n"
                 "    END\n"
                 "    fstool run disk.toml -o disk.img"},
    StageProject{Stage::PartitionTable, "partition-table", "partition_table", "Table",
                 "    cat > disk.toml <<END\n"
                 "    [image]\n"
                 "    partition_table = \"@format@\"\n"
                 "    [[partitions]]\n"
                 "    name = \"data\"\n"
                 "    [partitions.filesystem]\n"
                 "    type = \"ext4\"\n"
                 "    source = \"./tree\"\n"
                 "    END\n"
                 "    fstool run disk.toml -o disk.img\n"
                 "    fstool ls -lR disk.img:data"},
    StageProject{Stage::Container, "container", "container", "Container",
                 "    fstool create -t ext4 ./tree -o disk.@format@\n"
                 "    fstool ls -lR disk.@format@"},
    StageProject{Stage::Codec, "codec", "codec", "Codec",
                 "    fstool create -t ext4 ./tree -o disk.img.@format@\n"
                 "    fstool ls -lR disk.img.@format@"},
};

const StageProject& project_of(Stage stage) { return *std::ranges::find(kStages, stage, &StageProject::stage); }

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

/// Names of formats may have other characters, too, but not file names, identifiers and targets of CMake at once.
bool is_new_format_name(std::string_view name) {
  return !name.empty() && is_letter_or_digit(name.front()) &&
         std::ranges::all_of(name, [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_'; });
}

/// "my-format" becomes "MyFormat".
std::string camel_case(std::string_view name) {
  std::string result;
  bool begins_word = true;
  for (const char c : name) {
    if (!is_letter_or_digit(c)) {
      begins_word = true;
      continue;
    }
    result += begins_word && c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
    begins_word = false;
  }
  return result;
}

/// No keyword, and none that begins with a digit, ends so.
std::string namespace_name(std::string_view format, const StageProject& project) {
  std::string result = fmt::format("{}{}_{}", std::isdigit(static_cast<unsigned char>(format.front())) != 0 ? "f" : "",
                                   format, project.file);
  std::ranges::replace(result, '-', '_');
  return result;
}

std::string class_name(std::string_view format, const StageProject& project) {
  const std::string name = camel_case(format);
  return fmt::format("{}{}{}", std::isdigit(static_cast<unsigned char>(name.front())) != 0 ? "F" : "", name,
                     project.type);
}

std::string magic(std::string_view format) {
  std::string result(format.substr(0, kMagicBytes));
  result.resize(kMagicBytes, '.');
  return result;
}

/// `text` with the values of the names between "@"s.
std::string fill_in(std::string_view text, const std::map<std::string, std::string, std::less<>>& values) {
  std::string result;
  while (true) {
    const std::size_t begin = text.find('@');
    result += text.substr(0, begin);
    if (begin == std::string_view::npos) return result;
    const std::size_t end = text.find('@', begin + 1);
    const auto value =
        end == std::string_view::npos ? values.end() : values.find(text.substr(begin + 1, end - begin - 1));
    if (value == values.end()) throw Error(ErrorCode::Internal, "a template of a plugin has an unknown name");
    result += value->second;
    text.remove_prefix(end + 1);
  }
}

/// "0.1" of "0.1.0".
std::string minor_version(std::string_view version) {
  return std::string(version.substr(0, version.find('.', version.find('.') + 1)));
}

void write_file(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw system_error("writing " + path.string(), errno);
}

}  // namespace

NewPlugin parse_new_plugin(std::string_view text) {
  std::vector<std::string_view> words;
  for (const StageProject& project : kStages) {
    words.push_back(project.word);
    const std::string prefix = fmt::format("{}-", project.word);
    if (!text.starts_with(prefix)) continue;
    const std::string_view format = text.substr(prefix.size());
    if (is_new_format_name(format)) return {project.stage, std::string(format)};
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("\"{}\" can't be the name of a new {}: use a-z, 0-9, \"-\" and \"_\", and begin with a "
                            "letter or digit",
                            format, stage_name(project.stage)));
  }
  throw Error(ErrorCode::InvalidArgument,
              fmt::format("\"{}\" is not STAGE-NAME, as in \"container-foo\": the stages are {}", text,
                          fmt::join(words, ", ")));
}

std::vector<ProjectFile> starter_project(const NewPlugin& plugin) {
  const StageProject& project = project_of(plugin.stage);
  std::map<std::string, std::string, std::less<>> values = {
      {"plugin", fmt::format("{}-{}", project.word, plugin.format)},
      {"format", plugin.format},
      {"stage", std::string(stage_name(plugin.stage))},
      {"file", std::string(project.file)},
      {"namespace", namespace_name(plugin.format, project)},
      {"Class", class_name(plugin.format, project)},
      {"magic", magic(plugin.format)},
      {"sdk", minor_version(FSTOOL_SDK_VERSION)},
  };
  values["usage"] = fill_in(project.usage, values);
  std::vector<std::string> folders = {"common/", fmt::format("{}/", project.word)};
  if (project.has_bytes) folders.emplace_back("binary/");
  constexpr std::string_view kEnding = ".in";
  std::vector<ProjectFile> files;
  for (const EmbeddedFile& file : plugin_templates()) {
    for (const std::string& folder : folders) {
      if (!file.name.starts_with(folder)) continue;
      std::string_view path = file.name.substr(folder.size());
      path.remove_suffix(kEnding.size());
      files.push_back({path, fill_in(file.text, values)});
    }
  }
  std::ranges::sort(files, {}, &ProjectFile::path);
  return files;
}

void write_project(const std::vector<ProjectFile>& files, const fs::path& directory) {
  try {
    if (fs::exists(directory) && !(fs::is_directory(directory) && fs::is_empty(directory))) {
      throw Error(ErrorCode::InvalidArgument, fmt::format("{} is there already, and not empty", directory.string()));
    }
    fs::create_directories(directory);
    for (const ProjectFile& file : files) write_file(directory / file.path, file.text);
  } catch (const fs::filesystem_error& error) {
    throw system_error("writing " + error.path1().string(), error.code().value());
  }
}

}  // namespace fstool
