/// \file
/// FileContexts: the labels that SELinux wants files to have, from a file_contexts file (selabel_file(5)).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fstool/context.h"
#include "fstool/tree.h"
#include "rules/rule_file.h"

namespace fstool {

/// Lines of
///
///     /usr/bin(/.*)?    --    system_u:object_r:bin_t:s0
///
/// a regular expression (PCRE) for a whole path, a type that may be left out (-- -d -l -c -b -p -s), and a context or
/// <<none>>. As libselinux does, the last line that matches counts, but those without an expression's characters come
/// behind all others. Not thread-safe.
class FileContexts {
 public:
  FileContexts();
  ~FileContexts();
  FileContexts(const FileContexts&) = delete;
  FileContexts& operator=(const FileContexts&) = delete;

  /// Adds the lines of a file. Throws spec_error(), pointing at a line.
  void add(std::string_view text, const std::string& file);
  /// Adds lines "ALIAS PATH": what is at and below the first path has the labels of the second. Those of each call are
  /// applied to what the calls before made of a path.
  void add_substitutions(std::string_view text, const std::string& file);
  /// Call it once all was added.
  void finish();

  /// A path that begins where others do: where in the list to look for those in one directory.
  struct Directory;
  /// The root.
  std::shared_ptr<const Directory> root() const;
  /// A directory in `parent`; `path` is its own, "/usr/bin".
  std::shared_ptr<const Directory> enter(const std::shared_ptr<const Directory>& parent, std::string_view path) const;
  /// The context of a path in `directory`; null if it shall have none. Throws Error(InvalidArgument) for an expression
  /// that takes more steps than any sensible one.
  const std::string* find(const Directory& directory, std::string_view path, NodeKind kind) const;

 private:
  struct Spec;
  class Matcher;
  using Substitutions = std::vector<std::pair<std::string, std::string>>;

  std::string substituted(std::string_view path) const;
  bool matches(const Spec& spec, std::string_view path, NodeKind kind) const;

  std::vector<Spec> specs_;  ///< in the order of the files; once finished, the one that counts most first
  std::vector<Substitutions> substitutions_;
  std::unique_ptr<Matcher> matcher_;
};

/// Gives every file the attribute security.selinux that the contexts want it to have; where they want none, it is left
/// as it is. Throws as FileContexts::find().
void label_files(Tree& tree, const FileContexts& contexts);

/// The same with the contexts of a file, and of those beside it that libselinux reads with it (.homedirs, .local, .subs
/// and .subs_dist). Throws spec_error(), too.
void apply_file_contexts(Tree& tree, const RuleFile& file, const Context& context);

}  // namespace fstool
