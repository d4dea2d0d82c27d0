#include "extractor/planned_tree.h"

#include <unordered_map>
#include <vector>

#include "node_copy.h"

namespace fstool {

Tree planned_tree(const Tree& tree, const ExtractionPlan& plan) {
  Tree result;
  std::vector<NodeId> directories{Tree::kRoot};  // by their index in the plan
  result.node(Tree::kRoot) = copy_of(tree.node(Tree::kRoot));
  for (std::size_t index = 1; index < plan.directories.size(); ++index) {
    const PlannedDirectory& directory = plan.directories[index];
    directories.push_back(
        result.add(directories[directory.parent], directory.name, copy_of(tree.node(directory.node))));
  }
  std::unordered_map<NodeId, NodeId> copies;
  for (const auto* const names : {&plan.files, &plan.others}) {
    for (const PlannedName& name : *names) {
      copies[name.node] = result.add(directories[name.directory], name.name, copy_of(tree.node(name.node)));
    }
  }
  for (const PlannedLink& link : plan.links) {
    result.link(directories[link.name.directory], link.name.name, copies.at(link.name.node));
  }
  return result;
}

}  // namespace fstool
