#include <fmt/format.h>

#include <algorithm>

#include "commands.h"
#include "node_json.h"
#include "node_status.h"
#include "reading.h"
#include "standard_output.h"
#include "time_text.h"

namespace fstool {

namespace po = boost::program_options;

namespace {

const CommandHelp kHelp = {
    .name = "stat",
    .synopsis = "[options] IMAGE[:PARTITION] PATH…",
    .description =
        "Shows all that an image says about files: kind, size, owners, times in UTC, inode,\n"
        "links, and extended attributes.\n"
        "\n"
        "FORMAT of -c has the words of stat(1): %n %N name, %s size, %b sectors, %f mode in\n"
        "hexadecimal, %F kind, %a %A permissions, %i inode, %h links, %u %g owners, %U %G\n"
        "their names, %t %T device, %w %W birth, %x %X access, %y %Y modification, %z %Z\n"
        "change; a time that the image does not have is \"-\" or 0.",
    .examples =
        "  fstool stat disk.img:2 /etc/passwd\n"
        "  fstool stat -c '%a %U %n' rootfs.ext4 /bin/su /tmp",
};

constexpr std::string_view kUnknown = "-";

std::string time_text(const std::optional<Timestamp>& time) {
  return time ? format_time(*time, kFullIso) : std::string(kUnknown);
}

std::string seconds_text(const std::optional<Timestamp>& time) {
  return std::to_string(time ? time->seconds : std::int64_t{0});
}

/// One file to be shown.
struct ShownNode {
  const Node& node;
  NodeStatus status;
  RecordedInode recorded;
  std::string name;  ///< as it was given, and as it is shown
  const Owners& owners;
  const StandardOutput& output;

  ShownNode(const LocatedNode& located, const std::string& path, const Owners& its_owners,
            const StandardOutput& its_output)
      : node(*located),
        status(status_of(*located.tree, located.node)),
        recorded(node.recorded ? *node.recorded : RecordedInode()),
        name(its_output.shown(path)),
        owners(its_owners),
        output(its_output) {}

  bool is_device() const { return node.kind == NodeKind::CharDevice || node.kind == NodeKind::BlockDevice; }
  std::string inode() const { return status.inode ? std::to_string(*status.inode) : std::string(kUnknown); }
  std::string kind() const {
    if (node.kind == NodeKind::File && status.size == 0) return "regular empty file";
    if (node.kind == NodeKind::CharDevice) return "character special file";
    if (node.kind == NodeKind::BlockDevice) return "block special file";
    return std::string(kind_name(node.kind));
  }
};

/// The value of a directive of -c. Throws UsageError.
std::string directive(const ShownNode& shown, char letter) {
  const Node& node = shown.node;
  switch (letter) {
    case 'n':
      return shown.name;
    case 'N':
      return node.kind == NodeKind::Symlink ? fmt::format("{} -> {}", shown.name, shown.output.shown(node.target))
                                            : shown.name;
    case 's':
      return std::to_string(shown.status.size);
    case 'b':
      return std::to_string(shown.status.sectors);
    case 'f':
      return fmt::format("{:x}", shown.status.mode);
    case 'F':
      return shown.kind();
    case 'a':
      return fmt::format("{:o}", node.permissions);
    case 'A':
      return mode_text(shown.status.mode);
    case 'i':
      return shown.inode();
    case 'h':
      return std::to_string(shown.status.links);
    case 'u':
      return std::to_string(node.uid);
    case 'g':
      return std::to_string(node.gid);
    case 'U':
      return shown.output.shown(shown.owners.users.text(node.uid));
    case 'G':
      return shown.output.shown(shown.owners.groups.text(node.gid));
    case 't':
      return fmt::format("{:x}", node.device.major);
    case 'T':
      return fmt::format("{:x}", node.device.minor);
    case 'w':
      return time_text(shown.recorded.birth);
    case 'W':
      return seconds_text(shown.recorded.birth);
    case 'x':
      return time_text(shown.recorded.atime);
    case 'X':
      return seconds_text(shown.recorded.atime);
    case 'y':
      return time_text(node.mtime);
    case 'Y':
      return seconds_text(node.mtime);
    case 'z':
      return time_text(shown.recorded.ctime);
    case 'Z':
      return seconds_text(shown.recorded.ctime);
    case '%':
      return "%";
    default:
      throw UsageError(kHelp.name, fmt::format("-c: \"%{}\" is no directive", letter));
  }
}

std::string formatted(const ShownNode& shown, const std::string& format) {
  std::string text;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      text += format[i];
    } else if (++i == format.size()) {
      throw UsageError(kHelp.name, "-c: there is no directive behind the last \"%\"");
    } else {
      text += directive(shown, format[i]);
    }
  }
  return text + "\n";
}

/// A value as text if it is some, else in hexadecimal.
std::string xattr_value(const std::string& value) {
  const bool is_text = std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~'; });
  if (is_text) return fmt::format("\"{}\"", value);
  std::string text = "0x";
  for (const char byte : value) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

std::string owner_text(const OwnerNames& names, std::uint32_t id, const StandardOutput& output) {
  const std::string* const name = names.name_of(id);
  return name != nullptr ? fmt::format("{} ({})", id, output.shown(*name)) : std::to_string(id);
}

std::string described(const ShownNode& shown) {
  const Node& node = shown.node;
  std::string text = fmt::format("    File: {}\n    Kind: {}\n", directive(shown, 'N'), shown.kind());
  if (shown.is_device()) text += fmt::format("  Device: {}, {}\n", node.device.major, node.device.minor);
  text += fmt::format("    Size: {} bytes in {} sectors\n", shown.status.size, shown.status.sectors);
  text += fmt::format("   Inode: {}\n   Links: {}\n", shown.inode(), shown.status.links);
  text += fmt::format("    Mode: {:04o} ({})\n", node.permissions, mode_text(shown.status.mode));
  text += fmt::format("   Owner: {}\n", owner_text(shown.owners.users, node.uid, shown.output));
  text += fmt::format("   Group: {}\n", owner_text(shown.owners.groups, node.gid, shown.output));
  text += fmt::format("  Access: {}\n", time_text(shown.recorded.atime));
  text += fmt::format("Modified: {}\n", time_text(node.mtime));
  text += fmt::format(" Changed: {}\n", time_text(shown.recorded.ctime));
  text += fmt::format("   Birth: {}\n", time_text(shown.recorded.birth));
  if (!node.xattrs) return text;
  for (const Xattr& xattr : *node.xattrs) {
    text += fmt::format("   Xattr: {} = {}\n", shown.output.shown(xattr.name), xattr_value(xattr.value));
  }
  return text;
}

}  // namespace

int stat_command(const Arguments& arguments) {
  po::options_description options;
  options.add_options()("target", po::value<std::string>(), "")("path", po::value<std::vector<std::string>>(), "")(
      "line,c", po::value<std::string>()->value_name("FORMAT"), "A line like FORMAT for each file")(
      "dereference,L", "What a symbolic link leads to, instead of the link")("json", "All that is known, in JSON");
  add_reading_options(options);
  const auto parsed = parse_arguments(kHelp, options, {"target"}, arguments, "path");
  if (!parsed) return kExitSuccess;

  const std::string name = parsed->required("target", "the image");
  const std::vector<std::string> paths = parsed->texts("path");
  if (paths.empty()) throw UsageError(kHelp.name, "the path of a file is missing");
  Reading reading(*parsed);
  Target target = reading.open(name);
  const Owners owners = read_owners(target);
  const LastLink last_link = parsed->has("dereference") ? LastLink::Follow : LastLink::Keep;
  StandardOutput output;
  Json entries = Json::array();
  const int exit_code = for_each_path(paths, [&](const std::string& path) {
    const LocatedNode located = target.locate(path, OpenScope::Depth::Node, last_link);
    const ShownNode shown(located, path, owners, output);
    if (parsed->has("json")) {
      entries.push_back(node_json(*located.tree, located.node, path, owners));
    } else {
      output.write(parsed->has("line") ? formatted(shown, parsed->text("line")) : described(shown));
    }
  });
  if (parsed->has("json")) output.write(json_text({{"target", target.name()}, {"entries", std::move(entries)}}));
  output.flush();
  return exit_code;
}

}  // namespace fstool
