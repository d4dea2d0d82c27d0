#include "spec_keys.h"

#include <algorithm>
#include <stdexcept>

namespace fstool {

namespace {

OptionInfo info(std::string name, std::string_view type, std::string summary, std::string default_text = {}) {
  OptionInfo result;
  result.name = std::move(name);
  result.type = type;
  result.summary = std::move(summary);
  result.default_text = std::move(default_text);
  return result;
}

SpecKey required(std::string name, std::string_view type, std::string summary) {
  return {.info = info(std::move(name), type, std::move(summary)), .is_required = true};
}

SpecKey optional(std::string name, std::string_view type, std::string summary, std::string default_text = {}) {
  return {.info = info(std::move(name), type, std::move(summary), std::move(default_text)), .is_required = false};
}

SpecKey in_range(SpecKey key, std::int64_t minimum, std::uint64_t maximum) {
  key.info.minimum = minimum;
  key.info.maximum = maximum;
  return key;
}

SpecKey one_of(SpecKey key, std::vector<std::string> choices) {
  key.info.choices = std::move(choices);
  return key;
}

std::vector<SpecSection> make_sections() {
  constexpr std::uint64_t kMaxOwner = 0xFFFFFFFE;
  return {
      {.name = "",
       .summary =
           "Keys in front of every table. A spec has a [filesystem], which makes a bare file system, or an [image] "
           "with one [[partitions]] or more, which make a disk.",
       .keys = {optional("include", "list of strings",
                         "Specs that this one adds to, relative to this file. Tables are merged, elements of arrays of "
                         "tables where both have the same name; of other values, this file's counts."),
                optional("seed", "string",
                         "Text that identifiers are derived from; without it, they follow from what is built.")}},
      {.name = "container",
       .summary = "The file format around the disk. Without it, the output's ending says, or else it is raw.",
       .keys = {required("type", "container", "Name of the container.")}},
      {.name = "codec",
       .summary = "How the container compresses. Without it, the output's ending says, or else it does not.",
       .keys = {required("type", "codec", "Name of the codec.")}},
      {.name = "filesystem",
       .summary = "A bare file system; in [partitions.filesystem], that of a partition. The options of its type may "
                  "stand beside these keys, or in a table \"options\".",
       .keys = {required("type", "file system", "Name of the file system."),
                optional("source", "source",
                         "What to fill it with: a directory, an archive, or an image, IMAGE[@SNAPSHOT][:PARTITION]; "
                         "\"-\" for standard input; a table; or a list of these, layers from the lowest one up. "
                         "Without one it is empty."),
                optional("rules", "rules", "What becomes of files by their paths, in all that the source has."),
                optional("entries", "entries", "Files, directories and links beside those of the source."),
                optional("selinux_contexts", kPathType,
                         "A file_contexts file: what SELinux labels all files with, entries too."),
                optional("options", "options", "The options of its type, and those below.")}},
      {.name = "filesystem.source",
       .summary =
           "A source with options: source = { path = \"root.tar\", type = \"tar\" }; [[filesystem.source]] is one "
           "layer of a list. Directories of layers become one, with the attributes of the upper one; anything else "
           "replaces what has its name. The options of its type stand beside these keys.",
       .keys = {required("path", kPathType,
                         "The directory, archive, image or file; \"-\" is standard input, which one source can be."),
                optional("type", "source type",
                         "Name of the source, \"image\", or \"file\" for a file as it is; without it, what accepts the "
                         "path, and a file that nothing accepts if there is a \"to\"."),
                optional("from", "string", "Of what the source has, this directory or file alone."),
                optional("to", "string",
                         "Where its root goes. A file gets this path, or, if it ends with \"/\", its own name there. "
                         "Directories that lead there are made.",
                         "/"),
                one_of(
                    optional("whiteouts", "choice",
                             "Which markers hide what is below: those of OCI images (.wh.NAME), of overlayfs, or, in "
                             "a list, both (\"auto\").",
                             "auto"),
                    {"auto", "none", "oci", "overlayfs"}),
                in_range(optional("strip_components", "integer",
                                  "Names to take off the front of every path, as tar does; what has no more goes. "
                                  "Directories that get one path become one.",
                                  "0"),
                         0, 1000),
                optional("exclude", kPatterns,
                         "Files to leave out, and what lies in them, by patterns as in gitignore(5); of several that "
                         "match, the last decides."),
                optional("include", kPatterns,
                         "Files to take, with what lies in them and the directories that lead to them; all others are "
                         "left out."),
                optional("ignore_file", "string",
                         "A file of the source with patterns in front of those of exclude, which is left out itself; "
                         "empty: none.",
                         ".fstoolignore"),
                optional("rename", kRenames,
                         "New paths of files and directories: { \"old\" = \"new\" }, or an array of { from, to }."),
                optional("uid_map", kIdMap,
                         "Owners that become others: \"100000:0:65536\" makes 0 of 100000, 1 of 100001, and so on. "
                         "An owner in no range is an error."),
                optional("gid_map", kIdMap, "The same for groups."),
                optional("manifest", kPathType,
                         "An mtree manifest: owners, modes, times and attributes to give to the files it names; what "
                         "the source lacks is made if it has no content."),
                optional("device_table", kPathType,
                         "A table as genext2fs and makedevs take it: devices and other files to make, modes and owners "
                         "to give."),
                optional("owner", kOwner,
                         "Owner of every file, by number or as /etc/passwd of the source has it; "
                         "\"0:0\" is the group, too."),
                optional("group", kOwner, "Group of every file, by number or as /etc/group of the source has it."),
                optional("mode", kModeChange, "Mode of every file, but for symbolic links: octal, or as in \"go-w\"."),
                optional("mtime", kTime, "Modification time of every file."),
                optional("xattr", kXattrs,
                         "Extended attributes of every file: text, \"0x…\" in hexadecimal, \"0s…\" in base64; false "
                         "takes one away."),
                optional("rules", "rules", "What becomes of files by their paths."),
                optional("selinux_contexts", kPathType, "A file_contexts file: what SELinux labels all files with.")}},
      {.name = "filesystem.rules",
       .summary = "Of a source or of all that a file system has. Rules are applied in order to every file that they "
                  "match, so that the last word counts. One that matches a directory says nothing of what is in it, "
                  "but for exclude.",
       .keys = {optional("match", kPatterns, "Patterns as in gitignore(5); without any, every file."),
                one_of(optional("kind", "choice", "Match files of this kind alone."),
                       {"file", "directory", "symlink", "char_device", "block_device", "fifo", "socket"}),
                optional("exclude", "boolean", "Whether the files are left out, with what lies in them.", "false"),
                optional("owner", kOwner, "Owner; \"0:0\" is the group, too."), optional("group", kOwner, "Group."),
                optional("mode", kModeChange, "Mode: octal, or as in \"u+s,go-w\"."),
                optional("mtime", kTime, "Modification time."),
                optional("xattr", kXattrs, "Extended attributes: text, \"0x…\", \"0s…\"; false takes one away.")}},
      {.name = "filesystem.entries",
       .summary =
           "An entry has one of content, copy, symlink, directory, hardlink, char_device, block_device, fifo and "
           "remove. Directories that lead to it are made. A directory that is there keeps what the entry doesn't say.",
       .keys = {required("path", "string", "Path in the file system, from its root."),
                optional("content", "string", "Text of a file."),
                optional("copy", kPathType, "A file of the host, whose bytes, mode and time are taken."),
                optional("symlink", "string", "Target of a symbolic link."),
                optional("directory", "boolean", "Whether it is a directory.", "false"),
                optional("hardlink", "string", "Path of a file that is there, which gets this name, too."),
                optional("char_device", "string", "A character device: \"5:1\"."),
                optional("block_device", "string", "A block device: \"8:0\"."),
                optional("fifo", "boolean", "Whether it is a fifo.", "false"),
                optional("remove", "boolean", "Whether the path goes, with all that is in it.", "false"),
                optional("mode", kMode,
                         "Permissions, as in \"0755\" or 0o755; of new files 0644, of new directories 0755."),
                optional("owner", kOwner, "Owner, by number or as /etc/passwd of the file system has it."),
                optional("group", kOwner, "Group, the same from /etc/group."),
                in_range(optional("uid", "integer", "Owner.", "0"), 0, kMaxOwner),
                in_range(optional("gid", "integer", "Group.", "0"), 0, kMaxOwner),
                optional("mtime", kTime, "Modification time; without it, the copied file's or the newest."),
                optional("xattr", kXattrs, "Extended attributes: text, \"0x…\", \"0s…\".")}},
      {.name = "image",
       .summary = "A disk with a partition table. The options of the table stand beside these keys.",
       .keys = {required("partition_table", "partition table", "Name of the partition table."),
                optional("size", kSizeOrAuto, "Size of the disk; \"auto\": just large enough.", "auto"),
                one_of(optional("sector_size", "integer", "Bytes in a sector.", "512"), {"512", "4096"}),
                optional("boot_code", "content", "What a BIOS runs, for the start of the first sector.")}},
      {.name = "partitions",
       .summary = "A partition, or bytes with a place on the disk. It has one of content, [partitions.filesystem] and "
                  "[partitions.derive], or nothing. The options that its table has for partitions stand beside these "
                  "keys.",
       .keys = {optional("name", "string", "Name, for messages, for others to refer to, and for tables that store it."),
                optional("type", kPartitionType,
                         "A short name, an MBR type (0x83) or a GPT type GUID. Needed for partitions of the table."),
                optional("size", kPartitionSize,
                         "Size; \"auto\": as large as what is in it; \"remaining\": what the others leave; \"25%\": a "
                         "share of the disk.",
                         "auto"),
                optional("offset", "size", "Place, from the start of the disk; without it, the next that is aligned."),
                optional("align", "size", "What its place is a multiple of; without it, what the table says."),
                optional("gap", "size", "Room to leave in front of it.", "0"),
                optional("in_table", "boolean", "Whether it is a partition; if not, the table says nothing of it.",
                         "true"),
                optional("label", "string", "Name to store in place of the name."),
                optional("uuid", "string", "Unique identifier; derived from the seed if left out."),
                optional("content", "content", "Bytes as they are: a file, or a table."),
                optional("holes", "holes",
                         "Of what is not in the table: parts that it leaves to others, as tables of offset and size."),
                optional("filesystem", "filesystem", "The file system in it, as [filesystem]."),
                optional("derive", "derive", "What is computed from another partition.")}},
      {.name = "partitions.content",
       .summary = "Bytes as they are, also for boot_code: one of these.",
       .keys = {optional("file", kPathType, "A file."),
                optional("image", kPathType,
                         "A disk in an image, or one of its partitions: IMAGE[@SNAPSHOT][:PARTITION]."),
                in_range(optional("fill", "integer", "The value of each byte."), 0, 255)}},
      {.name = "partitions.holes",
       .summary = "Counted from the start of what has them.",
       .keys = {required("offset", "size", "Where the hole begins."), required("size", "size", "Its size.")}},
      {.name = "partitions.derive",
       .summary = "Bytes that are computed from those of another partition. What comes out beside them is in "
                  "${TYPE.FROM.VALUE}, for the uuid of partitions and the content of entries.",
       .keys = {required("type", "derivation", "Name of the derivation."),
                required("from", "string", "Name of a partition that is listed before.")}},
  };
}

}  // namespace

const std::vector<SpecSection>& spec_sections() {
  static const std::vector<SpecSection> sections = make_sections();
  return sections;
}

const SpecSection& spec_section(std::string_view name) {
  const auto found = std::ranges::find(spec_sections(), name, &SpecSection::name);
  if (found == spec_sections().end()) throw std::logic_error("no such section: " + std::string(name));
  return *found;
}

std::vector<std::string> spec_key_names(std::string_view section) {
  std::vector<std::string> names;
  for (const SpecKey& key : spec_section(section).keys) names.push_back(key.info.name);
  return names;
}

}  // namespace fstool
