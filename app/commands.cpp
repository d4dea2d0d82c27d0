#include "commands.h"

namespace fstool {

const std::vector<Command>& all_commands() {
  static const std::vector<Command> commands = {
      {"run", "build what a spec describes", run_command},
      {"build", "the same as run", run_command},
      {"init", "write a spec to start with", init_command},
      {"create", "make a file system from directories, archives or images", create_command},
      {"repack", "make a file system or an archive of any sources", repack_command},
      {"convert", "make another image of the disk in one", convert_command},
      {"info", "show the layers of an image", info_command},
      {"ls", "list files in an image", ls_command},
      {"cat", "write contents of files in an image", cat_command},
      {"stat", "show what an image says about files", stat_command},
      {"tree", "draw the directories of an image", tree_command},
      {"find", "find files in an image", find_command},
      {"grep", "search contents of files in an image", grep_command, kExitTrouble},
      {"hash", "hash an image or files in it", hash_command},
      {"manifest", "write a manifest of the files in an image", manifest_command},
      {"extract", "write the files of an image into a directory or an archive", extract_command},
      {"diff", "compare the files of two images, directories or archives", diff_command, kExitTrouble},
      {"map", "draw what lies where on a disk", map_command},
      {"check", "look for damage in an image", check_command},
      {"repair-table", "mend a partition table from what is good of it", repair_table_command},
      {"schema", "print a JSON Schema of specs", schema_command},
      {"plugins",
       "list plugins, describe their options, begin a new one, and test them",
       plugins_command,
       kExitFailure,
       {"list", "info", "new", "test"}},
  };
  return commands;
}

const std::vector<OptionManual>& program_options() {
  static const std::vector<OptionManual> options = {
      {"plugin-dir", "", "DIR", "Look for plugins in DIR first (may be repeated)"},
      {"plugin", "", "NAME", "Prefer the plugin NAME where several offer the same format\n(may be repeated)"},
      {"help", "h", "", "Show this help, or that of the command"},
      {"version", "V", "", "Show the version"},
  };
  return options;
}

}  // namespace fstool
