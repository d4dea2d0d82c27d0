/// \file
/// The commands of the program. Each takes the arguments behind its name and returns the exit code; it throws
/// UsageError for wrong arguments and Error for everything else.
#pragma once

#include "command_line.h"

namespace fstool {

/// A command of the program.
struct Command {
  std::string_view name;
  std::string_view summary;
  int (*execute)(const Arguments& arguments);
  int failure = kExitFailure;                      ///< the exit code of errors
  std::vector<std::string_view> subcommands = {};  ///< "list" of "plugins list", for instance
};

/// The commands, in the order in which help lists them.
const std::vector<Command>& all_commands();

/// The options of the program itself, which come before or behind the command.
const std::vector<OptionManual>& program_options();

int run_command(const Arguments& arguments);
int init_command(const Arguments& arguments);
int create_command(const Arguments& arguments);
int repack_command(const Arguments& arguments);
int convert_command(const Arguments& arguments);
int extract_command(const Arguments& arguments);
int diff_command(const Arguments& arguments);
int map_command(const Arguments& arguments);
int check_command(const Arguments& arguments);
int repair_table_command(const Arguments& arguments);
int schema_command(const Arguments& arguments);
int plugins_command(const Arguments& arguments);
int plugins_test_command(const Arguments& arguments);
int ls_command(const Arguments& arguments);
int cat_command(const Arguments& arguments);
int stat_command(const Arguments& arguments);
int find_command(const Arguments& arguments);
int tree_command(const Arguments& arguments);
int grep_command(const Arguments& arguments);
int hash_command(const Arguments& arguments);
int manifest_command(const Arguments& arguments);
int info_command(const Arguments& arguments);

}  // namespace fstool
