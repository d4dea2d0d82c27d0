/// \file
/// The commands of the program. Each takes the arguments behind its name and returns the exit code; it throws
/// UsageError for wrong arguments and Error for everything else.
#pragma once

#include "command_line.h"

namespace fstool {

int run_command(const Arguments& arguments);
int init_command(const Arguments& arguments);
int create_command(const Arguments& arguments);
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
