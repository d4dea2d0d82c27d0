#include <fmt/format.h>

#include <string>
#include <vector>

#include "commands.h"
#include "content_hash.h"
#include "diagnostics.h"
#include "json_text.h"
#include "reading.h"
#include "settings.h"
#include "standard_output.h"
#include "tree_walk.h"

namespace fstool {

namespace po = boost::program_options;

namespace {

const CommandHelp kHelp = {
    .name = "hash",
    .synopsis = "[-a ALGORITHM] IMAGE[:PARTITION] [PATH…]",
    .description =
        "Hashes files in an image, and all files below directories, in the lines of sha256sum.\n"
        "Without a path, it hashes the bytes of the partition, or of the whole disk as a guest\n"
        "sees it: equal disks have equal hashes, whatever container they are in.",
    .examples =
        "  fstool hash disk.qcow2\n"
        "  fstool hash disk.img:2 /boot /etc/os-release\n"
        "  fstool hash -a md5 rootfs.ext4 usr > MD5SUMS",
};

struct HashedName {
  std::string name;
  BlobPtr content;
};

void add_files(Target& target, const std::string& path, std::vector<HashedName>& names) {
  const LocatedNode start = target.locate(path, OpenScope::Depth::Everything, LastLink::Follow);
  if (start->kind != NodeKind::Directory && start->kind != NodeKind::File) {
    throw Error(ErrorCode::InvalidArgument, fmt::format("Not a regular file: {}", target_path(target, path)));
  }
  walk_tree(*start.tree, start.node, path, [&](const WalkedName& walked) {
    const Node& node = start.tree->node(walked.node);
    if (node.kind == NodeKind::File) names.push_back({std::string(walked.path), node.content});
    return true;
  });
}

/// As the sums of coreutils: a line with a name that has a newline or backslash begins with a backslash.
std::string sum_line(const std::string& hash, const std::string& name) {
  std::string escaped;
  for (const char c : name) {
    switch (c) {
      case '\\':
        escaped += "\\\\";
        break;
      case '\n':
        escaped += "\\n";
        break;
      case '\r':
        escaped += "\\r";
        break;
      default:
        escaped += c;
    }
  }
  return fmt::format("{}{}  {}\n", escaped.size() != name.size() ? "\\" : "", hash, escaped);
}

class HashReport {
 public:
  HashReport(HashAlgorithm algorithm, Target& target, bool is_json)
      : algorithm_(algorithm), target_(target), is_json_(is_json) {}

  void add(const std::string& hash, const std::string& name) {
    if (is_json_) {
      Json entry;
      add_text(entry, "path", name);
      entry["hash"] = hash;
      entries_.push_back(std::move(entry));
    } else {
      output_.write(output_.is_terminal() ? fmt::format("{}  {}\n", hash, output_.shown(name)) : sum_line(hash, name));
    }
  }

  void finish() {
    if (is_json_) {
      const std::string& name = hash_names()[static_cast<std::size_t>(algorithm_)];
      output_.write(json_text({{"target", target_.name()}, {"algorithm", name}, {"hashes", std::move(entries_)}}));
    }
    output_.flush();
  }

 private:
  HashAlgorithm algorithm_;
  Target& target_;
  bool is_json_;
  StandardOutput output_;
  Json entries_ = Json::array();
};

}  // namespace

int hash_command(const Arguments& arguments) {
  po::options_description options;
  options.add_options()("target", po::value<std::string>(), "")("path", po::value<std::vector<std::string>>(), "")(
      "algorithm,a", po::value<std::string>()->value_name("NAME"), "sha256 (the default), sha512, sha1, md5 or crc32c")(
      "json", "Report in JSON");
  add_reading_options(options);
  add_threads_option(options);
  const auto parsed = parse_arguments(kHelp, options, {"target"}, arguments, "path");
  if (!parsed) return kExitSuccess;

  const std::string name = parsed->required("target", "the image");
  const HashAlgorithm algorithm = read_argument(kHelp.name, [&] {
    return parse_hash_algorithm(parsed->has("algorithm") ? parsed->text("algorithm") : hash_names().front());
  });
  Reading reading(*parsed);
  Target target = reading.open(name);
  HashReport report(algorithm, target, parsed->has("json"));
  const std::vector<std::string> paths = parsed->texts("path");
  if (paths.empty()) {
    report.add(hash_disk(*target.bytes(), algorithm, reading.context()), name);
    report.finish();
    return kExitSuccess;
  }
  std::vector<HashedName> names;
  int exit_code = for_each_path(paths, [&](const std::string& path) { add_files(target, path, names); });
  std::vector<BlobPtr> contents;
  contents.reserve(names.size());
  for (const HashedName& hashed : names) contents.push_back(hashed.content);
  const std::vector<ContentHash> hashes = hash_contents(contents, algorithm, reading.context());
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!hashes[i].error) {
      report.add(hashes[i].text, names[i].name);
      continue;
    }
    Error error = *hashes[i].error;
    error.add_context(target_path(target, names[i].name));
    print_error(error.what());
    exit_code = kExitFailure;
  }
  report.finish();
  return exit_code;
}

}  // namespace fstool
