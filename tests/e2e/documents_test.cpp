// Manuals and completions say of every command what its --help says, and nothing else.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "harness/command_help.h"
#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/temp_dir.h"

namespace fstool::e2e {
namespace {

const std::filesystem::path kManuals = FSTOOL_E2E_MANUALS;

/// The page as it is read, without emphasis and with lines as long as they are.
std::string page_text(const std::filesystem::path& page) {
  std::string text = read_text(page);
  text = std::regex_replace(text, std::regex(R"(\\f[BIR])"), "");
  text = std::regex_replace(text, std::regex(R"(\\&)"), "");
  return std::regex_replace(text, std::regex(R"(\\-)"), "-");
}

std::filesystem::path page_of(const std::string& command) {
  return kManuals / "man/man1" / fmt::format("fstool-{}.1", std::regex_replace(command, std::regex(" "), "-"));
}

/// The lines of a section of a page.
std::vector<std::string> section(const std::string& page, const std::string& title) {
  std::vector<std::string> lines;
  bool is_inside = false;
  for (const std::string& line : lines_of(page)) {
    if (line.starts_with(".SH "))
      is_inside = line == ".SH " + title;
    else if (is_inside && !line.starts_with("."))
      lines.push_back(line);
  }
  return lines;
}

std::set<HelpOption> page_options(const std::string& page) {
  static const std::regex term(R"((?:-(.), )?--([a-z-]+)(?: (\S+))?)");
  std::set<HelpOption> options;
  for (const std::string& line : section(page, "OPTIONS")) {
    std::smatch match;
    if (std::regex_match(line, match, term)) options.insert({match[1], match[2], match[3]});
  }
  return options;
}

std::set<std::string> page_exit_codes(const std::string& page) {
  std::set<std::string> codes;
  for (const std::string& line : section(page, "EXIT STATUS")) {
    if (std::regex_match(line, std::regex(R"(\d+)"))) codes.insert(line);
  }
  return codes;
}

std::string to_text(const std::set<HelpOption>& options) {
  std::string text;
  for (const HelpOption& option : options)
    text += fmt::format("-{} --{} {}\n", option.letter, option.name, option.value);
  return text;
}

/// "-o", "--output" and so on.
std::set<std::string> spellings(const std::set<HelpOption>& options) {
  std::set<std::string> words;
  for (const HelpOption& option : options) {
    words.insert("--" + option.name);
    if (!option.letter.empty()) words.insert("-" + option.letter);
  }
  return words;
}

std::set<std::string> words_of(const std::string& text) {
  const std::vector<std::string> lines = lines_of(text);
  return {lines.begin(), lines.end()};
}

/// What bash offers behind the words, the last of which is being typed.
std::set<std::string> offered_by_bash(const std::vector<std::string>& words) {
  std::string list;
  for (const std::string& word : words) list += " '" + word + "'";
  const std::string script = fmt::format(
      "source '{}'\nCOMP_WORDS=({})\nCOMP_CWORD={}\n_fstool\n((${{#COMPREPLY[@]}})) && printf '%s\\n' "
      "\"${{COMPREPLY[@]}}\"",
      (kManuals / "completions/fstool").string(), list, words.size() - 1);
  return words_of(run({"bash", "-c", script}).out);
}

std::set<std::string> offered_by_fish(const std::string& line, const TempDir& home) {
  const ProcessResult result = run(
      {"fish", "--no-config", "-c",
       fmt::format("source '{}'; complete -C '{}'", (kManuals / "completions/fstool.fish").string(), line)},
      {.directory = home.path(),
       .environment = {{"HOME", home.path().string()},
                       {"PATH", "/usr/bin:/bin:" + std::filesystem::path(FSTOOL_E2E_PROGRAM).parent_path().string()}}});
  EXPECT_EQ(result.err, "");
  std::set<std::string> words;
  for (const std::string& offered : lines_of(result.out)) words.insert(offered.substr(0, offered.find('\t')));
  return words;
}

TEST(Help, HasExitCodesAndExamplesOfEveryCommand) {
  for (const CommandHelp& help : all_help()) {
    EXPECT_FALSE(help.exit_codes.empty()) << help.name;
    EXPECT_NE(
        help.text.find("\nExamples:\n  fstool " + help.name.substr(0, help.name == "build" ? 0 : std::string::npos)),
        std::string::npos)
        << help.name << '\n'
        << help.text;
    EXPECT_TRUE(help.options.contains({"h", "help", ""}) || help.options.contains({"", "help", ""})) << help.name;
  }
}

TEST(Manuals, HaveTheOptionsAndExitCodesOfEachCommand) {
  for (const CommandHelp& help : all_help()) {
    std::string page = page_text(page_of(help.name));
    if (page.starts_with(".so ")) page = page_text(kManuals / "man" / page.substr(4, page.find('\n') - 4));
    EXPECT_EQ(to_text(page_options(page)), to_text(help.options)) << help.name;
    EXPECT_EQ(page_exit_codes(page), help.exit_codes) << help.name;
    EXPECT_FALSE(section(page, "EXAMPLES").empty()) << help.name;
  }
}

TEST(Manuals, AreOfCommandsThatThereAre) {
  std::set<std::string> expected = {"fstool.1"};
  for (const CommandHelp& help : all_help()) expected.insert(page_of(help.name).filename().string());
  std::set<std::string> pages;
  for (const auto& page : std::filesystem::directory_iterator(kManuals / "man/man1")) {
    pages.insert(page.path().filename().string());
  }
  EXPECT_EQ(pages, expected);
  EXPECT_TRUE(std::filesystem::exists(kManuals / "man/man5/fstool-spec.5"));
  EXPECT_TRUE(std::filesystem::exists(kManuals / "man/man7/fstool-plugins.7"));
}

TEST(Manuals, OfTheProgramHasItsCommandsOptionsAndExitCodes) {
  const std::string page = page_text(kManuals / "man/man1/fstool.1");
  const CommandHelp help = parse_help("", expect_success({FSTOOL_E2E_PROGRAM, "--help"}));
  EXPECT_EQ(to_text(page_options(page)), to_text(help.options));
  EXPECT_EQ(page_exit_codes(page), help.exit_codes);
  std::set<std::string> expected;
  for (const CommandHelp& command : all_help()) expected.insert(command.name);
  std::set<std::string> commands;
  for (const std::string& line : section(page, "COMMANDS")) {
    if (std::regex_match(line, std::regex("[a-z]+([ -][a-z]+)?"))) commands.insert(line);
  }
  EXPECT_EQ(commands, expected);
}

TEST(Manuals, AreGoodRoff) {
  FSTOOL_E2E_REQUIRE(false, {"mandoc"});
  Command command = {"mandoc", "-T", "lint", "-W", "error"};
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kManuals / "man")) {
    if (entry.is_regular_file() && !read_text(entry.path()).starts_with(".so "))
      command.push_back(entry.path().string());
  }
  expect_success(command);
}

TEST(Completions, OfBashOfferWhatHelpLists) {
  FSTOOL_E2E_REQUIRE(false, {"bash"});
  const std::vector<std::string> names = command_names();
  EXPECT_EQ(offered_by_bash({"fstool", ""}), std::set<std::string>(names.begin(), names.end()));
  for (const CommandHelp& help : all_help()) {
    std::vector<std::string> words = {"fstool"};
    const std::size_t blank = help.name.find(' ');
    words.push_back(help.name.substr(0, blank));
    if (blank != std::string::npos) words.push_back(help.name.substr(blank + 1));
    words.emplace_back("-");
    EXPECT_EQ(offered_by_bash(words), spellings(help.options)) << help.name;
  }
  EXPECT_EQ(offered_by_bash({"fstool", "run", "--progress", "a"}), (std::set<std::string>{"always", "auto"}));
  EXPECT_EQ(offered_by_bash({"fstool", "--plugin-dir", "run", "cre"}), std::set<std::string>{"create"});
}

TEST(Completions, OfFishOfferWhatHelpLists) {
  FSTOOL_E2E_REQUIRE(false, {"fish"});
  const TempDir home;
  const std::vector<std::string> names = command_names();
  EXPECT_EQ(offered_by_fish("fstool ", home), std::set<std::string>(names.begin(), names.end()));
  for (const CommandHelp& help : all_help()) {
    EXPECT_EQ(offered_by_fish(fmt::format("fstool {} -", help.name), home), spellings(help.options)) << help.name;
  }
}

TEST(Completions, OfZshNameWhatHelpLists) {
  FSTOOL_E2E_REQUIRE(false, {"zsh"});
  const std::filesystem::path file = kManuals / "completions/_fstool";
  expect_success({"zsh", "-n", file.string()});
  const std::string text = read_text(file);
  for (const std::string& name : command_names()) EXPECT_NE(text.find("    '" + name + ":"), std::string::npos) << name;
  for (const CommandHelp& help : all_help()) {
    const std::size_t start = text.find("\n    '" + help.name + "')\n");
    ASSERT_NE(start, std::string::npos) << help.name;
    const std::string block = text.substr(start, text.find("\n      ;;", start) - start);
    static const std::regex option(R"((?:\{-(.)\+?,|'\*?)--([a-z-]+)=?[}'])");
    std::set<std::string> words;
    for (auto match = std::sregex_iterator(block.begin(), block.end(), option); match != std::sregex_iterator();
         ++match) {
      words.insert("--" + match->str(2));
      if ((*match)[1].matched) words.insert("-" + match->str(1));
    }
    EXPECT_EQ(words, spellings(help.options)) << help.name;
  }
}

}  // namespace
}  // namespace fstool::e2e
